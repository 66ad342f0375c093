"""`heartline serve --workers N`: processes that share a port, and a parent that keeps their number."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from tests.conftest import WAIT_S, NewServer, Server
from tests.postgresql import PostgresqlServer

WORKERS = 3


@pytest.fixture
def shared(new_server: NewServer, postgresql: PostgresqlServer) -> Server:
    return new_server(database=postgresql.new_database(), workers=WORKERS)


def workers_of(server: Server) -> set[int]:
    return {child.pid for child in psutil.Process(server.process.pid).children()}


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_workers_serve_one_log(shared: Server) -> None:
    """Requests on new connections, so on any worker; each socket stays where it is."""
    account = shared.sign_up()
    with account.stream() as first, account.stream() as second, account.stream() as third:
        for number in range(12):
            query = {"account_id": account.id}
            template = {"templates": [{"device_id": number, "text": "aa-:-bb"}]}
            reply = httpx.post(f"{shared.url}/api/v1/templates/add", params=query, json=template, timeout=WAIT_S)
            assert reply.status_code == 200
        for stream in (first, second, third):
            assert [content["device_id"] for _, content in stream.operations(12)] == list(range(12))
    assert len(workers_of(shared)) == WORKERS
    assert shared.stop() == 0


def test_a_worker_that_dies_is_replaced(shared: Server) -> None:
    before = workers_of(shared)
    assert len(before) == WORKERS
    killed = min(before)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: killed not in workers_of(shared) and len(workers_of(shared)) == WORKERS)
    assert before - {killed} < workers_of(shared)
    wait_until(lambda: httpx.get(f"{shared.url}/healthz", timeout=WAIT_S).status_code == 200)
    assert shared.log.count("worker started") == WORKERS + 1
    assert f"pid={killed}" in shared.log
    left = workers_of(shared)
    assert shared.stop() == 0
    assert not any(psutil.pid_exists(pid) for pid in left)


def test_workers_end_with_their_parent(shared: Server) -> None:
    left = workers_of(shared)
    shared.kill()
    wait_until(lambda: not any(psutil.pid_exists(pid) for pid in left))


def test_sqlite_is_for_one_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "heartline", "serve", "--port=0", "--workers=2", f"--data={tmp_path / 'data'}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_S * 3)
    assert done.returncode == 1
    assert done.stderr == (
        "heartline: several workers need PostgreSQL, as one SQLite file has one writer: set --database "
        "postgresql://..., or leave --workers at 1\n"
    )
    assert done.stdout == ""
