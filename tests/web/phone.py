"""The phone on the other side: has an account and its key, writes like a phone, and sends what it is asked to send."""

import base64
import hashlib
import json
import os
import threading
import time
from typing import Any, Self
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.conftest import SUBSCRIBE, WAIT_S, Account, Server

PASSWORD = "correct horse battery staple"
RECEIVED, SENT, SENDING, ERROR, DELIVERED = 0, 1, 2, 3, 4
COLOUR = -15239470


class Key:
    """The end-to-end scheme, written down independently of the web client."""

    def __init__(self, password: str, account_id: str, salt1: str, salt2: str) -> None:
        secret = base64.b64encode(hashlib.pbkdf2_hmac("sha1", password.encode(), salt2.encode(), 10_000, 32)).decode()
        text = f"{account_id}:{secret}\n"
        self.key = hashlib.pbkdf2_hmac("sha1", text.encode(), salt1.encode(), 10_000, 32)

    def seal(self, value: str | bytes) -> str:
        plain = value.encode() if isinstance(value, str) else value
        padder, iv = padding.PKCS7(128).padder(), os.urandom(16)
        encryptor = Cipher(algorithms.AES(self.key), modes.CBC(iv)).encryptor()
        sealed = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
        # As Android writes it: with line breaks.
        return base64.encodebytes(iv).decode() + "-:-" + base64.encodebytes(sealed).decode()

    def open_bytes(self, text: str) -> bytes:
        iv, sealed = (base64.b64decode(half) for half in text.split("-:-"))
        decryptor, unpadder = Cipher(algorithms.AES(self.key), modes.CBC(iv)).decryptor(), padding.PKCS7(128).unpadder()
        return unpadder.update(decryptor.update(sealed) + decryptor.finalize()) + unpadder.finalize()

    def open(self, text: str) -> str:
        return self.open_bytes(text).decode()


