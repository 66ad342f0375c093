"""The model of the web client in a page, without its views: what the views would call, called from here."""

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from tests.conftest import WAIT_S
from tests.web.phone import PASSWORD, Phone

OPEN = """async () => {
  const { Store } = await import("/store.js");
  window.store = new Store();
  window.events = [];
  for (const name of ["connection", "received", "failed", "history-lost"]) {
    store.addEventListener(name, ({ detail }) => events.push([name, detail?.state ?? detail?.message?.text ?? null]));
  }
  await store.start();
}"""


class Client:
    """A page with a `store`."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.open()

    def open(self) -> None:
        """Load the page, also again."""
        self.page.goto(f"{self.url}/api.js")  # any page of the client's, with its rules
        self.page.evaluate(OPEN)

    def log_in(self, phone: Phone, password: str = PASSWORD) -> "Client":
        self.page.evaluate("([name, password]) => store.logIn(name, password)", [phone.username, password])
        self.wait_live()
        return self

    def wait_live(self) -> None:
        self.until("store.ready && store.connection === 'live'")

    def run(self, script: str, argument: Any = None) -> Any:
        """The value of an expression; `it` is the argument."""
        return self.page.evaluate(f"async (it) => ({script})", argument)

    def until(self, condition: str, argument: Any = None) -> None:
        """Wait until a condition of the page holds."""
        try:
            self.page.wait_for_function(f"(it) => ({condition})", arg=argument)
        except Exception as error:
            raise AssertionError(f"never: {condition} ({argument}); {self.run('events')}") from error

    def open_thread(self, conversation: int) -> None:
        self.run("store.thread(it).ready.then(() => null)", conversation)

    def texts(self, conversation: int) -> list[str]:
        """What an open thread shows, oldest first."""
        texts: list[str] = self.run("store.thread(it).messages.map((message) => message.text)", conversation)
        return texts

    def until_texts(self, conversation: int, expected: list[str]) -> None:
        wait_for(lambda: self.texts(conversation) == expected, lambda: f"{self.texts(conversation)} != {expected}")

    def send(self, conversation: int, text: str) -> None:
        self.run("store.send(it[0], {text: it[1]})", [conversation, text])


def wait_for(condition: Callable[[], bool], explain: Callable[[], str] = lambda: "") -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, explain()
        time.sleep(0.05)
