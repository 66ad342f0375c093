"""Devices: the phones and tablets of an account, one of which, the primary, sends its messages (rest.md 2.9)."""

import secrets

from msgspec import Struct

from heartline.contract import Int32, Operation, Page, Request, Row, Tx, get, operation, post
from heartline.errors import PrimaryExists, UnknownDevice

FIRST_ID = 1_000
LAST_ID = 2**31 - 1
"""Ids that the server allots: browsers use 0 to 3 as `sent_device`, and apps hold ids in 32 bits."""


class Device(Row):
    table = "devices"

    info: str | None
    name: str | None
    primary: bool
    fcm_token: str | None
    ios: bool


class NewDevice(Struct):
    id: Int32 = 0
    info: str | None = None
    name: str | None = None
    primary: bool = False
    fcm_token: str | None = None
    ios: bool = False


class AddDevice(Request):
    device: NewDevice


class AddedDevice(Struct):
    id: int


class UpdateDevice(Request):
    id: Int32
    name: str | None = None
    fcm_token: str | None = None


class RemoveDevice(Request):
    id: Int32


class UpdatePrimaryDevice(Request):
    new_primary_device_id: Int32


@operation("update_primary_device")
class UpdatedPrimaryDevice(Operation):
    new_primary_device_id: str


@get("/devices")
def list_devices(tx: Tx, request: Page) -> list[Device]:
    """All devices, by id."""
    return tx.rows(Device, limit=request.limit, offset=request.offset)


@post("/devices/add")
def add_device(tx: Tx, request: AddDevice) -> AddedDevice:
    """Register a device and answer its id: the given one, or a new one when it is absent or not positive.

    409 when it would be a second primary: apps then ask their user which phone it shall be. This must never fail for
    another reason than bad input, as a phone that is signing up answers a failure by removing the account.
    """
    device = request.device
    if device.primary and any(row.id != device.id for row in tx.rows(Device, primary=True)):
        raise PrimaryExists
    # Compat: apps always send id 0 and adopt the id of the reply (test_devices: test_an_app_gets_an_id).
    device_id = device.id if device.id > 0 else _free_id(tx)
    tx.insert(
        Device,
        {
            "device_id": device_id,
            "info": device.info,
            "name": device.name,
            "primary": device.primary,
            "fcm_token": device.fcm_token,
            "ios": device.ios,
        },
    )
    return AddedDevice(id=device_id)


@post("/devices/update/{id}")
def update_device(tx: Tx, request: UpdateDevice) -> None:
    """Change a device's name or push token, whichever is given."""
    changes = {"name": request.name, "fcm_token": request.fcm_token}
    tx.update(Device, {name: value for name, value in changes.items() if value is not None}, device_id=request.id)


@post("/devices/remove/{id}")
def remove_device(tx: Tx, request: RemoveDevice) -> None:
    """Delete a device. Messages that it sent keep no trace of it."""
    tx.delete(Device, device_id=request.id)
    tx.sql("UPDATE messages SET sent_device = -1 WHERE account = $0 AND sent_device = $1", request.id)


@post("/devices/update_primary")
def update_primary_device(tx: Tx, request: UpdatePrimaryDevice) -> None:
    """Make one device the primary, and all others not. Emits `update_primary_device`; 400 for an unknown device."""
    chosen = request.new_primary_device_id
    if tx.row(Device, device_id=chosen) is None:
        raise UnknownDevice
    tx.update(Device, {"primary": False}, primary=True)
    tx.update(Device, {"primary": True}, device_id=chosen)
    tx.emit(UpdatedPrimaryDevice(new_primary_device_id=str(chosen)))


def _free_id(tx: Tx) -> int:
    """An id that no device of the account has; not the next one, so that the id of a removed device does not return."""
    while True:
        device_id = FIRST_ID + secrets.randbelow(LAST_ID - FIRST_ID + 1)
        if tx.row(Device, device_id=device_id) is None:
            return device_id
