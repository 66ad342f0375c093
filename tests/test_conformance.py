"""Drives all 83 endpoints over HTTP with a subscribed socket beside, and counts them and the 46 operations.

What is sent, answered, stored and emitted stands in `scenarios/`. After each step a fence, an operation that the step
cannot have caused, shows that nothing more was emitted.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

import heartline.resources  # noqa: F401  fills the registry
from heartline.contract import ENDPOINTS
from heartline.contract import OPERATIONS as REGISTERED_OPERATIONS
from tests.command_line import run_command
from tests.conftest import Account, Server, Stream
from tests.contract_facts import OPERATIONS, check_operation, typed
from tests.scenarios import accounts, conversations, devices, lists, messages
from tests.scenarios.steps import ACCOUNT, NAME, Command, Operations, Step

SCENARIOS: dict[str, Sequence[Step | Command]] = {
    "accounts": accounts.ACCOUNTS,
    "activation": accounts.ACTIVATION,
    "auto replies": lists.AUTO_REPLIES,
    "blacklists": lists.BLACKLISTS,
    "contacts": lists.CONTACTS,
    "conversations": conversations.CONVERSATIONS,
    "devices": devices.DEVICES,
    "drafts": messages.DRAFTS,
    "folders": conversations.FOLDERS,
    "media": messages.MEDIA,
    "messages": messages.MESSAGES,
    "scheduled messages": messages.SCHEDULED_MESSAGES,
    "templates": lists.TEMPLATES,
    "without effect": accounts.WITHOUT_EFFECT,
}

# From rest.md 2, by hand.
CONTRACT = """
GET  /accounts
POST /accounts/login
POST /accounts/signup
POST /accounts/remove_account
POST /accounts/clean_account
GET  /accounts/count
GET  /accounts/settings
POST /accounts/update_setting
POST /accounts/dismissed_notification
GET  /accounts/view_subscription
POST /accounts/update_subscription
GET  /activate
GET  /article
GET  /auto_replies
POST /auto_replies/add
POST /auto_replies/update/{device_id}
POST /auto_replies/remove/{device_id}
POST /beta/register
POST /beta/remove
GET  /blacklists
POST /blacklists/add
POST /blacklists/remove/{device_id}
GET  /contacts
GET  /contacts/simple
POST /contacts/add
POST /contacts/update_device_id
POST /contacts/remove_device_id
POST /contacts/remove_ids/{ids}
POST /contacts/clear
GET  /conversations
GET  /conversations/index_public_unarchived
GET  /conversations/index_public_unread
GET  /conversations/index_archived
GET  /conversations/index_private
GET  /conversations/folder/{folder_id}
GET  /conversations/{device_id}
POST /conversations/add
POST /conversations/update/{device_id}
POST /conversations/update_snippet/{device_id}
POST /conversations/update_title/{device_id}
POST /conversations/remove/{device_id}
POST /conversations/read/{device_id}
POST /conversations/seen
POST /conversations/seen/{device_id}
POST /conversations/archive/{device_id}
POST /conversations/unarchive/{device_id}
POST /conversations/add_to_folder/{device_id}
POST /conversations/remove_from_folder/{device_id}
POST /conversations/cleanup_messages
POST /conversations/clean
GET  /devices
POST /devices/add
POST /devices/update/{id}
POST /devices/remove/{id}
POST /devices/update_primary
GET  /drafts
GET  /drafts/{device_conversation_id}
POST /drafts/add
POST /drafts/replace/{device_conversation_id}
POST /drafts/update/{device_id}
POST /drafts/remove/{device_conversation_id}
GET  /folders
POST /folders/add
POST /folders/update/{device_id}
POST /folders/remove/{device_id}
POST /media/add
GET  /media/{message_id}
GET  /messages
POST /messages/add
POST /messages/update/{device_id}
POST /messages/update_type/{device_id}
POST /messages/remove/{device_id}
POST /messages/cleanup
POST /messages/forward_to_phone
POST /purchases/record
GET  /scheduled_messages
POST /scheduled_messages/add
POST /scheduled_messages/update/{device_id}
POST /scheduled_messages/remove/{device_id}
GET  /templates
POST /templates/add
POST /templates/update/{device_id}
POST /templates/remove/{device_id}
"""
ENDPOINTS_OF_CONTRACT = {" ".join(line.split()) for line in CONTRACT.strip().splitlines()}

CAUSES = {(trigger, name) for name, facts in OPERATIONS.items() for trigger in facts["triggers"]} | {
    # In the text of operations.md 23 to 25, not in its table.
    ("POST /api/v1/drafts/replace/{device_conversation_id}", "added_draft"),
    ("POST /api/v1/drafts/replace/{device_conversation_id}", "removed_drafts"),
    # decisions.md 25
    ("heartline account update", "updated_account"),
    ("heartline flag", "feature_flag"),
}


class Tally:
    """What the scenarios of this module have driven and seen."""

    def __init__(self) -> None:
        self.played: set[str] = set()
        self.endpoints: set[str] = set()
        self.causes: set[tuple[str, str]] = set()

    def play(self, scenario: str, account: Account) -> None:
        with account.stream() as stream:
            for number, step in enumerate(SCENARIOS[scenario]):
                where = f"{scenario}, step {number}"
                if isinstance(step, Command):
                    self._command(step, account, stream, where)
                else:
                    self._step(step, account, stream, where)
        self.played.add(scenario)

    def _step(self, step: Step, account: Account, stream: Stream, where: str) -> None:
        where = f"{where}: {step.endpoint}"
        reply = send(step, account)
        assert reply.status_code == step.status, f"{where}: {reply.text}"
        assert reply.headers["content-type"] == "application/json", where
        assert typed(reply.json()) == typed(filled(step.reply, account)), where
        emitted = until_closed(stream) if step.removes_account else until_fence(stream, account, where)
        self._check(emitted, step.emits, account, f"POST /api/v1{step.endpoint.removeprefix('POST ')}", where)
        self.endpoints.add(step.endpoint)
        if step.removes_account:
            gone = account.server.http.get("/api/v1/accounts/count", params={"account_id": account.id})
            assert (gone.status_code, gone.json()["error"]) == (401, "account id invalid"), where

    def _command(self, command: Command, account: Account, stream: Stream, where: str) -> None:
        arguments = [filled(argument, account) for argument in command.arguments]
        run_command(*arguments, server=account.server)
        # Without a request to the server in between: it must notice by itself.
        emitted = stream.operations(len(command.emits)) + until_fence(stream, account, where)
        cause = " ".join(["heartline", *command.arguments[: 1 if command.arguments[0] == "flag" else 2]])
        self._check(emitted, command.emits, account, cause, f"{where}: {cause}")

    def _check(self, emitted: Operations, expected: Operations, account: Account, cause: str, where: str) -> None:
        for name, content in emitted:
            check_operation(name, content)
            assert (cause, name) in CAUSES, f"{where}: emitted {name}"
            self.causes.add((cause, name))
        assert typed([list(one) for one in emitted]) == typed([filled(list(one), account) for one in expected]), where


@pytest.fixture(scope="module")
def tally() -> Tally:
    return Tally()


def send(step: Step, account: Account) -> httpx.Response:
    method, path = step.endpoint.split(" ")
    query: dict[str, Any] = step.query if step.public else {"account_id": account.id, **step.query}
    return account.server.http.request(
        method,
        f"/api/v1{path.format_map(step.path)}",
        params=query,
        json=filled(step.body, account),
    )


def until_fence(stream: Stream, account: Account, where: str) -> Operations:
    """All operations that came before one that this function causes."""
    account.post("/accounts/dismissed_notification", id=f"after {where}")
    fence = ("dismissed_notification", {"id": f"after {where}", "device_id": None})
    return list(iter(stream.operation, fence))


def until_closed(stream: Stream) -> Operations:
    def operations() -> Iterator[tuple[str, dict[str, Any]]]:
        while True:
            try:
                yield stream.operation()
            except ConnectionClosed:
                return

    return list(operations())


def filled(value: Any, account: Account) -> Any:
    """The value with the account's id and name in it."""
    match value:
        case str():
            return value.replace(ACCOUNT, account.id).replace(NAME, account.name)
        case list():
            return [filled(member, account) for member in value]
        case dict():
            return {name: filled(member, account) for name, member in value.items()}
    return value


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(scenario: str, account: Account, tally: Tally) -> None:
    tally.play(scenario, account)


def test_every_endpoint_and_operation_was_seen(server: Server, tally: Tally, tell: Callable[[str], None]) -> None:
    for scenario in SCENARIOS.keys() - tally.played:
        tally.play(scenario, server.sign_up())
    operations = {name for _, name in tally.causes}
    tell(f"endpoints: {len(tally.endpoints)} of 83, operations: {len(operations)} of 46")
    assert ENDPOINTS_OF_CONTRACT - tally.endpoints == set()
    assert tally.endpoints - ENDPOINTS_OF_CONTRACT == set()
    assert OPERATIONS.keys() - operations == set()
    assert CAUSES - tally.causes == set()


def test_the_registry_has_exactly_these_endpoints_and_operations() -> None:
    assert len(ENDPOINTS_OF_CONTRACT) == len(ENDPOINTS) == 83
    assert {f"{endpoint.method} {endpoint.path}" for endpoint in ENDPOINTS} == ENDPOINTS_OF_CONTRACT
    assert len(OPERATIONS) == 46
    assert REGISTERED_OPERATIONS.keys() == OPERATIONS.keys()
