"""Events reach every socket once and in order, whatever happens to a node, the bus or the database meanwhile."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.cluster.conftest import Cluster
from tests.cluster.parts import Cable, Nginx, Node
from tests.cluster.traffic import Traffic, open_accounts

EVENTS = 100
ACCOUNTS = 10
INTERVAL_S = 0.2
"""Pause of each of the ten publishers between two events, so that trouble meets traffic."""
TROUBLE_S = 0.5
"""How long traffic runs before, and trouble lasts."""
TROUBLEMAKER = ThreadPoolExecutor(1)
"""One thread for all tests: PostgreSQL ends with the thread that has started it."""


def deliver(
    cluster: Cluster,
    rest: Sequence[Node | Nginx],
    sockets: Sequence[Node | Nginx],
    *troubles: Callable[[], object],
    events: int = EVENTS,
    accounts: int = ACCOUNTS,
    interval_s: float = INTERVAL_S,
) -> Traffic:
    """Events over REST to some nodes, sockets on others, and one trouble after the other while there is traffic."""

    async def make_trouble() -> None:
        for trouble in troubles:
            await asyncio.sleep(TROUBLE_S)
            await asyncio.get_running_loop().run_in_executor(TROUBLEMAKER, trouble)

    async def run() -> Traffic:
        account_ids = await open_accounts(cluster.url, accounts)
        traffic = Traffic([node.url for node in rest], [node.url for node in sockets], account_ids)
        trouble: Any = make_trouble() if troubles else None
        await traffic.run(events, trouble=trouble, interval_s=interval_s)
        return traffic

    return asyncio.run(run())


def test_a_thousand_events_of_fifty_accounts(cluster: Cluster) -> None:
    first, *others = cluster.nodes
    traffic = deliver(cluster, [first], others, events=1_000, accounts=50, interval_s=0)
    assert all(follower.connections == 1 for follower in traffic.followers)
    assert traffic.refusals == []


def test_any_request_and_any_socket_may_go_to_any_node_behind_a_proxy(cluster: Cluster) -> None:
    program = Nginx.find()
    if program is None:
        pytest.skip("nginx is not installed")
    proxy = Nginx(cluster.folder, program, [node.port for node in cluster.nodes])
    try:
        traffic = deliver(cluster, [proxy], [proxy], interval_s=0)
    finally:
        proxy.stop()
    assert all(follower.connections == 1 for follower in traffic.followers)


def test_a_node_is_killed(cluster: Cluster) -> None:
    first, second, _ = cluster.nodes
    victim = cluster.add_node()
    traffic = deliver(cluster, [first], [victim, second], victim.kill)
    assert any(follower.connections > 1 for follower in traffic.followers)


def test_a_node_is_killed_that_answers_requests_and_another_takes_its_place(cluster: Cluster) -> None:
    first, second, third = cluster.nodes
    victim = cluster.add_node()
    deliver(cluster, [victim, first], [second, third], victim.kill, victim.start)


def test_nats_is_killed_and_comes_back(cluster: Cluster) -> None:
    if cluster.bus != "nats":
        pytest.skip("about NATS")
    first, *others = cluster.nodes
    traffic = deliver(cluster, [first], others, cluster.nats.kill, cluster.nats.start)
    assert all(follower.connections == 1 for follower in traffic.followers)


def test_nats_is_paused(cluster: Cluster) -> None:
    if cluster.bus != "nats":
        pytest.skip("about NATS")
    first, *others = cluster.nodes
    try:
        traffic = deliver(cluster, [first], others, cluster.nats.pause)
    finally:
        cluster.nats.go_on()
    assert all(follower.connections == 1 for follower in traffic.followers)
    deliver(cluster, [first], others, interval_s=0)


def test_postgresql_is_restarted(cluster: Cluster) -> None:
    first, *others = cluster.nodes
    traffic = deliver(cluster, [first], others, cluster.database.stop, cluster.database.start)
    assert all(follower.connections == 1 for follower in traffic.followers)


def test_hints_are_lost_repeated_and_reordered(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAULTY_BUS", "1")
    faulty = cluster.add_node(module="tests.cluster.faulty_node")
    deliver(cluster, [cluster.nodes[0]], [faulty], events=300, interval_s=0.01)


def test_a_node_is_cut_from_the_bus_but_not_from_the_database(cluster: Cluster) -> None:
    if cluster.bus != "nats":
        pytest.skip("there the bus is the database")
    cable = Cable(cluster.nats.port)
    lonely = cluster.add_node(bus=f"nats://127.0.0.1:{cable.port}")
    first, second, _ = cluster.nodes
    traffic = deliver(cluster, [first, lonely], [lonely, second], cable.cut)
    assert all(follower.connections == 1 for follower in traffic.followers)
    cable.mend()
    deliver(cluster, [first, lonely], [lonely, second], interval_s=0)
    cable.close()
