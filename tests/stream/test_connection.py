"""One client's side of the stream: text in, frames out."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from heartline.errors import AccountIdInvalid, HeartlineError, MissingParameter, NotText, Overloaded, StorageFailure
from heartline.stream import frames
from heartline.stream.connection import HELD_TURNS, QUESTIONS, SETTLED_PINGS, SUBSCRIPTIONS, Connection, Dialect, Stream
from heartline.stream.cursors import Key
from heartline.stream.hub import Hub, Reader
from heartline.stream.wheel import PING_INTERVAL_S, SLOTS
from tests.stream.memory_log import MemoryLog
from tests.wire import command, content, texts_in

ACCOUNT, OTHER_ACCOUNT = 7, 8
IDENTIFIER = '{"channel":"NotificationsChannel"}'
SPACED = '{ "channel" : "NotificationsChannel" }'
SUBSCRIBE = r'{"command":"subscribe","identifier":"{\"channel\":\"NotificationsChannel\"}"}'
UNSUBSCRIBE = command("unsubscribe", IDENTIFIER)
WELCOME = '{"type":"welcome"}'
CONFIRMATION = r'{"identifier":"{\"channel\":\"NotificationsChannel\"}","type":"confirm_subscription"}'
MESSAGE = b'{"operation":"removed_drafts","content":{"id":"1"}}'
DATA = r'{"identifier":"{\"channel\":\"NotificationsChannel\"}","message":' + MESSAGE.decode() + "}"


STALL_S = 9


class Client(Connection):
    """A connection without a socket: it collects what is written and how it ends."""

    def __init__(self, stream: Stream, *, action_cable: bool = False, extended: bool = False) -> None:
        super().__init__(stream)
        if action_cable or extended:
            self.dialect = Dialect.EXTENDED if extended else Dialect.ACTION_CABLE
        self.acknowledged: int | None = None
        """What has certainly arrived, from the subscription on."""
        self.last_offset: int | None = None
        self.ends: list[tuple[object, ...]] = []
        self._written: list[bytes] = []

    def write(self, data: bytes) -> None:
        assert not self.ends, f"written after the end: {data!r}"
        self._written.append(data)

    def close(self, code: int, reason: str = "") -> None:
        self.ends.append(("close", code, reason))

    def drop(self) -> None:
        self.ends.append(("drop",))

    def confirmed(self, reader: Reader) -> None:
        if self.client_id and self.acknowledged is None:
            self.acknowledged = self.last_offset = reader.cursor
            self.stream.moving.add(self)
        super().confirmed(reader)

    def deliver(self, data: bytes, last_offset: int) -> None:
        super().deliver(data, last_offset)
        self.last_offset = last_offset
        if self.client_id:
            self.stream.moving.add(self)

    def arrived(self) -> int | None:
        return self.acknowledged

    def all_arrived(self) -> bool:
        return self.acknowledged == self.last_offset

    def heard(self) -> list[str]:
        """The texts that came since the last call."""
        written, self._written = b"".join(self._written), []
        return texts_in(written)

    def says(self, *texts: str) -> list[str]:
        """What comes back for these texts."""
        for text in texts:
            self.received(text)
        return self.heard()


class Server:
    """What connections share, on a log in memory."""

    def __init__(self) -> None:
        self.log = MemoryLog()
        self.hub = Hub(self.log)
        self.stream = Stream(self.hub, STALL_S)
        self.log.cursors = self.stream.cursors
        for account in (ACCOUNT, OTHER_ACCOUNT):
            self.log.open(account)

    def connect(self, account: int = ACCOUNT, *, action_cable: bool = False) -> Client:
        """A client that got its welcome."""
        client = Client(self.stream, action_cable=action_cable)
        client.welcome(account)
        assert client.heard() == [WELCOME]
        return client

    def subscribe(self, identifier: str = IDENTIFIER, *, action_cable: bool = False) -> Client:
        """A client that got its confirmation."""
        client = self.connect(action_cable=action_cable)
        client.received(command("subscribe", identifier))
        self.log.answer_all()
        assert len(client.heard()) == 1
        return client

    def extended(self, restore_sid: str = "", account: int = ACCOUNT) -> tuple[Client, dict[str, Any]]:
        """A client that speaks AnyCable's protocol, and its welcome."""
        client = Client(self.stream, extended=True)
        client.welcome(account, restore_sid)
        (welcome,) = client.heard()
        return client, json.loads(welcome)

    def subscribe_extended(self) -> Client:
        client, _ = self.extended()
        client.received(SUBSCRIBE)
        self.log.answer_all()
        assert client.heard() == [CONFIRMATION]
        self.settle(client)
        return client

    def settle(self, client: Client) -> None:
        """Some pings later: it has certainly seen what it was told before."""
        self.log.answer_all()
        for _ in range(HELD_TURNS + SETTLED_PINGS):
            client.ping(frames.ping(1_600_000_000))
        client.heard()

    def connect_as(self, client_id: str) -> Client:
        """An old web client that says which page it is, subscribed; what it heard at once is still to be read."""
        client = Client(self.stream)
        client.client_id = client_id
        client.welcome(ACCOUNT)
        assert client.heard() == [WELCOME]
        client.received(SUBSCRIBE)
        self.log.answer_all()
        return client

    def history(self, offset: int, *, name: str = "history", epoch: str | None = None) -> str:
        """A command with a cursor."""
        position = {"epoch": epoch or self.log.epochs[ACCOUNT], "offset": offset}
        history = {"streams": {frames.stream_id(IDENTIFIER): position}}
        return json.dumps({"command": name, "identifier": IDENTIFIER, "history": history})

    def emit(self, message: bytes = MESSAGE, account: int = ACCOUNT) -> None:
        self.hub.publish(account, self.log.commit(account, message), [message])

    def ping_all(self) -> None:
        for _ in range(SLOTS):
            self.stream.wheel.turn(frames.ping(1608150458))


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture(params=[False, True], ids=["plain", "action cable"])
def action_cable(request: pytest.FixtureRequest) -> bool:
    """Both kinds of clients."""
    return bool(request.param)


