"""What holds for every noun that has an `add`: upserts, all or nothing, partial updates, removals, orders, pages."""

from typing import Any

import pytest

from heartline.errors import BadRequest, MissingParameter, NotText, WrongType
from tests.resources.conftest import Account
from tests.resources.nouns import CHANGES, NOUNS, Columns, Noun

UPDATED = [noun for noun in NOUNS if noun.updated]
REMOVED = [noun for noun in NOUNS if noun.removed]

every_noun = pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.name)
every_updated_noun = pytest.mark.parametrize("noun", UPDATED, ids=lambda noun: noun.name)
every_removed_noun = pytest.mark.parametrize("noun", REMOVED, ids=lambda noun: noun.name)


def check_shows(emitted: tuple[str, Columns], noun: Noun, stored: Columns) -> None:
    """Each field of the operation is the row's. Which fields it has is checked for every operation (conftest.py)."""
    name, content = emitted
    shown = noun.shown(name, stored) | {"id": content.get("id")}
    assert content == {field: shown[field] for field in content}
    if "id" in content:
        assert content["id"] == stored["device_id"]


@every_noun
def test_what_was_added_is_listed_as_it_was_sent(local: Account, noun: Noun) -> None:
    ((name, content),) = noun.add(local, noun.item())
    assert name == noun.added
    check_shows((name, content), noun, noun.item())
    assert noun.stored(local) == [noun.item()]


@every_noun
def test_an_identical_repeat_emits_nothing(local: Account, noun: Noun) -> None:
    noun.add(local, noun.item())
    assert noun.add(local, noun.item()) == []
    assert noun.stored(local) == [noun.item()]


@every_noun
def test_a_repeat_without_what_is_optional_is_identical_too(local: Account, noun: Noun) -> None:
    """Nulls equal each other: retries of Android have no optional keys at all."""
    item = noun.bare()
    assert len(noun.add(local, item)) == 1
    assert noun.add(local, item, item) == []


@every_noun
def test_a_changed_repeat_replaces_the_row_and_is_emitted(local: Account, noun: Noun) -> None:
    for column, value in noun.full.items():
        other = {str: f"{value} other", int: 6, bool: value is False}[type(value)]
        noun.add(local, noun.item())
        changed = noun.item(**{column: other})
        ((name, content),) = noun.add(local, changed)
        assert name == noun.added
        check_shows((name, content), noun, changed)
        assert noun.stored(local) == [changed]


@every_noun
def test_of_one_id_twice_in_one_add_the_last_counts(local: Account, noun: Noun) -> None:
    column = next(name for name, value in noun.full.items() if isinstance(value, str))
    emitted = noun.add(local, noun.item(), noun.item(), noun.item(**{column: "last"}))
    assert [name for name, _ in emitted] == [noun.added] * 2
    assert noun.stored(local) == [noun.item(**{column: "last"})]


@every_noun
def test_one_bad_item_of_three_stores_and_emits_nothing(local: Account, noun: Noun) -> None:
    text = next(name for name, value in noun.full.items() if isinstance(value, str))
    broken: list[tuple[Any, type[BadRequest]]] = [
        (noun.item(device_id=None), MissingParameter),
        (noun.item(device_id="x"), WrongType),
        (noun.item(device_id=2**63), WrongType),
        (noun.item(**{text: "\0"}), NotText),
        (noun.item(**{text: 5.5}), WrongType),
        ("no object", WrongType),
        (None, WrongType),
    ]
    for item, error in broken:
        for items in ([item, noun.item(1), noun.item(2)], [noun.item(1), noun.item(2), item]):
            with pytest.raises(error):
                noun.add(local, *items)
            assert noun.stored(local) == []
    assert noun.remove(local, 1) if noun.removed else True
    assert database_events(local) == (1 if noun.removed else 0)


@every_noun
def test_each_required_column_is_asked_for(local: Account, noun: Noun) -> None:
    for position, column in enumerate(("device_id", *noun.required)):
        for value in (None, ""):
            with pytest.raises(MissingParameter, match=rf"^missing required parameter {column}$"):
                noun.add(local, {**noun.item(), column: value})
        said = {name: noun.item()[name] for name in ("device_id", *noun.required)[:position]}
        with pytest.raises(MissingParameter, match=rf"^missing required parameter {column}$"):
            noun.add(local, said)


@every_noun
def test_an_empty_list_is_accepted(local: Account, noun: Noun) -> None:
    assert noun.add(local) == []


@every_noun
def test_without_a_list_it_is_asked_for(local: Account, noun: Noun) -> None:
    for body in (None, {}, {noun.name: None}, {"other": [noun.item()]}):
        with pytest.raises(MissingParameter, match=rf"^missing required parameter {noun.name}$"):
            local.post(f"/{noun.name}/add", body)


