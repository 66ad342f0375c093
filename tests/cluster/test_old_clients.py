"""An old web client that comes back to another node, which its old node has not noticed."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg
from websockets.sync.client import ClientConnection, connect

from tests.cluster.conftest import Cluster
from tests.cluster.parts import Node
from tests.cluster.traffic import open_accounts
from tests.conftest import SUBSCRIBE, WAIT_S


def emit(node: Node, account_id: str, *texts: str) -> None:
    for text in texts:
        body = {"to": "+15550002222", "message": text, "sent_device": 1}
        parameters = {"account_id": account_id}
        reply = httpx.post(f"{node.url}/api/v1/messages/forward_to_phone", params=parameters, json=body, timeout=WAIT_S)
        assert reply.status_code == 200, reply.text


@contextmanager
def subscribed(node: Node, account_id: str) -> Iterator[ClientConnection]:
    url = f"{node.url.replace('http', 'ws', 1)}/stream?account_id={account_id}&client_id=77"
    with connect(url, ping_interval=None, compression=None, proxy=None) as socket:
        socket.send(SUBSCRIBE)
        assert frame(socket)["type"] == "welcome"
        assert frame(socket)["type"] == "confirm_subscription"
        yield socket


def frame(socket: ClientConnection) -> dict[str, Any]:
    """The next that is no ping."""
    while True:
        found: dict[str, Any] = json.loads(socket.recv(WAIT_S))
        if found.get("type") != "ping":
            return found


def texts(socket: ClientConnection, last: str) -> list[str]:
    """What comes up to that text."""
    came: list[str] = []
    while last not in came:
        came.append(frame(socket)["message"]["content"]["message"])
    return came


def stored(cluster: Cluster) -> int:
    with psycopg.connect(cluster.url) as connection:
        row = connection.execute("SELECT max(\"offset\") FROM cursors WHERE client_id = '77'").fetchone()
    assert row is not None
    return int(row[0])


def test_nothing_is_lost_and_only_what_was_not_known_to_have_arrived_comes_twice(cluster: Cluster) -> None:
    one, other, third = cluster.nodes
    (account_id,) = asyncio.run(open_accounts(cluster.url, 1))
    emit(one, account_id, "before")
    with subscribed(one, account_id) as left_open:
        emit(third, account_id, "1", "2")
        assert texts(left_open, "2") == ["1", "2"]
        with subscribed(other, account_id) as second:  # at once: `one` has stored no more than the subscription
            assert texts(second, "2") == ["1", "2"]
            emit(third, account_id, "3")
            assert texts(second, "3") == ["3"]
            while stored(cluster) < 4:  # until a ping of the second socket has seen it arrive
                second.recv(WAIT_S)
            emit(third, account_id, "4")
            with subscribed(third, account_id) as last:
                emit(one, account_id, "5")
                assert texts(last, "5") == ["4", "5"]
