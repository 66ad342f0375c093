"""`heartline config`."""

from dataclasses import fields

from cyclopts import App

from heartline.cli.output import print_table
from heartline.cli.settings import Settings, source_of
from heartline.server.config import Config
from heartline.storage.engines import without_password

app = App(name="config", help="Show every setting, its value, and where the value comes from.")


def _shown(config: Config, name: str) -> object:
    """The value of a setting; a database without its password."""
    return without_password(config.database) if name == "database" else getattr(config, name)


@app.default
def config(config: Settings = Config()) -> None:
    values = ((field.name, _shown(config, field.name)) for field in fields(Config))
    rows = [(name, "" if value is None else str(value), source_of(name)) for name, value in values]
    print_table(("setting", "value", "source"), rows)
