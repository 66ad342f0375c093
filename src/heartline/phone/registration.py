"""How a phone becomes the primary device of an account (client-behaviour.md 1.1, 1.2)."""

import hashlib
from uuid import uuid4

from heartline.client import Client, HeartlineError
from heartline.errors import PrimaryExists
from heartline.phone.store import Store


class NotPrimary(HeartlineError):
    """Another phone sends this account's texts. Two would send each text twice."""

    status = 0
    code = "not_primary"


class OtherAccount(HeartlineError):
    """A phone's store belongs to one account: its cursor and ids mean nothing in another."""

    status = 0
    code = "other_account"


async def register(client: Client, store: Store, name: str, take_over: bool) -> int:
    """The id of this phone's device. Raises `NotPrimary`, `OtherAccount`.

    The first phone of an account also gets the fact `reconcile`: nobody can have sent what waits there already.
    The device carries a mark of this store, so that a phone that died between the server's registration and its own note
    of it finds itself again.
    """
    account = hashlib.sha256(client.rest.account_id.encode()).hexdigest()
    if store.fact("account") not in (None, account):
        raise OtherAccount("this is the memory of another account's phone: choose another folder")
    store.remember("account", account)
    mark = store.fact("mark")
    if mark is None:
        mark = uuid4().hex
        store.remember("mark", mark)
    devices = await client.devices.list()
    primary = next((device for device in devices if device.primary), None)
    mine = next((device for device in devices if device.info == mark), None)
    if mine is None:
        if not devices and store.fact("cursor") is None:
            store.remember("reconcile", "owed")
        device_id = await _add(client, name, mark, take_over)
    else:
        device_id = mine.id
        if primary is None or primary.id != mine.id:
            if primary is not None and not take_over:
                raise NotPrimary("another phone is the primary one of this account; --take-over makes this one")
            await client.devices.make_primary(mine.id)
    store.remember("device", str(device_id))
    return device_id


async def _add(client: Client, name: str, mark: str, take_over: bool) -> int:
    try:
        return await client.devices.add(name, info=mark, primary=True)
    except PrimaryExists:
        if not take_over:
            raise NotPrimary(
                "this account has a primary phone already; --take-over makes this one the primary"
            ) from None
        device_id = await client.devices.add(name, info=mark)
        await client.devices.make_primary(device_id)
        return device_id
