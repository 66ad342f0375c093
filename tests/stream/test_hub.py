"""Every account's log, delivered to its readers: small examples first, then any schedule at all, then hubs that are broken
on purpose, to show that the schedules would notice."""

import json
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from heartline.stream import hub as hub_module
from heartline.stream.cursors import Key
from heartline.stream.frames import form
from heartline.stream.hub import CHUNK_BYTES, Hub, Reader
from heartline.stream.log import Cursor, Event, History, Position
from tests.stream.memory_log import MemoryLog
from tests.wire import content, texts_in

IDENTIFIER = '{"channel":"NotificationsChannel"}'
ACCOUNT, OTHER_ACCOUNT = 1, 2
PLENTY = 1_000_000


def message(account: int, offset: int) -> bytes:
    return json.dumps({"operation": "test", "content": {"account": account, "offset": offset}}).encode()


class Client:
    """A sink that takes some writes, then none until it is drained."""

    def __init__(
        self, hub: Hub, account: int = ACCOUNT, identifier: str = IDENTIFIER, *, extended: bool = False
    ) -> None:
        self.hub = hub
        self.writable = True
        self.room = PLENTY
        """Writes it takes before it is full."""
        self.written: list[bytes] = []
        self.confirmations = 0
        self.answers: list[tuple[bool, list[int]]] = []
        """To its requests for history: whether it was found, and what it had got by then."""
        self.is_gone = False
        self.is_let_go = False
        self.reader = Reader(self, account, form(identifier, extended=extended))

    def deliver(self, data: bytes, last_offset: int) -> None:
        self.written.append(data)
        self.room -= 1
        self.writable = self.room > 0

    def confirmed(self, reader: Reader) -> None:
        assert reader is self.reader
        self.confirmations += 1

    def history_answered(self, reader: Reader, *, found: bool) -> None:
        assert reader is self.reader
        self.answers.append((found, self.offsets))

    def account_gone(self) -> None:
        self.is_gone = True

    def log_replaced(self) -> None:
        self.is_let_go = True

    def drain(self, room: int = PLENTY) -> None:
        self.writable, self.room = True, room
        self.hub.catch_up(self.reader)

    @property
    def offsets(self) -> list[int]:
        """What it got, as offsets."""
        return [content(text)[1]["offset"] for text in texts_in(b"".join(self.written))]


