"""Whatever a client sends, a handler does its work or refuses with a sentence, and what it emits is as in operations.json
(which `conftest.decoded` checks)."""

from hypothesis import given, settings
from hypothesis import strategies as st

from heartline.contract import ENDPOINTS
from heartline.errors import HeartlineError
from tests.conftest import Engine
from tests.resources.conftest import opened
from tests.resources.valid_requests import fill, valid_path
from tests.strategies import likely_bodies, unhurried

TRIED = [
    endpoint
    for endpoint in ENDPOINTS
    if not endpoint.public and endpoint.implemented and endpoint.path != "/accounts/remove_account"
]


EXAMPLES = 50
"""Each 5 to 10 requests, in a database of its own."""


@settings(unhurried, max_examples=EXAMPLES)
@given(data=st.data())
def test_handlers_cope_with_any_request(engine: Engine, data: st.DataObject) -> None:
    with opened(engine) as database:
        account = database.sign_up()
        fill(account)
        for endpoint in data.draw(st.lists(st.sampled_from(TRIED), min_size=5, max_size=10)):
            body = data.draw(likely_bodies(endpoint))
            try:
                database.request(endpoint.method, valid_path(endpoint), {"account_id": account.id}, body)
            except HeartlineError as error:
                status = error.status
            else:
                status = 200
            assert status in (200, 400, 404, 409), endpoint.path
            offsets = database.execute('SELECT "offset" FROM events ORDER BY 1')
            assert offsets == [(number,) for number in range(1, len(offsets) + 1)]
