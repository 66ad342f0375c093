"""The OpenAPI document: valid, complete, and true of a server that is asked everything it describes."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from tests.conftest import NewServer, Server

# The 83 endpoints of rest.md, written down independently of the program.
GET = """
    accounts accounts/count accounts/settings accounts/view_subscription activate article auto_replies
    blacklists contacts contacts/simple conversations conversations/folder/{folder_id}
    conversations/index_archived conversations/index_private conversations/index_public_unarchived
    conversations/index_public_unread conversations/{device_id} devices drafts drafts/{device_conversation_id}
    folders media/{message_id} messages scheduled_messages templates
"""
POST = """
    accounts/clean_account accounts/dismissed_notification accounts/login accounts/remove_account
    accounts/signup accounts/update_setting accounts/update_subscription auto_replies/add
    auto_replies/remove/{device_id} auto_replies/update/{device_id} beta/register beta/remove blacklists/add
    blacklists/remove/{device_id} contacts/add contacts/clear contacts/remove_device_id
    contacts/remove_ids/{ids} contacts/update_device_id conversations/add
    conversations/add_to_folder/{device_id} conversations/archive/{device_id} conversations/clean
    conversations/cleanup_messages conversations/read/{device_id} conversations/remove/{device_id}
    conversations/remove_from_folder/{device_id} conversations/seen conversations/seen/{device_id}
    conversations/unarchive/{device_id} conversations/update/{device_id}
    conversations/update_snippet/{device_id} conversations/update_title/{device_id} devices/add
    devices/remove/{id} devices/update/{id} devices/update_primary drafts/add
    drafts/remove/{device_conversation_id} drafts/replace/{device_conversation_id} drafts/update/{device_id}
    folders/add folders/remove/{device_id} folders/update/{device_id} media/add messages/add messages/cleanup
    messages/forward_to_phone messages/remove/{device_id} messages/update/{device_id}
    messages/update_type/{device_id} purchases/record scheduled_messages/add
    scheduled_messages/remove/{device_id} scheduled_messages/update/{device_id} templates/add
    templates/remove/{device_id} templates/update/{device_id}
"""
NOT_IMPLEMENTED = {"accounts": "get", "article": "get", "conversations/clean": "post"}
PUBLIC = {"accounts/login", "accounts/signup", "activate", "purchases/record"}

EXAMPLES = 3
"""Random requests an operation, beside about 40 that are at or beyond the bounds of what the document allows."""


@pytest.fixture(scope="module")
def document(server: Server) -> dict[str, Any]:
    reply = server.http.get("/openapi.json")
    assert reply.status_code == 200
    described: dict[str, Any] = reply.json()
    return described


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method, path.removeprefix("/api/v1/")): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post")
    }


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    validate(document, cls=OpenAPIV31SpecValidator)


def test_the_document_names_every_path(document: dict[str, Any]) -> None:
    expected = {f"/api/v1/{path}" for path in (*GET.split(), *POST.split())}
    assert len(expected) == 83
    assert set(document["paths"]) == expected


def test_the_document_describes_what_is_implemented(document: dict[str, Any]) -> None:
    endpoints = {("get", path) for path in GET.split()} | {("post", path) for path in POST.split()}
    assert set(operations(document)) == endpoints - {(method, path) for path, method in NOT_IMPLEMENTED.items()}


def test_every_operation_has_a_name_and_words_of_its_own(document: dict[str, Any]) -> None:
    described = operations(document).values()
    assert len({operation["operationId"] for operation in described}) == len(described)
    for operation in described:
        assert operation["summary"]
        assert operation["description"].startswith(operation["summary"][:20])


def test_every_operation_says_whether_it_needs_an_account(document: dict[str, Any]) -> None:
    for (_, path), operation in operations(document).items():
        names = {parameter["name"] for parameter in operation["parameters"] if parameter["required"]}
        assert ("account_id" in names) == (path not in PUBLIC)
        assert set(re.findall(r"{(\w+)}", path)) <= names


def test_the_command_line_prints_the_same_document(document: dict[str, Any]) -> None:
    done = subprocess.run([sys.executable, "-m", "heartline", "openapi"], capture_output=True, timeout=60, check=True)
    assert json.loads(done.stdout) == document


def test_schemathesis_finds_no_5xx_and_no_reply_that_is_not_described(new_server: NewServer, tmp_path: Path) -> None:
    """Valid and invalid requests to every operation, for an account that exists, so that they get beyond 401."""
    server = new_server(log_level="debug")
    account, to_remove = server.sign_up(), server.sign_up()
    (tmp_path / "schemathesis.toml").write_text(
        f'[parameters]\naccount_id = "{account.id}"\n\n'
        f'[[operations]]\ninclude-operation-id = "remove_account"\nparameters = {{ account_id = "{to_remove.id}" }}\n'
    )
    command = [
        f"{Path(sys.executable).parent}/schemathesis",
        *("run", f"{server.url}/openapi.json", "--no-color", "--warnings", "off"),
        *(
            "--checks",
            "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        ),
        *("--mode", "all", "--phases", "coverage,fuzzing", "--max-examples", str(EXAMPLES)),
        *("--seed", "1", "--generation-deterministic"),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Tested: 80" in done.stdout
    done_at_least_once = set(re.findall(r"path=(\S+) status=200", server.log))
    assert len(done_at_least_once) > 70  # most of it did get beyond 400 and 401
