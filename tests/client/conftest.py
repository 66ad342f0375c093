"""Accounts of the client under test."""

from uuid import uuid4

import pytest

from tests.conftest import NewServer, Server

PASSWORD = "Correct horse 7! Grüße"


@pytest.fixture
def name() -> str:
    """A user name that nobody has."""
    return f"{uuid4().hex}@example.org"


@pytest.fixture(scope="session")
def strict_server(new_server: NewServer) -> Server:
    """A server that refuses whatever is not encrypted."""
    return new_server(require_encryption="true")
