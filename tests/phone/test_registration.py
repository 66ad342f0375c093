"""One phone of an account is the primary one, and a second one does not send along."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from heartline.client import Client
from heartline.phone import NotPrimary, Phone, Script, SimulatedRadio, Store
from heartline.phone.registration import OtherAccount, register
from heartline.phone.store import StoreInUse
from tests.conftest import Server
from tests.phone.conftest import WAIT_S, PhoneProcess, with_account

NewPhone = Callable[[Server, Client], PhoneProcess]


def test_a_phone_finds_itself_again(server: Server, new_phone: NewPhone) -> None:
    async def test(client: Client) -> None:
        phone = new_phone(server, client)
        for _ in range(2):
            phone.start()
            phone.kill()
        (device,) = await client.devices.list()
        assert device.primary
        assert device.id >= 1000

    with_account(server, test)


def test_a_second_phone_must_take_over(server: Server, new_phone: NewPhone) -> None:
    async def test(client: Client) -> None:
        first = new_phone(server, client)
        first.start()
        folder = first.folder / "other"
        folder.mkdir()
        radio, store = SimulatedRadio(":memory:", Script()), Store(folder / "phone.db")
        with pytest.raises(NotPrimary, match="take-over"):
            await Phone(client, radio, store).run()
        second = Phone(client, radio, store, take_over=True)
        running = asyncio.create_task(second.run())
        await second.ready.wait()
        assert first.process is not None
        assert await asyncio.to_thread(first.process.wait, WAIT_S) == 1  # it heard of it, and ended
        assert re.search("NotPrimary", (first.folder / "phone.log").read_text())
        assert [device.primary for device in sorted(await client.devices.list(), key=lambda row: row.primary)] == [
            False,
            True,
        ]
        running.cancel()
        await asyncio.wait([running])
        radio.close()
        store.close()

    with_account(server, test)


def test_a_store_is_of_one_process_and_one_account(server: Server, tmp_path: Path) -> None:
    store = Store(tmp_path / "phone.db")
    with pytest.raises(StoreInUse):
        Store(tmp_path / "phone.db")

    async def use(client: Client) -> None:
        await register(client, store, "phone", False)

    with_account(server, use)
    with pytest.raises(OtherAccount):
        with_account(server, use)
    store.close()
    Store(tmp_path / "phone.db").close()
