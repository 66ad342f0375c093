"""Contacts: the phone's address book, as far as conversations need it (rest.md 2.7)."""

from typing import Annotated

import msgspec
from msgspec import Struct

from heartline.contract import (
    Cipher,
    Colour,
    Int32,
    Mark,
    Operation,
    Page,
    Request,
    Row,
    RowId,
    Tx,
    get,
    operation,
    post,
    supplied,
)
from heartline.errors import WrongType

UNKNOWN_TYPE = 4
"""The type of a contact that came without one; the Android app's own default."""


class Contact(Row):
    table = "contacts"

    device_id: RowId
    phone_number: str | None
    name: str | None
    color: Colour
    color_dark: Colour
    color_light: Colour
    color_accent: Colour
    contact_type: Int32
    id_matcher: str | None


class SimpleContact(Row):
    table = "contacts"

    phone_number: str | None
    name: str | None
    id_matcher: str | None
    color: Colour
    color_accent: Colour
    contact_type: Int32


class NewContact(Struct):
    device_id: RowId
    phone_number: Cipher | None = None
    id_matcher: Cipher | None = None
    name: Cipher | None = None
    color: Colour = 0
    color_dark: Colour = 0
    color_light: Colour = 0
    color_accent: Colour = 0
    contact_type: Int32 = UNKNOWN_TYPE


class AddContacts(Request):
    contacts: list[NewContact]


class UpdateContact(Request):
    device_id: RowId
    # Compat: Android also writes the number into the query, encrypted anew, to say which contact it means
    # (test_contacts: test_only_the_number_in_the_body_is_a_change).
    phone_number: Annotated[str, Mark(encrypted=True, body_only=True)] | None = None
    name: Cipher | None = None
    color: Colour | None = None
    color_dark: Colour | None = None
    color_light: Colour | None = None
    color_accent: Colour | None = None


class RemoveContact(Request):
    device_id: RowId
    phone_number: Cipher | None = None


class RemoveContacts(Request):
    ids: str


@operation("added_contact")
class AddedContact(Operation):
    phone_number: str | None
    name: str | None
    color: Colour
    color_dark: Colour
    color_light: Colour
    color_accent: Colour
    type: Int32


@operation("updated_contact")
class UpdatedContact(Operation):
    device_id: RowId
    phone_number: str | None
    name: str | None
    color: Colour
    color_dark: Colour
    color_light: Colour
    color_accent: Colour
    type: Int32


@operation("removed_contact")
class RemovedContact(Operation):
    device_id: RowId
    phone_number: str | None


@operation("removed_contact_by_id")
class RemovedContactById(Operation):
    id: str
    """One id, or several with commas between."""


@get("/contacts")
def list_contacts(tx: Tx, request: Page) -> list[Contact]:
    """All contacts, by id."""
    return tx.rows(Contact, limit=request.limit, offset=request.offset)


@get("/contacts/simple")
def list_simple_contacts(tx: Tx, request: Page) -> list[SimpleContact]:
    """All contacts, by id, without what the web clients do not show."""
    return tx.rows(SimpleContact, limit=request.limit, offset=request.offset)


@post("/contacts/add")
def add_contacts(tx: Tx, request: AddContacts) -> None:
    """Store contacts. Emits `added_contact` for each that is new or changed."""
    for item in tx.insert_all(Contact, request.contacts):
        content = msgspec.structs.asdict(item) | {"type": item.contact_type}
        tx.emit(msgspec.convert(content, AddedContact))


@post("/contacts/update_device_id")
def update_contact(tx: Tx, request: UpdateContact) -> None:
    """Change what is given of one contact. Emits `updated_contact`, all of it, when there is such a contact."""
    changes = supplied(request, "phone_number", "name", "color", "color_dark", "color_light", "color_accent")
    if tx.update(Contact, changes, device_id=request.device_id) and (
        contact := tx.row(Contact, device_id=request.device_id)
    ):
        content = msgspec.structs.asdict(contact) | {"type": contact.contact_type}
        tx.emit(msgspec.convert(content, UpdatedContact))


@post("/contacts/remove_device_id")
def remove_contact(tx: Tx, request: RemoveContact) -> None:
    """Delete one contact. Emits `removed_contact`, also when there was none, with the given phone number or else the
    stored one."""
    contact = tx.row(Contact, device_id=request.device_id)
    stored = contact.phone_number if contact else None
    tx.delete(Contact, device_id=request.device_id)
    tx.emit(RemovedContact(device_id=request.device_id, phone_number=request.phone_number or stored))


@post("/contacts/remove_ids/{ids}")
def remove_contacts(tx: Tx, request: RemoveContacts) -> None:
    """Delete the contacts of a list of ids with commas between. Emits one `removed_contact_by_id`, also for ids that no
    contact has."""
    # Compat: the web clients may leave a comma at the end (test_contacts: test_empty_ids_are_dropped).
    texts = [text for text in request.ids.split(",") if text]
    try:
        ids = msgspec.convert(texts, list[RowId], strict=False)
    except msgspec.ValidationError:
        raise WrongType("ids") from None
    for device_id in ids:
        tx.delete(Contact, device_id=device_id)
    if texts:
        tx.emit(RemovedContactById(id=",".join(texts)))


@post("/contacts/clear")
def clear_contacts(tx: Tx) -> None:
    """Delete all contacts. Emits nothing: clients have no operation for it."""
    tx.delete(Contact)
