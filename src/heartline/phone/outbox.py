"""What goes out: the texts that others ask the phone to send, and what it tells them about each (client-behaviour.md 3)."""

import time
from collections.abc import Callable

from heartline.client import (
    AddedMessage,
    Client,
    Event,
    ForwardedToPhone,
    HistoryLost,
    MessageType,
    NewMessage,
    Unreadable,
    UpdatedMessageType,
    new_id,
)
from heartline.client.numbers import split_numbers
from heartline.client.sealing import seal
from heartline.client.sending import TEXT
from heartline.crypto import SEPARATOR
from heartline.phone.inbox import Inbox
from heartline.phone.radio import Outcome, Report
from heartline.phone.registration import NotPrimary
from heartline.phone.store import State, Store, Text
from heartline.resources.conversations import UpdateConversation, update_conversation
from heartline.resources.devices import UpdatedPrimaryDevice
from heartline.resources.messages import (
    AddMessages,
    Message,
    RemovedMessage,
    UpdateMessage,
    UpdateMessageType,
    add_messages,
    update_message,
    update_message_type,
)

OLD_S = 5 * 60
"""A text that was asked for earlier than this, or in the future, gets the time at which it is sent."""
CURSOR_EVENTS = 100
"""Events without a request to send after which the cursor is stored."""

STATE_OF = {Outcome.SENT: State.SENT, Outcome.DELIVERED: State.DELIVERED, Outcome.FAILED: State.FAILED}
TYPE_OF = {
    State.SENT: MessageType.SENT,
    State.DELIVERED: MessageType.DELIVERED,
    State.FAILED: MessageType.ERROR,
}


