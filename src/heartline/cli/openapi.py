"""`heartline openapi`."""

import msgspec
from cyclopts import App

import heartline.resources  # noqa: F401  fills the registry
from heartline.server.openapi import openapi_json

app = App(name="openapi")


@app.default
def openapi() -> None:
    print(msgspec.json.format(openapi_json()).decode())
