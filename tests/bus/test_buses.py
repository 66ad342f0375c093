"""Two nodes' places on a real bus."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from heartline.bus import Bus, Hint
from heartline.bus.engines import CannotUseBus, check_bus, open_bus, without_passwords
from heartline.bus.nats import NatsBus
from tests.cluster.parts import Nats
from tests.conftest import WAIT_S
from tests.postgresql import PostgresqlServer

HINT = Hint(7, "ab12", 3, [b'{"operation":"a","content":{}}'])
POSTGRESQL = "postgresql://h/d"


class Place:
    """A bus, and what it said."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.hints: list[Hint] = []
        self.ups = 0
        bus.on_hint = self.hints.append
        bus.on_up = self._count

    def _count(self) -> None:
        self.ups += 1


async def until(done: Callable[[], object]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not done():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def two(setting: str, url: str) -> AsyncIterator[tuple[Place, Place]]:
    places = Place(open_bus(setting, url)), Place(open_bus(setting, url))
    try:
        await until(lambda: all(place.ups == 1 and place.bus.up for place in places))
        yield places
    finally:
        for place in places:
            await place.bus.close()


async def heard(sender: Place, receiver: Place) -> None:
    """Subscriptions and hints may be late: say it until it is heard."""
    receiver.hints.clear()
    async with asyncio.timeout(WAIT_S):
        while not receiver.hints:
            sender.bus.publish(HINT)
            await asyncio.sleep(0.02)
    assert set(map(repr, receiver.hints)) == {repr(HINT)}


def run(setting: str, url: str, work: Callable[[Place, Place], Awaitable[None]]) -> None:
    async def inside() -> None:
        async with two(setting, url) as (one, other):
            await work(one, other)

    asyncio.run(inside())


@pytest.fixture(params=["nats", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path, postgresql: PostgresqlServer) -> Iterator[tuple[str, str]]:
    """A setting, and the database's URL."""
    if request.param == "postgresql":
        yield "auto", postgresql.url("postgres")
    else:
        nats = Nats(tmp_path)
        yield nats.url, ""
        nats.stop()


def test_a_hint_reaches_the_other_node_and_not_its_own(place: tuple[str, str]) -> None:
    async def work(one: Place, other: Place) -> None:
        for node in (one, other):
            node.bus.subscribe(HINT.account)
        await heard(one, other)
        assert one.hints == []
        await heard(other, one)

    run(*place, work)


def test_only_accounts_that_are_served_are_of_interest(place: tuple[str, str]) -> None:
    async def work(one: Place, other: Place) -> None:
        other.bus.subscribe(8)
        other.bus.subscribe(HINT.account)
        await heard(one, other)
        other.bus.unsubscribe(HINT.account)
        other.bus.subscribe(9)
        async with asyncio.timeout(WAIT_S):
            while not any(hint.account == 9 for hint in other.hints):
                one.bus.publish(HINT._replace(account=9))
                await asyncio.sleep(0.02)
        other.hints.clear()
        one.bus.publish(HINT)
        async with asyncio.timeout(WAIT_S):
            while not other.hints:
                one.bus.publish(HINT._replace(account=8))
                await asyncio.sleep(0.02)
        assert {hint.account for hint in other.hints} <= {8, 9}

    run(*place, work)


def test_one_that_lost_only_its_sending_connection_is_heard_again(postgresql: PostgresqlServer) -> None:
    url = postgresql.new_database()  # of its own: connections of other tests may still be ending
    ended = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE query LIKE 'SELECT pg_notify%' AND datname = '{urlsplit(url).path[1:]}'"
    )

    async def work(one: Place, other: Place) -> None:
        other.bus.subscribe(HINT.account)
        await heard(one, other)
        assert postgresql.run(ended) == [(True,)]
        await heard(one, other)
        assert (one.ups, other.ups) == (1, 1)  # neither had to listen anew

    run("auto", url, work)


def test_clients_that_come_and_go_while_nats_is_away_take_no_memory() -> None:
    async def work() -> None:
        bus = NatsBus("nats://127.0.0.1:1")
        for _ in range(1_000):
            bus.subscribe(HINT.account)
            bus.unsubscribe(HINT.account)
        assert len(bus._changed) == 1
        await asyncio.sleep(0)
        await bus.close()

    asyncio.run(work())


def test_a_bus_that_cannot_be_reached_stops_nobody() -> None:
    async def work() -> None:
        for setting, url in (("nats://127.0.0.1:1", ""), ("auto", "postgresql://nobody@127.0.0.1:1/x")):
            bus = open_bus(setting, url)
            for account in range(100):
                bus.subscribe(account)
                bus.publish(HINT)
                bus.unsubscribe(account)
            await asyncio.sleep(0)
            assert not bus.up
            await bus.close()

    asyncio.run(work())


@pytest.mark.parametrize(
    ("setting", "url"),
    [("redis://h", POSTGRESQL), ("", POSTGRESQL), ("postgresql", ""), ("nats", POSTGRESQL)],
)
def test_a_setting_that_names_no_bus_is_refused(setting: str, url: str) -> None:
    with pytest.raises(CannotUseBus, match="bus"):
        check_bus(setting, url)


@pytest.mark.parametrize("setting", ["auto", "local", "postgresql", "nats://h:1,nats://i:2", "tls://h"])
def test_a_setting_that_names_a_bus(setting: str) -> None:
    check_bus(setting, POSTGRESQL)


def test_passwords_are_not_shown() -> None:
    assert without_passwords("nats://me:a@b@h:1,tls://token@i") == "nats://h:1,tls://i"
    assert without_passwords("auto") == "auto"
