"""The connection of the web client: cut cables, ended servers, tabs that slept. Nothing missing, nothing twice."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import APIResponse, Page, Route

from tests.conftest import NewServer, Server
from tests.web.cable import Cable
from tests.web.client import Client, wait_for
from tests.web.conftest import NewContext
from tests.web.phone import Phone


@pytest.fixture
def cable(server: Server) -> Iterator[Cable]:
    with Cable(server) as cable:
        yield cable


def connect(page: Page, cable: Cable, phone: Phone) -> Client:
    return Client(page, cable.url).log_in(phone)


@pytest.mark.parametrize("seconds", [1, 20])
def test_a_cut_cable(page: Page, cable: Cable, phone: Phone, seconds: int) -> None:
    """For 20 s the page's clock is turned ahead, as if they had gone by."""
    ann = phone.history("Ann", ["before"])
    page.clock.install()
    client = connect(page, cable, phone)
    client.open_thread(ann)
    cable.cut()
    client.until("store.connection !== 'live'")
    received = [f"while away {n}" for n in range(5)]
    for text in received:
        phone.receive(ann, text)
    client.send(ann, "sent without a cable")
    client.send(ann, "and another")
    assert client.texts(ann) == ["before", "sent without a cable", "and another"]
    assert client.run("store.thread(it).messages.at(-1).pending", ann)
    for _ in range(seconds):
        page.clock.run_for(1_000)
    if seconds == 20:
        client.until("store.connection === 'offline'")
    cable.mend()
    page.clock.run_for(15_000)
    client.until("store.connection === 'live'")
    expected = sorted(["before", *received, "sent without a cable", "and another"])
    wait_for(lambda: sorted(client.texts(ann)) == expected, lambda: str(client.texts(ann)))
    assert phone.wait_sent(2) == ["sent without a cable", "and another"], "once, in order"
    client.until("store.pendingCount === 0")
    assert sorted(phone.messages(ann)) == expected
    assert "history-lost" not in str(client.run("events")), "no need to load everything again"


def test_the_cable_is_cut_again_and_again_while_both_write(page: Page, cable: Cable, phone: Phone) -> None:
    ann = phone.history("Ann", [])
    client = connect(page, cable, phone)
    client.open_thread(ann)
    mine, theirs = [f"mine {n}" for n in range(12)], [f"theirs {n}" for n in range(12)]
    for n in range(12):
        client.send(ann, mine[n])
        if n % 2:
            cable.cut()
        phone.receive(ann, theirs[n])
        cable.mend()
        client.run("store.reconnect()")
    wait_for(lambda: len(client.texts(ann)) == 24, lambda: str(client.texts(ann)))
    client.until("store.pendingCount === 0")
    shown = client.texts(ann)
    assert [text for text in shown if text in mine] == mine
    assert [text for text in shown if text in theirs] == theirs
    assert phone.wait_sent(12) == mine
    assert sorted(phone.messages(ann)) == sorted(mine + theirs)
    assert "history-lost" not in str(client.run("events"))


def test_an_answer_that_is_lost_sends_nothing_twice(page: Page, phone: Phone) -> None:
    ann = phone.history("Ann", [])
    client = Client(page, phone.server.url).log_in(phone)
    client.open_thread(ann)
    lost = []

    def lose(route: object) -> None:
        route.fetch()  # type: ignore[attr-defined]
        lost.append(route)
        route.abort() if len(lost) < 3 else route.continue_()  # type: ignore[attr-defined]

    page.route("**/messages/add*", lose)
    client.send(ann, "only once")
    client.send(ann, "after it")
    client.until("store.pendingCount === 0")
    assert len(lost) >= 3
    assert phone.wait_sent(2) == ["only once", "after it"]
    assert phone.messages(ann) == ["only once", "after it"]
    assert client.texts(ann) == ["only once", "after it"]


