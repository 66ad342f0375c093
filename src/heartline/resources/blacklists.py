"""Blacklists: numbers and phrases whose messages the phone drops (rest.md 2.6)."""

from msgspec import Struct

from heartline.contract import (
    Cipher,
    Operation,
    Page,
    Request,
    Row,
    RowId,
    Tx,
    get,
    operation,
    post,
)


class Blacklist(Row):
    table = "blacklists"

    device_id: RowId
    phone_number: str | None
    phrase: str | None


class NewBlacklist(Struct):
    device_id: RowId
    phone_number: Cipher | None = None
    phrase: Cipher | None = None


class AddBlacklists(Request):
    blacklists: list[NewBlacklist]


class RemoveBlacklist(Request):
    device_id: RowId


@operation("added_blacklist")
class AddedBlacklist(Operation):
    id: RowId
    phone_number: str | None
    phrase: str | None


@operation("removed_blacklist")
class RemovedBlacklist(Operation):
    id: RowId


@get("/blacklists")
def list_blacklists(tx: Tx, request: Page) -> list[Blacklist]:
    """All blacklists, by id."""
    return tx.rows(Blacklist, limit=request.limit, offset=request.offset)


@post("/blacklists/add")
def add_blacklists(tx: Tx, request: AddBlacklists) -> None:
    """Store blacklists, but none without phone number and phrase. Emits `added_blacklist` for each new or changed."""
    for item in request.blacklists:
        # Compat: the phone crashes when it decrypts an empty text (test_blacklists: test_empty_text_is_null).
        number, phrase = item.phone_number or None, item.phrase or None
        if not number and not phrase:
            continue
        if tx.insert(Blacklist, {"device_id": item.device_id, "phone_number": number, "phrase": phrase}):
            tx.emit(AddedBlacklist(id=item.device_id, phone_number=number, phrase=phrase))


@post("/blacklists/remove/{device_id}")
def remove_blacklist(tx: Tx, request: RemoveBlacklist) -> None:
    """Delete one blacklist. Emits `removed_blacklist`, also when there was none."""
    tx.delete(Blacklist, device_id=request.device_id)
    tx.emit(RemovedBlacklist(id=request.device_id))
