"""Putting things in order in the web client."""

from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import Server
from tests.web.client import wait_for
from tests.web.phone import Phone
from tests.web.ui import Ui


def test_archive_and_undo(page: Page, server: Server, phone: Phone) -> None:
    phone.history("Ann", ["Hello"])
    ui = Ui(page, server.url).log_in(phone).open("Ann")
    ui.act("Archive")
    expect(ui.row("Ann")).to_have_count(0)
    page.get_by_role("button", name="Archived").click()
    expect(ui.row("Ann")).to_be_visible()
    ui.note("archived").get_by_role("button", name="Undo").click()
    expect(ui.row("Ann")).to_have_count(0)
    page.get_by_role("button", name="All", exact=True).click()
    expect(ui.row("Ann")).to_be_visible()


def test_delete_and_undo(page: Page, server: Server, phone: Phone) -> None:
    conversation = phone.history("Ann", ["Hello"])
    ui = Ui(page, server.url).log_in(phone).open("Ann")
    ui.act("Delete")
    expect(ui.row("Ann")).to_have_count(0)
    ui.note("deleted").get_by_role("button", name="Undo").click()
    expect(ui.row("Ann")).to_be_visible()
    assert phone.messages(conversation) == ["Hello"]


def test_delete_a_message_for_good(page: Page, server: Server, phone: Phone) -> None:
    conversation = phone.history("Ann", ["Hello", "Oops"])
    page.clock.install()
    ui = Ui(page, server.url).log_in(phone).open("Ann")
    ui.bubbles.last.click(button="right")
    page.get_by_role("menuitem", name="Delete message").click()
    expect(ui.bubbles.last).to_be_hidden()
    page.clock.run_for(10_000)  # the note that undoes it is gone
    expect(ui.bubbles).to_have_text(["Hello"])
    assert phone.messages(conversation) == ["Hello"]
    page.reload()
    expect(ui.bubbles).to_have_text(["Hello"])


def test_pin_mute_rename_and_folder(page: Page, server: Server, phone: Phone) -> None:
    phone.history("Ann", ["Hello"])
    phone.history("Bob", ["Hi"], "+15550003333")
    ui = Ui(page, server.url).log_in(phone).open("Ann")
    ui.act("Pin to the top")
    expect(page.locator(".row-title").first).to_have_text("Ann")
    ui.act("Mute")
    expect(ui.row("Ann")).to_contain_text("Muted")
    ui.act("Rename")
    page.get_by_role("textbox", name="Name").fill("Anna")
    page.get_by_role("button", name="Save").click()
    expect(ui.row("Anna")).to_be_visible()
    ui.act("Move to a folder")
    page.get_by_label("Or a new folder").fill("Friends")
    page.get_by_role("button", name="Move").click()
    page.get_by_role("button", name="Friends").click()
    expect(page.locator(".row-title")).to_have_text(["Anna"])


def test_private_conversations_need_the_passcode(page: Page, server: Server, phone: Phone) -> None:
    conversation = phone.history("Ann", ["A secret"], private_notifications=True)
    phone.history("Bob", ["Hi"], "+15550003333")
    setting = {"pref": "private_conversations_passcode", "type": "string", "value": phone.key.seal("1234")}
    phone.account.post("/accounts/update_setting", setting)
    ui = Ui(page, server.url).log_in(phone)
    expect(ui.row("Bob")).to_be_visible()
    expect(ui.row("Ann")).to_have_count(0)
    ui.go(f"/c/{conversation}")
    code = page.get_by_label("Passcode")
    code.fill("1111")
    code.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("That is not the passcode.")
    expect(ui.bubbles).to_have_count(0)
    code.fill("1234")
    code.press("Enter")
    expect(ui.bubbles).to_have_text(["A secret"])


def test_templates_are_added_used_changed_and_deleted(page: Page, server: Server, phone: Phone) -> None:
    phone.history("Ann", ["Hello"])
    ui = Ui(page, server.url).log_in(phone)
    expect(ui.row("Ann")).to_be_visible()
    ui.go("/p/templates")
    page.get_by_role("button", name="Add template").click()
    page.get_by_label("Text").fill("On my way")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Change On my way").click()
    page.get_by_label("Text").fill("Nearly there")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".card-title")).to_have_text(["Nearly there"])
    ui.open("Ann")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("menuitem", name="Nearly there").click()
    expect(ui.text).to_have_value("Nearly there")
    ui.go("/p/templates")
    page.get_by_role("button", name="Delete Nearly there").click()
    expect(page.locator(".card-title")).to_have_count(0)
    ui.note("deleted").get_by_role("button", name="Undo").click()
    expect(page.locator(".card-title")).to_have_text(["Nearly there"])


