"""The agent: between the account's log and a radio (client-behaviour.md 1-3).

Four tasks, each of which may die at any point and goes on from the store:

    listener   log -> store     what is asked for is stored together with the cursor behind it
    sender     store -> radio   WANTED -> HANDING -> HANDED, each stored before the next
    receiver   radio -> store   reports and texts that came, each `done` at the radio only when stored
    poster     store -> server  the writes that follow from these, in order, each until the server has confirmed it

A step that is repeated after a crash does nothing more: texts are known by their id, the radio's news by its key, and writes
carry their ids and are sealed once. What is left is the moment between HANDING and HANDED: see `Doubt`.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import partial

from heartline.archive.entries import Entry
from heartline.archive.upload import Summary, Upload
from heartline.client import CannotOpen, Client, Cursor, NotFound
from heartline.client.sending import STORED_MEDIA, TEXT
from heartline.errors import BadRequest
from heartline.phone.inbox import Inbox
from heartline.phone.outbox import Outbox
from heartline.phone.patience import patiently
from heartline.phone.radio import Outgoing, Radio, Report
from heartline.phone.registration import NotPrimary, register
from heartline.phone.store import State, Store, Text

__all__ = ["Doubt", "NotPrimary", "Phone"]

LATE_S = 3 * 24 * 3600.0
"""A text that was asked for longer ago is not sent any more but reported as failed: people do not expect it now."""
UNKNOWN_CONVERSATION_S = 60.0
"""How long a text waits for its conversation, which may be stored after it, before it is reported as failed."""

log = logging.getLogger("heartline.phone")


class Doubt(StrEnum):
    """What becomes of a text when the phone died while it handed it over, and the radio keeps no record."""

    FAIL = "fail"
    """At most once: it is reported as failed, and its owner decides. The default, as a second copy cannot be called back."""
    RESEND = "resend"
    """At least once: it is sent again."""


class Phone:
    """One phone of one account.

    `history` gives what it has from the start, and may be asked again. `on_step` is called with the name of every step on
    the way of a text (docs/phone.md).
    """

    def __init__(
        self,
        client: Client,
        radio: Radio,
        store: Store,
        *,
        name: str = "Simulated phone",
        doubt: Doubt = Doubt.FAIL,
        late_s: float = LATE_S,
        take_over: bool = False,
        plaintext: bool = True,
        history: Callable[[], Iterable[Entry]] = tuple,
        on_step: Callable[[str], None] = lambda step: None,
    ) -> None:
        self._client = client
        self._radio = radio
        self._store = store
        self._name = name
        self._doubt = doubt
        self._take_over = take_over
        self._history = history
        self._on_step = on_step
        self._to_send = asyncio.Event()
        self._to_post = asyncio.Event()
        self.ready = asyncio.Event()
        """Set when the phone is registered, has uploaded what it had, and follows the account."""
        self.uploaded: Summary | None = None
        """What the first upload did; None when there was none."""
        self._outbox = Outbox(client, store, late_s=late_s, plaintext=plaintext, on_step=on_step)

    async def run(self) -> None:
        """Be the phone until cancelled. Raises `NotPrimary`, `AccountIdInvalid`, or an error of the radio."""
        device_id = await patiently(lambda: register(self._client, self._store, self._name, self._take_over))
        if self._store.fact("cursor") is None:
            self._store.remember("cursor", str(await patiently(self._client.cursor)))
        await patiently(self._upload)
        inbox = Inbox(self._client, self._store)
        await patiently(inbox.prepare)
        self._outbox.prepare(device_id, inbox)
        if self._store.fact("reconcile") == "owed":
            await patiently(self._outbox.reconcile)
            self._store.remember("reconcile", "done")
        await self._settle_doubts()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen(inbox))
                tasks.create_task(self._send())
                tasks.create_task(self._receive(inbox))
                tasks.create_task(self._post())
                self.ready.set()
        except BaseExceptionGroup as group:  # the first is the reason, the others follow from it
            raise group.exceptions[0] from None

    async def _upload(self) -> None:
        """Upload what the phone has, once."""
        if self._store.fact("uploaded"):
            return
        upload = Upload(self._client)
        await upload.prepare()
        for entry in self._history():
            await upload.add(entry)
        self.uploaded = await upload.finish()
        self._store.remember("uploaded", "yes")

    async def _settle_doubts(self) -> None:
        """Decide about texts that were being handed over when the phone died."""
        for text in self._store.texts(State.HANDING):
            has_sent = await self._radio.has_sent(text.device_id)
            if has_sent:
                self._store.move(text.device_id, State.HANDED)
            elif has_sent is False or self._doubt is Doubt.RESEND:
                self._store.move(text.device_id, State.WANTED)
            else:
                self._outbox.report(text, State.FAILED)

    async def _listen(self, inbox: Inbox) -> None:
        cursor = Cursor.parse(self._store.fact("cursor") or "")
        async for event in self._client.events(after=cursor):
            inbox.follow(event.operation)
            await patiently(partial(self._outbox.follow, event))
            self._to_send.set()
            self._to_post.set()

    async def _send(self) -> None:
        while True:
            self._to_send.clear()
            waiting = False
            for text in self._store.texts(State.WANTED):
                waiting |= not await self._send_one(text)
            try:
                async with asyncio.timeout(1.0 if waiting else None):
                    await self._to_send.wait()
            except TimeoutError:
                pass

    async def _send_one(self, text: Text) -> bool:
        """Hand one text to the radio; False when its conversation is not known yet."""
        numbers = await patiently(lambda: self._outbox.numbers_of(text))
        if not numbers:
            if _now_ms() - text.asked_ms < UNKNOWN_CONVERSATION_S * 1000:
                return False
            self._fail(text)
            return True
        content: str | bytes = text.content
        if text.mime_type != TEXT and text.content == STORED_MEDIA:
            try:
                content = await patiently(lambda: self._client.media.get(text.device_id))
            except (NotFound, CannotOpen):
                self._fail(text)
                return True
        self._outbox.correct_time(text)
        self._store.move(text.device_id, State.HANDING)
        self._on_step("handing")
        try:
            await self._radio.send(Outgoing(text.device_id, numbers, text.mime_type, content))
        except OSError:
            log.warning("the radio refused a text", exc_info=True)
            await self._settle_doubts()
            return False
        self._on_step("returned")
        self._store.move(text.device_id, State.HANDED)
        self._on_step("handed")
        self._to_post.set()
        return True

    def _fail(self, text: Text) -> None:
        self._outbox.report(text, State.FAILED)
        self._to_post.set()

    async def _receive(self, inbox: Inbox) -> None:
        while True:
            news = await self._radio.next()
            if isinstance(news, Report):
                self._on_step("report")
                self._outbox.take_report(news)
            else:
                self._on_step("incoming")
                inbox.take(news)
            self._on_step("stored news")
            await self._radio.done(news.key)
            self._on_step("done")
            self._to_post.set()

    async def _post(self) -> None:
        while True:
            self._to_post.clear()
            while post := self._store.next_post():
                self._on_step("posting")
                try:
                    await patiently(partial(self._client.rest.call, post.endpoint.handler, post.request))
                except BadRequest:  # to repeat it cannot help, and what waits behind it must go out
                    log.error("the server refused a write of %s", post.endpoint.name, exc_info=True)
                self._on_step("posted")
                self._store.settle(post)
            await self._to_post.wait()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