class Node:
    """A hub on a log in memory, where a commit is published at once."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.hub = Hub(self.log)
        for account in (ACCOUNT, OTHER_ACCOUNT):
            self.log.open(account)

    def subscribe(
        self,
        account: int = ACCOUNT,
        identifier: str = IDENTIFIER,
        *,
        history: History | None = None,
        client_id: str = "",
    ) -> Client:
        client = Client(self.hub, account, identifier)
        self.hub.subscribe(client.reader, history=history, client_id=client_id)
        return client

    def after(self, offset: int, account: int = ACCOUNT) -> History:
        """What a client asks for that has everything up to there."""
        return History(Cursor(self.log.epochs[account], offset), None)

    def confirmed(self, account: int = ACCOUNT, identifier: str = IDENTIFIER) -> Client:
        client = self.subscribe(account, identifier)
        self.log.answer_all()
        assert client.confirmations == 1
        return client

    def commit(self, count: int, account: int = ACCOUNT) -> Callable[[], None]:
        """Append events; returns what publishes them."""
        first = self.log.heads[account] + 1
        messages = [message(account, first + i) for i in range(count)]
        self.log.commit(account, *messages)
        return lambda: self.hub.publish(account, first, messages)

    def emit(self, count: int = 1, account: int = ACCOUNT) -> None:
        self.commit(count, account)()


@pytest.fixture
def node() -> Node:
    return Node()


# --- confirmation ---


def test_the_first_reader_waits_for_the_head_of_the_log_and_the_second_does_not(node: Node) -> None:
    first = node.subscribe()
    assert first.confirmations == 0
    node.log.answer()
    assert first.confirmations == 1
    second = node.subscribe()
    assert second.confirmations == 1
    assert node.log.asked == []


def test_every_reader_that_waits_asks_for_its_own_position(node: Node) -> None:
    clients = [node.subscribe() for _ in range(3)]
    assert len(node.log.asked) == 3
    for number in range(3):
        assert [client.confirmations for client in clients] == [1] * number + [0] * (3 - number)
        node.log.answer()
    assert [client.confirmations for client in clients] == [1, 1, 1]


def test_events_before_the_confirmation_are_not_delivered(node: Node) -> None:
    node.emit(3)
    client = node.confirmed()
    assert client.offsets == []
    node.emit(2)
    assert client.offsets == [4, 5]


@pytest.mark.parametrize("as_asked", [False, True])
def test_a_publish_that_overtakes_the_position_does_not_confirm(node: Node, as_asked: bool) -> None:
    client = node.subscribe()
    node.emit(2)
    assert (client.confirmations, client.offsets) == (0, [])
    node.log.answer(as_asked=as_asked)
    node.log.answer_all()
    assert (client.confirmations, client.offsets) == (1, [1, 2] if as_asked else [])
    node.emit()
    assert client.offsets[-1] == 3


def test_a_head_that_was_read_before_the_last_publishes_loses_nothing(node: Node) -> None:
    client = node.subscribe()
    publish = node.commit(1)
    node.log.answer(as_asked=True)
    assert client.confirmations == 1
    publish()
    assert client.offsets == [1]


def test_a_late_publish_of_what_was_there_before_the_confirmation_is_not_delivered(node: Node) -> None:
    publish = node.commit(2)
    client = node.confirmed()
    publish()
    assert client.offsets == []


def test_an_account_that_does_not_exist_ends_its_readers(node: Node) -> None:
    client = node.subscribe(account=99)
    node.log.answer()
    assert (client.is_gone, client.confirmations) == (True, 0)
    assert node.hub.accounts == []


# --- delivery ---


def test_only_the_readers_of_the_account_get_an_event(node: Node) -> None:
    one, two, other = node.confirmed(), node.confirmed(), node.confirmed(OTHER_ACCOUNT)
    node.emit(2)
    assert (one.offsets, two.offsets, other.offsets) == ([1, 2], [1, 2], [])


def test_a_publish_without_readers_is_forgotten(node: Node) -> None:
    node.emit()
    node.hub.advance(ACCOUNT, 1)
    assert (node.log.asked, node.hub.accounts) == ([], [])


def test_a_repeated_publish_is_delivered_once(node: Node) -> None:
    client = node.confirmed()
    publish = node.commit(2)
    publish()
    publish()
    assert client.offsets == [1, 2]


def test_publishes_in_the_wrong_order_are_delivered_in_the_right_one(node: Node) -> None:
    client = node.confirmed()
    first, second = node.commit(1), node.commit(2)
    second()
    assert client.offsets == []
    first()
    node.log.answer_all()
    assert client.offsets == [1, 2, 3]


def test_a_hint_brings_what_was_never_published(node: Node) -> None:
    client = node.confirmed()
    node.commit(7)
    node.hub.advance(ACCOUNT, 7)
    node.log.answer_all()
    assert client.offsets == [1, 2, 3, 4, 5, 6, 7]


def test_an_old_hint_is_nothing_new(node: Node) -> None:
    client = node.confirmed()
    node.emit(3)
    node.hub.advance(ACCOUNT, 2)
    node.hub.advance(ACCOUNT, 3)
    assert (node.log.asked, client.offsets) == ([], [1, 2, 3])


def test_a_hint_of_a_log_that_took_the_place_of_the_old_one_lets_the_readers_go(node: Node) -> None:
    clients = [node.confirmed(), node.confirmed()]
    bystander = node.confirmed(OTHER_ACCOUNT)
    node.emit(2)
    node.log.renew(ACCOUNT)
    messages = [message(ACCOUNT, 3)]
    node.hub.publish(ACCOUNT, node.log.commit(ACCOUNT, *messages), messages, epoch=node.log.epochs[ACCOUNT])
    node.log.answer_all()
    assert [(client.offsets, client.is_let_go) for client in clients] == [([1, 2], True)] * 2
    assert not bystander.is_let_go
    assert node.log.followed == {OTHER_ACCOUNT}
    assert node.confirmed().reader.cursor == 3


@pytest.mark.parametrize("with_events", [True, False])
def test_a_late_hint_of_an_older_log_is_nothing_new(node: Node, with_events: bool) -> None:
    client = node.confirmed()
    node.emit(2)
    if with_events:
        node.hub.publish(ACCOUNT, 3, [message(ACCOUNT, 3)], epoch="older")
    else:
        node.hub.advance(ACCOUNT, 9, epoch="older")
    node.log.answer_all()
    assert client.offsets == [1, 2]
    assert not client.is_let_go
    assert node.hub.heads == {ACCOUNT: (node.log.epochs[ACCOUNT], 2)}


def test_readers_share_the_bytes_of_an_event(node: Node) -> None:
    one, two = node.confirmed(), node.confirmed()
    odd = node.confirmed(identifier='{"channel": "NotificationsChannel"}')
    node.emit()
    assert one.written[0] is two.written[0]
    assert json.loads(texts_in(odd.written[0])[0])["identifier"] == '{"channel": "NotificationsChannel"}'


def test_small_events_of_one_publish_are_one_write_and_large_ones_are_not(node: Node) -> None:
    client = node.confirmed()
    node.emit(50)
    assert len(client.written) == 1
    large = [json.dumps({"operation": "test", "content": {"data": "x" * CHUNK_BYTES}}).encode()] * 3
    node.hub.publish(ACCOUNT, node.log.commit(ACCOUNT, *large), large)
    assert len(client.written) == 4


# --- readers that are slow ---


def test_a_full_reader_costs_others_nothing_and_catches_up_later(node: Node) -> None:
    slow, other = node.confirmed(), node.confirmed()
    slow.writable = False
    node.emit(5)
    node.emit(5)
    assert (slow.offsets, other.offsets, node.log.asked) == ([], list(range(1, 11)), [])
    slow.drain()
    node.log.answer_all()
    assert slow.offsets == list(range(1, 11))
    node.emit()
    assert slow.offsets == list(range(1, 12))


def test_one_page_is_read_at_a_time(node: Node) -> None:
    slow = node.confirmed()
    slow.writable = False
    node.emit(9)
    for _ in range(3):
        slow.drain()
        node.emit()
    assert len(node.log.asked) == 1


def test_a_page_that_finds_the_reader_full_again_is_read_again(node: Node) -> None:
    slow = node.confirmed()
    slow.writable = False
    node.emit(2)
    slow.drain()
    slow.writable = False
    node.log.answer_all()
    assert slow.offsets == []
    slow.drain()
    node.log.answer_all()
    assert slow.offsets == [1, 2]


def test_live_events_and_a_page_do_not_overtake_each_other(node: Node) -> None:
    client = node.confirmed()
    publish = node.commit(1)
    node.hub.advance(ACCOUNT, 1)
    publish()
    assert client.offsets == [1]
    node.emit()
    node.log.answer_all()
    assert client.offsets == [1, 2]


# --- leaving ---


def test_nothing_comes_after_unsubscribe_not_even_what_was_being_read(node: Node) -> None:
    client = node.confirmed()
    node.commit(2)
    node.hub.advance(ACCOUNT, 2)
    node.hub.unsubscribe(client.reader)
    node.log.answer_all()
    node.emit()
    assert client.offsets == []


def test_the_last_reader_leaves_no_trace(node: Node) -> None:
    one, two = node.confirmed(), node.confirmed()
    node.hub.unsubscribe(one.reader)
    assert node.hub.accounts == [ACCOUNT]
    node.hub.unsubscribe(two.reader)
    node.hub.unsubscribe(two.reader)
    assert node.hub.accounts == []


def test_the_answer_for_readers_that_left_is_not_taken_for_those_that_came_since(node: Node) -> None:
    gone = node.subscribe()
    node.hub.unsubscribe(gone.reader)
    node.emit(2)
    client = node.subscribe()
    node.log.answer(0, as_asked=True)
    assert (gone.confirmations, client.confirmations) == (0, 0)
    node.log.answer_all()
    node.emit()
    assert (gone.offsets, client.offsets) == ([], [3])


# --- an account ends ---


def end(node: Node, account: int = ACCOUNT) -> None:
    last = message(account, node.log.heads[account] + 1)
    node.log.remove(account)
    node.hub.end(account, [last])


def test_the_end_of_an_account_is_told_to_its_readers_only(node: Node) -> None:
    client, other = node.confirmed(), node.confirmed(OTHER_ACCOUNT)
    node.emit()
    end(node)
    assert (client.offsets, client.is_gone) == ([1, 2], True)
    assert (other.offsets, other.is_gone) == ([], False)
    assert node.hub.accounts == [OTHER_ACCOUNT]


def test_a_reader_that_was_not_confirmed_hears_nothing_but_that_the_account_is_gone(node: Node) -> None:
    client = node.subscribe()
    end(node)
    node.log.answer_all()
    assert (client.confirmations, client.offsets, client.is_gone) == (0, [], True)


def test_a_page_that_arrives_after_the_end_is_not_delivered(node: Node) -> None:
    client = node.confirmed()
    node.commit(2)
    node.hub.advance(ACCOUNT, 2)
    end(node)
    node.log.answer_all()
    assert client.offsets == [3]


def test_a_page_that_was_read_before_the_end_is_not_delivered_after_it(node: Node) -> None:
    client = node.confirmed()
    publish = node.commit(1)
    node.hub.advance(ACCOUNT, 1)
    publish()
    end(node)
    node.log.answer(as_asked=True)
    assert (client.offsets, node.log.asked) == ([1, 2], [])


def test_a_reader_that_was_behind_gets_no_page_after_the_end(node: Node) -> None:
    client = node.confirmed()
    node.commit(2)
    node.hub.advance(ACCOUNT, 2)
    end(node)
    node.log.answer(as_asked=True)
    assert (client.offsets, node.log.asked) == ([3], [])


# --- history ---


def test_history_comes_between_the_confirmation_and_its_answer(node: Node) -> None:
    node.emit(5)
    client = node.subscribe(history=node.after(2))
    node.log.answer()
    assert (client.confirmations, client.offsets, client.answers) == (1, [], [])
    node.log.answer_all()
    assert (client.confirmations, client.offsets, client.answers) == (1, [3, 4, 5], [(True, [3, 4, 5])])
    node.emit()
    assert client.offsets == [3, 4, 5, 6]


def test_history_of_several_pages_is_answered_once_after_the_last(node: Node) -> None:
    node.emit(8)
    client = node.subscribe(history=node.after(0))
    node.log.answer_all()
    assert client.answers == [(True, list(range(1, 9)))]


def test_a_client_that_missed_nothing_is_confirmed_at_once(node: Node) -> None:
    node.emit(5)
    client = node.subscribe(history=node.after(5))
    node.log.answer()
    assert (client.answers, node.log.asked) == ([(True, [])], [])
    node.log.trim(ACCOUNT, 6)
    client = node.subscribe(history=node.after(5))
    node.log.answer()
    assert (client.answers, node.log.asked) == ([(True, [])], [])


def test_history_starts_at_a_moment(node: Node) -> None:
    node.emit(2)
    node.emit(2)
    client = node.subscribe(history=History(None, node.log.now_ms))
    node.log.answer_all()
    assert client.answers == [(True, [3, 4])]


def test_history_of_nothing_in_particular_is_nothing(node: Node) -> None:
    node.emit(2)
    client = node.subscribe(history=History(None, None))
    node.log.answer_all()
    assert client.answers == [(True, [])]


GONE: dict[str, tuple[Callable[[Node], History], bool]] = {
    "trimmed": (lambda node: node.after(2), False),
    "a moment that was trimmed": (lambda node: History(None, 1), False),
    "another epoch": (lambda node: History(Cursor("another", 5), None), False),
    "beyond the head": (lambda node: node.after(7), True),
}


@pytest.mark.parametrize(("asked", "renewed"), GONE.values(), ids=GONE.keys())
def test_history_that_is_gone_is_rejected_and_live_events_come(
    node: Node, asked: Callable[[Node], History], renewed: bool
) -> None:
    for _ in range(6):
        node.emit()
    node.log.trim(ACCOUNT, 4)
    epoch = node.log.epochs[ACCOUNT]
    client = node.subscribe(history=asked(node))
    node.log.answer_all()
    assert (client.confirmations, client.answers) == (1, [(False, [])])
    node.emit()
    assert client.offsets == [7]
    assert (node.log.epochs[ACCOUNT] != epoch) is renewed


def test_a_client_goes_on_where_its_id_was_last_seen(node: Node) -> None:
    node.emit(4)
    node.log.stored[Key(ACCOUNT, "1")] = 2
    client = node.subscribe(client_id="1")
    node.log.answer_all()
    assert (client.confirmations, client.offsets, client.answers) == (1, [3, 4], [])


@pytest.mark.parametrize("remembered", [1, 9], ids=["trimmed", "beyond the head"])
def test_a_remembered_place_that_is_no_more_means_the_head(node: Node, remembered: int) -> None:
    node.emit(4)
    node.log.trim(ACCOUNT, 4)
    node.log.stored[Key(ACCOUNT, "1")] = remembered
    client = node.subscribe(client_id="1")
    node.log.answer_all()
    assert (client.confirmations, client.offsets) == (1, [])


def test_a_held_reader_gets_nothing_until_it_says_where_to_go_on(node: Node) -> None:
    node.emit(3)
    client = Client(node.hub)
    client.reader.held = 2
    node.hub.subscribe(client.reader)
    node.log.answer_all()
    node.emit(2)
    node.hub.catch_up(client.reader)
    assert (client.offsets, node.log.asked) == ([], [])
    node.hub.replay(client.reader, node.after(1))
    node.log.answer_all()
    assert client.answers == [(True, [2, 3, 4, 5])]
    node.emit()
    assert client.offsets == [2, 3, 4, 5, 6]


def test_a_held_reader_whose_history_is_gone_goes_live(node: Node) -> None:
    node.confirmed()
    node.emit(2)
    client = Client(node.hub)
    client.reader.held = 2
    node.hub.subscribe(client.reader)
    node.emit()
    node.hub.replay(client.reader, History(Cursor("another", 1), None))
    node.log.answer_all()
    assert (client.offsets, client.answers) == ([3], [(False, [])])


def test_replay_begins_before_the_subscription_was_confirmed(node: Node) -> None:
    node.emit(3)
    client = node.subscribe()
    node.hub.replay(client.reader, node.after(1))
    node.log.answer(1)
    node.log.answer_all()
    assert (client.confirmations, client.answers) == (1, [(True, [2, 3])])


def test_what_is_published_while_a_replay_is_looked_up_comes_once(node: Node) -> None:
    client = node.confirmed()
    node.emit(2)
    node.hub.replay(client.reader, node.after(2))
    node.emit(2)
    node.log.answer_all()
    assert client.offsets == [1, 2, 3, 4]
    assert [found for found, _ in client.answers] == [True]


def test_a_replay_never_skips_what_the_reader_did_not_get(node: Node) -> None:
    client = node.confirmed()
    client.writable = False
    node.emit(3)
    node.hub.replay(client.reader, History(None, node.log.now_ms + 1))
    node.log.answer_all()
    client.drain()
    node.log.answer_all()
    assert client.offsets == [1, 2, 3]


def test_each_request_for_history_is_answered(node: Node) -> None:
    node.emit(5)
    client = node.subscribe(history=node.after(1))
    node.log.answer()
    node.hub.replay(client.reader, node.after(1))
    node.log.answer(1)
    node.log.answer_all()
    assert [found for found, _ in client.answers] == [True, True]
    assert client.offsets == [2, 3, 4, 5]


def test_a_subscription_whose_replay_overtook_it_has_both_requests_answered(node: Node) -> None:
    node.emit(5)
    client = node.subscribe(history=node.after(1))
    node.hub.replay(client.reader, node.after(1))
    node.log.answer(1)
    node.log.answer_all()
    assert (client.confirmations, [found for found, _ in client.answers]) == (1, [True, True])
    assert client.offsets == [2, 3, 4, 5]


@pytest.mark.parametrize("floor", [4, 6], ids=["some left", "none left"])
def test_the_log_is_not_read_without_end_when_a_reader_fell_behind_its_floor(node: Node, floor: int) -> None:
    client = node.confirmed()
    client.writable = False
    node.emit(5)
    node.log.trim(ACCOUNT, floor)
    client.drain()
    node.log.answer_all()
    node.emit()
    node.log.answer_all()
    assert client.offsets in ([], [6]), "told of a part of what it missed"


# --- any schedule ---


class Device:
    """A client over all its sockets: what it has got."""

    def __init__(self, account: int) -> None:
        self.account = account
        self.cursor: Cursor | None = None
        """As its last event said."""
        self.begin(0)

    def begin(self, offset: int) -> None:
        """It knows nothing of what was before: a first subscription, or all of the account was fetched."""
        self.first = self.last = offset
        self.messages: list[bytes] = []
        if self.cursor is not None and self.cursor.offset != offset:
            self.cursor = None


class WatchedClient(Client):
    """A device's socket. Notes everything that a reader must not see."""

    def __init__(self, schedule: "Schedule", device: Device, room: int, *, restored: bool = False) -> None:
        super().__init__(schedule.hub, device.account, extended=True)
        self.schedule = schedule
        self.device = device
        self.account = device.account
        self.room = room
        self.is_confirmed = False
        self.is_accepted = False
        """True when its history was found with its subscription."""
        self.is_restored = restored
        """True until it has said where to go on, or has let the time for it pass."""
        self.wanted: list[tuple[bool, int]] = []
        """For each request for history whether it must be found, and the head it must reach first."""
        self.requests = 0
        """Those that the log was not asked for yet."""
        self.is_confused = False
        """True when its last request was for another log."""
        self.left = False
        self.is_ending = False
        if restored:
            self.reader.held, self.reader.unanswered = 2, 0

    def deliver(self, data: bytes, last_offset: int) -> None:
        self.expect(self.writable or self.is_ending, "written while its transport was full")
        self.expect(not self.left, "written after it left")
        self.expect(not self.is_gone, "written after the account's end")
        self.expect(not self.is_restored or self.is_ending, "written before it said where to go on")
        for text in texts_in(data):
            frame = json.loads(text)
            event, last = frame["message"]["content"], self.device.last
            offset = event["offset"]
            self.expect(event["account"] == self.account, f"got an event of account {event['account']}")
            self.expect(self.is_confirmed, f"got {offset} before its confirmation")
            # What a reader has not got when the account is removed is gone with the log.
            follows = offset > last if self.is_ending else offset == last + 1
            self.expect(follows, f"got {offset} after {last}")
            self.expect(self.is_ending or frame["offset"] == offset, f"{offset} is called {frame['offset']}")
            self.device.last = offset
            self.device.cursor = Cursor(frame["epoch"], frame["offset"])
            self.device.messages.append(message(self.account, offset))
        self.expect(self.is_ending or last_offset == self.device.last, f"{last_offset} is not the last of the write")
        super().deliver(b"", last_offset)

    def confirmed(self, reader: Reader) -> None:
        super().confirmed(reader)
        self.expect(not self.left, "confirmed after it left")
        self.expect(self.confirmations == 1, "confirmed twice")
        assert reader.cursor is not None
        self.expect(reader.cursor <= self.schedule.committed[self.account], "confirmed before events that are to come")
        self.is_confirmed = True
        if not self.is_restored and not self.is_accepted:
            self.device.begin(reader.cursor)

    def looked_up(self, history: History | None, position: Position | None) -> None:
        """The hub is about to be told what the log holds, for this request."""
        if self.left or self.is_gone or position is None or history is None:
            return
        self.requests -= 1
        if history.cursor is not None:
            epoch, offset = history.cursor
            found = epoch == position.epoch and position.floor <= offset + 1 and offset <= position.head
            start: int | None = offset
        else:
            start = position.head if history.since_ms is None else position.before_since
            found = start is not None
        self.wanted.append((found, position.head))
        if found and not self.is_confirmed:
            self.is_accepted = True
        if found and (self.is_restored or not self.is_confirmed):
            self.is_restored = False
            if start is not None and (history.cursor is None or history.cursor != self.device.cursor):
                self.device.begin(start)

    def answered_by_now(self) -> None:
        """The hub has been told."""
        if not self.left and not self.is_gone:
            self.expect(all(found for found, _ in self.wanted), "its history was not rejected")

    def history_answered(self, reader: Reader, *, found: bool) -> None:
        self.expect(not self.left, "its history was answered after it left")
        self.expect(not found or self.is_confirmed, "its history was confirmed before its subscription")
        fitting = [wanted for wanted in self.wanted if wanted[0] is found]
        self.expect(bool(fitting), f"its history was {'confirmed' if found else 'rejected'} without reason")
        if fitting:
            self.wanted.remove(fitting[0])
            missed = fitting[0][1] > self.device.last
            self.expect(not found or not missed, f"its history was confirmed at {self.device.last} of {fitting[0][1]}")
        if not found and self.is_restored:
            self.is_restored = False
            assert reader.cursor is not None
            self.device.begin(reader.cursor)

    def account_gone(self) -> None:
        self.expect(not self.is_gone, "told twice that the account is gone")
        super().account_gone()

    def log_replaced(self) -> None:
        self.expect(self.account in self.schedule.renewed, "told that its log was replaced, which it was not")
        self.schedule.leave(self)

    def expect(self, right: bool, fault: str) -> None:
        if not right:
            self.schedule.faults.append(fault)


