"""Which bus the setting `bus` names."""

import re

from heartline.bus import Bus
from heartline.bus.local import LocalBus
from heartline.errors import Refusal

NATS = ("nats://", "tls://")


class CannotUseBus(Refusal):
    """The setting names no bus that can be used here; says why."""


def check_bus(setting: str, postgresql_url: str) -> None:
    """The URL is empty when the database is on another engine. Raises `CannotUseBus`."""
    if setting == "postgresql" and not postgresql_url:
        raise CannotUseBus("the bus postgresql needs a PostgreSQL database (--database postgresql://...)")
    if setting not in ("auto", "local", "postgresql") and not setting.startswith(NATS):
        raise CannotUseBus("the setting bus must be auto, local, postgresql, or nats://HOST:PORT")
    if setting.startswith(NATS):
        try:
            import nats  # noqa: F401
        except ImportError as error:
            raise CannotUseBus("NATS needs the package nats-py: pip install 'heartline[nats]'") from error


def without_passwords(setting: str) -> str:
    """The setting as it may be shown."""
    return re.sub(r"//[^/,]*@", "//", setting)


def open_bus(setting: str, postgresql_url: str) -> Bus:
    """The bus of a setting that was checked. `auto` is what needs nothing else to run."""
    if setting.startswith(NATS):
        from heartline.bus.nats import NatsBus

        return NatsBus(setting)
    if setting == "postgresql" or (setting == "auto" and postgresql_url):
        from heartline.bus.postgresql import PostgresqlBus

        return PostgresqlBus(postgresql_url)
    return LocalBus()
