"""`heartline openapi`."""

import msgspec
from cyclopts import App

import heartline.resources  # noqa: F401  fills the registry
from heartline.server.openapi import openapi_json

app = App(name="openapi", help="Print the OpenAPI 3.1 document of the REST API.")


@app.default
def openapi() -> None:
    print(msgspec.json.format(openapi_json()).decode())