# --- welcome and pings ---


def test_nothing_is_written_before_the_welcome(server: Server, action_cable: bool) -> None:
    client = Client(server.stream, action_cable=action_cable)
    server.ping_all()
    server.emit()
    assert client.heard() == []


def test_pings_come_from_the_welcome_on_without_a_subscription(server: Server, action_cable: bool) -> None:
    client = server.connect(action_cable=action_cable)
    server.ping_all()
    assert client.heard() == ['{"type":"ping","message":1608150458}']


def test_pings_go_on_with_a_subscription_and_after_it(server: Server) -> None:
    client = server.subscribe()
    server.ping_all()
    assert len(client.heard()) == 1
    client.received(UNSUBSCRIBE)
    server.ping_all()
    assert len(client.heard()) == 1


def test_a_client_that_left_gets_nothing_more(server: Server) -> None:
    client = server.subscribe()
    client.left()
    client.left()
    server.ping_all()
    server.emit()
    assert client.heard() == []
    assert server.hub.accounts == []


def test_a_client_whose_transport_is_full_is_not_pinged(server: Server) -> None:
    client = server.connect()
    client.filled()
    server.ping_all()
    assert client.heard() == []
    client.drained()
    server.ping_all()
    assert len(client.heard()) == 1


# --- subscribe ---


def test_subscribe_is_confirmed_byte_for_byte(server: Server, action_cable: bool) -> None:
    client = server.connect(action_cable=action_cable)
    assert client.says(SUBSCRIBE) == []
    server.log.answer_all()
    assert client.heard() == [CONFIRMATION]


def test_no_event_before_the_confirmation_and_each_after_it(server: Server) -> None:
    client = server.connect()
    server.emit()
    client.received(SUBSCRIBE)
    server.log.answer_all()
    assert client.heard() == [CONFIRMATION]
    server.emit()
    assert client.heard() == [DATA]


@pytest.mark.parametrize("as_asked", [False, True])
def test_an_event_that_overtakes_the_confirmation_is_before_it_or_after_it(server: Server, as_asked: bool) -> None:
    client = server.connect()
    client.received(SUBSCRIBE)
    server.emit()
    assert client.heard() == []
    server.log.answer(as_asked=as_asked)
    server.log.answer_all()
    assert client.heard() == [CONFIRMATION, *[DATA] * as_asked]
    server.emit()
    assert client.heard() == [DATA]


def test_a_repeated_subscribe_is_confirmed_again(server: Server) -> None:
    client = server.subscribe()
    assert client.says(SUBSCRIBE) == [CONFIRMATION]
    assert client.says(SUBSCRIBE, SUBSCRIBE) == [CONFIRMATION] * 2


def test_a_repeated_subscribe_does_not_repeat_events(server: Server) -> None:
    client = server.subscribe()
    client.says(SUBSCRIBE)
    server.emit()
    assert client.heard() == [DATA]


def test_a_subscribe_repeated_before_its_confirmation_is_confirmed_twice(server: Server) -> None:
    client = server.connect()
    assert client.says(SUBSCRIBE, SUBSCRIBE, SUBSCRIBE) == []
    server.log.answer_all()
    assert client.heard() == [CONFIRMATION] * 3
    server.emit()
    assert client.heard() == [DATA]


def test_two_identifiers_are_two_subscriptions(server: Server) -> None:
    client = server.subscribe()
    client.received(command("subscribe", SPACED))
    assert [json.loads(text)["identifier"] for text in client.heard()] == [SPACED]
    server.emit()
    assert [json.loads(text)["identifier"] for text in client.heard()] == [IDENTIFIER, SPACED]
    client.received(UNSUBSCRIBE)
    server.emit()
    assert [json.loads(text)["identifier"] for text in client.heard()] == [SPACED]


ECHOED = [
    SPACED,
    '{"channel": "NotificationsChannel"}',
    '\n{"channel":"NotificationsChannel"}\t',
    '{"id":1,"channel":"NotificationsChannel"}',
    r'{"channel":"\u004eotificationsChannel"}',
    '{"channel":"NotificationsChannel","what":"Käse \u2028 \\" \\\\ 🎉"}',
    '{"channel":"NotificationsChannel","what":"shopping"}',
]