class WatchedLog(MemoryLog):
    """Notes when a second page is read for a reader before the first was answered, and tells clients what is found."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__()
        self.faults = faults
        self.renewed: set[int] = set()
        """Accounts whose epoch has changed."""
        self.reader: Reader | None = None
        """The one that the hub is at."""
        self.history: History | None = None
        """What it asks for."""
        self.pages: Counter[Reader] = Counter()

    def position(
        self, account: int, since_ms: int | None, client_id: str, found: Callable[[Position | None], None]
    ) -> None:
        if self.reader is None:  # the hub only wants to know
            super().position(account, since_ms, client_id, found)
            return
        client, history = self.reader.sink, self.history
        assert isinstance(client, WatchedClient)

        def answered(position: Position | None) -> None:
            client.looked_up(history, position)
            found(position)
            client.answered_by_now()

        super().position(account, since_ms, client_id, answered)

    def renew(self, account: int) -> None:
        if account in self.epochs:
            self.renewed.add(account)
        super().renew(account)

    def read(self, account: int, after: int, found: Callable[[list[Event]], None]) -> None:
        assert self.reader is not None
        reader = self.reader
        self.pages[reader] += 1
        if self.pages[reader] > 1:
            self.faults.append("two pages were read at once for one reader")

        def answered(events: list[Event]) -> None:
            self.pages[reader] -= 1
            found(events)

        super().read(account, after, answered)


def watched(hub_class: type[Hub]) -> type[Hub]:
    class WatchedHub(hub_class):  # type: ignore[misc, valid-type]
        def subscribe(self, reader: Reader, *, history: History | None = None, client_id: str = "") -> None:
            self._log.reader, self._log.history = reader, history
            super().subscribe(reader, history=history, client_id=client_id)
            self._log.history = None

        def replay(self, reader: Reader, history: History) -> None:
            self._log.reader, self._log.history = reader, history
            super().replay(reader, history)
            self._log.history = None

        def catch_up(self, reader: Reader) -> None:
            self._log.reader = reader
            super().catch_up(reader)
            self._log.reader = None

        def _is_of_another_log(self, account: int, audience: Any, epoch: str) -> bool:
            self._log.reader = None
            return super()._is_of_another_log(account, audience, epoch)

    return WatchedHub


class News:
    """What the hub is still to be told of a commit, in whatever order."""

    def __init__(self, account: int, tell: Callable[[], None], *, may_get_lost: bool) -> None:
        self.account = account
        self.tell = tell
        self.may_get_lost = may_get_lost


class Schedule:
    """Commits, news of them, answers of the log, sinks that fill and drain, readers that come, go and come back, logs that
    are trimmed and servers that start again, in an order that the seed decides."""

    def __init__(self, hub_class: type[Hub], seed: int, *, with_removals: bool = False) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.with_removals = with_removals
        self.faults: list[str] = []
        self.log = WatchedLog(self.faults)
        self.hub_class = watched(hub_class)
        self.hub = self.hub_class(self.log)
        self.committed: dict[int, int] = {}
        """Head of every account that there ever was."""
        self.missed: set[int] = set()
        """Accounts of which news got lost."""
        self.news: list[News] = []
        self.clients: list[WatchedClient] = []
        self.away: list[Device] = []
        """Devices without a socket."""
        self.open_account()
        self.open_account()

    def run(self, steps: int) -> None:
        """Take random steps, then let everything arrive. Fails as soon as a reader saw what it must not see."""
        taken: list[str] = []
        for step in [*(None for _ in range(steps)), self.settle]:
            step = step or self.random.choice(self.possible_steps())
            step()
            taken.append(step.__name__)
            assert not self.faults, f"{'; '.join(self.faults)}; seed {self.seed}, {', '.join(taken)}"

    def possible_steps(self) -> list[Callable[[], None]]:
        steps = [self.commit]
        steps += [self.subscribe] * (len(self.clients) + len(self.away) < 6)
        steps += [self.resume, self.restore] * bool(self.away)
        steps += [self.tell_news] * (2 * bool(self.news))
        steps += [self.lose_news] * any(news.may_get_lost for news in self.news)
        steps += [self.hint] * any(self.log.heads.values())
        steps += [self.answer] * (2 * bool(self.log.asked))
        steps += [self.fill] * any(client.writable for client in self.clients)
        steps += [self.drain] * (2 * any(not client.writable for client in self.clients))
        steps += [self.replay] * bool(self.here)
        steps += [self.let_go] * any(client.is_restored for client in self.clients)
        if self.random.random() < 0.3:
            steps += [self.cut] * (2 * bool(self.clients))
            steps += [self.trim]
        if self.random.random() < 0.1:
            steps += [self.settle, self.restart]
        steps += [self.remove_account] * (self.with_removals and self.random.random() < 0.3)
        return steps

    @property
    def accounts(self) -> list[int]:
        return list(self.log.heads)

    @property
    def here(self) -> list[WatchedClient]:
        return [client for client in self.clients if not client.is_gone]

    @property
    def renewed(self) -> set[int]:
        return self.log.renewed

    def open_account(self) -> None:
        account = len(self.committed) + 1
        self.log.open(account)
        self.committed[account] = 0

    # --- clients ---

    def connect(self, device: Device, history: History | None, *, restored: bool = False) -> None:
        client = WatchedClient(self, device, self.random.randint(1, 6), restored=restored)
        client.requests = int(history is not None)
        self.clients.append(client)
        self.hub.subscribe(client.reader, history=history)

    def any_history(self, account: int) -> History:
        """What a client may ask for that does not say what it has; much of it is gone."""
        head = self.log.heads.get(account, 0)
        epoch = self.log.epochs.get(account, "")
        kinds = [
            History(None, None),
            History(None, self.random.randint(0, self.log.now_ms + 1)),
            History(Cursor("another", self.random.randint(0, head)), None),
        ]
        if self.random.random() < 0.1:
            kinds = [History(Cursor(epoch, head + self.random.randint(1, 3)), None)]
        return self.random.choice(kinds)

    def subscribe(self) -> None:
        """A new device, with or without a wish."""
        device = Device(self.random.choice(self.accounts))
        self.connect(device, self.random.choice([None, self.any_history(device.account)]))

    def cut(self) -> None:
        client = self.random.choice(self.clients)
        self.hub.unsubscribe(client.reader)
        self.leave(client)

    def leave(self, client: WatchedClient) -> None:
        self.clients.remove(client)
        client.left = True
        if client.account in self.log.heads:
            self.away.append(client.device)

    def resume(self) -> None:
        """A device comes back and says what it has, if it knows."""
        device = self.take_device()
        self.connect(device, History(device.cursor, None) if device.cursor else self.any_history(device.account))

    def restore(self) -> None:
        """A device comes back, and is subscribed before it says what it has."""
        self.connect(self.take_device(), None, restored=True)

    def take_device(self) -> Device:
        return self.away.pop(self.random.randrange(len(self.away)))

    def replay(self) -> None:
        """A client says what it has; one that is live has had no reason to."""
        client = self.random.choice(self.here)
        device = client.device
        if client.requests and client.is_confused:
            return  # it would ask for two things that exclude each other
        client.is_confused = client.is_confirmed and not client.requests and self.random.random() < 0.2
        if client.is_confused:
            history = History(Cursor("another", device.last), None)
        elif device.cursor is not None:
            history = History(device.cursor, None)
        elif client.is_restored:
            history = History(None, 0)
        elif client.is_confirmed:
            history = History(None, self.log.now_ms + 1)
        else:
            return
        if not client.is_confirmed and not client.is_restored and not client.requests:
            return  # asked for nothing, and then for something: either is right
        client.requests += 1
        self.hub.replay(client.reader, history)

    def let_go(self) -> None:
        """The time for a restored client to say what it has is over."""
        client = self.random.choice([client for client in self.clients if client.is_restored])
        self.release(client)

    def release(self, client: WatchedClient) -> None:
        reader = client.reader
        if not reader.held or reader.cursor is None or client.requests or client.is_gone:
            return
        client.is_restored = False
        client.device.begin(reader.cursor)
        reader.held = 0
        self.hub.catch_up(reader)

    def fill(self) -> None:
        """Something else, such as a ping, was the last that the transport took."""
        self.random.choice([client for client in self.clients if client.writable]).writable = False

    def drain(self) -> None:
        client = self.random.choice([client for client in self.clients if not client.writable])
        client.drain(self.random.randint(1, 6))

    # --- logs ---

    def commit(self) -> None:
        account, count = self.random.choice(self.accounts), self.random.randint(1, 5)
        first = self.committed[account] + 1
        self.committed[account] += count
        messages = [message(account, first + i) for i in range(count)]
        self.log.commit(account, *messages)
        epoch = self.log.epochs[account]
        self.news.append(
            News(account, lambda: self.hub.publish(account, first, messages, epoch=epoch), may_get_lost=True)
        )

    def trim(self) -> None:
        """Not below what somebody is reading: what becomes of them is not the hub's promise."""
        account = self.random.choice(self.accounts)
        if any(question.account == account for question in self.log.asked):
            return
        cursors = [c.reader.cursor for c in self.clients if c.account == account and c.reader.cursor is not None]
        floor, most = self.log.floors[account], min([self.log.heads[account], *cursors]) + 1
        if floor < most:
            self.log.trim(account, self.random.randint(floor, most))

    def tell_news(self) -> None:
        """In any order, some twice."""
        news = self.random.choice(self.news)
        news.tell()
        if self.random.random() < 0.7 and news in self.news:
            self.news.remove(news)

    def lose_news(self) -> None:
        news = self.random.choice([news for news in self.news if news.may_get_lost])
        self.missed.add(news.account)
        self.news.remove(news)

    def hint(self) -> None:
        """The newest hint, or any older one, perhaps again."""
        account = self.random.choice([account for account, head in self.log.heads.items() if head])
        head = self.log.heads[account]
        epoch = self.log.epochs[account]
        self.hub.advance(account, self.random.choice([head, self.random.randint(1, head)]), epoch=epoch)

    def answer(self) -> None:
        """What the log holds now, or what it held when it was asked."""
        index = self.random.randrange(len(self.log.asked))
        self.log.answer(index, as_asked=self.random.random() < 0.5)

    def restart(self) -> None:
        """The server is killed, and another begins on the same log."""
        while self.clients:
            self.cut()
        self.log.asked.clear()
        self.log.pages.clear()
        self.news = [news for news in self.news if not news.may_get_lost]
        self.missed = set()
        self.hub = self.hub_class(self.log)

    def remove_account(self) -> None:
        """Another takes its place."""
        account = self.random.choice(self.accounts)
        self.committed[account] += 1
        last = message(account, self.committed[account])
        self.log.remove(account)
        self.away = [device for device in self.away if device.account != account]
        self.news.append(News(account, lambda: self.end(account, last), may_get_lost=False))
        self.open_account()

    def end(self, account: int, last: bytes) -> None:
        readers = [client for client in self.clients if client.account == account]
        for client in readers:
            client.is_ending = True
        self.hub.end(account, [last])
        for client in readers:
            client.expect(client.is_gone, "not told that the account is gone")
        self.clients = [client for client in self.clients if client.account != account]

    def settle(self) -> None:
        """Let everything arrive; then every device must have everything. Hints are needed only where news got lost."""
        for news in self.random.sample(self.news, len(self.news)):
            news.tell()
        self.news = []
        for account in (self.missed | self.renewed).intersection(self.accounts):
            self.hub.advance(account, self.committed[account], epoch=self.log.epochs[account])
        self.missed = set()
        for turn in range(1_000):
            for client in self.clients:
                if not client.writable:
                    client.drain()
                if client.is_restored:
                    self.release(client)
            if self.faults or not self.log.asked:
                break
            self.log.answer(self.random.randrange(len(self.log.asked)))
            if turn == 999:
                self.faults.append("the log is read without end")
        for client in self.clients:
            self.check(client)
        wanted = sorted({client.account for client in self.clients})
        if sorted(self.hub.accounts) != wanted:
            self.faults.append(f"the hub remembers {self.hub.accounts}, readers are left for {wanted}")

    def check(self, client: WatchedClient) -> None:
        device, head = client.device, self.committed[client.account]
        client.expect(client.confirmations == 1, "never confirmed")
        client.expect(not client.is_restored, "never let go")
        client.expect(device.last == head, f"has everything up to {device.last} of {head}")
        client.expect(not client.wanted and not client.requests, "its history was never answered")
        uninterrupted = [message(client.account, offset) for offset in range(device.first + 1, head + 1)]
        client.expect(device.messages == uninterrupted, "has not what an uninterrupted client has")


