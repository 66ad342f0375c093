"""A conversation of 50,000 messages on the page: it opens at once, and scrolling stays smooth."""

from collections.abc import Callable

from playwright.sync_api import CDPSession, Page, expect

from tests.web.conftest import LONG
from tests.web.phone import Phone
from tests.web.test_security import go, log_in

SCROLLED = 2_100
OBSERVE = """() => {
  window.long = [];
  new PerformanceObserver((list) => long.push(...list.getEntries().map(({duration}) => Math.round(duration))))
    .observe({type: "longtask"});
}"""
BUSY = "() => { setTimeout(() => { for (const begin = Date.now(); Date.now() - begin < 120; ); }); }"
OPENED = """() => new Promise((resolve) => {
  const begin = performance.now();
  const look = () => document.querySelector(".messages .bubble")
    ? resolve(Math.round(performance.now() - begin)) : requestAnimationFrame(look);
  look();
})"""
# Up by half a window in every frame, as far as the list goes, until so many messages have passed.
SCROLL = """(until) => new Promise((resolve) => {
  const scroller = document.querySelector(".message-scroller");
  let last = performance.now();
  const gaps = [];
  const step = (now) => {
    gaps.push(Math.round(now - last));
    last = now;
    const oldest = Number(document.querySelector(".messages .bubble").textContent.split(" ")[1]);
    if (oldest <= until) resolve([oldest, gaps.sort((one, other) => other - one).slice(0, 5)]);
    else {
      scroller.scrollTop -= scroller.clientHeight / 2;
      requestAnimationFrame(step);
    }
  };
  requestAnimationFrame(step);
})"""
SHOWN = """() => [...document.querySelectorAll(".messages .bubble")].map((bubble) => bubble.textContent)"""


def busy_s(cdp: CDPSession) -> float:
    """How long the page's thread has worked: what others do on this machine does not count."""
    metrics = cdp.send("Performance.getMetrics")["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))


def test_it_opens_at_once_and_scrolls_smoothly(
    page: Page, long_history: tuple[Phone, int], tell: Callable[[str], None]
) -> None:
    phone, conversation = long_history
    log_in(page, phone)
    page.evaluate(OBSERVE)
    page.evaluate(BUSY)
    page.wait_for_timeout(500)
    assert page.evaluate("long.splice(0).length") > 0, "a long task is seen"
    go(page, f"/c/{conversation}")
    opened_ms = page.evaluate(OPENED)
    expect(page.locator(".messages").get_by_text(f"text {LONG - 1}", exact=True)).to_be_in_viewport()
    opening = page.evaluate("long.splice(0)")
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
    before_s = busy_s(cdp)
    reached, slowest = page.evaluate(SCROLL, LONG - SCROLLED)
    page_ms = round((busy_s(cdp) - before_s) * 1000 / (SCROLLED / 70), 1)
    scrolling = page.evaluate("long.splice(0)")
    shown = [int(text.split()[1]) for text in page.evaluate(SHOWN)]
    assert shown == list(range(shown[0], shown[-1] + 1)), "no gap, nothing twice"
    assert shown[0] <= reached
    assert len(shown) <= 280
    tell(
        f"{LONG} messages: first ones after {opened_ms} ms, long tasks (ms) {opening}; "
        f"scrolled through {SCROLLED}: {page_ms} ms of processor for 70 messages, frames in between included; "
        f"{len(scrolling)} long tasks, the longest {max(scrolling, default=0)} ms, slowest frames {slowest}"
    )
