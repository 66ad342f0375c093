"""Two accounts with the same ids of rows never see each other's rows or events."""

import pytest

from heartline.contract import ENDPOINTS, Endpoint
from heartline.errors import NotFound
from tests import conftest
from tests.contract_facts import cipher
from tests.resources.conftest import Account, Database
from tests.resources.valid_requests import fill, valid_body, valid_path

CHANGING = [
    endpoint for endpoint in ENDPOINTS if endpoint.method == "POST" and not endpoint.public and endpoint.implemented
]
WITHOUT_EFFECT = {"/beta/register", "/beta/remove", "/accounts/update_subscription"}


@pytest.fixture
def ann(database: Database) -> Account:
    """An account with a row in every table."""
    ann = database.sign_up("ann")
    fill(ann)
    return ann


@pytest.fixture
def bob(database: Database) -> Account:
    """Another account, with the same rows."""
    bob = database.sign_up("bob")
    fill(bob)
    return bob


@pytest.mark.parametrize("endpoint", CHANGING, ids=lambda endpoint: endpoint.path)
def test_what_one_account_changes_is_its_own_only(ann: Account, bob: Account, endpoint: Endpoint) -> None:
    before, others_before = bob.database.rows_of(bob), ann.database.rows_of(ann)
    bob.ask(valid_path(endpoint), valid_body(endpoint))
    assert ann.database.rows_of(ann) == others_before
    changed = bob.database.rows_of(bob) != before
    assert changed == (endpoint.path not in WITHOUT_EFFECT), "the request was to change something"


@pytest.mark.parametrize(
    "path",
    [
        "/auto_replies",
        "/blacklists",
        "/contacts",
        "/contacts/simple",
        "/conversations",
        "/conversations/folder/4",
        "/conversations/index_archived",
        "/conversations/index_private",
        "/conversations/index_public_unarchived",
        "/conversations/index_public_unread",
        "/devices",
        "/drafts",
        "/drafts/8",
        "/folders",
        "/messages",
        "/scheduled_messages",
        "/templates",
    ],
)
def test_a_list_shows_own_rows_only(ann: Account, path: str) -> None:
    assert ann.database.sign_up().get(path) == []


def test_one_row_is_shown_to_its_account_only(ann: Account, bob: Account) -> None:
    other = ann.database.sign_up()
    assert other.get("/conversations/5") is None
    with pytest.raises(NotFound):
        other.get("/media/5")
    assert set(other.get("/accounts/count").values()) == {0}
    assert other.get("/accounts/settings")["base_theme"] == "light"
    for account in (ann, bob):
        assert account.get("/conversations/5")["account_id"] == account.id


def test_streams_carry_own_operations_only(server: conftest.Server) -> None:
    ann, bob = server.sign_up(), server.sign_up()
    with ann.stream() as first, ann.stream() as second, bob.stream() as others:
        for number in range(20):
            for account in (ann, bob):
                text = cipher(f"{number} of {account.name}")
                account.post("/templates/add", {"templates": [{"device_id": 5, "text": text}]})
                assert account.get("/templates") == [{"id": 5, "device_id": 5, "account_id": account.id, "text": text}]
        for stream, account in ((first, ann), (second, ann), (others, bob)):
            texts = [cipher(f"{number} of {account.name}") for number in range(20)]
            assert stream.operations(20) == [("added_template", {"device_id": 5, "text": text}) for text in texts]
        first.socket.close()
        ann.post("/templates/remove/5")
        assert second.operation() == ("removed_template", {"id": 5})
        assert [row["id"] for row in bob.get("/templates")] == [5]