@pytest.mark.parametrize("identifier", ECHOED)
def test_the_identifier_is_echoed_as_it_came(server: Server, identifier: str) -> None:
    client = server.connect()
    client.received(command("subscribe", identifier))
    server.log.answer_all()
    (confirmation,) = client.heard()
    assert json.loads(confirmation) == {"identifier": identifier, "type": "confirm_subscription"}
    server.emit()
    (data,) = client.heard()
    assert json.loads(data) == {"identifier": identifier, "message": json.loads(MESSAGE)}
    assert "ping" not in confirmation + data


def test_a_data_frame_has_no_letters_ping(server: Server) -> None:
    client = server.subscribe()
    server.emit(b'{"operation":"update_setting","content":{"pref":"ping","value":"shopping, pingping, \\\\ping"}}')
    (data,) = client.heard()
    assert "ping" not in data
    assert content(data) == ("update_setting", {"pref": "ping", "value": r"shopping, pingping, \ping"})


def test_events_of_another_account_do_not_come(server: Server) -> None:
    client = server.subscribe()
    server.emit(account=OTHER_ACCOUNT)
    assert client.heard() == []


def test_both_sockets_of_an_account_get_each_event_and_one_may_leave(server: Server) -> None:
    one, other = server.subscribe(), server.subscribe(SPACED, action_cable=True)
    server.emit()
    assert one.heard() == [DATA]
    assert content(other.heard()[0]) == content(DATA)
    one.left()
    server.emit()
    assert one.heard() == []
    assert len(other.heard()) == 1


def test_the_usual_subscribers_share_their_bytes(server: Server) -> None:
    clients = [server.subscribe() for _ in range(3)]
    server.emit()
    assert len({id(client._written[0]) for client in clients}) == 1


# --- what is refused ---

UNKNOWN = ['{"channel":"OtherChannel"}', "", "{}", "not JSON", '["NotificationsChannel"]', "[" * 2_000]


@pytest.mark.parametrize("identifier", UNKNOWN)
def test_an_unknown_channel_is_rejected_for_action_cable_clients(server: Server, identifier: str) -> None:
    client = server.connect(action_cable=True)
    (rejection,) = client.says(command("subscribe", identifier))
    assert rejection == f'{{"identifier":{json.dumps(identifier)},"type":"reject_subscription"}}'
    assert not client.ends


@pytest.mark.parametrize("identifier", UNKNOWN)
def test_an_unknown_channel_is_ignored_for_plain_clients(server: Server, identifier: str) -> None:
    client = server.connect()
    assert client.says(command("subscribe", identifier)) == []
    assert not client.ends


def test_after_a_rejection_the_channel_can_be_subscribed(server: Server) -> None:
    client = server.connect(action_cable=True)
    client.says(command("subscribe", '{"channel":"OtherChannel"}'))
    client.received(SUBSCRIBE)
    server.log.answer_all()
    assert client.heard() == [CONFIRMATION]


def identifiers(count: int) -> list[str]:
    return [f'{{"channel":"NotificationsChannel","id":{number}}}' for number in range(count)]


def test_a_socket_has_a_bounded_number_of_subscriptions(server: Server, action_cable: bool) -> None:
    client = server.connect(action_cable=action_cable)
    *allowed, one_too_many = identifiers(SUBSCRIPTIONS + 1)
    for identifier in allowed:
        client.received(command("subscribe", identifier))
    server.log.answer_all()
    assert [json.loads(text)["type"] for text in client.heard()] == ["confirm_subscription"] * SUBSCRIPTIONS

    answers = [json.loads(text) for text in client.says(command("subscribe", one_too_many))]
    rejection = {"identifier": one_too_many, "type": "reject_subscription"}
    assert answers == ([rejection] if action_cable else [])

    server.emit()
    assert [json.loads(text)["identifier"] for text in client.heard()] == allowed


def test_a_full_socket_still_repeats_confirmations_and_has_room_after_an_unsubscribe(server: Server) -> None:
    client = server.connect(action_cable=True)
    *allowed, one_more = identifiers(SUBSCRIPTIONS + 1)
    for identifier in allowed:
        client.received(command("subscribe", identifier))
    server.log.answer_all()
    client.heard()
    (again,) = client.says(command("subscribe", allowed[0]))
    assert json.loads(again) == {"identifier": allowed[0], "type": "confirm_subscription"}
    (confirmed,) = client.says(command("unsubscribe", allowed[0]), command("subscribe", one_more))
    assert json.loads(confirmed) == {"identifier": one_more, "type": "confirm_subscription"}


