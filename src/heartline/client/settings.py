"""Settings and devices of a client."""

from builtins import list as List  # `Devices` has a method of that name

from heartline.client.noun import Noun
from heartline.resources import devices, settings


class SharedSettings(Noun):
    """Preferences that all devices share; only the passcode is encrypted."""

    async def get(self) -> settings.Settings:
        return await self._call(settings.get_settings)

    async def set(self, name: str, value: str | int | bool) -> None:
        """Store one preference; its type on the wire is the value's. Names that are written differ from fields that are
        read in some places: see `heartline.resources.settings.FIELD_OF_PREF`."""
        kind = "boolean" if isinstance(value, bool) else "long" if isinstance(value, int) else "string"
        await self._call(settings.update_setting, settings.UpdateSetting(pref=name, type=kind, value=value))


class Devices(Noun):
    """Phones and tablets of the account; the primary one sends its texts."""

    async def list(self) -> List[devices.Device]:
        return await self._call(devices.list_devices)

    async def add(self, name: str, *, info: str = "", primary: bool = False, device_id: int = 0) -> int:
        """Register a device; its id, which the server makes unless one is given. Raises `PrimaryExists`."""
        new = devices.NewDevice(id=device_id, info=info, name=name, primary=primary)
        return (await self._call(devices.add_device, devices.AddDevice(device=new))).id

    async def rename(self, device_id: int, name: str) -> None:
        await self._call(devices.update_device, devices.UpdateDevice(id=device_id, name=name))

    async def make_primary(self, device_id: int) -> None:
        """Raises `UnknownDevice`."""
        request = devices.UpdatePrimaryDevice(new_primary_device_id=device_id)
        await self._call(devices.update_primary_device, request)

    async def remove(self, device_id: int) -> None:
        await self._call(devices.remove_device, devices.RemoveDevice(id=device_id))
