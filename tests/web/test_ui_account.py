"""Taking an account along, emptying and ending it; notifications; and the keys of what is rarely done."""

import json

from playwright.sync_api import Page, expect

from tests.conftest import Server
from tests.web.conftest import NewContext
from tests.web.phone import Phone
from tests.web.ui import Ui

# Chromium without a window shows no notifications: what the page hands over is kept instead.
NOTIFICATIONS = """() => {
  window.shown = [];
  window.Notification = class extends EventTarget {
    static permission = "granted";
    constructor(title, options) { super(); shown.push({title, body: options.body, note: this}); }
    close() {}
  };
  Document.prototype.hasFocus = () => false;
}"""


def test_export_saves_everything_decrypted(page: Page, server: Server, phone: Phone) -> None:
    phone.history("Ann", ["Hello", "again"])
    ui = Ui(page, server.url).log_in(phone)
    expect(ui.row("Ann")).to_be_visible()
    ui.go("/p/account")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Export everything").click()
    text = saved.value.path().read_text()
    json.loads(text)
    for part in ("Ann", "Hello", "again"):
        assert part in text
    expect(ui.note("Everything is in the file")).to_be_visible()


def test_all_content_is_deleted_after_a_question(page: Page, server: Server, phone: Phone) -> None:
    phone.history("Ann", ["Hello"])
    ui = Ui(page, server.url).log_in(phone)
    expect(ui.row("Ann")).to_be_visible()
    ui.go("/p/account")
    page.get_by_role("button", name="Delete all content").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert len(phone.account.get("/conversations")) == 1
    expect(page.get_by_role("button", name="Delete all content")).to_be_focused()
    page.get_by_role("button", name="Delete all content").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete everything").click()
    expect(ui.row("Ann")).to_have_count(0)
    assert phone.account.get("/conversations") == []


def test_a_deleted_account_leaves_nothing(page: Page, new_context: NewContext, server: Server) -> None:
    phone = Phone(server)
    phone.history("Ann", ["Hello"])
    ui = Ui(page, server.url).log_in(phone)
    other = Ui(new_context().new_page(), server.url).log_in(phone)
    expect(other.row("Ann")).to_be_visible()
    expect(ui.row("Ann")).to_be_visible()
    ui.go("/p/account")
    page.get_by_role("button", name="Delete the account").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("somebody else")
    dialog.get_by_role("button", name="Delete the account").click()
    expect(dialog).to_contain_text("not the name of the account")
    dialog.get_by_role("textbox").fill(phone.username)
    dialog.get_by_role("button", name="Delete the account").click()
    for one in (page, other.page):
        expect(one.get_by_role("heading", name="Welcome to Heartline")).to_be_visible()
    ui.log_in(phone)
    expect(page.get_by_role("alert")).not_to_be_empty()


def test_new_messages_are_notified_of(page: Page, server: Server, phone: Phone) -> None:
    ann = phone.history("Ann", ["Hello"])
    quiet = phone.history("Quiet", ["Hello"], "+15550003333", mute=True)
    secret = phone.history("Secret", ["Hello"], "+15550004444", private_notifications=True)
    page.add_init_script(f"({NOTIFICATIONS})()")
    ui = Ui(page, server.url).log_in(phone)
    expect(ui.row("Ann")).to_be_visible()
    expect(page.locator(".connection")).to_have_attribute("data-state", "live")
    phone.receive(quiet, "psst")
    phone.receive(secret, "the secret")
    phone.receive(ann, "Are you there?")
    page.wait_for_function("shown.length === 2")
    assert page.evaluate("shown.map(({title, body}) => [title, body])") == [
        ["New message", ""],
        ["Ann", "Are you there?"],
    ]
    page.evaluate("shown[1].note.onclick()")
    expect(page.get_by_role("heading", level=1, name="Ann")).to_be_visible()


def test_unread_and_details_by_key(page: Page, server: Server, phone: Phone) -> None:
    phone.history("Ann", ["Hello"])
    ui = Ui(page, server.url).log_in(phone).open("Ann")
    page.keyboard.press("Escape")
    page.keyboard.press("i")
    expect(page.get_by_role("dialog")).to_contain_text("+15550002222")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("u")
    expect(page).to_have_title("(1) Heartline")
    expect(page.get_by_role("heading", level=1, name="Ann")).to_have_count(0)
    ui.open("Ann")
    expect(page).to_have_title("Heartline")
