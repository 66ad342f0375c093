"""What the web client looks like when things are long, large, narrow, or run from right to left."""

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import Server
from tests.web.client import wait_for
from tests.web.conftest import NewContext
from tests.web.phone import Phone
from tests.web.test_security import PAGES, fill, go
from tests.web.test_ui_messages import picture
from tests.web.ui import Ui

LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitän" * 6
# What cannot be reached without scrolling sideways; chips and previews are strips, and what is cut off is whole elsewhere.
TOO_WIDE = """() => {
  const isCut = (element) => {
    for (let parent = element.parentElement; parent; parent = parent.parentElement) {
      const { overflowX } = getComputedStyle(parent);
      if (overflowX === "hidden" && parent.scrollWidth > parent.clientWidth) return parent !== document.body;
    }
    return false;
  };
  const named = (element) => `${element.tagName} ${element.className}`;
  const found = document.documentElement.scrollWidth > innerWidth ? ["the page scrolls"] : [];
  for (const element of document.querySelectorAll(".shell *, dialog, dialog *")) {
    if (element.closest(".chips, .previews, .spoken, svg")) continue;
    const { width, left, right } = element.getBoundingClientRect();
    const scrolls = ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
    if (scrolls && element.scrollWidth > element.clientWidth + 1) found.push(`scrolls: ${named(element)}`);
    if (width && (right > innerWidth + 1 || left < -1) && !isCut(element)) found.push(`sticks out: ${named(element)}`);
  }
  return found;
}"""


@pytest.mark.parametrize(("width", "height"), [(320, 568), (640, 400)], ids=["narrow", "zoomed to 200 %"])
def test_no_page_scrolls_sideways(
    new_context: NewContext, server: Server, phone: Phone, width: int, height: int
) -> None:
    conversation = fill(phone, LONG_WORD)
    phone.receive(conversation, f"https://example.org/{'a' * 300}", message_from=phone.key.seal(LONG_WORD))
    page = new_context(viewport={"width": width, "height": height}).new_page()
    ui = Ui(page, server.url).log_in(phone)
    expect(ui.row(LONG_WORD)).to_be_visible()
    assert page.evaluate(TOO_WIDE) == []
    for place in ("/new", f"/search/{LONG_WORD[:8]}", *(f"/p/{name}" for name in PAGES)):
        go(page, place)
        expect(page.locator(".main-pane h1").first).to_be_attached()
        assert page.evaluate(TOO_WIDE) == [], place
    go(page, "/p/contacts")
    page.get_by_role("button", name="Add contact").click()
    assert page.evaluate(TOO_WIDE) == [], "a form"
    page.keyboard.press("Escape")
    go(page, f"/c/{conversation}")
    expect(ui.bubbles.last).to_be_in_viewport()
    assert page.evaluate(TOO_WIDE) == [], "a thread"
    for name in ("Details", "Actions for this conversation", "Add", "Emoji"):
        page.get_by_role("button", name=name, exact=True).click()
        assert page.evaluate(TOO_WIDE) == [], name
        page.keyboard.press("Escape")


def test_arabic_and_hebrew_run_their_own_way(page: Page, server: Server, phone: Phone) -> None:
    phone.history("Ann", ["Hello"])
    name = "أحمد بن محمد"
    arabic = phone.history(name, ["مرحبا، كيف حالك؟", "Plain\nשרת", "انظر https://example.org/א"], "+15550008888")
    phone.receive(arabic, "أنا بخير، شكرا!")
    ui = Ui(page, server.url).log_in(phone).open(name)
    starts = "(titles) => titles.map((title) => { const range = document.createRange();"
    starts += "range.selectNodeContents(title); return Math.round(range.getBoundingClientRect().left); })"
    lefts: list[int] = []

    def begin_below_each_other() -> bool:
        lefts[:] = page.locator("nav .row-title").evaluate_all(
            starts
        )  # 0 until the frame in which a new row is laid out
        return len(lefts) == 2 and len({*lefts}) == 1

    wait_for(begin_below_each_other, lambda: f"names begin at {lefts}")
    expect(ui.bubbles.first).to_have_css("direction", "rtl")
    expect(page.locator(".row-snippet", has_text="أنا")).to_have_css("direction", "rtl")
    expect(page.locator(".bubble a")).to_have_css("direction", "ltr")
    ui.text.fill("שרת")
    assert ui.text.evaluate("(field) => field.matches(':dir(rtl)')")


def test_pictures_of_any_shape_fit(page: Page, server: Server, phone: Phone) -> None:
    conversation = phone.history("Ann", ["Look"])
    for width, height in ((8000, 6000), (20, 4000), (4000, 20)):
        phone.receive_file(conversation, picture(width, height), "image/png")
    Ui(page, server.url).log_in(phone).open("Ann")
    pictures = page.locator(".media img")
    expect(pictures).to_have_count(3)
    frame = page.get_by_role("region", name="Messages").bounding_box()
    assert frame
    for number in range(3):
        one = pictures.nth(number)
        one.scroll_into_view_if_needed()
        expect(one).to_have_js_property("complete", True)
        box = one.bounding_box()
        assert box
        assert box["height"] <= frame["height"]
        assert frame["x"] <= box["x"] < box["x"] + box["width"] <= frame["x"] + frame["width"]
        page.locator(".picture-button").nth(number).click()
        large = page.locator(".large-picture")
        expect(large).to_be_in_viewport(ratio=1)
        page.keyboard.press("Escape")
        expect(large).to_have_count(0)


def test_a_draft_of_several_lines_is_seen_whole(page: Page, server: Server, phone: Phone) -> None:
    conversation = phone.history("Ann", ["Hello"])
    draft = {
        "device_id": 11,
        "device_conversation_id": conversation,
        "data": phone.key.seal("one\ntwo\nthree"),
        "mime_type": phone.key.seal("text/plain"),
    }
    phone.account.post("/drafts/add", {"drafts": [draft]})
    ui = Ui(page, server.url).log_in(phone)
    expect(ui.row("Ann")).to_contain_text("Draft")
    ui.open("Ann")
    expect(ui.text).to_have_value("one\ntwo\nthree")
    assert ui.text.evaluate("(field) => field.scrollHeight <= field.clientHeight")


def test_a_shared_page_stands_on_the_side_of_who_shared_it(page: Page, server: Server, phone: Phone) -> None:
    conversation = phone.history("Ann", ["Hello"])
    card = phone.message(
        conversation, '{"title": "A page"}', mime_type=phone.key.seal("media/web"), message_type=6, read=True
    )
    phone.add_messages([card])
    ui = Ui(page, server.url).log_in(phone).open("Ann")
    expect(ui.bubbles).to_have_text(["Hello", "A page"])
    boxes = [ui.bubbles.nth(number).bounding_box() for number in range(2)]
    assert boxes[0]
    assert boxes[1]
    assert boxes[0]["x"] == boxes[1]["x"]


@pytest.mark.parametrize(("motion", "duration"), [("no-preference", "0.13s"), ("reduce", "0.001s")])
def test_who_wants_less_motion_gets_none(
    new_context: NewContext, server: Server, phone: Phone, motion: str, duration: str
) -> None:
    phone.history("Ann", ["Hello"])
    page = new_context(reduced_motion=motion).new_page()
    Ui(page, server.url).log_in(phone).open("Ann")
    page.get_by_role("button", name="Details").click()
    style = "(element) => getComputedStyle(element).animationDuration"
    assert page.get_by_role("dialog").evaluate(style) == duration
