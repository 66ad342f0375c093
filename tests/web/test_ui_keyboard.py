"""The web client without a mouse, and in a window as narrow as a phone's."""

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import Server
from tests.web.conftest import NewContext
from tests.web.phone import Phone
from tests.web.ui import Ui


@pytest.fixture
def ui(page: Page, server: Server, phone: Phone) -> Ui:
    """Logged in, with two conversations; Bob's is the newer one."""
    phone.history("Ann", ["Hello", "from Ann"])
    phone.history("Bob", ["Hello", "from Bob"], "+15550003333")
    ui = Ui(page, server.url).log_in(phone)
    expect(ui.row("Bob")).to_be_visible()
    return ui


def heading(ui: Ui, name: str) -> None:
    expect(ui.page.get_by_role("heading", level=1, name=name)).to_be_visible()


def test_open_write_and_move_on(ui: Ui, phone: Phone) -> None:
    press = ui.page.keyboard.press
    press("g")
    expect(ui.row("Bob")).to_be_focused()
    press("ArrowDown")
    expect(ui.row("Ann")).to_be_focused()
    press("Enter")
    heading(ui, "Ann")
    expect(ui.text).to_be_focused()
    ui.page.keyboard.type("With keys")
    press("Enter")
    assert phone.wait_sent(1) == ["With keys"]
    press("Escape")
    press("j")  # Ann's is the newest now, Bob's is below it
    heading(ui, "Bob")
    press("Escape")
    press("k")
    heading(ui, "Ann")
    press("Escape")
    press("r")
    expect(ui.text).to_be_focused()


def test_each_action_has_a_key(ui: Ui) -> None:
    page = ui.page
    press = page.keyboard.press
    ui.open("Bob")
    press("Escape")
    press("m")
    expect(ui.row("Bob")).to_contain_text("Muted")
    press("p")
    expect(ui.row("Bob")).to_contain_text("Pinned")
    press("e")
    expect(ui.row("Bob")).to_have_count(0)
    press("z")
    expect(ui.row("Bob")).to_be_visible()
    ui.open("Bob")
    press("Escape")
    press("#")
    expect(ui.row("Bob")).to_have_count(0)
    press("z")
    expect(ui.row("Bob")).to_be_visible()
    press("n")
    expect(page.get_by_role("combobox")).to_be_focused()
    press("Escape")
    press("/")
    expect(page.get_by_role("searchbox", name="Search all messages")).to_be_focused()
    press("Escape")
    press("Escape")
    press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_menus_take_and_give_back_the_focus(ui: Ui) -> None:
    page = ui.page
    press = page.keyboard.press
    ui.open("Ann")
    expect(ui.bubbles).to_have_count(2)
    press("Escape")
    press(".")
    items = page.get_by_role("menuitem")
    expect(items.first).to_be_focused()
    press("ArrowUp")
    expect(page.get_by_role("menuitem", name="Delete")).to_be_focused()
    press("r")
    expect(page.get_by_role("menuitem", name="Rename")).to_be_focused()
    press("Enter")
    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
    press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    press("t")
    press("ArrowUp")
    expect(page.locator("li.message").last).to_be_focused()
    press("Enter")
    expect(page.get_by_role("menuitem", name="Copy")).to_be_focused()
    press("Escape")
    expect(page.locator("li.message").last).to_be_focused()


def test_the_focus_stays_on_what_changes(ui: Ui, phone: Phone) -> None:
    page = ui.page
    ui.open("Ann")
    expect(ui.bubbles).to_have_count(2)
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    page.keyboard.press("ArrowUp")
    message = page.locator("li.message").last
    expect(message).to_be_focused()
    phone.account.post(f"/messages/update_type/{message.get_attribute('data-id')}", {"message_type": 1})
    expect(message).to_contain_text("You: ")
    expect(message).to_be_focused()
    ui.row("Ann").focus()
    phone.receive(int(str(ui.row("Ann").get_attribute("data-id"))), "Move up")
    expect(page.locator(".conversation").first).to_contain_text("Move up")
    expect(ui.row("Ann")).to_be_focused()


def test_everything_in_the_menu_opens_by_keys(ui: Ui) -> None:
    page = ui.page
    menu = page.get_by_role("button", name="Menu", exact=True)
    menu.focus()
    page.keyboard.press("Enter")
    titles = page.get_by_role("menuitem").all_inner_texts()
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()
    for title in titles[:-2]:  # the shortcuts and logging out are no pages
        menu.focus()
        page.keyboard.press("Enter")
        page.get_by_role("menuitem", name=title, exact=True).focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1, name=title)).to_be_focused()
    assert len(titles) == 11


def test_emoji_by_keys(ui: Ui) -> None:
    ui.open("Ann")
    ui.page.get_by_role("button", name="Emoji").focus()
    ui.page.keyboard.press("Enter")
    ui.page.keyboard.press("ArrowRight")
    ui.page.keyboard.press("Enter")
    expect(ui.text).to_have_value("😂")
    expect(ui.text).to_be_focused()


@pytest.mark.parametrize(("width", "height"), [(390, 844), (320, 568)])
def test_one_pane_at_a_time_on_a_phone(
    new_context: NewContext, server: Server, phone: Phone, width: int, height: int
) -> None:
    phone.history("Ann", ["Hello"])
    phone.history("Bob", ["a" * 400], "+15550003333")
    page = new_context(viewport={"width": width, "height": height}, has_touch=True, is_mobile=True).new_page()
    ui = Ui(page, server.url).log_in(phone)
    expect(ui.row("Ann")).to_be_visible()
    ui.row("Bob").tap()
    expect(ui.text).to_be_visible()
    expect(ui.row("Ann")).to_be_hidden()
    # Inside of what cuts or scrolls, such as the chips, things may be wider.
    parts = ".list-pane, .main-pane, .pane-head > *, .message-line, .compose-line > *, .card > *, .page-body > *"
    fits = f"""document.documentElement.scrollWidth <= innerWidth
      && [...document.querySelectorAll("{parts}")].every((one) => one.getBoundingClientRect().right <= innerWidth)"""
    assert page.evaluate(fits)
    for place in ("/new", "/search/a", "/p/contacts", "/p/account", "/p/settings", "/"):
        ui.go(place)
        assert page.evaluate(fits), place
    ui.open("Bob")
    page.get_by_role("button", name="Back to the conversations").tap()
    expect(ui.row("Ann")).to_be_visible()
    expect(ui.text).to_have_count(0)


def test_side_by_side_on_a_wide_screen(new_context: NewContext, server: Server, phone: Phone) -> None:
    phone.history("Ann", ["Hello"])
    page = new_context(viewport={"width": 3840, "height": 2160}).new_page()
    ui = Ui(page, server.url).log_in(phone).open("Ann")
    expect(ui.row("Ann")).to_be_in_viewport()
    expect(ui.text).to_be_in_viewport()


def test_light_and_dark_are_remembered(page: Page, ui: Ui) -> None:
    ui.go("/p/settings")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.get_by_label("Light or dark").select_option("Dark")
    dark = page.evaluate(background)
    assert dark != light
    page.reload()
    expect(page.get_by_label("Light or dark")).to_have_value("dark")
    assert page.evaluate(background) == dark
