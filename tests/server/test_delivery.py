"""Who gets which event over a real port, in which order, and what happens when the server stops."""

import contextlib
import json
import socket
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.conftest import WAIT_S, Account, NewServer, Server
from tests.server.raw_client import (
    ACTION_CABLE,
    CONFIRMATION,
    SUBSCRIBE,
    WELCOME,
    RawClient,
    emit,
    number_in,
    stream_of,
    subscribed,
    welcomed,
)
from tests.wire import CLOSE, PING, PONG, TEXT, Frame, client_frame, content, upgrade

pytestmark = pytest.mark.usefixtures("serves_others")

RESTART = '{"type":"disconnect","reason":"server_restart","reconnect":true}'


@pytest.fixture(scope="module")
def account(server: Server) -> Account:
    """One for all tests that leave it as it was: hashing passwords takes time."""
    return server.sign_up()


# --- who gets what, and in which order ---


def test_both_sockets_of_an_account_get_each_event_and_closing_one_does_not_touch_the_other(account: Account) -> None:
    with subscribed(account) as one, subscribed(account) as other:
        number = emit(account)
        assert [number_in(client.text()) for client in (one, other)] == [number, number]
        one.send(client_frame(CLOSE))
        assert len(one.rest()) == 1
        number = emit(account)
        assert number_in(other.text()) == number


def test_another_account_gets_nothing(server: Server, account: Account) -> None:
    other_account = server.sign_up()
    with subscribed(account) as client, subscribed(other_account) as other:
        first, second = emit(account), emit(other_account)
        assert (number_in(client.text()), number_in(other.text())) == (first, second)


def test_a_welcomed_socket_that_did_not_subscribe_gets_no_event(account: Account) -> None:
    with welcomed(account) as client, subscribed(account) as other:
        number = emit(account)
        assert number_in(other.text()) == number
        client.send(client_frame(PING, b"still here"))
        assert client.frame() == Frame(PONG, b"still here")


def message(device_id: int, data: str = "aa-:-bb") -> dict[str, object]:
    return {
        "device_id": device_id,
        "device_conversation_id": 1,
        "message_type": 0,
        "data": data,
        "timestamp": 1_600_000_000_000 + device_id,
        "mime_type": "cc-:-dd",
        "read": False,
        "seen": False,
    }


def logged_events(account: Account) -> list[tuple[int, dict[str, object]]]:
    """Offset and message of every event in the account's log."""
    file = account.server.data / "heartline.db"
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        rows = database.execute(
            'SELECT "offset", message FROM events WHERE account = (SELECT account FROM accounts WHERE account_id = ?) '
            'ORDER BY "offset"',
            (account.id,),
        ).fetchall()
    return [(offset, json.loads(text)) for offset, text in rows]


def test_concurrent_adds_arrive_everywhere_in_the_order_of_the_log(server: Server) -> None:
    account = server.sign_up()
    adds, threads = 500, 8

    def add(device_ids: range) -> None:
        with httpx.Client(base_url=server.url, timeout=WAIT_S) as http:
            for device_id in device_ids:
                query = {"account_id": account.id}
                reply = http.post("/api/v1/messages/add", params=query, json={"messages": [message(device_id)]})
                assert reply.status_code == 200

    with subscribed(account) as one, subscribed(account) as other:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(add, [range(1 + thread, adds + 1, threads) for thread in range(threads)]))
        arrived = [[json.loads(text)["message"] for text in client.texts(adds)] for client in (one, other)]

    events = logged_events(account)
    assert [offset for offset, _ in events] == list(range(1, adds + 1))
    assert arrived[0] == [event for _, event in events]
    assert arrived[1] == arrived[0]
    assert sorted(event["content"]["id"] for event in arrived[0]) == list(range(1, adds + 1))


def queued_bytes(server: Server, client: RawClient) -> int:
    """What the system keeps for a client that does not read; 0 where it does not tell."""
    table = Path("/proc/net/tcp")
    if not table.exists():
        return 0
    ends = [f":{server.port:04X}", f":{client.tcp.getsockname()[1]:04X}"]
    for line in table.read_text().splitlines()[1:]:
        _, local, remote, _, queues, *_ = line.split()
        if [local[-5:], remote[-5:]] == ends:
            return int(queues.partition(":")[0], 16)
    raise AssertionError("the server has hung up")


def test_a_reader_that_does_not_read_delays_nobody_and_loses_nothing(new_server: NewServer) -> None:
    server = new_server(stall_s=3_600, dead_peer_s=3_600)  # however busy this machine is
    account = server.sign_up()
    events, batch = 3_000, 100
    with RawClient(server, receive_bytes=4_096) as slow, subscribed(account) as other:
        slow.send(upgrade(stream_of(account)))
        slow.head()
        assert slow.text() == WELCOME
        slow.say(SUBSCRIBE)
        assert slow.text() == CONFIRMATION

        for first in range(1, events + 1, batch):
            batch_of_messages = [message(device_id, "x" * 2_048) for device_id in range(first, first + batch)]
            account.post("/messages/add", {"messages": batch_of_messages})
            assert [content(text)[1]["id"] for text in other.texts(batch)] == list(range(first, first + batch))
        assert queued_bytes(server, slow) < 256 * 1024

        slow.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        assert [content(text)[1]["id"] for text in slow.texts(events)] == list(range(1, events + 1))
        number = emit(account)
        assert [number_in(client.text()) for client in (slow, other)] == [number, number]


# --- the server stops ---


def test_a_stop_tells_action_cable_clients_to_come_back_and_drops_the_others(new_server: NewServer) -> None:
    server = new_server()
    account = server.sign_up()
    with (
        subscribed(account) as plain,
        subscribed(account, sec_websocket_protocol=ACTION_CABLE) as action_cable,
        welcomed(account) as idle,
        ThreadPoolExecutor(1) as pool,
    ):
        exit_code = pool.submit(server.stop)
        assert action_cable.text() == RESTART
        code, _ = action_cable.is_closed()
        assert code == 1001
        assert plain.rest() == []
        assert idle.rest() == []
        assert exit_code.result(WAIT_S) == 0


def test_a_stop_is_told_to_all_although_some_are_ending(new_server: NewServer) -> None:
    server = new_server()
    account = server.sign_up()
    with contextlib.ExitStack() as clients:
        action_cable = [
            clients.enter_context(subscribed(account, sec_websocket_protocol=ACTION_CABLE)) for _ in range(16)
        ]
        ending, staying = action_cable[::2], action_cable[1::2]
        for client in ending:
            client.send(client_frame(TEXT, masked=False))
            assert [frame.close_code for frame in client.rest()] == [1002]  # and it does not hang up
        with ThreadPoolExecutor(1) as pool:
            exit_code = pool.submit(server.stop)
            for client in staying:
                assert client.text() == RESTART
                assert client.is_closed() == (1001, "server restart")
            for client in ending:
                client.tcp.close()
            assert exit_code.result(WAIT_S) == 0
    assert "Traceback" not in server.log, server.log


def test_a_stop_waits_for_no_client_for_ever(new_server: NewServer) -> None:
    server = new_server()
    account = server.sign_up()
    with (
        subscribed(account) as plain,
        subscribed(account, sec_websocket_protocol=ACTION_CABLE) as action_cable,
    ):
        for client in (plain, action_cable):
            client.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        for first in range(1, 3_001, 100):  # more than any buffer holds
            batch = [message(device_id, "x" * 4_096) for device_id in range(first, first + 100)]
            account.post("/messages/add", {"messages": batch})
        assert server.stop() == 0