IGNORED = {
    "no JSON": "hello",
    "an array": '["subscribe"]',
    "a number": "1",
    "null": "null",
    "deep nesting": "[" * 100_000,
    "deep nesting in a member": '{"command":"subscribe","identifier":' + "[" * 100_000,
    "a megabyte": '{"command":"' + "x" * 1_000_000 + '"}',
    "a command that is a number": '{"command":1}',
    "an identifier that is an object": '{"command":"subscribe","identifier":{"channel":"NotificationsChannel"}}',
    "an unknown command": command("history", IDENTIFIER),
    "a message to the channel": json.dumps({"command": "message", "identifier": IDENTIFIER, "data": "{}"}),
    "another case": command("Subscribe", IDENTIFIER),
    "unsubscribe from what is not subscribed": command("unsubscribe", '{"channel":"OtherChannel"}'),
}


@pytest.mark.parametrize("text", IGNORED.values(), ids=IGNORED.keys())
def test_what_is_no_command_is_ignored(server: Server, action_cable: bool, text: str) -> None:
    client = server.subscribe(action_cable=action_cable)
    assert client.says(text) == []
    assert not client.ends
    server.emit()
    assert client.heard() == [DATA]


# --- unsubscribe ---


def test_unsubscribe_ends_the_events_without_an_answer(server: Server, action_cable: bool) -> None:
    client = server.subscribe(action_cable=action_cable)
    assert client.says(UNSUBSCRIBE) == []
    server.emit()
    assert client.heard() == []
    assert not client.ends


def test_unsubscribe_before_the_confirmation_takes_it_back(server: Server) -> None:
    client = server.connect()
    assert client.says(SUBSCRIBE, UNSUBSCRIBE) == []
    server.log.answer_all()
    server.emit()
    assert client.heard() == []


def test_unsubscribe_takes_the_identifier_literally(server: Server) -> None:
    client = server.subscribe()
    client.received(command("unsubscribe", SPACED))
    server.emit()
    assert client.heard() == [DATA]


def test_subscribing_again_after_unsubscribe(server: Server) -> None:
    client = server.connect()
    assert client.says(SUBSCRIBE, UNSUBSCRIBE, SUBSCRIBE) == []
    server.log.answer_all()
    assert client.heard() == [CONFIRMATION]
    client.received(UNSUBSCRIBE)
    server.emit()
    client.received(SUBSCRIBE)
    server.log.answer_all()
    assert client.heard() == [CONFIRMATION]
    server.emit()
    assert client.heard() == [DATA]


# --- a transport that is full ---


def test_a_full_transport_is_passed_over_and_gets_everything_when_it_has_drained(server: Server) -> None:
    slow, other = server.subscribe(), server.subscribe()
    slow.filled()
    for number in range(10):
        server.emit(b'{"operation":"removed_drafts","content":{"id":"%d"}}' % number)
    assert slow.heard() == []
    assert len(other.heard()) == 10
    slow.drained()
    server.log.answer_all()
    assert [content(text)[1]["id"] for text in slow.heard()] == [str(number) for number in range(10)]


# --- refusing ---

REFUSALS: list[tuple[HeartlineError, int, str]] = [
    (MissingParameter("account_id"), 1008, "Missing required parameter: account_id"),
    (AccountIdInvalid(), 1008, "account id invalid"),
    (NotText("account_id"), 1008, str(NotText("account_id"))),
    (StorageFailure(), 1013, str(StorageFailure())),
    (Overloaded(), 1013, str(Overloaded())),
]


@pytest.mark.parametrize(("error", "code", "reason"), REFUSALS, ids=[type(error).__name__ for error, _, _ in REFUSALS])
def test_refusals_close_with_a_code_and_a_reason(
    server: Server, action_cable: bool, error: HeartlineError, code: int, reason: str
) -> None:
    client = Client(server.stream, action_cable=action_cable)
    client.refuse(error)
    assert client.ends == [("close", code, reason)]
    told = action_cable and isinstance(error, AccountIdInvalid)
    assert client.heard() == (['{"type":"disconnect","reason":"unauthorized","reconnect":false}'] if told else [])


LONG_REASONS = {
    "a long name": NotText("n" * 100),
    "a very long name": NotText("n" * 10_000),
    "a name of two bytes a character": NotText("ü" * 100),
}


@pytest.mark.parametrize("error", LONG_REASONS.values(), ids=LONG_REASONS.keys())
def test_every_reason_fits_into_a_close_frame(server: Server, error: HeartlineError) -> None:
    """A client chooses the name of a parameter, and a close frame has room for 123 bytes."""
    client = Client(server.stream)
    client.refuse(error)
    ((_, code, reason),) = client.ends
    assert isinstance(code, int)
    assert isinstance(reason, str)
    frames.close(code, reason)


def test_a_refused_client_gets_nothing_more(server: Server, action_cable: bool) -> None:
    client = Client(server.stream, action_cable=action_cable)
    client.refuse(AccountIdInvalid())
    client.heard()
    server.ping_all()
    server.emit()
    assert client.heard() == []


# --- the account is removed ---


def remove_account(server: Server) -> None:
    last = b'{"operation":"removed_account","content":{"id":"x"}}'
    server.log.remove(ACCOUNT)
    server.hub.end(ACCOUNT, [last])


