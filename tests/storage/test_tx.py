"""The SQL of a transaction, on every engine: four verbs, plain statements, and the account they are bound to."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from heartline.errors import AccountIdInvalid
from heartline.resources.blacklists import Blacklist
from heartline.resources.conversations import Conversation, NewConversation
from heartline.resources.devices import Device
from heartline.resources.drafts import Draft
from heartline.resources.media import Media
from heartline.resources.messages import Message, NewMessage
from heartline.resources.scheduled_messages import ScheduledMessage
from heartline.resources.settings import Setting
from heartline.resources.templates import NewTemplate, Template
from heartline.storage import SqlTx, Storage
from heartline.storage.tx import ROWS_A_STATEMENT
from tests.storage.conftest import sign_up

pytestmark = pytest.mark.anyio

InTx = Callable[[Callable[[SqlTx], Any]], Any]

MIB = 1024 * 1024


@pytest.fixture
def in_tx(storage: Storage, account_id: str) -> InTx:
    """Runs work in a transaction of the account."""

    async def run(work: Callable[[SqlTx], Any]) -> Any:
        return await storage.write(lambda tx: work(tx.bound(account_id)))

    return run


def message(device_id: int, **changes: Any) -> NewMessage:
    fields = {"device_conversation_id": 1, "message_type": 0, "data": "aa-:-bb", "timestamp": 5, "mime_type": "cc-:-dd"}
    return NewMessage(device_id=device_id, **fields | changes)


def add_templates(tx: SqlTx, *ids: int) -> None:
    for device_id in ids:
        tx.insert(Template, NewTemplate(device_id=device_id, text=f"text {device_id}"))


def ids(rows: list[Any]) -> list[int]:
    return [row.id for row in rows]


# --- insert ---


async def test_a_new_row_is_stored(in_tx: InTx, account_id: str) -> None:
    assert await in_tx(lambda tx: tx.insert(Template, NewTemplate(device_id=7, text="aa-:-bb"))) is True
    expected = [Template(id=7, account_id=account_id, device_id=7, text="aa-:-bb")]
    assert await in_tx(lambda tx: tx.rows(Template)) == expected


async def test_an_identical_row_is_nothing_new(in_tx: InTx) -> None:
    await in_tx(lambda tx: tx.insert(Message, message(7, message_from="ee-:-ff", color=-1)))
    assert await in_tx(lambda tx: tx.insert(Message, message(7, message_from="ee-:-ff", color=-1))) is False


async def test_an_identical_row_with_nulls_is_nothing_new(in_tx: InTx) -> None:
    assert await in_tx(lambda tx: tx.insert(Message, message(7))) is True
    assert await in_tx(lambda tx: tx.insert(Message, message(7))) is False
    assert await in_tx(lambda tx: tx.insert(Blacklist, {"device_id": 7, "phone_number": None, "phrase": None})) is True
    assert await in_tx(lambda tx: tx.insert(Blacklist, {"device_id": 7, "phone_number": None, "phrase": None})) is False


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"data": "aa-:-bb"}, {"data": "aa-:-cc"}),
        ({"data": "aa-:-bb"}, {"data": "aa-:-bb\n"}),
        ({"data": "aa-:-bb"}, {"data": "AA-:-bb"}),
        ({"read": False}, {"read": True}),
        ({"color": None}, {"color": 0}),
        ({"color": 0}, {"color": None}),
        ({"message_from": None}, {"message_from": ""}),
        ({"message_from": ""}, {"message_from": None}),
        ({"timestamp": 2**62}, {"timestamp": 2**62 + 1}),
    ],
)
async def test_a_changed_row_takes_the_place_of_the_old_one(
    in_tx: InTx, before: dict[str, Any], after: dict[str, Any]
) -> None:
    await in_tx(lambda tx: tx.insert(Message, message(7, **before)))
    assert await in_tx(lambda tx: tx.insert(Message, message(7, **after))) is True
    (found,) = await in_tx(lambda tx: tx.rows(Message))
    assert {name: getattr(found, name) for name in after} == after


async def test_a_replacement_within_one_transaction_is_seen_at_once(in_tx: InTx) -> None:
    def work(tx: SqlTx) -> list[bool]:
        return [tx.insert(Template, NewTemplate(device_id=7, text=text)) for text in ("a", "a", "b")]

    assert await in_tx(work) == [True, False, True]


async def test_of_many_rows_those_are_returned_that_are_new_or_changed(in_tx: InTx) -> None:
    count = 3 * ROWS_A_STATEMENT + 1
    before = [NewTemplate(device_id=number, text="a") for number in range(count)]
    after = [NewTemplate(device_id=number, text="b" if number % 2 else "a") for number in range(count + 1)]
    assert await in_tx(lambda tx: tx.insert_all(Template, before)) == before
    assert await in_tx(lambda tx: tx.insert_all(Template, after)) == [*after[1:count:2], after[count]]
    assert [row.text for row in await in_tx(lambda tx: tx.rows(Template))] == [item.text for item in after]


async def test_of_many_rows_with_one_key_each_counts_in_its_order(in_tx: InTx) -> None:
    items = [NewTemplate(device_id=key, text=text) for key, text in ((7, "a"), (7, "a"), (8, "a"), (7, "b"), (7, "a"))]
    assert await in_tx(lambda tx: tx.insert_all(Template, items)) == [items[0], *items[2:]]
    assert [row.text for row in await in_tx(lambda tx: tx.rows(Template))] == ["a", "a"]


async def test_no_rows_are_no_statement(in_tx: InTx) -> None:
    assert await in_tx(lambda tx: tx.insert_all(Template, [])) == []


async def test_booleans_come_back_as_booleans(in_tx: InTx) -> None:
    await in_tx(lambda tx: tx.insert(Message, message(7, read=True, seen=False)))
    found = await in_tx(lambda tx: tx.row(Message, device_id=7))
    assert found.read is True
    assert found.seen is False
    columns = {"device_id": 7, "folder_id": -1, "timestamp": 5, "pinned": True, "mute": False}
    colours = dict.fromkeys(("color_dark", "color_light", "color_accent", "led_color"), 0)
    new = NewConversation(**columns, **colours)
    await in_tx(lambda tx: tx.insert(Conversation, new))
    conversation = await in_tx(lambda tx: tx.row(Conversation, device_id=7))
    assert conversation.pinned is True
    assert conversation.mute is False


async def test_a_boolean_that_was_not_given_has_its_default(in_tx: InTx) -> None:
    await in_tx(lambda tx: tx.insert(Device, {"device_id": 7, "primary": True}))
    device = await in_tx(lambda tx: tx.row(Device, device_id=7))
    assert (device.primary, device.ios) == (True, False)
    assert device.ios is False


@pytest.mark.parametrize("number", [0, -1, 2**53 + 1, 2**63 - 1, -(2**63)])
async def test_numbers_of_64_bits_are_exact(in_tx: InTx, number: int) -> None:
    await in_tx(lambda tx: tx.insert(Message, message(number, timestamp=number, sent_device=number)))
    found = await in_tx(lambda tx: tx.row(Message, device_id=number))
    assert (found.id, found.device_id, found.timestamp, found.sent_device) == (number,) * 4


@pytest.mark.parametrize(
    "text",
    [
        "",
        " white space\tkept \n",
        "ab\ncd\r\nef\r\n-:-gh\n",
        "👩‍👩‍👧 🇪🇸 e\u0301 é \u2028\u2029\ufeff\uffff\U0010ffff",
        "'; DROP TABLE messages; -- \" \\ % _ $1 :a ?",
        "0012",
        "1e3",
        "null",
        "x" * MIB,
        "\n🎉" * (MIB // 5),
    ],
    ids=lambda text: ascii(text[:20]),
)
async def test_text_comes_back_byte_for_byte(in_tx: InTx, text: str) -> None:
    await in_tx(lambda tx: tx.insert(Media, {"message_id": 7, "data": text}))
    (found,) = await in_tx(lambda tx: tx.rows(Media))
    assert found.data.encode() == text.encode()
    assert await in_tx(lambda tx: tx.insert(Media, {"message_id": 7, "data": text})) is False


async def test_columns_may_have_the_names_of_sql_words(in_tx: InTx) -> None:
    row = {"device_id": 7, "to": "a", "data": "b", "mime_type": "c", "timestamp": 5, "title": "d", "repeat": 2}
    assert await in_tx(lambda tx: tx.insert(ScheduledMessage, row)) is True
    assert await in_tx(lambda tx: tx.update(ScheduledMessage, {"to": "e", "repeat": 3}, repeat=2)) == 1
    found = await in_tx(lambda tx: tx.row(ScheduledMessage, to="e", timestamp=5))
    assert (found.to, found.repeat) == ("e", 3)


async def test_a_table_may_have_another_key_than_device_id(in_tx: InTx, account_id: str) -> None:
    await in_tx(lambda tx: tx.insert(Media, {"message_id": 7, "data": "a"}))
    await in_tx(lambda tx: tx.insert(Setting, {"pref": "signature", "type": "string", "value": "x"}))
    assert await in_tx(lambda tx: tx.rows(Media)) == [Media(id=7, account_id=account_id, message_id=7, data="a")]
    (setting,) = await in_tx(lambda tx: tx.rows(Setting))
    assert (setting.id, setting.pref, setting.value) == ("signature", "signature", "x")


# --- rows ---


async def test_rows_come_by_key(in_tx: InTx) -> None:
    await in_tx(lambda tx: add_templates(tx, 30, -5, 2**62, 4))
    assert ids(await in_tx(lambda tx: tx.rows(Template))) == [-5, 4, 30, 2**62]


async def test_rows_come_in_the_order_asked_for(in_tx: InTx) -> None:
    for device_id, timestamp in ((1, 50), (2, 70), (3, 50)):
        new = message(device_id, timestamp=timestamp)
        await in_tx(lambda tx, new=new: tx.insert(Message, new))
    assert ids(await in_tx(lambda tx: tx.rows(Message, order='"timestamp" DESC, device_id DESC'))) == [2, 3, 1]


@pytest.mark.parametrize(
    ("limit", "offset", "expected"),
    [
        (0, 0, [1, 2, 3, 4, 5]),
        (-3, 0, [1, 2, 3, 4, 5]),
        (2, 0, [1, 2]),
        (2, 2, [3, 4]),
        (2, 4, [5]),
        (2, 5, []),
        (2, 2**63 - 1, []),
        (2, -4, [1, 2]),
        (2**63 - 1, 3, [4, 5]),
        (0, 3, [1, 2, 3, 4, 5]),
    ],
)
async def test_a_page_is_a_part_of_the_rows(in_tx: InTx, limit: int, offset: int, expected: list[int]) -> None:
    await in_tx(lambda tx: add_templates(tx, 1, 2, 3, 4, 5))
    assert ids(await in_tx(lambda tx: tx.rows(Template, limit=limit, offset=offset))) == expected


async def test_conditions_and_pages_go_together(in_tx: InTx) -> None:
    for device_id in range(1, 9):
        new = message(device_id, device_conversation_id=device_id % 2, read=device_id > 4)
        await in_tx(lambda tx, new=new: tx.insert(Message, new))
    found = await in_tx(lambda tx: tx.rows(Message, device_conversation_id=1, read=True))
    assert ids(found) == [5, 7]
    found = await in_tx(lambda tx: tx.rows(Message, limit=1, offset=1, device_conversation_id=1, read=True))
    assert ids(found) == [7]


async def test_one_row_or_none(in_tx: InTx) -> None:
    await in_tx(lambda tx: add_templates(tx, 2, 1))
    assert (await in_tx(lambda tx: tx.row(Template, device_id=2))).text == "text 2"
    assert (await in_tx(lambda tx: tx.row(Template))).id == 1
    assert await in_tx(lambda tx: tx.row(Template, device_id=3)) is None


# --- update and delete ---


async def test_update_changes_what_matches_and_counts_it(in_tx: InTx) -> None:
    await in_tx(lambda tx: add_templates(tx, 1, 2, 3))
    assert await in_tx(lambda tx: tx.update(Template, {"text": "new"}, device_id=2)) == 1
    assert [row.text for row in await in_tx(lambda tx: tx.rows(Template))] == ["text 1", "new", "text 3"]
    assert await in_tx(lambda tx: tx.update(Template, {"text": "new"}, device_id=9)) == 0


async def test_update_counts_rows_that_were_so_before(in_tx: InTx) -> None:
    await in_tx(lambda tx: add_templates(tx, 1, 2))
    assert await in_tx(lambda tx: tx.update(Template, {"text": "same"})) == 2
    assert await in_tx(lambda tx: tx.update(Template, {"text": "same"})) == 2


async def test_update_without_changes_does_nothing(in_tx: InTx) -> None:
    await in_tx(lambda tx: add_templates(tx, 1))
    assert await in_tx(lambda tx: tx.update(Template, {}, device_id=1)) == 0


async def test_update_can_change_the_column_it_asks_for(in_tx: InTx) -> None:
    await in_tx(
        lambda tx: tx.insert(Draft, {"device_id": 1, "device_conversation_id": 5, "data": "a", "mime_type": "b"})
    )
    assert await in_tx(lambda tx: tx.update(Draft, {"device_conversation_id": 6}, device_conversation_id=5)) == 1
    assert (await in_tx(lambda tx: tx.row(Draft, device_id=1))).device_conversation_id == 6


async def test_update_can_set_null(in_tx: InTx) -> None:
    await in_tx(lambda tx: tx.insert(Message, message(1, message_from="a")))
    await in_tx(lambda tx: tx.update(Message, {"message_from": None}, device_id=1))
    assert (await in_tx(lambda tx: tx.row(Message, device_id=1))).message_from is None


async def test_delete_removes_what_matches_and_counts_it(in_tx: InTx) -> None:
    await in_tx(lambda tx: add_templates(tx, 1, 2, 3))
    assert await in_tx(lambda tx: tx.delete(Template, device_id=2)) == 1
    assert await in_tx(lambda tx: tx.delete(Template, device_id=2)) == 0
    assert ids(await in_tx(lambda tx: tx.rows(Template))) == [1, 3]
    assert await in_tx(lambda tx: tx.delete(Template)) == 2
    assert await in_tx(lambda tx: tx.rows(Template)) == []


# --- sql ---


async def test_sql_knows_the_account_as_number_zero(in_tx: InTx, account_id: str) -> None:
    found = await in_tx(lambda tx: tx.sql("SELECT account_id, username FROM accounts WHERE account = $0"))
    assert found == [(account_id, "pat")]


async def test_sql_may_use_a_value_twice_and_in_any_order(in_tx: InTx) -> None:
    await in_tx(lambda tx: add_templates(tx, 1, 2, 3))
    text = "SELECT device_id FROM templates WHERE account = $0 AND (text = $2 OR device_id = $1 OR device_id > $1)"
    assert sorted(await in_tx(lambda tx: tx.sql(text, 2, "text 1"))) == [(1,), (2,), (3,)]


async def test_sql_without_a_result_is_an_empty_list(in_tx: InTx) -> None:
    await in_tx(lambda tx: add_templates(tx, 1))
    assert await in_tx(lambda tx: tx.sql("DELETE FROM templates WHERE account = $0")) == []
    assert await in_tx(lambda tx: tx.sql("SELECT device_id FROM templates WHERE account = $0")) == []


async def test_sql_answers_what_a_statement_returns(in_tx: InTx) -> None:
    await in_tx(lambda tx: add_templates(tx, 1, 2))
    text = "UPDATE templates SET text = $1 WHERE account = $0 AND device_id = $2 RETURNING device_id, text"
    assert await in_tx(lambda tx: tx.sql(text, "new", 2)) == [(2, "new")]


# --- the account ---


async def test_an_unknown_account_cannot_be_bound(storage: Storage, account_id: str) -> None:
    for unknown in ("", "nobody", account_id + "0", account_id[:-1], account_id.upper()):
        with pytest.raises(AccountIdInvalid):
            await storage.write(lambda tx, unknown=unknown: tx.bound(unknown))
        with pytest.raises(AccountIdInvalid):
            await storage.read(lambda tx, unknown=unknown: tx.bound(unknown))


async def test_two_accounts_with_the_same_ids_do_not_meet(storage: Storage) -> None:
    one, two = await asyncio.gather(sign_up(storage, "one"), sign_up(storage, "two"))

    def fill(tx: SqlTx) -> None:
        for account_id, text in ((one, "of one"), (two, "of two")):
            assert tx.bound(account_id).insert(Template, NewTemplate(device_id=7, text=text))

    def change_two(tx: SqlTx) -> None:
        bound = tx.bound(two)
        assert bound.update(Template, {"text": "changed"}, device_id=7) == 1
        assert bound.update(Template, {"text": "changed"}) == 1

    def texts(tx: SqlTx, account_id: str) -> list[tuple[str, str]]:
        return [(row.account_id, row.text) for row in tx.bound(account_id).rows(Template)]

    await storage.write(fill)
    await storage.write(change_two)
    assert await storage.read(lambda tx: texts(tx, one)) == [(one, "of one")]
    assert await storage.read(lambda tx: texts(tx, two)) == [(two, "changed")]
    assert await storage.write(lambda tx: tx.bound(two).delete(Template)) == 1
    assert await storage.read(lambda tx: texts(tx, one)) == [(one, "of one")]


async def test_a_transaction_that_is_bound_to_no_account_sees_no_rows(storage: Storage, in_tx: InTx) -> None:
    await in_tx(lambda tx: add_templates(tx, 1))
    assert await storage.write(lambda tx: tx.rows(Template)) == []
    assert await storage.write(lambda tx: tx.update(Template, {"text": "x"})) == 0
    assert await storage.write(lambda tx: tx.delete(Template)) == 0
