"""`heartline config`."""

from dataclasses import fields

from cyclopts import App

from heartline.cli.output import print_table
from heartline.cli.settings import Settings, source_of
from heartline.server.config import Config

app = App(name="config")


@app.default
def config(config: Settings = Config()) -> None:
    values = ((field.name, getattr(config, field.name)) for field in fields(Config))
    rows = [(name, "" if value is None else str(value), source_of(name)) for name, value in values]
    print_table(("setting", "value", "source"), rows)