def test_a_removed_account_is_told_to_its_sockets_which_are_then_closed(server: Server, action_cable: bool) -> None:
    client = server.subscribe(action_cable=action_cable)
    remove_account(server)
    told, *rest = client.heard()
    assert content(told) == ("removed_account", {"id": "x"})
    assert rest == (['{"type":"disconnect","reason":"unauthorized","reconnect":false}'] if action_cable else [])
    assert client.ends == [("close", 1008, "account id invalid")]
    server.ping_all()
    assert client.heard() == []


def test_a_removed_account_is_told_to_each_subscription_of_a_socket(server: Server) -> None:
    client = server.subscribe()
    client.says(command("subscribe", SPACED))
    remove_account(server)
    told = [json.loads(text) for text in client.heard()]
    assert [(text["identifier"], text["message"]["operation"]) for text in told] == [
        (IDENTIFIER, "removed_account"),
        (SPACED, "removed_account"),
    ]


def test_a_removed_account_ends_a_socket_with_two_subscriptions_once(server: Server, action_cable: bool) -> None:
    client = server.subscribe(action_cable=action_cable)
    client.says(command("subscribe", SPACED))
    remove_account(server)
    told = [json.loads(text) for text in client.heard()]
    assert [text["type"] for text in told if "type" in text] == (["disconnect"] if action_cable else [])
    assert client.ends == [("close", 1008, "account id invalid")]


def test_an_account_that_was_removed_before_the_subscription_closes_the_socket(
    server: Server, action_cable: bool
) -> None:
    client = server.connect(action_cable=action_cable)
    server.log.remove(ACCOUNT)
    client.received(SUBSCRIBE)
    server.log.answer_all()
    assert [json.loads(text)["type"] for text in client.heard()] == (["disconnect"] if action_cable else [])
    assert client.ends == [("close", 1008, "account id invalid")]


# --- the server stops ---

Prepared = Callable[[Server, bool], Client]
STOPPED: dict[str, Prepared] = {
    "before the welcome": lambda server, action_cable: Client(server.stream, action_cable=action_cable),
    "welcomed": lambda server, action_cable: server.connect(action_cable=action_cable),
    "subscribed": lambda server, action_cable: server.subscribe(action_cable=action_cable),
}


@pytest.mark.parametrize("prepared", STOPPED.values(), ids=STOPPED.keys())
def test_a_stop_tells_action_cable_clients_to_come_back(server: Server, prepared: Prepared) -> None:
    client = prepared(server, True)
    client.stop()
    assert client.heard() == ['{"type":"disconnect","reason":"server_restart","reconnect":true}']
    assert client.ends == [("close", 1001, "server restart")]


@pytest.mark.parametrize("prepared", STOPPED.values(), ids=STOPPED.keys())
def test_a_stop_drops_plain_clients_without_a_close_frame(server: Server, prepared: Prepared) -> None:
    client = prepared(server, False)
    client.stop()
    assert client.heard() == []
    assert client.ends == [("drop",)]


def test_after_a_stop_nothing_more_comes(server: Server, action_cable: bool) -> None:
    client = server.subscribe(action_cable=action_cable)
    client.stop()
    client.heard()
    server.ping_all()
    server.emit()
    assert client.heard() == []


# --- AnyCable's extended protocol ---


def short(text: str) -> str | int:
    """The offset of a data frame, the type of another."""
    frame = json.loads(text)
    return int(frame["offset"]) if "offset" in frame else str(frame["type"])


def test_an_extended_welcome_names_a_session_of_its_own(server: Server) -> None:
    (one, first), (other, second) = server.extended(), server.extended()
    assert first == {"type": "welcome", "sid": one.sid}
    assert second == {"type": "welcome", "sid": other.sid}
    assert one.sid != other.sid


def test_extended_data_frames_say_their_place_in_the_log(server: Server) -> None:
    client = server.subscribe_extended()
    server.emit()
    server.emit()
    assert [json.loads(text) for text in client.heard()] == [
        {
            "identifier": IDENTIFIER,
            "message": json.loads(MESSAGE),
            "stream_id": "notifications",
            "epoch": server.log.epochs[ACCOUNT],
            "offset": offset,
        }
        for offset in (1, 2)
    ]


def test_plain_and_extended_clients_of_an_account_get_the_same_events(server: Server) -> None:
    plain, extended = server.subscribe(), server.subscribe_extended()
    server.emit()
    assert plain.heard() == [DATA]
    (text,) = extended.heard()
    assert content(text) == content(DATA)


def test_history_inside_subscribe_comes_after_its_confirmation(server: Server) -> None:
    for _ in range(5):
        server.emit()
    client, _ = server.extended()
    client.received(server.history(2, name="subscribe"))
    server.log.answer_all()
    assert [short(text) for text in client.heard()] == ["confirm_subscription", 3, 4, 5, "confirm_history"]
    server.emit()
    assert [short(text) for text in client.heard()] == [6]


def test_live_events_come_after_history(server: Server) -> None:
    server.subscribe()
    for _ in range(5):
        server.emit()
    client, _ = server.extended()
    client.received(server.history(2, name="subscribe"))
    server.emit()
    while server.log.asked:
        server.log.answer()
        server.emit()
    heard = [short(text) for text in client.heard()]
    assert heard[0] == "confirm_subscription"
    assert [short for short in heard if isinstance(short, int)] == list(range(3, server.log.heads[ACCOUNT] + 1))
    assert heard.index("confirm_history") > heard.index(6)


