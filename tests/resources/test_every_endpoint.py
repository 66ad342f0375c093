"""What the web clients need of every single path: both spellings, no redirect, CORS (rest.md 1.1)."""

import pytest

from heartline.contract import ENDPOINTS, Endpoint
from tests.conftest import Server
from tests.resources.valid_requests import valid_path

every_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: f"{e.method} {e.path}")


@every_endpoint
def test_both_spellings_are_answered_alike_and_reach_browsers(server: Server, endpoint: Endpoint) -> None:
    """Without parameters: most answer that one is missing, which browsers must be able to read."""
    url = f"/api/v1{valid_path(endpoint)}"
    plain, slashed = (server.http.request(endpoint.method, url + slash) for slash in ("", "/"))
    expected = 200 if endpoint.path == "/purchases/record" else 400
    for reply in (plain, slashed):
        assert reply.status_code == expected, reply.text
        assert reply.headers.get_list("access-control-allow-origin") == ["*"]
        assert reply.headers["content-type"] == "application/json"
    assert plain.json() == slashed.json()


@every_endpoint
def test_its_preflight_is_answered_for_both_spellings(server: Server, endpoint: Endpoint) -> None:
    for slash in ("", "/"):
        reply = server.http.options(
            f"/api/v1{valid_path(endpoint)}{slash}",
            headers={
                "origin": "https://web.example",
                "access-control-request-method": endpoint.method,
                "access-control-request-headers": "content-type",
            },
        )
        assert reply.is_success
        assert reply.headers["access-control-allow-origin"] == "*"
        assert endpoint.method in reply.headers["access-control-allow-methods"]
        assert "content-type" in reply.headers["access-control-allow-headers"].lower()
