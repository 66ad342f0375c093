"""Writes the pages that are made from the code: configuration.md from the settings, api.md from the endpoints.

Run by `make docs`; `tests/test_docs.py` fails when a page is out of date.
"""

from dataclasses import fields
from inspect import cleandoc
from itertools import groupby
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

import heartline.resources  # noqa: F401  fills ENDPOINTS
from heartline.contract import ENDPOINTS, Endpoint, parameters_of
from heartline.server.config import Config

HERE = Path(__file__).parent


def pages() -> dict[str, str]:
    """The text of each page by its file name."""
    return {"configuration.md": configuration(), "api.md": api()}


def configuration() -> str:
    hints = get_type_hints(Config, include_extras=True)
    rows = []
    for field in fields(Config):
        kind, parameter = get_args(hints[field.name])
        default = "" if field.default is None else f"`{field.default}`"
        rows.append(
            f"| `{field.name}` | `--{field.name.replace('_', '-')}` | `HEARTLINE_{field.name.upper()}` "
            f"| {_type_name(kind)} | {default} | {parameter.help} |"
        )
    return "\n".join(
        [
            "# Configuration",
            "",
            "A setting comes from its flag, else from its environment variable, else from the key of that name in",
            "`heartline.toml` (in the folder where the command runs, or the file that `HEARTLINE_CONFIG` names), else",
            "it has its default. `heartline config` shows every value and where it comes from.",
            "This page is made from the code by `make docs`.",
            "",
            "| setting | flag | variable | type | default | meaning |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _type_name(kind: Any) -> str:
    if args := [arg for arg in get_args(kind) if arg is not NoneType]:
        return " or ".join(arg if isinstance(arg, str) else _type_name(arg) for arg in args)
    return {"str": "text", "int": "number", "float": "number", "bool": "true or false", "Path": "path"}[kind.__name__]


def api() -> str:
    lines = [
        "# REST API",
        "",
        "Every endpoint below `/api/v1`, made from the code by `make docs`; types and replies are in `/openapi.json`.",
        "All take `account_id`, except the public ones. Parameters may stand in the path, the query or the JSON body;",
        "those in *italics* may be absent. Success is 2xx, with the body `{}` unless said otherwise; an error is",
        '`{"error": sentence, "code": name}`.',
    ]
    ordered = sorted(ENDPOINTS, key=lambda endpoint: endpoint.resource)
    for resource, endpoints in groupby(ordered, lambda endpoint: endpoint.resource):
        lines += ["", f"## {resource}"]
        for endpoint in endpoints:
            lines += ["", *_endpoint(endpoint)]
    return "\n".join(lines) + "\n"


def _endpoint(endpoint: Endpoint) -> list[str]:
    parameters = []
    for parameter in parameters_of(endpoint.request):
        name = f"`{parameter.name}`" if parameter.required else f"*{parameter.name}*"
        items = ", ".join(f"`{item.name}`" if item.required else f"*{item.name}*" for item in parameter.items)
        parameters.append(f"{name} ({items})" if items else name)
    access = ", public" if endpoint.public else ""
    takes = f"\n\nTakes {', '.join(parameters)}." if parameters else ""
    return [f"**{endpoint.method} {endpoint.path}**{access}", "", cleandoc(endpoint.handler.__doc__ or "") + takes]


if __name__ == "__main__":
    for name, text in pages().items():
        (HERE / name).write_text(text)
