"""The OpenAPI 3.1 document, made from the registry: paths, parameters, bodies, replies, and handlers' docstrings."""

from functools import cache
from inspect import cleandoc
from types import UnionType
from typing import Any, get_args

import msgspec

from heartline import __version__
from heartline.contract import ENDPOINTS, Endpoint, Parameter, PlainText, parameters_of
from heartline.errors import HeartlineError

ACCOUNT_ID = {
    "name": "account_id",
    "in": "query",
    "required": True,
    "description": "The account, and the only credential. May stand in the body instead.",
    "schema": {"type": "string"},
}

ERRORS = {"400": "Bad input", "401": "Unknown account, or failed login", "413": "Body too large"}


@cache
def openapi_json() -> bytes:
    """The document. Endpoints that only answer 501 are named without an operation."""
    schemas = _Schemas()
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in sorted(ENDPOINTS, key=lambda endpoint: endpoint.path):
        item = paths.setdefault("/api/v1" + endpoint.path, {})
        if endpoint.implemented:
            item[endpoint.method.lower()] = _operation(endpoint, schemas)
        else:
            item["summary"] = _summary(endpoint)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Heartline",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "Parameters may come in path, query or body; the place given here is the usual one.",
        },
        "paths": paths,
        "components": {"schemas": schemas.components()},
    }
    return msgspec.json.encode(document)


class _Schemas:
    """JSON Schemas of all types that the document mentions."""

    def __init__(self) -> None:
        types: list[Any] = []
        for endpoint in ENDPOINTS:
            types += [parameter.type for parameter in parameters_of(endpoint.request)]
            types += _json_types(endpoint)
        self._types = types
        schemas, self._components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
        self._schemas = list(schemas)

    def of(self, hint: Any) -> dict[str, Any]:
        return self._schemas[self._types.index(hint)]

    def components(self) -> dict[str, Any]:
        error = {
            "type": "object",
            "required": ["error", "code"],
            "properties": {
                "error": {"type": "string", "description": "What was wrong, for a person."},
                "code": {"type": "string", "description": "What was wrong, for a program."},
            },
        }
        return {**self._components, "Error": error}


def _operation(endpoint: Endpoint, schemas: _Schemas) -> dict[str, Any]:
    declared = parameters_of(endpoint.request)
    in_path = [parameter for parameter in declared if f"{{{parameter.name}}}" in endpoint.path]
    others = [parameter for parameter in declared if parameter not in in_path]
    in_body = others if endpoint.method == "POST" else []
    parameters = [_parameter(parameter, "path", schemas) for parameter in in_path]
    parameters += [_parameter(parameter, "query", schemas) for parameter in others if parameter not in in_body]
    if not endpoint.public:
        parameters.insert(0, ACCOUNT_ID)
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": _summary(endpoint),
        "description": cleandoc(endpoint.handler.__doc__ or ""),
        "tags": [endpoint.resource],
        "parameters": parameters,
        "responses": _responses(endpoint, schemas),
    }
    if in_body:
        body = {
            "type": "object",
            "properties": {parameter.name: schemas.of(parameter.type) for parameter in in_body},
            "required": [parameter.name for parameter in in_body if parameter.required],
        }
        operation["requestBody"] = {
            "required": bool(body["required"]),
            "content": {"application/json": {"schema": body}},
        }
    return operation


def _parameter(parameter: Parameter, place: str, schemas: _Schemas) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": place,
        "required": parameter.required,
        "schema": schemas.of(parameter.type),
    }


def _responses(endpoint: Endpoint, schemas: _Schemas) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": {"type": "object"}}}
    types = _json_types(endpoint)
    if types:
        content = {"application/json": {"schema": schemas.of(types[0])}}
    if PlainText in _alternatives(endpoint.reply):
        content["text/plain"] = {"schema": {"type": "string"}}
    responses: dict[str, Any] = {"200": {"description": "Done", "content": content}}
    for status, description in ERRORS.items():
        responses[status] = _error(description)
    responses["default"] = _error("Another error")
    return responses


def _error(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _json_types(endpoint: Endpoint) -> list[Any]:
    """The type of the JSON reply, in a list; nothing for `{}`."""
    if endpoint.reply is None:
        return []
    kept = [part for part in _alternatives(endpoint.reply) if not _is_other(part)]
    return [endpoint.reply] if type(None) in kept else kept


def _is_other(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, (PlainText, HeartlineError))


def _alternatives(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if isinstance(hint, UnionType) else (hint,)


def _summary(endpoint: Endpoint) -> str:
    return cleandoc(endpoint.handler.__doc__ or "").split("\n\n")[0].replace("\n", " ").split(". ")[0].rstrip(".")
