"""Events over REST to some nodes, and sockets on others, all in one event loop; at the end the log of each account says what
each socket must have got."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count, cycle
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from heartline.resources.accounts import create_account
from heartline.storage.engines import open_storage
from heartline.stream import frames
from tests.conftest import IDENTIFIER

REPLY_S = 15.0
RETRY_S = 0.05
SETTLE_S = 60.0
"""Longest wait until everybody has everything; it usually takes as long as the slowest recovery."""
DOUBLED_S = 0.3
"""Then a moment for what would come twice."""


class Seen(NamedTuple):
    epoch: str
    offset: int
    text: str


class Follower:
    """A socket that speaks AnyCable's protocol; after its end another, on the next node, with what it has."""

    def __init__(self, account_id: str, nodes: Sequence[str]) -> None:
        self.account_id = account_id
        self.seen: list[Seen] = []
        self.begin = 0
        """Offset of the head when it subscribed."""
        self.subscribed = asyncio.Event()
        self.rejected = 0
        self.connections = 0
        self._nodes = cycle(nodes)
        self._epoch = ""

    async def run(self) -> None:
        while True:
            with suppress(OSError, WebSocketException, TimeoutError):
                await self._follow(next(self._nodes))
            await asyncio.sleep(RETRY_S)

    async def _follow(self, node: str) -> None:
        url = f"{node.replace('http', 'ws', 1)}/stream?account_id={self.account_id}"
        protocols: Any = ["actioncable-v1-ext-json"]
        async with connect(url, subprotocols=protocols, ping_interval=None, compression=None, proxy=None) as socket:
            self.connections += 1
            async for text in socket:
                await self._receive(socket, json.loads(text))

    async def _receive(self, socket: Any, frame: dict[str, Any]) -> None:
        match frame.get("type"):
            case "welcome":
                await socket.send(json.dumps(self._subscribe()))
            case "confirm_subscription" if not self.seen and not self.subscribed.is_set():
                # The head is what follows from the first event; until then only that it is subscribed matters.
                self.subscribed.set()
            case "reject_history":
                self.rejected += 1
            case None:
                self.seen.append(Seen(frame["epoch"], frame["offset"], frame["message"]["content"]["message"]))

    def _subscribe(self) -> dict[str, Any]:
        position: Any = {"since": 0}
        if self.seen:
            last = self.seen[-1]
            name = frames.stream_id(IDENTIFIER)
            position = {"streams": {name: {"epoch": last.epoch, "offset": last.offset}}}
        return {"command": "subscribe", "identifier": IDENTIFIER, "history": position}


class Traffic:
    """Accounts of one cluster, sockets and requests."""

    def __init__(self, rest: Sequence[str], sockets: Sequence[str], account_ids: Sequence[str]) -> None:
        self._rest = rest
        self._account_ids = account_ids
        self.followers = [
            Follower(account_id, [*sockets[n % len(sockets) :], *sockets[: n % len(sockets)]])
            for n, account_id in enumerate(account_ids)
        ]
        self.acknowledged: dict[str, set[str]] = {account_id: set() for account_id in account_ids}
        self.refusals: list[int] = []
        self._numbers = count()

    async def run(self, events: int, *, trouble: Any = None, interval_s: float = 0.0, publishers: int = 10) -> None:
        """Publish while there is trouble; then everybody must have what the logs have. Fails if not."""
        async with httpx.AsyncClient(timeout=REPLY_S, trust_env=False) as http:
            tasks = [asyncio.create_task(follower.run()) for follower in self.followers]
            try:
                async with asyncio.timeout(SETTLE_S):
                    await asyncio.gather(*(follower.subscribed.wait() for follower in self.followers))
                work = iter(range(events))
                await asyncio.gather(
                    *(self._publish(http, work, interval_s) for _ in range(publishers)),
                    *([trouble] if trouble is not None else []),
                )
                logs = {account_id: await self._log(http, account_id) for account_id in self._account_ids}
                with suppress(TimeoutError):
                    async with asyncio.timeout(SETTLE_S):
                        while any(len(f.seen) < len(logs[f.account_id]) for f in self.followers):
                            await asyncio.sleep(RETRY_S)
                await asyncio.sleep(DOUBLED_S)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        self._check(logs)

    def _check(self, logs: dict[str, list[tuple[int, str]]]) -> None:
        for follower in self.followers:
            log = logs[follower.account_id]
            got = [(seen.offset, seen.text) for seen in follower.seen]
            lost, doubled = len(set(log) - set(got)), len(got) - len(set(got))
            assert got == log, f"{lost} lost, {doubled} doubled, of {len(log)}: {[o for o, _ in got]}"
            assert [offset for offset, _ in log] == list(range(1, len(log) + 1))
            assert self.acknowledged[follower.account_id] <= {text for _, text in log}, "answered, and not in the log"
            assert follower.rejected == 0

    async def _publish(self, http: httpx.AsyncClient, work: Iterator[int], interval_s: float) -> None:
        """Each attempt has a text of its own, as one without a reply may be in the log all the same."""
        for number in work:
            account_id = self._account_ids[number % len(self._account_ids)]
            while True:
                attempt = next(self._numbers)
                node = self._rest[attempt % len(self._rest)]
                body = {"to": "+15550002222", "message": f"{number}.{attempt}", "sent_device": 1}
                try:
                    url = f"{node}/api/v1/messages/forward_to_phone"
                    reply = await http.post(url, params={"account_id": account_id}, json=body)
                except httpx.TransportError:
                    await asyncio.sleep(RETRY_S)
                    continue
                if reply.is_success:
                    self.acknowledged[account_id].add(body["message"])  # type: ignore[arg-type]
                    break
                self.refusals.append(reply.status_code)
                assert reply.status_code in (500, 502, 503, 504), reply.text
                await asyncio.sleep(RETRY_S)
            await asyncio.sleep(interval_s)

    async def _log(self, http: httpx.AsyncClient, account_id: str) -> list[tuple[int, str]]:
        """All of it, from whichever node answers."""
        for node in cycle(self._rest):
            with suppress(httpx.TransportError, KeyError):
                start = {"account_id": account_id}
                epoch = (await http.get(f"{node}/api/v1/events", params=start)).json()["cursor"].partition(":")[0]
                after = {"account_id": account_id, "after": f"{epoch}:0"}
                page = (await http.get(f"{node}/api/v1/events", params=after)).json()
                return [(event["offset"], event["content"]["message"]) for event in page["events"]]
            await asyncio.sleep(RETRY_S)
        raise AssertionError


async def open_accounts(database: str, count: int) -> list[str]:
    """The ids of so many new accounts, made without the price of a password's hash."""
    storage = open_storage(database, connections=4)
    try:
        return [
            (await storage.write(lambda tx: create_account(tx, uuid4().hex, "no hash", "Pat", ""))).account_id
            for _ in range(count)
        ]
    finally:
        await storage.close()
