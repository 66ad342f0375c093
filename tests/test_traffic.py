"""Sends what the original clients once sent, and finds on the server exactly what that amounts to.

The recordings are whole sessions of the Heart and the Pulse web client with a phone beside (tests/contract/README.md). A
small model of the contract follows them: the rows that each request must leave, field by field as they were posted.
"""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests.conftest import NewServer, Server
from tests.contract_facts import typed

Request = dict[str, Any]

TABLES = ("messages", "conversations", "contacts", "drafts", "blacklists")
COUNTS = {"heart": 105, "pulse": 115}


def recorded(client: str) -> list[Request]:
    with open(f"{__file__.removesuffix('/test_traffic.py')}/contract/{client}.jsonl", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


class Replay:
    """One recording, sent request by request to a server."""

    def __init__(self, client: str, server: Server) -> None:
        self.server = server
        self.requests = recorded(client)
        self.account_ids = {"new": "", "recorded": recorded_account_id(self.requests)}
        self.model = Model()

    def send(self, request: Request) -> httpx.Response:
        """Send it as it was recorded, but for the account; remember the id of a new account."""
        reply = self.server.http.request(
            request["method"],
            self.own(request["target"]),
            content=self.own(request["body"]).encode(),
            headers=request["headers"],
        )
        if request["target"] == "/api/v1/accounts/signup":
            self.account_ids["new"] = reply.json()["account_id"]
        return reply

    def own(self, text: str) -> str:
        return text.replace(self.account_ids["recorded"], self.account_ids["new"])

    def get(self, path: str) -> httpx.Response:
        return self.server.http.get(f"/api/v1{path}", params={"account_id": self.account_ids["new"]})

    def check_rows(self) -> int:
        """Compare all lists with the model, field by field; how many fields."""
        compared = 0
        for table in TABLES:
            rows = {row["device_id"]: row for row in self.get(f"/{table}").json()}
            expected = self.model.tables[table]
            assert rows.keys() == expected.keys(), table
            for device_id, fields in expected.items():
                stored = {name: rows[device_id][name] for name in fields}
                assert typed(stored) == typed(fields), f"{table} {device_id}"
                compared += len(fields)
        for message_id, data in self.model.media.items():
            assert self.get(f"/media/{message_id}").json() == {"data": data}
            compared += 1
        return compared


def recorded_account_id(requests: list[Request]) -> str:
    (account_id,) = {json.loads(r["body"])["account_id"] for r in requests if '"account_id"' in r["body"]}
    assert len(account_id) == 64
    return str(account_id)


class Model:
    """What the contract says that requests do, as far as the recordings do it."""

    def __init__(self) -> None:
        self.password = ""
        self.tables: dict[str, dict[int, dict[str, Any]]] = {table: {} for table in TABLES}
        self.media: dict[int, str] = {}
        self.base_theme = "light"

    def status_of(self, request: Request) -> int:
        """The status with which the request must be answered."""
        _, _, _, *path = urlsplit(request["target"]).path.rstrip("/").split("/")
        match path:
            case ["accounts", "login"]:
                return 200 if json.loads(request["body"])["password"] == self.password else 401
            case ["media", message_id] if request["method"] == "GET":
                return 200 if int(message_id) in self.media else 404
        return 200

    def follow(self, request: Request) -> None:
        """Do to the model what the request does to the server."""
        if request["method"] == "GET":
            return
        url = urlsplit(request["target"])
        query = dict(parse_qsl(url.query))
        body = {name: value for name, value in json.loads(request["body"] or "{}").items() if name != "account_id"}
        messages, conversations, drafts = (self.tables[name] for name in ("messages", "conversations", "drafts"))
        match url.path.rstrip("/").split("/")[3:]:
            case ["accounts", "signup"]:
                self.password = body["password"]
            case [table, "add"] if table in TABLES:
                for item in body.get(table, [body]):
                    self.tables[table][item["device_id"]] = item
            case ["media", "add"]:
                self.media[body["message_id"]] = text_of(body["data"])
            case ["messages", "update_type", device_id]:
                messages[int(device_id)]["message_type"] = int(query["message_type"])
            case ["messages", "remove", device_id]:
                del messages[int(device_id)]
            case ["conversations", "update" | "update_snippet", device_id]:
                conversations[int(device_id)] |= body
            case ["conversations", "read", device_id]:
                conversations[int(device_id)]["read"] = True
                for message in messages.values():
                    if message["device_conversation_id"] == int(device_id):
                        message |= {"read": True, "seen": True}
            case ["conversations", "archive", device_id]:
                conversations[int(device_id)] |= {"archive": True, "folder_id": -1}
            case ["conversations", "remove", device_id]:
                del conversations[int(device_id)]
                for rows in (messages, drafts):
                    for row_id in [i for i, row in rows.items() if row["device_conversation_id"] == int(device_id)]:
                        del rows[row_id]
            case ["drafts", "remove", device_id]:
                for row_id in [i for i, row in drafts.items() if row["device_conversation_id"] == int(device_id)]:
                    del drafts[row_id]
            case ["accounts", "update_setting"]:
                assert query["pref"] == "base_theme"
                self.base_theme = query["value"]
            case (
                ["accounts", "login" | "dismissed_notification"] | ["devices", "add"] | ["messages", "forward_to_phone"]
            ):
                pass
            case other:
                raise AssertionError(f"the model does not know {other}")


def text_of(data: str | dict[str, int]) -> str:
    """A picture's text, which the Heart web client writes as a map of bytes."""
    return data if isinstance(data, str) else bytes(data[str(i)] for i in range(len(data))).decode()


@pytest.mark.parametrize("client", ["heart", "pulse"])
def test_recorded_traffic(client: str, new_server: NewServer) -> None:
    replay = Replay(client, new_server())
    model = replay.model
    refused = compared = 0
    for number, request in enumerate(replay.requests):
        expected = model.status_of(request) if number else 200
        reply = replay.send(request)
        where = f"{number}: {request['method']} {request['target']}"
        assert reply.status_code == expected, f"{where}: {reply.text}"
        refused += expected == 401
        model.follow(request)
        if request["method"] == "POST":
            compared += replay.check_rows()
    assert len(replay.requests) == COUNTS[client]
    assert refused == 1
    assert compared > 9_000  # some ninety fields after each of a hundred requests
    assert all(model.tables[table] for table in TABLES if table != "drafts")  # those were sent, and so removed
    assert model.media
    assert replay.get("/accounts/settings").json()["base_theme"] == model.base_theme == "dark"
    assert replay.get("/drafts").json() == []


def test_pictures_as_byte_maps_are_in_the_recordings() -> None:
    """Else `text_of` would not be tried."""
    added = [json.loads(r["body"])["data"] for r in recorded("heart") if "/media/add" in r["target"]]
    assert [type(data) for data in added] == [str, dict]