def test_a_client_that_missed_nothing_has_its_history_confirmed(server: Server) -> None:
    server.emit()
    server.log.trim(ACCOUNT, 2)
    client, _ = server.extended()
    client.received(server.history(1, name="subscribe"))
    server.log.answer_all()
    assert [short(text) for text in client.heard()] == ["confirm_subscription", "confirm_history"]


def test_the_history_command_on_a_subscription(server: Server) -> None:
    for _ in range(3):
        server.emit()
    client = server.subscribe_extended()
    client.received(server.history(1))
    server.log.answer_all()
    heard = client.heard()
    assert [short(text) for text in heard] == [2, 3, "confirm_history"]
    assert json.loads(heard[-1]) == {"type": "confirm_history", "identifier": IDENTIFIER}


def test_history_since_a_moment(server: Server) -> None:
    for _ in range(3):
        server.emit()
    client, _ = server.extended()
    server.log.times_ms[ACCOUNT] = [1_000, 2_000, 3_000]
    since = {"since": 2}
    client.received(json.dumps({"command": "subscribe", "identifier": IDENTIFIER, "history": since}))
    server.log.answer_all()
    assert [short(text) for text in client.heard()] == ["confirm_subscription", 2, 3, "confirm_history"]


def test_a_repeated_subscribe_with_history_is_a_history_command(server: Server) -> None:
    server.emit()
    client = server.subscribe_extended()
    client.received(server.history(0, name="subscribe"))
    server.log.answer_all()
    assert [short(text) for text in client.heard()] == ["confirm_subscription", 1, "confirm_history"]


@pytest.mark.parametrize("name", ["subscribe", "history"])
@pytest.mark.parametrize("gone", ["trimmed", "another epoch", "beyond the head"])
def test_history_that_is_gone_is_rejected_as_a_whole_and_live_events_come(server: Server, name: str, gone: str) -> None:
    for _ in range(4):
        server.emit()
    server.log.trim(ACCOUNT, 3)
    client = server.subscribe_extended() if name == "history" else server.extended()[0]
    offset = {"trimmed": 1, "another epoch": 3, "beyond the head": 5}[gone]
    client.received(server.history(offset, name=name, epoch="another" if gone == "another epoch" else None))
    server.log.answer_all()
    heard = client.heard()
    assert [short(text) for text in heard] == ["confirm_subscription"] * (name == "subscribe") + ["reject_history"]
    assert json.loads(heard[-1]) == {"type": "reject_history", "identifier": IDENTIFIER}
    server.emit()
    assert [short(text) for text in client.heard()] == [5]


@pytest.mark.parametrize("name", ["subscribe", "history"])
def test_other_clients_cannot_ask_for_history(server: Server, action_cable: bool, name: str) -> None:
    server.emit()
    client = server.subscribe(action_cable=action_cable)
    client.received(server.history(0, name=name))
    server.log.answer_all()
    assert client.heard() == [CONFIRMATION] * (name == "subscribe")


def test_a_subscribe_that_is_repeated_before_its_confirmation_has_its_history_answered(server: Server) -> None:
    server.emit()
    client, _ = server.extended()
    client.received(SUBSCRIBE)
    client.received(server.history(0, name="subscribe"))
    server.log.answer_all()
    assert [short(text) for text in client.heard()] == ["confirm_subscription"] * 2 + [1, "confirm_history"]


def test_history_of_what_is_not_subscribed_is_ignored(server: Server) -> None:
    client, _ = server.extended()
    assert client.says(server.history(0)) == []
    assert server.log.asked == []


def test_pong_is_ignored(server: Server) -> None:
    client = server.subscribe_extended()
    assert client.says('{"command":"pong"}') == []
    assert not client.ends
    server.emit()
    assert len(client.heard()) == 1


# --- sessions ---


def test_a_restored_session_is_live_without_a_subscribe_once_it_asked_for_its_history(server: Server) -> None:
    client = server.subscribe_extended()
    client.says(command("subscribe", SPACED))
    server.settle(client)
    server.emit()
    client.left()
    server.emit()
    again, welcome = server.extended(client.sid)
    assert welcome == {"type": "welcome", "sid": again.sid, "restored": True, "restored_ids": [IDENTIFIER, SPACED]}
    assert again.sid != client.sid
    server.log.answer_all()
    server.emit()
    assert again.heard() == [], "nothing is confirmed, and all waits for the client"
    again.received(server.history(1))
    server.log.answer_all()
    heard = [json.loads(text) for text in again.heard()]
    assert [frame.get("offset") for frame in heard] == [2, 3, None]
    assert {frame["identifier"] for frame in heard} == {IDENTIFIER}
    server.emit()
    assert [short(text) for text in again.heard()] == [4]


