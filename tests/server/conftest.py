"""For tests of one server's sockets: after each, it must still serve others."""

from collections.abc import Iterator

import pytest

from tests.conftest import Account, Server
from tests.server.raw_client import emit, number_in, subscribed


@pytest.fixture(scope="session")
def bystander(server: Server) -> Account:
    return server.sign_up()


@pytest.fixture
def serves_others(server: Server, bystander: Account) -> Iterator[None]:
    """Whatever the test does, another client gets its events before and after it, and nothing goes wrong inside."""
    logged = len(server.log)
    with subscribed(bystander) as present:
        yield
        number = emit(bystander)
        assert number_in(present.text()) == number
    with subscribed(bystander) as newcomer:
        number = emit(bystander)
        assert number_in(newcomer.text()) == number
    assert "Traceback" not in server.log[logged:], server.log[logged:]
