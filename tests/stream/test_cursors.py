"""Where clients stopped that cannot say it: what is remembered, and what counts as received."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartline.stream import cursors as cursors_module
from heartline.stream.cursors import GRACE_S, REUNION_TURNS, SOCKETS, WRITES, Cursors, Key, Receipts
from tests.strategies import unhurried

KEY, OTHER = Key(1, "1234"), Key(1, "5678")


# --- cursors ---


def test_a_client_that_is_not_known_is_looked_for_in_the_database() -> None:
    assert Cursors().claim(KEY) is None


def test_a_client_that_comes_back_goes_on_where_it_left() -> None:
    cursors = Cursors()
    cursors.left(KEY, 5)
    cursors.left(OTHER, 7)
    cursors.left(Key(2, KEY.client_id), 9)
    assert [cursors.claim(KEY), cursors.claim(OTHER), cursors.claim(Key(2, KEY.client_id))] == [5, 7, 9]


def test_the_lowest_of_the_sockets_that_are_gone_counts() -> None:
    for offsets in ([5, 3], [3, 5]):
        cursors = Cursors()
        for offset in offsets:
            cursors.left(KEY, offset)
        assert cursors.claim(KEY) == 3


def test_each_of_two_sockets_that_are_gone_gets_what_it_missed() -> None:
    cursors = Cursors()
    cursors.left(KEY, 5)
    cursors.left(KEY, 6)
    assert cursors.claim(KEY) == 5
    cursors.here(KEY, 9)
    assert cursors.take_changes() == {KEY: 6}
    assert cursors.claim(KEY) == 6
    cursors.here(KEY, 9)
    assert cursors.take_changes() == {KEY: 9}
    assert cursors.claim(KEY) is None


def test_a_page_that_was_closed_is_not_waited_for_for_ever() -> None:
    cursors = Cursors()
    cursors.left(KEY, 5)
    for _ in range(REUNION_TURNS):
        cursors.take_changes()
    cursors.left(KEY, 8)
    assert cursors.claim(KEY) == 5
    cursors.here(KEY, 9)
    assert cursors.claim(KEY) == 9
    cursors.left(KEY, 12)
    assert cursors.claim(KEY) == 12


def test_the_sockets_of_one_name_that_are_told_apart_are_bounded() -> None:
    cursors = Cursors()
    for offset in range(100, 0, -1):
        cursors.left(KEY, offset)
    claims = [cursors.claim(KEY) for _ in range(SOCKETS)]
    assert claims == list(range(1, SOCKETS + 1))
    assert cursors.take_changes() == {KEY: 1}


def test_a_socket_that_is_here_does_not_hide_what_one_that_is_gone_lacks() -> None:
    cursors = Cursors()
    cursors.left(KEY, 3)
    cursors.here(KEY, 9)
    assert cursors.take_changes() == {KEY: 3}
    assert cursors.claim(KEY) == 3
    cursors.here(KEY, 9)
    assert cursors.take_changes() == {KEY: 9}


def test_a_client_whose_first_socket_is_still_here_goes_on_from_it() -> None:
    cursors = Cursors()
    cursors.here(KEY, 4)
    assert cursors.claim(KEY) == 4


def test_a_claim_is_for_once_but_the_database_still_learns_of_it() -> None:
    cursors = Cursors()
    cursors.left(KEY, 5)
    assert cursors.claim(KEY) == 5
    assert cursors.take_changes() == {KEY: 5}
    assert cursors.claim(KEY) is None


def test_what_is_stored_is_kept_in_memory_until_the_client_comes_back() -> None:
    cursors = Cursors()
    cursors.left(KEY, 5)
    assert cursors.take_changes() == {KEY: 5}
    assert cursors.take_changes() == {}
    assert cursors.claim(KEY) == 5


def test_the_client_that_is_gone_for_longest_is_forgotten_but_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursors_module, "CLIENTS", 2)
    cursors = Cursors()
    keys = [Key(1, str(number)) for number in range(3)]
    for key in keys:
        cursors.left(key, 5)
    assert cursors.take_changes() == dict.fromkeys(keys, 5)
    assert [cursors.claim(key) for key in keys] == [None, 5, 5]


def test_a_client_that_left_again_is_the_latest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursors_module, "CLIENTS", 2)
    cursors = Cursors()
    one, two, three = keys = [Key(1, str(number)) for number in range(3)]
    for key in (one, two, one, three):
        cursors.left(key, 5)
    cursors.take_changes()
    assert [cursors.claim(key) for key in keys] == [5, None, 5]


# --- receipts ---


def test_nothing_was_written() -> None:
    assert Receipts(7).received(100.0, 0) == 7


def test_a_write_has_arrived_when_it_is_acknowledged_and_the_grace_is_over() -> None:
    receipts = Receipts(7)
    receipts.wrote(10.0, 100, 8)
    assert receipts.received(10.0 + GRACE_S - 0.01, 0) == 7
    assert receipts.received(10.0 + GRACE_S, 1) == 7
    assert receipts.received(10.0 + GRACE_S, 0) == 8


def test_writes_arrive_one_after_the_other() -> None:
    receipts = Receipts(0)
    for number in range(1, 5):
        receipts.wrote(float(number), 100, 10 * number)
    assert receipts.received(2.0 + GRACE_S, 0) == 20
    assert receipts.received(100.0, 101) == 20
    assert receipts.received(100.0, 100) == 30
    assert receipts.received(100.0, 0) == 40


def test_what_once_arrived_stays_arrived() -> None:
    receipts = Receipts(0)
    receipts.wrote(1.0, 100, 5)
    assert receipts.received(9.0, 0) == 5
    assert receipts.received(9.0, 10**9) == 5
    assert receipts.received(0.0, 0) == 5


def test_other_bytes_that_are_on_the_way_only_make_it_more_careful() -> None:
    receipts = Receipts(0)
    receipts.wrote(1.0, 100, 5)
    assert receipts.received(9.0, 40) == 0


def test_further_writes_than_are_told_apart_count_as_the_latest() -> None:
    receipts = Receipts(0)
    for number in range(1, WRITES + 11):
        receipts.wrote(1.0, 1, number)
    assert receipts.received(9.0, 11) == WRITES - 1
    assert receipts.received(9.0, 1) == WRITES - 1
    assert receipts.received(9.0, 0) == WRITES + 10


writes = st.lists(st.tuples(st.floats(0, 0.2), st.integers(1, 1_000)), max_size=3 * WRITES)


@unhurried
@given(writes=writes, waited_s=st.floats(0, 3), acknowledged=st.floats(0, 1))
def test_nothing_counts_as_received_that_may_not_have_arrived(
    writes: list[tuple[float, int]], waited_s: float, acknowledged: float
) -> None:
    receipts, now_s, total = Receipts(0), 0.0, 0
    written: list[tuple[float, int]] = []
    for offset, (pause_s, size_bytes) in enumerate(writes, 1):
        now_s, total = now_s + pause_s, total + size_bytes
        written.append((now_s, total))
        receipts.wrote(now_s, size_bytes, offset)
    now_s += waited_s
    arrived_bytes = int(total * acknowledged)
    received = receipts.received(now_s, total - arrived_bytes)
    certain = sum(at_s <= now_s - GRACE_S and upto <= arrived_bytes for at_s, upto in written)
    assert received <= certain
    if len(writes) <= WRITES:
        assert received == certain
    if waited_s >= GRACE_S + 0.01:
        assert receipts.received(now_s, 0) == len(writes)
