"""Publishes numbered events over REST, each until the server has said yes."""

import asyncio
import time

import httpx

from bench.server import Server

RETRY_S = 0.1
TIMEOUT_S = 10.0


class Publisher:
    """Every attempt has a text of its own (`<number>.<attempt>`): one whose reply was lost may still stand in the log,
    and is then an event like any other."""

    def __init__(self, server: Server, account_id: str) -> None:
        self.acknowledged: set[str] = set()
        """Texts of the attempts that were answered with 2xx: these must be in the log."""
        self.known_s: dict[str, float] = {}
        """When each attempt had ended, either way: if it is in the log, then it was since then at the latest."""
        self._server = server
        self._account_id = account_id

    async def publish(self, count: int, interval_s: float) -> None:
        """Publish at fixed times; after an outage, those that are overdue without a pause."""
        begin_s = time.monotonic()
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as http:
            for number in range(count):
                await asyncio.sleep(begin_s + number * interval_s - time.monotonic())
                await self._publish_one(http, number)

    async def _publish_one(self, http: httpx.AsyncClient, number: int) -> None:
        for attempt in range(1, 1000):
            text = f"{number}.{attempt}"
            try:
                reply = await http.post(
                    f"{self._server.url}/messages/forward_to_phone",
                    params={"account_id": self._account_id},
                    json={"to": "+15550002222", "message": text, "sent_device": 1},
                )
            except httpx.TransportError:
                reply = None
            self.known_s[text] = time.monotonic()
            if reply is not None and reply.is_success:
                self.acknowledged.add(text)
                return
            if reply is not None and reply.is_client_error:
                raise RuntimeError(f"the server refused an event: {reply.status_code} {reply.text}")
            await asyncio.sleep(RETRY_S)
        raise RuntimeError(f"event {number} was never accepted")
