"""How commands take the server's settings: from flags, else variables, else a file, else the defaults of `Config`."""

import os
from dataclasses import fields
from typing import Annotated

from cyclopts import App, Group, Parameter
from cyclopts.argument import ArgumentCollection
from cyclopts.config import Env, Toml

from heartline.server.config import Config

Settings = Annotated[Config, Parameter(name="*", group=Group("Settings", sort_key=1))]
"""All settings, shown in the help."""

HiddenSettings = Annotated[Config, Parameter(name="*", show=False)]
"""The same settings, for commands that use the database: `--data` is the one that matters."""

_NAMES = {f"--{field.name.replace('_', '-')}" for field in fields(Config)}
_variables = Env("HEARTLINE_", command=False, show=False)
_file = Toml(os.environ.get("HEARTLINE_CONFIG", "heartline.toml"), use_commands_as_keys=False)
_sources: dict[str, str] = {}


def read_settings(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Called by cyclopts between reading the flags and calling the command. Only settings come from variables and file: a
    user name or a password must not."""
    settings = ArgumentCollection([argument for argument in arguments if argument.name in _NAMES])  # type: ignore[no-untyped-call]
    if not settings:
        return
    _variables(app, commands, settings)
    _file(app, commands, settings)
    for argument in settings:
        if argument.tokens:
            token = argument.tokens[0]
            _sources[argument.name] = {"cli": "flag", "env": str(token.keyword)}.get(token.source, token.source)


def source_of(setting: str) -> str:
    """Where the value of a setting came from."""
    return _sources.get(f"--{setting.replace('_', '-')}", "default")
