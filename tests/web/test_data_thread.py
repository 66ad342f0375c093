"""Threads: a window on a conversation, wherever somebody scrolls and whatever happens meanwhile."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.web.client import Client, wait_for
from tests.web.conftest import LONG
from tests.web.phone import Phone

PAGE = 35
OBSERVE = """window.long = [];
new PerformanceObserver((list) => long.push(...list.getEntries().map(({duration}) => Math.round(duration))))
  .observe({type: 'longtask'})"""

TIMED = """(async () => {
  const begin = performance.now();
  const found = await store.search(it);
  return [Math.round(performance.now() - begin), found];
})()"""


def open_thread(page: Page, phone: Phone, conversation: int) -> Client:
    client = Client(page, phone.server.url).log_in(phone)
    client.open_thread(conversation)
    return client


def state(client: Client, conversation: int) -> tuple[bool, bool, int]:
    """Whether it is at the start, at the end, and how many messages it holds."""
    start, end, count = client.run(
        "[store.thread(it).atStart, store.thread(it).atEnd, store.thread(it).messages.length]", conversation
    )
    return start, end, count


def test_scrolling_up_and_down_shows_every_message_once(page: Page, phone: Phone) -> None:
    texts = [f"text {n}" for n in range(700)]
    ann = phone.history("Ann", texts)
    client = open_thread(page, phone, ann)
    assert client.texts(ann) == texts[-PAGE:]
    seen = set(client.texts(ann))
    while not state(client, ann)[0]:
        client.run("store.thread(it).loadOlder()", ann)
        shown = client.texts(ann)
        first = int(shown[0].split()[1])
        assert shown == texts[first : first + len(shown)], "no gap, nothing twice"
        assert len(shown) <= 8 * PAGE
        seen |= set(shown)
    assert seen == set(texts)
    while not state(client, ann)[1]:
        client.run("store.thread(it).loadNewer()", ann)
        shown = client.texts(ann)
        first = int(shown[0].split()[1])
        assert shown == texts[first : first + len(shown)]
        assert len(shown) <= 8 * PAGE
    assert client.texts(ann)[-1] == "text 699"


def test_a_page_that_says_the_same_leaves_the_messages_alone(page: Page, phone: Phone) -> None:
    """What is on the page stays: a video goes on playing, and a picture does not flash."""
    ann = phone.history("Ann", ["one", "two", "three"])
    client = open_thread(page, phone, ann)
    client.run("window.before = store.thread(it).messages", ann)
    newest = phone.account.get("/messages")[0]["device_id"]
    phone.account.post(f"/messages/update_type/{newest}", {"message_type": 5})
    client.until("store.thread(it).messages[2].type === 'info'", ann)
    client.run("store.thread(it).loadLatest()", ann)
    assert client.run("store.thread(it).messages.map((message, at) => message === before[at])", ann) == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("deleted", [0, 3, 150])
def test_what_changes_below_while_somebody_reads_above_moves_nothing(page: Page, phone: Phone, deleted: int) -> None:
    texts = [f"text {n}" for n in range(600)]
    ann = phone.history("Ann", texts)
    client = open_thread(page, phone, ann)
    for _ in range(10):
        client.run("store.thread(it).loadOlder()", ann)
    above = client.texts(ann)
    assert not state(client, ann)[1]
    rows = phone.account.get("/messages", conversation_id=ann, limit=deleted) if deleted else []
    client.run("store.sync.stop()")  # it does not hear of the deletions
    for row in rows:
        phone.account.post(f"/messages/remove/{row['device_id']}")
    for n in range(5):
        phone.receive(ann, f"new {n}")
    assert client.texts(ann) == above
    for _ in range(16):
        client.run("store.thread(it).loadOlder()", ann)
    assert client.texts(ann) == texts[: 8 * PAGE]
    for _ in range(24):
        client.run("store.thread(it).loadNewer()", ann)
    expected = texts[: 600 - deleted] + [f"new {n}" for n in range(5)]
    assert client.texts(ann) == expected[-len(client.texts(ann)) :]
    assert state(client, ann)[1]


def test_live_messages_join_at_the_end_only(page: Page, phone: Phone) -> None:
    ann = phone.history("Ann", [f"text {n}" for n in range(500)])
    client = open_thread(page, phone, ann)
    for _ in range(8):
        client.run("store.thread(it).loadOlder()", ann)
    above = client.texts(ann)
    phone.receive(ann, "news")
    client.until("store.conversations.get(it).snippet === 'news'", ann)
    assert client.texts(ann) == above
    client.run("store.thread(it).loadLatest()", ann)
    assert client.texts(ann)[-1] == "news"
    phone.receive(ann, "more news")
    wait_for(lambda: client.texts(ann)[-2:] == ["news", "more news"])


def test_messages_change_where_they_are_shown(page: Page, phone: Phone) -> None:
    ann = phone.history("Ann", ["a", "b", "c"])
    client = open_thread(page, phone, ann)
    first, second, third = client.run("store.thread(it).messages.map(({id}) => id)", ann)
    phone.account.post(f"/messages/update_type/{second}", message_type=4)
    client.until("store.thread(it).messages[1].type === 'delivered'", ann)
    phone.account.post(f"/messages/remove/{third}")
    client.until("store.thread(it).messages.length === 2", ann)
    stamp = client.run("store.thread(it).messages[1].timestamp", ann)
    phone.account.post("/messages/cleanup", timestamp=stamp)
    client.until_texts(ann, ["b"])
    phone.account.post("/accounts/clean_account")
    client.until("store.conversations.size === 0")
    client.until_texts(ann, [])
    assert first != second


def test_a_conversation_of_50_000_messages(
    page: Page, long_history: tuple[Phone, int], tell: Callable[[str], None]
) -> None:
    phone, conversation = long_history
    client = Client(page, phone.server.url).log_in(phone)
    page.evaluate(OBSERVE)
    page.evaluate("setTimeout(() => { for (const begin = Date.now(); Date.now() - begin < 120; ); })")
    client.until("long.length > 0 && long.splice(0)")  # it does see one
    client.open_thread(conversation)
    assert client.texts(conversation)[-1] == f"text {LONG - 1}"
    for _ in range(40):
        client.run("store.thread(it).loadOlder()", conversation)
    assert state(client, conversation) == (False, False, 8 * PAGE)
    assert client.texts(conversation)[0] == f"text {LONG - 41 * PAGE}"
    scrolling = client.run("long.splice(0)")
    built_ms, found = client.run(TIMED, "text 17")
    assert len(found) == 200, "the newest of them"
    searched_ms, hits = client.run(TIMED, f"text {LONG - 1}")
    assert [hit["text"] for hit in hits] == [f"text {LONG - 1}"]
    searching = client.run("long.splice(0)")
    oldest = phone.account.get("/messages", conversation_id=conversation, limit=1, offset=LONG - 18)[0]
    place = [conversation, oldest["device_id"], oldest["timestamp"]]
    assert client.run("store.thread(it[0]).loadAround(it[1], it[2])", place)
    assert client.texts(conversation)[:18][-1] == "text 17"
    jumping = client.run("long.splice(0)")
    tell(
        f"{LONG} messages: index built in {built_ms} ms, then a search takes {searched_ms} ms; "
        f"long tasks (ms): 40 pages {scrolling}, index and searches {searching}, a jump to the start {jumping}"
    )
