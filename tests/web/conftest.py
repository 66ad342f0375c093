"""A real Chromium, pages of the web client in it, and a phone on the other side.

Whatever a test does, its pages must ask nobody but their server, break no rule of the content security policy, and raise no
error; that is checked after each test.
"""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request, sync_playwright

from tests.conftest import Server
from tests.web.chromium import ARGUMENTS, find_chromium
from tests.web.phone import Phone

WAIT_MS = 60_000
"""Longest wait for anything that must happen."""


# Playwright keeps an event loop running in this thread, which no other test must find: so none lives longer than a module.
@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    try:
        path = find_chromium()
    except LookupError as error:
        pytest.fail(str(error), pytrace=False)
    browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
    yield browser
    browser.close()


class Watched:
    """What pages did that none may do."""

    def __init__(self) -> None:
        self.wrongs: list[str] = []
        self.allowed: list[str] = []
        """Parts of messages that a test expects."""

    def watch(self, context: BrowserContext) -> None:
        context.on("request", self._asked)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.wrongs.append(f"error: {error.error.stack or error.error}"))

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("blob",) and parts.hostname not in ("127.0.0.1", "localhost"):
            self.wrongs.append(f"asked another host: {request.url}")

    def _said(self, message: ConsoleMessage) -> None:
        # Chromium itself writes lines about requests that failed, which is what some tests are about.
        if (
            message.type == "error"
            and "Failed to load resource" not in message.text
            and "WebSocket" not in message.text
        ):
            self.wrongs.append(f"console: {message.text} {message.location}")

    def check(self) -> None:
        assert [wrong for wrong in self.wrongs if not any(part in wrong for part in self.allowed)] == []


@pytest.fixture
def watched() -> Iterator[Watched]:
    watched = Watched()
    yield watched
    watched.check()


NewContext = Callable[..., BrowserContext]


@pytest.fixture
def new_context(browser: Browser, watched: Watched) -> Iterator[NewContext]:
    """Opens windows of their own, each like another browser: `new_context(**options of Browser.new_context)`."""
    contexts: list[BrowserContext] = []

    def open_context(**options: object) -> BrowserContext:
        context = browser.new_context(**({"locale": "en-GB", "timezone_id": "Europe/London"} | options))  # type: ignore[arg-type]
        context.set_default_timeout(WAIT_MS)
        watched.watch(context)
        contexts.append(context)
        return context

    yield open_context
    for context in contexts:
        context.close()


@pytest.fixture
def context(new_context: NewContext) -> BrowserContext:
    return new_context()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


LONG = 50_000
"""Messages of a conversation that is longer than anybody reads."""


@pytest.fixture(scope="session")
def long_history(server: Server) -> tuple[Phone, int]:
    """A phone that nobody listens to, with one conversation of 50,000 messages; tests must not change it."""
    phone = Phone(server)
    conversation = phone.add_conversation("Long story")
    text = phone.key.seal("text/plain")
    phone.add_messages(
        [phone.message(conversation, f"text {n}", mime_type=text, read=True) for n in range(LONG)], 2_000
    )
    return phone, conversation


@pytest.fixture
def phone(server: Server) -> Iterator[Phone]:
    """A phone with an account of its own on the shared server."""
    with Phone(server) as phone:
        yield phone
