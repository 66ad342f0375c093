"""The web client as a person uses it: through its roles and labels."""

from playwright.sync_api import Locator, Page, expect

from tests.web.phone import PASSWORD, Phone

WAIT_MS = 60_000
expect.set_options(timeout=WAIT_MS)


class Ui:
    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def go(self, place: str = "/") -> "Ui":
        self.page.goto(f"{self.url}/#{place}")
        return self

    def log_in(self, phone: Phone, password: str = PASSWORD) -> "Ui":
        self.go()
        self.page.get_by_label("User name").fill(phone.username)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in").click()
        return self

    def row(self, title: str) -> Locator:
        """A conversation in the list."""
        rows = self.page.get_by_role("navigation", name="Conversations").locator(".conversation")
        return rows.filter(has=self.page.get_by_text(title, exact=True))

    def open(self, title: str) -> "Ui":
        self.row(title).click()
        expect(self.page.get_by_role("heading", level=1, name=title)).to_be_visible()
        return self

    @property
    def bubbles(self) -> Locator:
        return self.page.locator(".bubble")

    @property
    def text(self) -> Locator:
        """The field to write in."""
        return self.page.locator(".compose-text")

    def act(self, action: str) -> None:
        """Choose from the menu of the open conversation."""
        self.page.get_by_role("button", name="Actions for this conversation").click()
        self.page.get_by_role("menuitem", name=action).click()

    def note(self, text: str) -> Locator:
        return self.page.locator(".toast", has_text=text)
