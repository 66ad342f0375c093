"""Reading and writing messages in the web client, with a phone on the other side."""

import re
import struct
import zlib
from urllib.parse import quote

from playwright.sync_api import Page, expect

from tests.conftest import Server
from tests.web.conftest import NewContext
from tests.web.phone import Phone
from tests.web.ui import Ui


def picture(width: int = 32, height: int = 24) -> bytes:
    """A PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x80\x40\xc0" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_log_in_read_send_and_be_answered(page: Page, server: Server, phone: Phone) -> None:
    phone.history("Ann", ["Hello there", "See https://example.com/a_(b)."])
    phone.answers["How are you?"] = "Very well"
    ui = Ui(page, server.url).log_in(phone).open("Ann")

    expect(ui.bubbles).to_have_text(["Hello there", "See https://example.com/a_(b)."])
    expect(page.locator(".bubble a")).to_have_attribute("href", "https://example.com/a_(b)")
    ui.text.fill("How are you?")
    ui.text.press("Enter")

    expect(ui.bubbles).to_have_text(["Hello there", "See https://example.com/a_(b).", "How are you?", "Very well"])
    expect(page.locator(".message.own .state")).to_have_text(["Sent"])
    expect(ui.text).to_have_value("")
    assert phone.wait_sent(1) == ["How are you?"]


def test_a_wrong_password_is_said_and_can_be_typed_again(page: Page, server: Server, phone: Phone) -> None:
    phone.history("Ann", ["Hello"])
    ui = Ui(page, server.url).log_in(phone, "wrong")

    expect(page.get_by_role("alert")).not_to_be_empty()
    expect(page.get_by_label("Password")).to_be_focused()
    ui.log_in(phone)
    expect(ui.row("Ann")).to_be_visible()


def test_what_others_write_is_text(page: Page, server: Server, phone: Phone) -> None:
    evil = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
    phone.history(evil, [evil])
    contact = {"device_id": 5000, "name": phone.key.seal(evil), "phone_number": phone.key.seal("+15550002222")}
    phone.account.post("/contacts/add", {"contacts": [contact]})
    ui = Ui(page, server.url).log_in(phone).open(evil)

    expect(ui.bubbles).to_have_text([evil])
    ui.go("/p/contacts")
    expect(page.locator(".card-title")).to_have_text([evil])
    ui.go("/search/script")
    expect(page.locator(".results .two-lines")).to_have_text([evil])
    assert page.evaluate("window.hacked") is None


def test_pictures_both_ways(page: Page, server: Server, phone: Phone) -> None:
    conversation = phone.history("Ann", ["Look"])
    phone.receive_file(conversation, picture(), "image/png")
    Ui(page, server.url).log_in(phone).open("Ann")
    expect(page.locator(".message.theirs .media img")).to_have_js_property("naturalWidth", 32)

    page.locator("input[type=file]").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": picture(48)})
    expect(page.get_by_role("list", name="Files to send").get_by_role("listitem")).to_have_count(1)
    page.get_by_role("button", name="Send", exact=True).click()

    expect(page.locator(".message.own .media img")).to_have_js_property("naturalWidth", 48)
    phone.wait_sent(1)
    row = phone.account.get("/messages", conversation_id=conversation)[0]
    data = phone.account.get(f"/media/{row['device_id']}")["data"]
    assert phone.key.open_bytes(data) == picture(48)


def test_a_pasted_picture_is_added(page: Page, server: Server, phone: Phone) -> None:
    phone.history("Ann", ["Look"])
    ui = Ui(page, server.url).log_in(phone).open("Ann")
    paste = """(field) => {
      const data = new DataTransfer();
      data.items.add(new File(["x"], "shot.png", {type: "image/png"}));
      field.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
    }"""
    ui.text.evaluate(paste)
    expect(page.get_by_role("list", name="Files to send")).to_contain_text("shot.png")
    page.get_by_role("button", name="Remove shot.png").click()
    expect(page.get_by_role("list", name="Files to send")).to_be_hidden()


def test_a_draft_follows_to_another_page(page: Page, new_context: NewContext, server: Server, phone: Phone) -> None:
    phone.history("Ann", ["Hello"])
    ui = Ui(page, server.url).log_in(phone).open("Ann")
    other = Ui(new_context().new_page(), server.url).log_in(phone).open("Ann")

    ui.text.fill("What I wanted to say")
    expect(other.text).to_have_value("What I wanted to say")
    other.text.press("Enter")
    expect(ui.text).to_have_value("")
    expect(ui.bubbles.last).to_have_text("What I wanted to say")


def test_a_failed_message_can_be_sent_again(page: Page, server: Server, phone: Phone) -> None:
    phone.history("Ann", ["Hello"])
    phone.broken = True
    ui = Ui(page, server.url).log_in(phone).open("Ann")
    ui.text.fill("Can you hear me?")
    ui.text.press("Enter")
    expect(page.locator(".message.failed")).to_contain_text(["Not sent"])

    phone.broken = False
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".message.own .state")).to_have_text(["Sent"])
    expect(page.locator(".message.failed")).to_have_count(0)
    assert phone.wait_sent(1) == ["Can you hear me?"]


def test_write_to_somebody_new(page: Page, server: Server, phone: Phone) -> None:
    contact = {"device_id": 5000, "name": phone.key.seal("Zoe"), "phone_number": phone.key.seal("+15557770000")}
    phone.account.post("/contacts/add", {"contacts": [contact]})
    ui = Ui(page, server.url).log_in(phone)
    page.get_by_role("button", name="New message").click()
    to = page.get_by_role("combobox", name="To: name or number")
    to.fill("zo")
    expect(page.get_by_role("option")).to_have_count(1)
    to.press("Enter")
    expect(page.get_by_role("list", name="Recipients")).to_have_text("Zoe")
    ui.text.fill("Nice to meet you")
    ui.text.press("Enter")

    assert phone.wait_sent(1) == ["Nice to meet you"]
    expect(ui.row("+15557770000")).to_be_visible()


def test_what_a_new_number_never_got_is_kept_until_it_is_sent_or_discarded(
    page: Page, server: Server, phone: Phone
) -> None:
    contact = {"device_id": 5000, "name": phone.key.seal("Zoe"), "phone_number": phone.key.seal("+15557770000")}
    phone.account.post("/contacts/add", {"contacts": [contact]})
    ui = Ui(page, server.url).log_in(phone)
    refused = "**/messages/forward_to_phone*"
    page.route(refused, lambda route: route.fulfill(status=400, json={"error": "no such thing"}))
    for number, text in (("+15557770000", "Nice to meet you"), ("+15557770001", "Wrong number")):
        ui.go(f"/new/{quote(number)}")
        ui.text.fill(text)
        ui.text.press("Enter")
    unsent = page.get_by_role("list", name="Messages that were not sent")
    items = unsent.get_by_role("listitem")
    expect(items).to_have_count(2)
    expect(items.first).to_contain_text("Zoe")
    expect(items.first).to_contain_text("Nice to meet you")
    expect(items.first).to_contain_text("The server refused: no such thing.")

    page.reload()
    expect(items).to_have_count(2)
    items.first.get_by_role("button", name="Try again").press("Enter")
    expect(items.first).to_contain_text("Wrong number")  # refused once more, and now behind the other one
    expect(items).to_have_count(2)
    items.first.get_by_role("button", name="Discard").press("Enter")
    expect(items).to_have_count(1)
    expect(items.get_by_role("button", name="Try again")).to_be_focused()
    page.unroute(refused)
    page.keyboard.press("Enter")
    expect(unsent).to_be_hidden()
    assert phone.wait_sent(1) == ["Nice to meet you"]
    expect(ui.row("+15557770000")).to_be_visible()
    page.reload()
    expect(ui.row("+15557770000")).to_be_visible()
    expect(unsent).to_be_hidden()


def test_the_title_counts_unread_and_reading_ends_that(page: Page, server: Server, phone: Phone) -> None:
    conversation = phone.history("Ann", ["Hello"])
    ui = Ui(page, server.url).log_in(phone)
    expect(ui.row("Ann")).to_be_visible()
    phone.receive(conversation, "Are you there?")
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    expect(ui.row("Ann")).to_contain_text("Are you there?")
    ui.open("Ann")
    expect(page).to_have_title("Heartline")


def test_groups_show_who_wrote(page: Page, server: Server, phone: Phone) -> None:
    group = phone.history("Family", ["Hi"], "+15550002222,+15550003333")
    phone.receive(group, "It is me", message_from=phone.key.seal("Bo"))
    Ui(page, server.url).log_in(phone).open("Family")
    expect(page.locator(".sender", has_text="Bo")).to_be_visible()
    expect(page.get_by_text("2 people")).to_be_visible()


def test_scrolling_back_and_to_the_end_again(page: Page, server: Server, phone: Phone) -> None:
    phone.history("Ann", [f"number {n}" for n in range(700)])
    ui = Ui(page, server.url).log_in(phone).open("Ann")
    expect(ui.bubbles.last).to_have_text("number 699")
    expect(ui.bubbles.last).to_be_in_viewport()

    scroller = page.get_by_role("region", name="Messages")
    for _ in range(60):
        if ui.bubbles.filter(has_text=re.compile("^number 0$")).count():
            break
        scroller.evaluate("(element) => { element.scrollTop = 0; }")
        page.wait_for_timeout(150)
    expect(ui.bubbles.first).to_have_text("number 0")
    assert ui.bubbles.count() <= 300
    page.get_by_role("button", name="Go to the newest message").click()
    expect(ui.bubbles.last).to_have_text("number 699")
    expect(ui.bubbles.last).to_be_in_viewport()


def test_today_is_yesterday_after_midnight(page: Page, server: Server, phone: Phone) -> None:
    phone.history("Ann", ["Hello"])
    page.clock.install()
    Ui(page, server.url).log_in(phone).open("Ann")
    expect(page.locator(".day")).to_have_text(["Today"])
    page.clock.fast_forward("24:00:00")
    page.clock.run_for(1_000)
    expect(page.locator(".day")).to_have_text(["Yesterday"])