@every_noun
def test_the_flat_form_is_a_list_of_one(local: Account, noun: Noun) -> None:
    assert len(local.post(f"/{noun.name}/add", {"account_id": local.id, **noun.item()})) == 1
    assert noun.stored(local) == [noun.item()]


@every_noun
def test_unknown_keys_of_items_are_ignored(local: Account, noun: Noun) -> None:
    noun.add(local, {**noun.item(), "account_id": "another", "id": 9, "unknown": [{}]})
    assert noun.stored(local) == [noun.item()]


@every_noun
def test_null_is_like_absent(local: Account, noun: Noun) -> None:
    noun.add(local, {**dict.fromkeys(noun.full), **noun.bare()})
    assert noun.add(local, noun.bare()) == []
    (stored,) = noun.stored(local)
    assert stored.items() >= noun.bare().items()


@every_updated_noun
def test_a_partial_update_keeps_the_other_columns_and_emits_the_whole_row(local: Account, noun: Noun) -> None:
    for changes in CHANGES[noun.name]:
        noun.add(local, noun.item(), noun.item(6))
        ((name, content),) = noun.update(local, 5, **changes)
        assert name == noun.updated
        changed = noun.item(**changes)
        check_shows((name, content), noun, changed)
        assert sorted(noun.stored(local), key=lambda row: row["device_id"]) == [changed, noun.item(6)]


@every_updated_noun
def test_null_in_an_update_leaves_the_column_alone(local: Account, noun: Noun) -> None:
    noun.add(local, noun.item())
    change = CHANGES[noun.name][-1]
    ((_, content),) = noun.update(local, 5, **{**dict.fromkeys(noun.full), **change})
    assert noun.stored(local) == [noun.item(**change)]
    check_shows((noun.updated, content), noun, noun.item(**change))


@pytest.mark.parametrize(
    "noun", [noun for noun in UPDATED if noun.name not in ("drafts", "templates")], ids=lambda noun: noun.name
)
def test_an_update_of_nothing_changes_and_emits_nothing(local: Account, noun: Noun) -> None:
    noun.add(local, noun.item())
    assert noun.update(local, 5) == []
    assert noun.stored(local) == [noun.item()]


@every_updated_noun
def test_an_update_of_a_missing_row_emits_nothing(local: Account, noun: Noun) -> None:
    for changes in CHANGES[noun.name]:
        assert noun.update(local, 5, **changes) == []
    assert noun.stored(local) == []


@every_removed_noun
def test_a_removal_deletes_that_row_only(local: Account, noun: Noun) -> None:
    noun.add(local, noun.item(5), noun.item(6))
    ((name, _),) = noun.remove(local, 5)
    assert name == noun.removed
    assert noun.stored(local) == [noun.item(6)]


@every_removed_noun
def test_a_removal_of_a_missing_row_still_emits(local: Account, noun: Noun) -> None:
    ((name, content),) = noun.remove(local, 5)
    assert name == noun.removed
    assert 5 in (content.get("id"), content.get("device_id")) or content["id"] == "5"


@every_noun
def test_the_order_of_the_list(local: Account, noun: Noun) -> None:
    """By id; messages and conversations newest first, of the same time the higher id first."""
    times = {3: 100, 900719925474099: 50, 1: 100, 2: 200, -4: 100}
    for device_id, timestamp in times.items():
        noun.add(local, noun.item(device_id, **({"timestamp": timestamp} if "timestamp" in noun.full else {})))
    by_id = [-4, 1, 2, 3, 900719925474099]
    assert local.ids(f"/{noun.name}") == ([2, 3, 1, -4, 900719925474099] if noun.newest_first else by_id)


@every_noun
def test_pages_of_the_list(local: Account, noun: Noun) -> None:
    noun.add(local, *(noun.item(device_id) for device_id in (1, 2, 3, 4, 5)))
    path, all_ids = f"/{noun.name}", [1, 2, 3, 4, 5]
    if noun.newest_first:
        all_ids.reverse()
    assert [local.ids(path, limit=2, offset=offset) for offset in (0, 2, 4, 6)] == [
        all_ids[:2],
        all_ids[2:4],
        all_ids[4:],
        [],
    ]
    for no_limit in (0, -1, -(2**63), ""):
        assert local.ids(path, limit=no_limit) == all_ids
        assert local.ids(path, limit=no_limit, offset=2) == all_ids, "an offset counts only beside a limit"
    assert local.ids(path, offset=3) == all_ids
    for no_offset in (0, -1, -(2**63), ""):
        assert local.ids(path, limit=3, offset=no_offset) == all_ids[:3]
    assert local.ids(path, limit=2**63 - 1, offset=1) == all_ids[1:]
    assert local.ids(path, limit=75) == all_ids


def database_events(account: Account) -> int:
    ((count,),) = account.database.execute("SELECT count(*) FROM events WHERE account = ?", account.number)
    return int(count)