def test_a_restored_session_that_asks_for_nothing_is_released_at_the_second_ping(server: Server) -> None:
    client = server.subscribe_extended()
    client.left()
    again, _ = server.extended(client.sid)
    server.log.answer_all()
    server.emit()
    for _ in range(HELD_TURNS):
        server.log.answer_all()
        assert [short(text) for text in again.heard()] in ([], ["ping"])
        server.ping_all()
    server.log.answer_all()
    assert [short(text) for text in again.heard()] == ["ping", 1]


def test_a_restored_subscription_does_not_wait_longer_when_pings_are_rare(server: Server) -> None:
    client = server.subscribe_extended()
    client.left()
    again, _ = server.extended(client.sid)
    again.ask_pings(60)
    server.log.answer_all()
    server.emit()
    for _ in range(HELD_TURNS):
        assert again.heard() == []
        server.ping_all()
    server.log.answer_all()
    assert [short(text) for text in again.heard()] == [1]


def test_a_session_whose_socket_still_looks_alive_is_taken_over(server: Server) -> None:
    client = server.subscribe_extended()
    again, welcome = server.extended(client.sid)
    assert welcome["restored_ids"] == [IDENTIFIER]
    assert client.ends == [("drop",)]
    again.received(server.history(0))
    server.log.answer_all()
    server.emit()
    assert [short(text) for text in again.heard()] == ["confirm_history", 1]
    server.ping_all()
    assert client.heard() == []


def test_the_session_of_another_account_is_not_restored(server: Server) -> None:
    client, alive = server.subscribe_extended(), server.subscribe_extended()
    client.left()
    for sid in (client.sid, alive.sid):
        stranger, welcome = server.extended(sid, account=OTHER_ACCOUNT)
        assert welcome == {"type": "welcome", "sid": stranger.sid}
        assert stranger.readers == ()
    assert not alive.ends
    _, welcome = server.extended(client.sid)
    assert welcome["restored"] is True, "a stranger does not use it up"


def test_a_session_is_restored_once(server: Server) -> None:
    client = server.subscribe_extended()
    client.left()
    server.extended(client.sid)
    third, welcome = server.extended(client.sid)
    assert welcome == {"type": "welcome", "sid": third.sid}


@pytest.mark.parametrize("sid", ["", "unknown"])
def test_a_session_that_is_not_known_is_a_new_one(server: Server, sid: str) -> None:
    client, welcome = server.extended(sid)
    assert welcome == {"type": "welcome", "sid": client.sid}


def test_a_restored_session_can_be_restored_again(server: Server) -> None:
    client = server.subscribe_extended()
    for _ in range(3):
        client.left()
        client, welcome = server.extended(client.sid)
        assert welcome["restored_ids"] == [IDENTIFIER]
        server.settle(client)


def test_a_subscription_whose_confirmation_may_be_lost_is_not_restored(server: Server) -> None:
    """@anycable/core that lost its cable in between takes it for closed for good."""
    client = server.subscribe_extended()
    client.received(command("subscribe", SPACED))
    server.log.answer_all()
    client.left()
    _, welcome = server.extended(client.sid)
    assert welcome["restored_ids"] == [IDENTIFIER]
    young, _ = server.extended()
    young.received(SUBSCRIBE)
    server.log.answer_all()
    for _ in range(SETTLED_PINGS - 1):
        server.ping_all()
    young.left()
    again, welcome = server.extended(young.sid)
    assert welcome == {"type": "welcome", "sid": again.sid}


# --- pings that are wanted less often ---

INTERVALS = [(0, 1), (1, 1), (3, 1), (5, 1), (6, 2), (9, 3), (60, 20), (61, 20), (1e9, 20), (float("inf"), 20)]


@pytest.mark.parametrize(("interval_s", "turns"), INTERVALS)
def test_a_ping_interval_between_3_and_60_seconds_is_kept(server: Server, interval_s: float, turns: int) -> None:
    client = Client(server.stream, extended=True)
    client.ask_pings(interval_s)
    client.welcome(ACCOUNT)
    client.heard()
    pings = []
    for _ in range(3 * turns):
        server.ping_all()
        pings.append(len(client.heard()))
    assert pings == ([0] * (turns - 1) + [1]) * 3