def test_what_the_phone_did_counts_while_the_answer_is_on_its_way(page: Page, phone: Phone) -> None:
    ann = phone.history("Ann", [])
    client = Client(page, phone.server.url).log_in(phone)
    client.open_thread(ann)
    answers: list[tuple[Route, APIResponse]] = []
    page.route("**/messages/add*", lambda route: answers.append((route, route.fetch())))
    client.send(ann, "once")
    client.until("store.thread(it).messages[0]?.type === 'sent'", ann)
    client.run("store.thread(it).loadLatest()", ann)
    assert client.run("store.thread(it).messages.map(({type, pending}) => [type, pending])", ann) == [["sent", True]]
    ((route, answer),) = answers
    route.fulfill(response=answer)
    client.until("store.pendingCount === 0")
    assert client.run("store.thread(it).messages.map(({type, pending}) => [type, pending])", ann) == [["sent", False]]


def test_a_server_that_restarts(page: Page, new_server: NewServer) -> None:
    server = new_server()
    with Phone(server) as phone:
        ann = phone.history("Ann", ["before"])
        client = Client(page, server.url).log_in(phone)
        client.open_thread(ann)
        server.settings["port"] = server.port
        assert server.stop() == 0
        client.until("store.connection !== 'live'")
        client.send(ann, "nobody listens yet")
        server.start()
        phone.receive(ann, "while it came back")
        client.run("store.reconnect()")
        client.wait_live()
        expected = sorted(["before", "nobody listens yet", "while it came back"])
        wait_for(lambda: sorted(client.texts(ann)) == expected, lambda: str(client.texts(ann)))
        assert phone.wait_sent(1) == ["nobody listens yet"]
        assert "history-lost" not in str(client.run("events"))
        server.kill()
        server.start()
        client.run("store.reconnect()")
        client.wait_live()
        phone.receive(ann, "after a crash")
        wait_for(lambda: sorted(client.texts(ann)) == sorted([*expected, "after a crash"]))
    assert server.stop() == 0


def test_what_is_sent_survives_a_reload(page: Page, cable: Cable, phone: Phone) -> None:
    ann = phone.history("Ann", ["before"])
    client = connect(page, cable, phone)
    client.open_thread(ann)
    page.route("**/messages/add*", lambda route: route.abort())
    client.send(ann, "one")
    client.send(ann, "two")
    client.open()
    client.open_thread(ann)
    client.until_texts(ann, ["before", "one", "two"])
    assert client.run("store.thread(it).messages.map(({pending}) => pending)", ann) == [False, True, True]
    page.unroute("**/messages/add*")
    client.run("store.reconnect()")
    assert phone.wait_sent(2) == ["one", "two"]
    client.until("store.pendingCount === 0")
    assert phone.messages(ann) == ["before", "one", "two"]


def test_it_opens_with_what_it_knew_when_the_server_is_gone(page: Page, cable: Cable, phone: Phone) -> None:
    ann = phone.history("Ann", ["one", "two"])
    client = connect(page, cable, phone)
    client.open_thread(ann)
    page.route("**/api/v1/**", lambda route: route.abort())
    page.route_web_socket("**/stream*", lambda socket: socket.close())
    client.open()
    client.until("store.ready && store.connection === 'offline'")
    assert client.run("store.conversations.get(it).title", ann) == "Ann"
    client.run("store.thread(it).ready.then(() => null)", ann)
    assert client.texts(ann) == ["one", "two"]
    assert client.run("store.thread(it).error.kind", ann) == "unreachable"
    assert client.run("store.search('two').then((found) => found.map(({text}) => text))") == ["two"]


def test_a_page_that_slept_is_right_at_once_when_it_wakes(page: Page, cable: Cable, phone: Phone) -> None:
    """The socket looks alive but is dead: nothing comes through, and nobody says so."""
    ann = phone.history("Ann", ["before"])
    client = connect(page, cable, phone)
    client.open_thread(ann)
    page.clock.install()
    cable.frozen = True
    phone.receive(ann, "in the night")
    page.clock.pause_at(page.evaluate("Date.now()") + 8 * 3600 * 1000)
    cable.frozen = False
    page.evaluate("dispatchEvent(new Event('focus'))")
    client.until_texts(ann, ["before", "in the night"])
    assert "history-lost" not in str(client.run("events"))


def test_a_silent_connection_is_given_up(page: Page, cable: Cable, phone: Phone) -> None:
    ann = phone.history("Ann", ["before"])
    page.clock.install()
    client = connect(page, cable, phone)
    client.open_thread(ann)
    cable.frozen = True
    phone.receive(ann, "not heard")
    page.clock.run_for(13_000)
    client.until("store.connection !== 'live'")
    cable.frozen = False
    page.clock.run_for(12_000)
    client.until_texts(ann, ["before", "not heard"])