class Phone:
    """Sends what the web asks it to send, which `sent` tells, and confirms each; `answers` says what people reply."""

    def __init__(self, server: Server, username: str | None = None) -> None:
        self.server = server
        self.username = username or f"{uuid4().hex}@example.org"
        login_secret = hashlib.sha256(PASSWORD.encode()).hexdigest()
        person = {"name": self.username, "password": login_secret, "phone_number": "+15550001111", "real_name": "Pat"}
        reply = server.http.post("/api/v1/accounts/signup", json=person)
        assert reply.status_code == 200, reply.text
        self.key = Key(PASSWORD, **reply.json())
        self.account = Account(server, self.username, reply.json()["account_id"])
        device = {"id": 0, "info": "Maker, Model", "name": "Model", "primary": True}
        self.device_id = self.account.post("/devices/add", {"device": device})["id"]
        self.sent: list[tuple[int, str]] = []
        """Conversation and text of what went out, in this order; `firebase -1` for files."""
        self.answers: dict[str, str] = {}
        """By text: what the other person writes back."""
        self.broken = False
        """Whether it reports that nothing can be sent."""
        self._clock_ms = 0
        self._ids = 0
        self._done: set[int] = set()
        self._stopped = threading.Event()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._listening.wait(WAIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    # --- what it holds ---

    def new_id(self) -> int:
        self._ids += 1
        return 1_000_000 + self._ids

    def now_ms(self) -> int:
        """Now, but later than the last time."""
        self._clock_ms = max(round(time.time() * 1000), self._clock_ms + 1)
        return self._clock_ms

    def add_conversation(self, title: str, numbers: str = "+15550002222", **columns: object) -> int:
        """A conversation without messages; its id."""
        conversation = self.new_id()
        row: dict[str, Any] = {
            "device_id": conversation,
            "title": self.key.seal(title),
            "phone_numbers": self.key.seal(numbers),
            "snippet": self.key.seal(""),
            "timestamp": self.now_ms(),
            "read": True,
            "color": COLOUR,
        }
        self.account.post("/conversations/add", {"conversations": [row | columns]})
        return conversation

    def message(self, conversation: int, text: str, **columns: object) -> dict[str, Any]:
        """A row for `messages/add`, from somebody else unless the columns say differently."""
        row: dict[str, Any] = {
            "device_id": self.new_id(),
            "device_conversation_id": conversation,
            "message_type": RECEIVED,
            "data": self.key.seal(text),
            "timestamp": self.now_ms(),
            "mime_type": self.key.seal("text/plain"),
            "read": False,
            "seen": False,
            "sent_device": -1,
        }
        return row | columns

    def add_messages(self, rows: list[dict[str, Any]], page: int = 300) -> None:
        """Upload messages as at setup: the conversation's preview stays."""
        for first in range(0, len(rows), page):
            self.account.post("/messages/add", {"messages": rows[first : first + page]})

    def receive(self, conversation: int, text: str, **columns: object) -> int:
        """Somebody writes; the message's id."""
        row = self.message(conversation, text, **columns)
        self.account.post("/messages/add", {"messages": [row]})
        preview = {"read": False, "archive": False, "timestamp": row["timestamp"], "snippet": self.key.seal(text)}
        self.account.post(f"/conversations/update_snippet/{conversation}", preview)
        return int(row["device_id"])

    def receive_file(self, conversation: int, data: bytes, mime_type: str) -> int:
        row = self.message(conversation, "firebase -1", mime_type=self.key.seal(mime_type))
        self.account.post("/media/add", {"message_id": row["device_id"], "data": self.key.seal(data)})
        self.account.post("/messages/add", {"messages": [row]})
        return int(row["device_id"])

    def history(self, title: str, texts: list[str], numbers: str = "+15550002222", **columns: object) -> int:
        """A conversation with received messages, the last one newest; its id."""
        conversation = self.add_conversation(title, numbers, **columns)
        self.add_messages([self.message(conversation, text, read=True) for text in texts])
        if texts:
            preview = {"timestamp": self.now_ms(), "snippet": self.key.seal(texts[-1])}
            self.account.post(f"/conversations/update_snippet/{conversation}", preview)
        return conversation

    def messages(self, conversation: int) -> list[str]:
        """The texts on the server, oldest first."""
        rows = self.account.get("/messages", conversation_id=conversation)
        return [self.key.open(row["data"]) for row in reversed(rows)]

    def wait_sent(self, count: int) -> list[str]:
        """The texts that went out, once there are so many."""
        deadline = time.monotonic() + WAIT_S
        while len(self.sent) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(self.sent) >= count, self.sent
        return [text for _, text in self.sent]

    # --- what it does by itself ---

    def _listen(self) -> None:
        while not self._stopped.is_set():
            url = f"ws://127.0.0.1:{self.server.port}/stream?account_id={self.account.id}"
            try:
                with connect(url, ping_interval=None, compression=None) as socket:
                    self._follow(socket)
            except (OSError, ConnectionClosed, TimeoutError, httpx.HTTPError, RuntimeError):  # of a closed client
                self._stopped.wait(0.1)  # the server restarts

    def _follow(self, socket: ClientConnection) -> None:
        socket.recv(WAIT_S)
        socket.send(SUBSCRIBE)
        while not self._stopped.is_set():
            try:
                frame = json.loads(socket.recv(0.1))
            except TimeoutError:
                continue
            if frame.get("type") == "confirm_subscription":
                self._listening.set()
                self._catch_up()
            elif "identifier" in frame:
                content = frame["message"]["content"]
                match frame["message"]["operation"]:
                    case "added_message" if content["type"] == SENDING:
                        self._send(content["id"], content["conversation_id"], content["data"])
                    case "forward_to_phone":
                        self._forward(content)

    def _catch_up(self) -> None:
        """Send what was asked for while it was away."""
        for row in reversed(self.account.get("/messages", limit=50)):
            if row["message_type"] == SENDING:
                self._send(row["device_id"], row["device_conversation_id"], row["data"])

    def _send(self, message: int, conversation: int, data: str) -> None:
        if message in self._done:
            return
        self._done.add(message)
        text = self.key.open(data)
        if not self.broken:
            self.sent.append((conversation, text))
        kind = ERROR if self.broken else SENT
        self.account.post(f"/messages/update_type/{message}", message_type=kind)
        if text in self.answers:
            self.receive(conversation, self.answers[text])

    def _forward(self, content: dict[str, Any]) -> None:
        if content["message_id"] in self._done:
            return
        to, text = self.key.open(content["to"]), self.key.open(content["message"])
        conversation = self.add_conversation(to, to)
        row = self.message(conversation, text, device_id=content["message_id"], message_type=SENDING, read=True)
        self.account.post("/messages/add", {"messages": [row | {"mime_type": content["mime_type"]}]})
        self._send(content["message_id"], conversation, row["data"])