# --- stalls ---


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_client_that_takes_nothing_is_closed_after_the_stall(server: Server, dialect: Dialect) -> None:
    client = Client(server.stream)
    client.dialect = dialect
    client.welcome(ACCOUNT)
    client.received(SUBSCRIBE)
    server.log.answer_all()
    client.heard()
    client.filled()
    for _ in range(STALL_S // round(PING_INTERVAL_S)):
        server.ping_all()
        assert not client.ends
    server.ping_all()
    told = ['{"type":"disconnect","reason":"too_slow","reconnect":true}']
    assert client.heard() == ([] if dialect is Dialect.NONE else told)
    assert client.ends == [("close", 1013, "too_slow")]
    server.ping_all()
    server.emit()
    assert server.hub.accounts == []


def test_a_client_that_takes_something_in_between_is_not_closed(server: Server) -> None:
    client = server.subscribe()
    for _ in range(5):
        client.filled()
        for _ in range(STALL_S // round(PING_INTERVAL_S)):
            server.ping_all()
        client.drained()
    assert not client.ends


def test_a_client_that_was_too_slow_resumes(server: Server) -> None:
    client = server.subscribe_extended()
    server.emit()
    client.heard()
    client.filled()
    server.emit()
    for _ in range(STALL_S):
        server.ping_all()
    assert client.ends
    again, _ = server.extended(client.sid)
    again.received(server.history(1))
    server.log.answer_all()
    assert [short(text) for text in again.heard()] == [2, "confirm_history"]


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_slow_client_whose_next_events_were_trimmed_is_told_or_closed(server: Server, dialect: Dialect) -> None:
    client = Client(server.stream)
    client.dialect = dialect
    client.welcome(ACCOUNT)
    client.received(SUBSCRIBE)
    server.log.answer_all()
    client.heard()
    client.filled()
    for _ in range(5):
        server.emit()
    server.log.trim(ACCOUNT, 4)
    client.drained()
    server.log.answer_all()
    heard = client.heard()
    if dialect is Dialect.EXTENDED and not client.ends:
        assert [short(text) for text in heard] == ["reject_history"]
        server.emit()
        assert [short(text) for text in client.heard()] == [6]
    else:
        assert client.ends
        assert all("disconnect" in text for text in heard)


# --- old web clients that say which page they are ---


def test_a_page_that_comes_back_gets_what_it_had_not_certainly_received(server: Server) -> None:
    client = server.connect_as("1234")
    assert client.heard() == [CONFIRMATION]
    for _ in range(3):
        server.emit()
    client.acknowledged = 1
    client.left()
    server.emit()
    assert server.connect_as("1234").heard() == [CONFIRMATION, *[DATA] * 3]
    assert server.connect_as("5678").heard() == [CONFIRMATION]
    assert server.connect_as("").heard() == [CONFIRMATION]


def test_a_page_that_comes_back_after_a_crash_goes_on_where_it_was_last_seen(server: Server) -> None:
    client = server.connect_as("1234")
    server.emit()
    server.emit()
    client.acknowledged = 1
    server.stream.note_cursors()
    server.log.stored |= server.stream.cursors.take_changes()
    assert server.log.stored == {Key(ACCOUNT, "1234"): 1}
    assert server.connect_as("1234").heard() == [CONFIRMATION, DATA]


def test_a_page_is_watched_until_it_has_got_everything(server: Server) -> None:
    client = server.connect_as("1234")
    server.stream.note_cursors()
    assert server.stream.cursors.take_changes() == {Key(ACCOUNT, "1234"): 0}  # so that a crash right now loses nothing
    assert server.stream.moving == set()
    server.emit()
    server.stream.note_cursors()
    assert server.stream.moving == {client}
    client.acknowledged = 1
    server.stream.note_cursors()
    assert server.stream.cursors.take_changes() == {Key(ACCOUNT, "1234"): 1}
    assert server.stream.moving == set()


def test_a_page_that_left_is_not_watched(server: Server) -> None:
    client = server.connect_as("1234")
    server.emit()
    client.left()
    assert server.stream.moving == set()


def test_a_page_that_subscribes_again_on_its_socket_gets_nothing_twice(server: Server) -> None:
    client = server.connect_as("1234")
    server.emit()
    client.heard()
    client.received(UNSUBSCRIBE)
    assert client.says(SUBSCRIBE) == []
    server.log.answer_all()
    assert client.heard() == [CONFIRMATION]


def test_a_page_that_never_subscribed_leaves_no_cursor(server: Server) -> None:
    client = Client(server.stream)
    client.client_id = "1234"
    client.welcome(ACCOUNT)
    server.ping_all()
    client.left()
    assert server.stream.cursors.take_changes() == {}


# --- floods ---


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_client_that_asks_without_end_is_closed(server: Server, dialect: Dialect) -> None:
    client = server.connect()
    client.dialect = dialect
    for _ in range(QUESTIONS):
        client.says(SUBSCRIBE, UNSUBSCRIBE)
    assert client.ends == []
    told = '{"type":"disconnect","reason":"too_many_commands","reconnect":true}'
    assert client.says(SUBSCRIBE) == ([] if dialect is Dialect.NONE else [told])
    assert client.ends == [("close", 1008, "too_many_commands")]
    assert server.hub.accounts == []


def test_a_client_that_asks_for_history_without_end_is_closed(server: Server) -> None:
    client = server.subscribe_extended()
    for _ in range(QUESTIONS + 1):
        client.received(json.dumps({"command": "history", "identifier": IDENTIFIER, "history": {"since": 1}}))
    assert client.ends == [("close", 1008, "too_many_commands")]


def test_every_turn_of_the_wheel_allows_new_questions(server: Server) -> None:
    client = server.connect()
    for _ in range(3):
        for _ in range(QUESTIONS):
            client.says(SUBSCRIBE, UNSUBSCRIBE)
        server.ping_all()
    assert client.ends == []


def test_repeated_subscribes_are_no_questions(server: Server) -> None:
    client = server.subscribe()
    assert client.says(*[SUBSCRIBE] * QUESTIONS * 2) == [CONFIRMATION] * QUESTIONS * 2
