"""The stream over `websockets`' asyncio server and uvloop. Prints the port that it listens on.

Its HTTP side answers no POST, so the event to publish stands in the query.
"""

import http
from collections import defaultdict
from urllib.parse import parse_qs, urlsplit

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from bench.peers.frames import CONFIRM, SLOTS, WELCOME, event, every_slot, ping

accounts: defaultdict[str, set[ServerConnection]] = defaultdict(set)
slots: list[set[ServerConnection]] = [set() for _ in range(SLOTS)]


async def follow(socket: ServerConnection) -> None:
    assert socket.request is not None
    account = parse_qs(urlsplit(socket.request.path).query)["account_id"][0]
    slot = min(slots, key=len)
    slot.add(socket)
    try:
        await socket.send(WELCOME)
        async for _ in socket:
            accounts[account].add(socket)
            await socket.send(CONFIRM)
    except ConnectionClosed:
        pass
    finally:
        slot.discard(socket)
        accounts[account].discard(socket)


def publish(_: ServerConnection, request: Request) -> Response | None:
    parts = urlsplit(request.path)
    if parts.path != "/publish":
        return None
    query = parse_qs(parts.query)
    broadcast(accounts[query["account_id"][0]], event(query["event"][0]))
    return Response(http.HTTPStatus.OK, "OK", Headers({"content-length": "2", "connection": "close"}), b"{}")


async def main() -> None:
    async with serve(
        follow, "127.0.0.1", 0, backlog=4096, ping_interval=None, compression=None, process_request=publish
    ) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        async for number in every_slot():
            broadcast(tuple(slots[number]), ping())


uvloop.run(main())
