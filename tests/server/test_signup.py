"""Who may sign up."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from heartline.contract import ENDPOINTS
from heartline.errors import UsernameNotAllowed
from heartline.resources.accounts import SignUp, create_account, remove_account
from heartline.server.config import Config
from heartline.server.limits import Limiter
from heartline.server.service import Service
from heartline.server.signup import check_may_sign_up
from heartline.storage.sqlite import SqliteStorage
from tests.conftest import NewServer, Server


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[SqliteStorage]:
    storage = SqliteStorage(tmp_path / "heartline.db")
    yield storage
    await storage.close()


async def may_sign_up(storage: SqliteStorage, policy: str, name: str) -> bool:
    try:
        await storage.write(lambda tx: check_may_sign_up(tx, policy, name))
    except UsernameNotAllowed:
        return False
    return True


@pytest.mark.anyio
async def test_open_lets_everybody_in_and_closed_nobody(storage: SqliteStorage) -> None:
    for name in ("before", "after"):
        assert await may_sign_up(storage, "open", "pat")
        assert not await may_sign_up(storage, "closed", "pat")
        assert not await may_sign_up(storage, "closed", "closed")
        await storage.write(lambda tx, name=name: create_account(tx, name, "hash", "", ""))


@pytest.mark.anyio
async def test_first_lets_one_in_while_there_is_no_account(storage: SqliteStorage) -> None:
    assert await may_sign_up(storage, "first", "pat")
    created = await storage.write(lambda tx: create_account(tx, "pat", "hash", "", ""))
    assert not await may_sign_up(storage, "first", "alex")
    assert not await may_sign_up(storage, "first", "first")
    await storage.write(lambda tx: remove_account(tx.bound(created.account_id)))
    assert await may_sign_up(storage, "first", "alex")


@pytest.mark.anyio
@pytest.mark.parametrize("policy", ["pat,alex", " pat , alex ", "alex,pat,", "alex,open,pat"])
async def test_a_list_lets_its_names_in(storage: SqliteStorage, policy: str) -> None:
    assert await may_sign_up(storage, policy, "pat")
    assert await may_sign_up(storage, policy, "alex")
    for name in ("Pat", "pa", "pat ", "pat,alex", "sam"):
        assert not await may_sign_up(storage, policy, name)


@pytest.mark.anyio
@pytest.mark.parametrize("policy", ["", "pat@example.org", "Open", "FIRST"])
async def test_anything_else_is_the_name_of_the_only_one(storage: SqliteStorage, policy: str) -> None:
    assert not await may_sign_up(storage, policy, "alex")


def sign_up(server: Server, name: str) -> httpx.Response:
    body = {"name": name, "password": "x", "phone_number": "", "real_name": ""}
    return server.http.post("/api/v1/accounts/signup", json=body)


def test_of_many_first_accounts_at_the_same_time_one_is_let_in(new_server: NewServer) -> None:
    server = new_server(signup="first")
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda n: sign_up(server, f"user {n}"), range(8)))
    assert sorted(reply.status_code for reply in replies) == [200] + [403] * 7
    refused = next(reply for reply in replies if reply.status_code == 403)
    assert refused.json()["error"] == "username is not allowed"


def test_of_many_accounts_of_one_name_at_the_same_time_one_is_made(server: Server) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: sign_up(server, "the same name"), range(8)))
    assert sorted(reply.status_code for reply in replies) == [200] + [400] * 7
    refused = next(reply for reply in replies if reply.status_code == 400)
    assert refused.json()["error"] == "user already exists"


def test_a_closed_server_refuses(new_server: NewServer) -> None:
    reply = sign_up(new_server(signup="closed"), "pat")
    assert (reply.status_code, reply.json()["error"]) == (403, "username is not allowed")


class HashesForNobody(SqliteStorage):
    async def prepare(self, work: Any, argument: Any) -> Any:
        raise AssertionError("the server worked hard for somebody whom it refuses")


@pytest.mark.anyio
async def test_no_password_is_hashed_for_who_may_not_sign_up(tmp_path: Path) -> None:
    endpoint = next(endpoint for endpoint in ENDPOINTS if endpoint.path == "/accounts/signup")
    service = Service(endpoint, Config(signup="closed"), Limiter())
    storage = HashesForNobody(tmp_path / "heartline.db")
    try:
        with pytest.raises(UsernameNotAllowed):
            await service._transact(
                SimpleNamespace(storage=storage),  # type: ignore[arg-type]
                "",
                SignUp(name="pat", password="x", phone_number="", real_name=""),
            )
    finally:
        await storage.close()
