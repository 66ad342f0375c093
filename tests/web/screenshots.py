"""`make screenshots`: the pictures of the web client for the README, of a made-up account on a server of its own."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import Server
from tests.web.chromium import ARGUMENTS, find_chromium
from tests.web.phone import PASSWORD, RECEIVED, SENT, Phone

IMAGES = Path(__file__).parent.parent.parent / "docs" / "images"
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS

CONVERSATIONS: list[dict[str, Any]] = [
    {
        "title": "Mira Okafor",
        "color": -14575885,
        "ago": 4 * MINUTE_MS,
        "last": "See you at the station!",
        "pinned": True,
    },
    {
        "title": "Hiking group",
        "color": -11751600,
        "ago": 40 * MINUTE_MS,
        "last": "Jonas: Sunday looks dry",
        "group": True,
    },
    {
        "title": "Dr. Lindqvist",
        "color": -8825528,
        "ago": 3 * 60 * MINUTE_MS,
        "last": "Your appointment is on Tuesday at 9:40",
    },
    {"title": "Theo", "color": -769226, "ago": DAY_MS, "last": "Did you get the tickets?", "read": False},
    {"title": "Grandma", "color": -43230, "ago": 2 * DAY_MS, "last": "You: Picture Message"},
    {
        "title": "Parcel service",
        "color": -10453621,
        "ago": 3 * DAY_MS,
        "last": "Delivered to your neighbour",
        "mute": True,
    },
    {"title": "Ana Sofia", "color": -6543440, "ago": 5 * DAY_MS, "last": "Thank you so much"},
    {"title": "Book club", "color": -16738680, "ago": 8 * DAY_MS, "last": "You: I am only on page 40", "group": True},
]

THREAD: list[tuple[int, str]] = [
    (RECEIVED, "Are you coming to the lake tomorrow?"),
    (SENT, "Yes! Which train do you take?"),
    (RECEIVED, "The one at 9:12, it is never full"),
    (RECEIVED, "I can bring the tent, and Jonas has the stove"),
    (SENT, "Perfect. Then I bring breakfast"),
    (RECEIVED, "The good bread please"),
    (SENT, "Of course the good bread. What do you take me for"),
    (RECEIVED, "The weather: https://weather.example/lake"),
    (SENT, "20 degrees and no wind, we are lucky"),
    (RECEIVED, "See you at the station!"),
]


def fill(phone: Phone) -> int:
    """The account; its first conversation."""
    now = round(time.time() * 1000)
    ids = []
    for number, item in enumerate(CONVERSATIONS):
        numbers = f"+155501001{number:02}, +155501002{number:02}" if item.get("group") else f"+155501001{number:02}"
        columns = {name: item[name] for name in ("color", "pinned", "mute", "read") if name in item}
        columns |= {"timestamp": now - item["ago"], "snippet": phone.key.seal(item["last"])}
        ids.append(phone.add_conversation(item["title"], numbers, **columns))
    phone.add_messages(
        [
            phone.message(
                ids[0],
                text,
                message_type=kind,
                read=True,
                timestamp=now
                - 4 * MINUTE_MS
                - (len(THREAD) - 1 - at) // 3 * 9 * MINUTE_MS
                - (len(THREAD) - 1 - at) * 5_000
                - (DAY_MS if at < 4 else 0),
            )
            for at, (kind, text) in enumerate(THREAD)
        ]
    )
    return ids[0]


@contextmanager
def opened(browser: Browser, phone: Phone, **options: Any) -> Iterator[Page]:
    """A page that is logged in, with the first conversation open."""
    context = browser.new_context(locale="en-GB", device_scale_factor=1.5, reduced_motion="reduce", **options)
    page = context.new_page()
    page.goto(phone.server.url)
    page.locator("[name=username]").fill(phone.username)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.locator("nav.list-pane").get_by_text("Book club").first).to_be_visible()
    yield page
    context.close()


def take(page: Page, name: str) -> None:
    page.mouse.move(0, 0)  # nothing is pointed at
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    print(json.dumps({"image": str(path.relative_to(Path.cwd())), "bytes": path.stat().st_size}))


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        server = Server(Path(folder) / "data")
        try:
            with Phone(server, "mira@example.org") as phone, sync_playwright() as playwright:
                conversation = fill(phone)
                browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
                for scheme in ("light", "dark"):
                    with opened(browser, phone, viewport=WIDE, color_scheme=scheme) as page:
                        page.evaluate("(place) => { location.hash = place; }", f"/c/{conversation}")
                        expect(page.locator(".bubble").last).to_be_visible()
                        take(page, f"web-{scheme}")
                with opened(
                    browser, phone, viewport=PHONE, color_scheme="light", is_mobile=True, has_touch=True
                ) as page:
                    take(page, "web-phone-list")
                    page.evaluate("(place) => { location.hash = place; }", f"/c/{conversation}")
                    expect(page.locator(".bubble").last).to_be_visible()
                    take(page, "web-phone-thread")
                browser.close()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
