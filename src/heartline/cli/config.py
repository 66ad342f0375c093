"""`heartline config`."""

from dataclasses import fields

from cyclopts import App

from heartline.bus.engines import without_passwords
from heartline.cli.output import print_table
from heartline.cli.settings import Settings, source_of
from heartline.server.config import Config
from heartline.storage.engines import without_password

app = App(name="config")


def _shown(config: Config, name: str) -> object:
    """The value of a setting; database and bus without their passwords."""
    match name:
        case "database":
            return without_password(config.database)
        case "bus":
            return without_passwords(config.bus)
        case _:
            return getattr(config, name)


@app.default
def config(config: Settings = Config()) -> None:
    values = ((field.name, _shown(config, field.name)) for field in fields(Config))
    rows = [(name, "" if value is None else str(value), source_of(name)) for name, value in values]
    print_table(("setting", "value", "source"), rows)