def test_schedule_a_message(page: Page, server: Server, phone: Phone) -> None:
    phone.history("Ann", ["Hello"])
    ui = Ui(page, server.url).log_in(phone).open("Ann")
    ui.text.fill("Happy birthday")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("menuitem", name="Send later…").click()
    page.get_by_label("When").fill("2019-01-01T08:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("This time is over")
    page.get_by_label("When").fill("2099-01-01T08:00")
    page.get_by_role("button", name="Save").click()
    ui.note("sent by your phone").get_by_role("button", name="Show").click()
    expect(page.locator(".card")).to_contain_text(["Happy birthday"])
    wait_for(lambda: bool(phone.account.get("/scheduled_messages")))  # it is shown before the server has it
    rows = phone.account.get("/scheduled_messages")
    assert [phone.key.open(row["data"]) for row in rows] == ["Happy birthday"]


def test_account_statistics_and_logging_out(page: Page, server: Server, phone: Phone) -> None:
    phone.history("Ann", ["Hello", "again"])
    ui = Ui(page, server.url).log_in(phone)
    expect(ui.row("Ann")).to_be_visible()
    ui.go("/p/account")
    expect(page.locator(".count").first).to_contain_text("2")
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("dialog").get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Welcome to Heartline")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Welcome to Heartline")).to_be_visible()


def test_search_finds_old_messages_and_goes_there(page: Page, server: Server, phone: Phone) -> None:
    texts = [f"number {n}" for n in range(400)]
    texts[7] = "The needle in the haystack"
    phone.history("Ann", texts)
    ui = Ui(page, server.url).log_in(phone)
    expect(ui.row("Ann")).to_be_visible()
    page.get_by_role("button", name="Search messages").click()
    page.get_by_role("searchbox", name="Search all messages").fill("needle")
    page.locator(".results a", has_text="needle").click()
    found = page.locator(".bubble", has_text="needle")
    expect(found).to_be_in_viewport()


@pytest.mark.parametrize(
    ("place", "add", "fields", "title"),
    [
        ("contacts", "Add contact", {"Name": "Zoe", "Phone number": "+15557770000"}, "Zoe"),
        ("folders", "Add folder", {"Name": "Work"}, "Work"),
        ("blocked", "Block", {"Or words in the message": "You have won"}, "You have won"),
        ("auto-replies", "Add auto reply", {"Answer": "I am away"}, "While you are on vacation"),
    ],
)
def test_lists_are_added_to_and_deleted_from(
    page: Page, server: Server, phone: Phone, place: str, add: str, fields: dict[str, str], title: str
) -> None:
    phone.history("Ann", ["Hello"])
    ui = Ui(page, server.url).log_in(phone)
    expect(ui.row("Ann")).to_be_visible()
    ui.go(f"/p/{place}")
    page.get_by_role("button", name=add, exact=True).click()
    for label, value in fields.items():
        page.get_by_role("textbox", name=label, exact=True).fill(value)
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".card-title")).to_have_text([title])
    page.reload()
    expect(page.locator(".card-title")).to_have_text([title])
    page.get_by_role("button", name=f"Delete {title}").click()
    expect(page.locator(".card-title")).to_have_count(0)


def test_the_passcode_is_set_and_removed(page: Page, server: Server, phone: Phone) -> None:
    phone.history("Ann", ["Hello"])
    ui = Ui(page, server.url).log_in(phone)
    expect(ui.row("Ann")).to_be_visible()
    ui.go("/p/settings")
    page.get_by_role("button", name="Set a passcode").click()
    page.get_by_label("New passcode").fill("1234")
    page.get_by_role("button", name="Save").click()
    expect(ui.note("The passcode is set.")).to_be_visible()
    wait_for(lambda: bool(phone.account.get("/accounts/settings")["passcode"]))  # it is shown before the server has it
    assert phone.key.open(phone.account.get("/accounts/settings")["passcode"]) == "1234"
    page.get_by_role("button", name="Remove the passcode").click()
    page.get_by_label("Passcode").fill("1234")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("button", name="Set a passcode")).to_be_visible()


def test_devices_are_named_and_let_in(page: Page, server: Server, phone: Phone) -> None:
    phone.history("Ann", ["Hello"])
    assert server.http.get("/api/v1/activate", params={"activation_code": "AB12CD34"}).status_code == 404
    ui = Ui(page, server.url).log_in(phone)
    expect(ui.row("Ann")).to_be_visible()
    ui.go("/p/devices")
    page.get_by_role("button", name="Rename Model").click()
    page.get_by_role("textbox", name="Name").fill("My phone")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".card")).to_contain_text(["Primary: sends your messages"])
    expect(page.locator(".card-title")).to_have_text(["My phone"])
    page.get_by_role("button", name="Let a device in by its code").click()
    page.get_by_label("Code on the device").fill("ffff0000")
    page.get_by_role("button", name="Let it in").click()
    expect(page.get_by_role("alert")).to_contain_text("No device is waiting")
    page.get_by_label("Code on the device").fill("ab12cd34")
    page.get_by_role("button", name="Let it in").click()
    expect(ui.note("The device is let in.")).to_be_visible()
    reply = server.http.get("/api/v1/activate", params={"activation_code": "AB12CD34"})
    assert reply.json()["account_id"] == phone.account.id


def test_sign_up(page: Page, server: Server) -> None:
    ui = Ui(page, server.url).go()
    page.get_by_role("button", name="Sign up").click()
    page.get_by_label("User name").fill(f"{uuid4().hex}@example.org")
    page.get_by_label("Your name").fill("Pat")
    page.get_by_label("Phone number").fill("+15550001111")
    page.get_by_label("Password").fill("a long password")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_text("No conversations yet.")).to_be_visible()
    ui.go("/p/account")
    expect(page.locator(".account-name")).to_contain_text("Pat")
