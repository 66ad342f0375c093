"""Requests without a server: the endpoint is found as the router finds it, and the request decoded."""

import json
import re
from typing import Any

import heartline.resources  # noqa: F401  fills the registry
from heartline.contract import ENDPOINTS, Endpoint, Request
from heartline.tolerance import decode

ACCOUNT = "account_id=a"


def find_endpoint(method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
    """The endpoint of a path, those without parameters in it first, and the parameters in the path."""
    for endpoint in sorted(ENDPOINTS, key=lambda endpoint: "{" in endpoint.path):
        pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", endpoint.path)
        if endpoint.method == method and (match := re.fullmatch(pattern, path)):
            return endpoint, match.groupdict()
    raise LookupError(f"{method} {path}")


def ask(endpoint: str, query: str | bytes = ACCOUNT, body: Any = b"", **options: Any) -> tuple[str, Request]:
    """Account id and request. The body: bytes as they are, anything else as JSON."""
    found, in_path = find_endpoint(*endpoint.split(" ", 1))
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    query = query.encode() if isinstance(query, str) else query
    return decode(found, path=in_path, query=query, body=raw, **options)


def request(endpoint: str, query: str | bytes = ACCOUNT, body: Any = b"", **options: Any) -> Request:
    return ask(endpoint, query, body, **options)[1]