def test_lost_history_loads_everything_again(page: Page, new_server: NewServer) -> None:
    server = new_server(retention_events=100)
    with Phone(server) as phone:
        ann = phone.history("Ann", ["before"])
        client = Client(page, server.url).log_in(phone)
        client.open_thread(ann)
        client.page.context.set_offline(True)
        page.evaluate("store.sync.stop()")
        doomed = phone.receive(ann, "deleted meanwhile")
        phone.account.post(f"/messages/remove/{doomed}")
        # As after restoring a backup: the place that the page knows is not in this history.
        client.run("store.db.set('cursor', {epoch: 'another', offset: 7})")
        client.page.context.set_offline(False)
        phone.receive(ann, "after")
        phone.add_conversation("Bob", "+15550005555")
        client.open()
        client.wait_live()
        client.until("store.conversations.size === 2")
        client.until("events.some(([name]) => name === 'history-lost')")
        client.open_thread(ann)
        client.until_texts(ann, ["before", "after"])
        phone.receive(ann, "live")
        client.until_texts(ann, ["before", "after", "live"])
    assert server.stop() == 0


def test_tabs_do_not_disturb_each_other(new_context: NewContext, cable: Cable, phone: Phone) -> None:
    ann = phone.history("Ann", [])
    context = new_context()
    one = connect(context.new_page(), cable, phone)
    other = Client(context.new_page(), cable.url)
    other.wait_live()
    for client in (one, other):
        client.open_thread(ann)
    cable.cut()
    for n in range(4):
        (one, other)[n % 2].send(ann, f"text {n}")
    texts = [f"text {n}" for n in range(4)]
    cable.mend()
    for client in (one, other):
        client.run("store.reconnect()")
    for client in (one, other):
        client.until_texts(ann, texts)
        client.until("store.pendingCount === 0")
        client.until("store.thread(it).messages.every(({type, pending}) => type === 'sent' && !pending)", ann)
    assert phone.wait_sent(4) == texts
    one.page.close()
    other.send(ann, "alone")
    phone.wait_sent(5)
    third = Client(context.new_page(), cable.url)
    third.wait_live()
    third.run("store.logOut()")
    other.until("store.session === null")


def test_a_tab_that_lags_behind_does_not_bring_old_rows_back(new_context: NewContext, phone: Phone) -> None:
    ann = phone.history("Ann", ["one"])
    context = new_context()
    quick = Client(context.new_page(), phone.server.url).log_in(phone)
    slow = Client(context.new_page(), phone.server.url)
    slow.wait_live()
    slow.run("(window.go = store.db.change, store.db.change = (...it) => new Promise((done) => "
             "(window.held ??= []).push(() => done(go.apply(store.db, it)))), null)")  # fmt: skip
    phone.receive(ann, "two")
    quick.until("store.conversations.get(it).snippet === 'two'", ann)
    slow.until("window.held?.length > 0")
    phone.account.post(f"/conversations/update_title/{ann}", title=phone.key.seal("Ann B."))
    quick.until("store.conversations.get(it).title === 'Ann B.'", ann)
    quick.run("store.db.get('cursor')")
    slow.run("(store.db.change = go, held.forEach((one) => one()), null)")
    slow.until("store.conversations.get(it).title === 'Ann B.'", ann)
    quick.open()
    quick.wait_live()
    assert quick.run("store.conversations.get(it).title", ann) == "Ann B."
    quick.open_thread(ann)
    quick.until_texts(ann, ["one", "two"])


def test_many_events_at_once(page: Page, cable: Cable, phone: Phone) -> None:
    ann = phone.history("Ann", [])
    client = connect(page, cable, phone)
    client.open_thread(ann)
    texts = [f"text {n}" for n in range(3_000)]
    phone.add_messages([phone.message(ann, text) for text in texts])
    client.until("store.thread(it).messages.at(-1)?.text === 'text 2999'", ann)
    shown = client.texts(ann)
    assert len(shown) < 500, "the page keeps a window on them"
    assert shown == texts[-len(shown) :]
