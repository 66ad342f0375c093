"""Three nodes on one PostgreSQL, for each bus."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cluster.parts import Nats, Node
from tests.postgresql import PostgresqlServer

NODES = 3
POLL_S = 0.5
"""Shorter than by default, so that tests which lose hints do not wait for long."""


class Cluster:
    """Programs that end with the test. Those that nothing is done to are shared by all tests of a bus."""

    def __init__(self, folder: Path, bus: str, database: PostgresqlServer, nats: Nats) -> None:
        self.folder = folder
        self.bus = bus
        self.database = database
        self.nats = nats
        self.url = database.new_database()
        self.bus_setting = nats.url if bus == "nats" else bus
        self._stack = ExitStack()
        self.nodes = [self.add_node() for _ in range(NODES)]

    def add_node(self, bus: str = "", **options: object) -> Node:
        """Another node, on the same database."""
        name = f"node-{len(list(self.folder.iterdir()))}"
        settings = {"poll_s": POLL_S, "log_level": "info", "connections": 8} | options
        node = Node(self.folder, name, self.url, bus or self.bus_setting, **settings)  # type: ignore[arg-type]
        self._stack.callback(node.stop)
        return node

    def close(self) -> None:
        self._stack.close()


@pytest.fixture(scope="package")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    server = Nats(tmp_path_factory.mktemp("nats"))
    yield server
    server.stop()


@pytest.fixture(scope="package")
def database() -> Iterator[PostgresqlServer]:
    """One of their own, as tests restart it."""
    server = PostgresqlServer()
    yield server
    server.close()


@pytest.fixture(scope="package", params=["nats", "postgresql"])
def cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, database: PostgresqlServer, nats: Nats
) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("cluster"), request.param, database, nats)
    yield cluster
    cluster.close()
