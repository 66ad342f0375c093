"""What the page itself says and shows when its connection is cut, its server restarts or is gone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.conftest import NewServer, Server
from tests.web.cable import Cable
from tests.web.phone import Phone
from tests.web.ui import Ui


@pytest.fixture
def cable(server: Server) -> Iterator[Cable]:
    with Cable(server) as cable:
        yield cable


def connection(page: Page) -> Locator:
    """The line that tells how the connection is; empty while all is well."""
    return page.locator(".connection")


def write(ui: Ui, text: str) -> None:
    ui.text.fill(text)
    ui.text.press("Enter")


@pytest.mark.parametrize("seconds", [1, 20])
def test_a_cut_cable_is_told_calmly_and_loses_nothing(page: Page, cable: Cable, phone: Phone, seconds: int) -> None:
    """The page's clock is turned ahead, as if the seconds had gone by."""
    ann = phone.history("Ann", ["before"])
    page.clock.install()
    ui = Ui(page, cable.url).log_in(phone).open("Ann")
    expect(connection(page)).to_have_attribute("data-state", "live")
    cable.cut()
    expect(connection(page)).not_to_have_attribute("data-state", "live")
    phone.receive(ann, "while away")
    write(ui, "without a cable")
    expect(page.locator(".message.own")).to_contain_text(["without a cable"])
    for _ in range(seconds):
        page.clock.run_for(1_000)
    if seconds == 1:
        expect(connection(page)).to_be_empty()
    else:
        expect(connection(page)).to_contain_text("The server cannot be reached.")
        expect(connection(page)).to_contain_text("wait")
    cable.mend()
    if seconds == 20:
        page.get_by_role("button", name="Try now").click()
    page.clock.run_for(15_000)
    expect(connection(page)).to_be_empty()
    expect(ui.bubbles).to_have_count(3)
    assert sorted(ui.bubbles.all_text_contents()) == ["before", "while away", "without a cable"]
    assert phone.wait_sent(1) == ["without a cable"]


def test_a_page_follows_its_server_across_a_restart(page: Page, new_server: NewServer) -> None:
    server = new_server()
    with Phone(server) as phone:
        ann = phone.history("Ann", ["before"])
        ui = Ui(page, server.url).log_in(phone).open("Ann")
        server.settings["port"] = server.port
        assert server.stop() == 0
        write(ui, "nobody listens yet")
        expect(connection(page)).to_contain_text("1 change waits")
        expect(page.locator(".message.own")).to_contain_text(["Waiting for the server"])
        server.start()
        phone.receive(ann, "while it came back")
        expect(connection(page)).to_be_empty()
        expect(ui.bubbles).to_have_count(3)
        assert sorted(ui.bubbles.all_text_contents()) == ["before", "nobody listens yet", "while it came back"]
        assert phone.wait_sent(1) == ["nobody listens yet"]
        expect(page.locator(".message.own .state")).to_have_text(["Sent"])
    assert server.stop() == 0


def test_logging_in_without_a_server_says_so(page: Page, cable: Cable, phone: Phone) -> None:
    phone.history("Ann", ["Hello"])
    ui = Ui(page, cable.url).go()
    expect(page.get_by_label("User name")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")  # else its script may be on its way
    cable.cut()
    page.get_by_label("User name").fill(phone.username)
    page.get_by_label("Password").fill("correct horse battery staple")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    cable.mend()
    page.get_by_role("button", name="Log in").click()
    expect(ui.row("Ann")).to_be_visible()


def test_a_reload_in_the_middle_of_sending_sends_once(page: Page, cable: Cable, phone: Phone) -> None:
    phone.history("Ann", ["before"])
    ui = Ui(page, cable.url).log_in(phone).open("Ann")
    page.route("**/messages/add*", lambda route: route.abort())
    write(ui, "one")
    write(ui, "two")
    expect(ui.bubbles).to_have_text(["before", "one", "two"])
    page.reload()
    expect(ui.bubbles).to_have_text(["before", "one", "two"])
    page.unroute("**/messages/add*")
    page.reload()
    assert phone.wait_sent(2) == ["one", "two"]
    expect(page.locator(".message.own .state")).to_have_text(["Sent"])
    expect(ui.bubbles).to_have_text(["before", "one", "two"])