class Outbox:
    def __init__(
        self, client: Client, store: Store, *, late_s: float, plaintext: bool, on_step: Callable[[str], None]
    ) -> None:
        self._client = client
        self._store = store
        self._late_s = late_s
        self._plaintext = plaintext
        self._on_step = on_step
        self._since_stored = 0
        self._device_id = 0
        self._inbox: Inbox

    def prepare(self, device_id: int, inbox: Inbox) -> None:
        self._device_id = device_id
        self._inbox = inbox

    async def follow(self, event: Event) -> None:
        """Store what an event asks for, and that it was heard, in one transaction."""
        operation = event.operation
        if isinstance(operation, HistoryLost):
            await self.reconcile()
        asks = isinstance(operation, ForwardedToPhone) or (
            isinstance(operation, AddedMessage) and operation.type == MessageType.SENDING
        )
        if asks:
            self._on_step("asked")
        with self._store.together():
            if isinstance(operation, AddedMessage) and asks:
                self._want(
                    operation.id,
                    operation.conversation_id,
                    operation.data,
                    operation.mime_type,
                    operation.timestamp,
                    operation.sent_device,
                )
            elif isinstance(operation, ForwardedToPhone):
                self._want_forwarded(operation)
            elif isinstance(operation, RemovedMessage) or (
                isinstance(operation, UpdatedMessageType) and operation.message_type != MessageType.SENDING
            ):
                self._store.forget_wanted(int(operation.id))  # taken back, or settled by somebody else
            self._since_stored += 1
            if asks or isinstance(operation, HistoryLost) or self._since_stored >= CURSOR_EVENTS:
                self._store.remember("cursor", str(event.cursor))
                self._since_stored = 0
        if asks:
            self._on_step("wanted")
        if isinstance(operation, UpdatedPrimaryDevice) and operation.new_primary_device_id != str(self._device_id):
            raise NotPrimary("another phone has become the primary one of this account")

    async def reconcile(self) -> None:
        """Find what was asked for and not heard, because the events are gone or there was no phone yet: messages that
        still say that they are being sent."""
        oldest_ms = _now_ms() - int(self._late_s * 1000)
        waiting: list[Message] = []
        async for message in self._client.messages.walk():
            if message.timestamp < oldest_ms:
                break
            if message.message_type == MessageType.SENDING:
                waiting.append(message)
        with self._store.together():
            for message in reversed(waiting):
                self._want(
                    message.device_id,
                    message.device_conversation_id,
                    message.data,
                    message.mime_type,
                    message.timestamp,
                    message.sent_device,
                )

    async def numbers_of(self, text: Text) -> tuple[str, ...]:
        return tuple(split_numbers(text.numbers or await self._inbox.numbers_of(text.conversation)))

    def correct_time(self, text: Text) -> None:
        """Give a text that waited long, or whose sender's clock is wrong, the time of now."""
        now_ms = _now_ms()
        if not now_ms - OLD_S * 1000 <= text.asked_ms <= now_ms:
            self._store.owe(update_message, UpdateMessage(device_id=text.device_id, timestamp=now_ms))

    def take_report(self, report: Report) -> None:
        """Store what the radio says of a text, and that the server is to be told."""
        text = self._store.text(report.reference)
        if text is not None:
            self.report(text, STATE_OF[report.outcome])

    def report(self, text: Text, state: State) -> None:
        if state <= text.state:  # a report of the past: what is delivered has been sent
            return
        with self._store.together():
            self._report(text, state)

    def _report(self, text: Text, state: State) -> None:
        self._store.move(text.device_id, state)
        told = UpdateMessageType(device_id=text.device_id, message_type=TYPE_OF[state])
        self._store.owe(update_message_type, told)
        if state is State.FAILED:
            shown = text.content if text.mime_type == TEXT else "Picture Message"
            snippet = UpdateConversation(device_id=text.conversation, snippet=f"Failed: {shown}")
            self._store.owe(update_conversation, seal(self._client.key, snippet))

    def _want(
        self, device_id: int, conversation: int, data: str, mime_type: str, asked_ms: int, sent_device: int
    ) -> None:
        if sent_device == self._device_id:
            return
        readable = not isinstance(data, Unreadable) and not isinstance(mime_type, Unreadable)
        text = Text(device_id, conversation, "", str(mime_type), str(data) if readable else "", asked_ms)
        if not self._store.want(text):
            known = self._store.text(device_id)
            if known is not None and known.state in TYPE_OF:  # a repeated add has made it "sending" once more
                told = UpdateMessageType(device_id=device_id, message_type=TYPE_OF[known.state])
                self._store.owe(update_message_type, told)
        elif not readable or asked_ms < _now_ms() - self._late_s * 1000:
            self._report(text, State.FAILED)

    def _want_forwarded(self, asked: ForwardedToPhone) -> None:
        """A text to somebody new: make the conversation and the message, and send it."""
        to, message = self._plain(asked.to), self._plain(asked.message)
        mime_type = self._plain(asked.mime_type) if isinstance(asked.mime_type, str) else TEXT
        numbers = ", ".join(split_numbers(to or ""))
        if not numbers or message is None or mime_type is None:
            return  # there is no row to report on
        device_id = asked.message_id if isinstance(asked.message_id, int) else new_id()
        now_ms = _now_ms()
        snippet = f"You: {message}" if mime_type == TEXT else "You: <i>Picture Message</i>"
        if self._store.text(device_id) is not None:
            return
        conversation = self._inbox.conversation_with(numbers, now_ms, snippet)
        self._store.want(Text(device_id, conversation, numbers, mime_type, message, now_ms))
        new = NewMessage(
            device_id=device_id,
            device_conversation_id=conversation,
            message_type=MessageType.SENDING,
            data=message,
            timestamp=now_ms,
            mime_type=mime_type,
            read=True,
            seen=True,
            sent_device=self._device_id,
        )
        self._store.owe(add_messages, seal(self._client.key, AddMessages(messages=[new])))
        shown = UpdateConversation(device_id=conversation, read=True, timestamp=now_ms, snippet=snippet)
        self._store.owe(update_conversation, seal(self._client.key, shown))

    def _plain(self, text: str) -> str | None:
        """A text of `forward_to_phone`, which Pulse's clients send in the clear; None when it must not be sent."""
        if not isinstance(text, Unreadable):
            return text
        return text.stored if self._plaintext and SEPARATOR not in text.stored else None


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
