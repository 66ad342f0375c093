"""What an attacker can put into messages stays text, and everybody can use the page: axe-core on each view."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import NewContext
from tests.web.phone import PASSWORD, Phone

AXE = Path(__file__).parent.parent / "node" / "node_modules" / "axe-core" / "axe.min.js"
EVIL = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'><b>\"'&amp;"
PAGES = ("contacts", "scheduled", "templates", "auto-replies", "folders", "blocked", "devices", "account", "settings")


def log_in(page: Page, phone: Phone) -> None:
    page.goto(phone.server.url)
    page.locator("[name=username]").fill(phone.username)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.locator("nav.list-pane")).to_be_visible()


def go(page: Page, place: str) -> None:
    page.evaluate("(place) => { location.hash = place; }", place)


def fill(phone: Phone, text: str) -> int:
    """An account with something of everything, all of it of this text; its conversation."""
    seal, post = phone.key.seal, phone.account.post
    conversation = phone.history(text, [text, text], numbers="+15550002222, +15550003333", read=False)
    phone.add_messages([phone.message(conversation, text, message_from=seal(text), timestamp=phone.now_ms())])
    phone.receive_file(conversation, text.encode(), "text/vcard")
    phone.receive_file(conversation, text.encode(), "image/svg+xml")
    phone.receive_file(conversation, text.encode(), "text/html; x")
    card = '{"title": "x", "web_url": "javascript:window.hacked = 3", "image_url": "https://example.org/x.png"}'
    phone.add_messages([phone.message(conversation, card, mime_type=seal("media/web"), message_type=6)])
    phone.receive(conversation, "javascript:window.hacked=4 https://example.org/'onclick='hacked=5' data:text/html,x")
    phone.receive(conversation, text)
    colours = dict.fromkeys(("color", "color_dark", "color_light", "color_accent"), -1)
    contact = {
        "device_id": 5,
        "phone_number": seal(text),
        "name": seal(text),
        "id_matcher": seal("2"),
        "contact_type": 1,
    }
    post("/contacts/add", {"contacts": [contact | colours]})
    post("/folders/add", {"folders": [{"device_id": 6, "name": seal(text)} | colours]})
    post("/templates/add", {"templates": [{"device_id": 7, "text": seal(text)}]})
    reply = {"device_id": 8, "reply_type": "keyword", "pattern": seal(text), "response": seal(text)}
    post("/auto_replies/add", {"auto_replies": [reply]})
    post("/blacklists/add", {"blacklists": [{"device_id": 9, "phrase": seal(text)}]})
    message = {"device_id": 10, "timestamp": 4_000_000_000_000, "mime_type": seal("text/plain")}
    message |= {name: seal(text) for name in ("to", "data", "title")}
    post("/scheduled_messages/add", {"scheduled_messages": [message]})
    draft = {
        "device_id": 11,
        "device_conversation_id": conversation,
        "data": seal(text),
        "mime_type": seal("text/plain"),
    }
    post("/drafts/add", {"drafts": [draft]})
    post("/devices/add", {"device": {"id": 12, "info": text, "name": text, "primary": False}})
    return conversation


def test_what_others_write_stays_text(page: Page, phone: Phone) -> None:
    conversation = fill(phone, EVIL)
    log_in(page, phone)
    expect(page.locator("nav.list-pane").get_by_text(EVIL).first).to_be_visible()
    go(page, f"/c/{conversation}")
    expect(page.locator(".messages").get_by_text(EVIL).first).to_be_visible()
    expect(page.locator(".compose-text")).to_have_value(EVIL)
    for name in PAGES:
        go(page, f"/p/{name}")
        expect(page.locator("section.page h1")).to_be_visible()
        if name not in ("account", "settings"):
            expect(page.locator("section.page").get_by_text(EVIL).first).to_be_visible()
    go(page, f"/search/{'hacked'}")
    expect(page.locator(".results").get_by_text("window.hacked = 1").first).to_be_visible()
    go(page, "/new")
    expect(page.get_by_text(EVIL).first).to_be_visible()
    phone.receive(conversation, EVIL)  # also while it is looked at, with a notification
    go(page, f"/c/{conversation}")
    expect(page.locator(".messages").get_by_text(EVIL).first).to_be_visible()
    assert page.evaluate("window.hacked") is None
    for address in page.locator("a[href]").evaluate_all("(links) => links.map(({href}) => href)"):
        assert address.startswith((phone.server.url, "https://example.org/", "tel:", "sms:", "blob:")), address
    assert page.locator("script:not([src]), iframe, object, embed, [onerror], [onclick]").count() == 0


def test_the_page_runs_under_its_own_rules_only(page: Page, phone: Phone, watched: Any) -> None:
    watched.allowed += ["Content Security Policy", "example.org", "script-src", "script violates"]
    log_in(page, phone)
    violated = page.evaluate("""async () => {
      const violations = [];
      document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => violations.push(effectiveDirective));
      const script = document.createElement("script");
      script.textContent = "window.hacked = 1";
      document.body.append(script);
      document.body.insertAdjacentHTML("beforeend", "<img src='https://example.org/x.png'><p onclick='hacked = 2'>x</p>");
      document.querySelector("p[onclick]").click();
      await fetch("https://example.org/x").catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 200));
      return [violations.sort(), window.hacked];
    }""")
    assert violated[1] is None
    assert set(violated[0]) == {"connect-src", "img-src", "script-src-attr", "script-src-elem"}
    watched.wrongs = [
        wrong for wrong in watched.wrongs if not wrong.startswith("asked another host: https://example.org")
    ]


def check_with_axe(page: Page, view: str) -> list[str]:
    """One line for each violation of a view."""
    result = page.evaluate("async () => await axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{view}: {violation['id']} ({violation['impact']}): {violation['help']}: "
        + "; ".join(f"{node['html'][:160]} {node['failureSummary'][:200]}" for node in violation["nodes"][:3])
        for violation in result["violations"]
    ]


@pytest.mark.parametrize(
    "options",
    [
        {"color_scheme": "light"},
        {"color_scheme": "dark"},
        {"viewport": {"width": 360, "height": 640}, "color_scheme": "light"},
    ],
    ids=["light", "dark", "phone"],
)
def test_no_view_has_a_violation_of_accessibility(
    new_context: NewContext, phone: Phone, options: dict[str, Any]
) -> None:
    conversation = fill(phone, "Plain words")
    other = phone.history("Bob", ["hello"], numbers="+15550007777", pinned=True)
    page = new_context(reduced_motion="reduce", **options).new_page()
    page.goto(phone.server.url)
    axe = AXE.read_text()
    page.evaluate(axe)
    expect(page.locator("[name=username]")).to_be_visible()
    found = check_with_axe(page, "log in")
    page.get_by_role("button", name="Sign up").click()
    found += check_with_axe(page, "sign up")
    log_in(page, phone)
    page.evaluate(axe)
    expect(page.locator("nav.list-pane").get_by_text("Bob").first).to_be_visible()
    found += check_with_axe(page, "list")
    for place, shown in {
        f"/c/{conversation}": ".messages .bubble",
        f"/c/{other}": ".messages .bubble",
        "/new": "main input",
        "/search/words": ".results mark",
        **{f"/p/{name}": "section.page h1" for name in PAGES},
    }.items():
        go(page, place)
        expect(page.locator(shown).first).to_be_visible()
        found += check_with_axe(page, place)
    go(page, f"/c/{other}")
    page.locator(".compose-text").fill("something to send")
    page.get_by_role("button", name="Actions for this conversation").click()
    expect(page.get_by_role("menu")).to_be_visible()
    found += check_with_axe(page, "menu of a conversation")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Details").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    found += check_with_axe(page, "details")
    page.keyboard.press("Escape")
    page.route("**/messages/forward_to_phone*", lambda route: route.fulfill(status=400, json={"error": "too long"}))
    go(page, "/new/%2B15550009999")
    page.locator(".compose-text").fill("to somebody new")
    page.keyboard.press("Enter")
    expect(page.locator(".unsent-message")).to_be_visible()
    found += check_with_axe(page, "what was not sent")
    assert not found, "\n".join(found)