@pytest.fixture
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two events in each write, so that a delivery can stop in its middle."""
    monkeypatch.setattr(hub_module, "CHUNK_BYTES", 400)


def run_schedules(hub_class: type[Hub], *, with_removals: bool = False) -> None:
    for seed in range(1_500):
        Schedule(hub_class, seed, with_removals=with_removals).run(steps=1 + seed % 120)


@pytest.mark.usefixtures("_small_chunks")
def test_every_schedule_delivers_everything_once_and_in_order() -> None:
    run_schedules(Hub)


@pytest.mark.usefixtures("_small_chunks")
def test_every_schedule_in_which_an_account_is_removed() -> None:
    run_schedules(Hub, with_removals=True)


# --- hubs that are broken on purpose ---


class IgnoresTheCursorInPublish(Hub):
    def publish(self, account: int, first_offset: int, messages: list[bytes], *, epoch: str = "") -> None:
        audience = self._audiences.get(account)
        for reader in audience.readers if audience else ():
            if reader.cursor is not None:
                reader.cursor = first_offset - 1
        super().publish(account, first_offset, messages, epoch=epoch)


class IgnoresTheCursorOfAPage(Hub):
    def _found_events(self, reader: Reader, epoch: str, events: list[Event]) -> None:
        if events and reader.cursor is not None:
            reader.cursor = events[0].offset - 1
        super()._found_events(reader, epoch, events)


class IgnoresThatItIsCatchingUp(Hub):
    def catch_up(self, reader: Reader) -> None:
        reader.catching_up = False
        super().catch_up(reader)


class SendsLiveEventsDuringAReplay(Hub):
    def publish(self, account: int, first_offset: int, messages: list[bytes], *, epoch: str = "") -> None:
        for reader in self.readers(account):
            if reader.catching_up and reader.cursor is not None and reader.sink.writable:
                reader.cursor = first_offset - 1
        super().publish(account, first_offset, messages, epoch=epoch)


class DoesNotHoldRestoredReaders(Hub):
    def catch_up(self, reader: Reader) -> None:
        held, reader.held = reader.held, 0
        super().catch_up(reader)
        reader.held = held

    def publish(self, account: int, first_offset: int, messages: list[bytes], *, epoch: str = "") -> None:
        for reader in self.readers(account):
            reader.held = 0
        super().publish(account, first_offset, messages, epoch=epoch)


class WritesWhileTheTransportIsFull(Hub):
    def _deliver(self, reader: Reader, chunks: list[Any]) -> None:
        for chunk in chunks:
            reader.sink.deliver(chunk.data, chunk.last_offset)
            reader.cursor = chunk.last_offset
        self._check_history(reader)


class AdvancesTheCursorBeforeTheWrite(Hub):
    def _deliver(self, reader: Reader, chunks: list[Any]) -> None:
        for chunk in chunks:
            reader.cursor = chunk.last_offset
            if not reader.sink.writable:
                return
            reader.sink.deliver(chunk.data, chunk.last_offset)
        self._check_history(reader)


class ForgetsAReaderWhosePageFoundItFull(Hub):
    def _found_events(self, reader: Reader, epoch: str, events: list[Event]) -> None:
        if reader.sink.writable:
            super()._found_events(reader, epoch, events)


class DeliversToReadersThatLeft(Hub):
    def unsubscribe(self, reader: Reader) -> None:
        cursor = reader.cursor
        super().unsubscribe(reader)
        reader.cursor = cursor


class ConfirmsAtTheHeadThatIsToCome(Hub):
    def _begin(self, reader: Reader, cursor: int) -> None:
        super()._begin(reader, cursor + 1)


class ConfirmsHistoryBeforeTheMissedEvents(Hub):
    def _answer_history(self, reader: Reader, audience: Any, start: int | None) -> None:
        reader.sink.history_answered(reader, found=start is not None)


BROKEN = [
    (IgnoresTheCursorInPublish, r"got \d+ after \d+"),
    (IgnoresTheCursorOfAPage, r"got \d+ after \d+"),
    (IgnoresThatItIsCatchingUp, "two pages were read at once"),
    (SendsLiveEventsDuringAReplay, r"got \d+ after \d+"),
    (DoesNotHoldRestoredReaders, "written before it said where to go on"),
    (WritesWhileTheTransportIsFull, "written while its transport was full"),
    (AdvancesTheCursorBeforeTheWrite, r"got \d+ after \d+|has everything up to \d+ of \d+"),
    (ForgetsAReaderWhosePageFoundItFull, r"has everything up to \d+ of \d+"),
    (DeliversToReadersThatLeft, "written after it left"),
    (ConfirmsAtTheHeadThatIsToCome, "confirmed before events that are to come"),
    (ConfirmsHistoryBeforeTheMissedEvents, r"its history was confirmed at \d+ of \d+"),
]


@pytest.mark.usefixtures("_small_chunks")
@pytest.mark.parametrize(("broken", "fault"), BROKEN, ids=[broken.__name__ for broken, _ in BROKEN])
def test_the_schedules_notice_a_hub_that(broken: type[Hub], fault: str) -> None:
    with pytest.raises(AssertionError, match=fault):
        run_schedules(broken)


OFF_BY_ONE: dict[str, tuple[Callable[[Position, int], bool], str]] = {
    "one too many is trimmed": (
        lambda position, offset: position.floor <= offset + 2 and offset <= position.head,
        "its history was not rejected",
    ),
    "one too few is kept": (
        lambda position, offset: position.floor <= offset and offset <= position.head,
        "its history was rejected without reason",
    ),
    "the head is not known": (
        lambda position, offset: position.floor <= offset + 1 and offset < position.head,
        "its history was rejected without reason",
    ),
    "one after the head is known": (
        lambda position, offset: position.floor <= offset + 1 and offset <= position.head + 1,
        "its history was not rejected",
    ),
}


@pytest.mark.usefixtures("_small_chunks")
@pytest.mark.parametrize(("wrong", "fault"), OFF_BY_ONE.values(), ids=OFF_BY_ONE.keys())
def test_the_schedules_notice_a_floor_or_head_that_is_off_by_one(
    monkeypatch: pytest.MonkeyPatch, wrong: Callable[[Position, int], bool], fault: str
) -> None:
    monkeypatch.setattr(Position, "can_resume_after", wrong)
    with pytest.raises(AssertionError, match=fault):
        run_schedules(Hub)
