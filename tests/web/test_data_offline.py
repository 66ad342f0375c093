"""The service worker: the page opens without a network, and is a new one after an upgrade."""

import http.server
import threading
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from shutil import copytree

import pytest
from playwright.sync_api import Page

from heartline.server.web import FILES, HEADERS, MEDIA_TYPES, WebClient
from tests.conftest import Server
from tests.web.client import Client
from tests.web.phone import Phone

REGISTER = """async () => {
  await navigator.serviceWorker.register("/service-worker.js");
  await navigator.serviceWorker.ready;
  if (!navigator.serviceWorker.controller) {
    await new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve));
  }
}"""


def test_it_opens_without_a_network(page: Page, server: Server, phone: Phone) -> None:
    ann = phone.history("Ann", ["one"])
    client = Client(page, server.url).log_in(phone)
    client.open_thread(ann)
    page.evaluate(REGISTER)
    page.context.set_offline(True)
    page.goto(server.url)
    page.get_by_text("Ann").first.wait_for()
    client.open()
    client.until("store.ready && store.connection === 'offline'")
    client.open_thread(ann)
    assert client.texts(ann) == ["one"]
    page.context.set_offline(False)
    client.run("store.reconnect()")
    client.wait_live()


def test_only_files_are_answered_from_the_browser(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/api.js")
    page.evaluate(REGISTER)
    cached = page.evaluate("""async () => {
      const [name] = await caches.keys();
      return (await (await caches.open(name)).keys()).map(({url}) => new URL(url).pathname);
    }""")
    assert set(cached) == set(WebClient().paths) - {"/service-worker.js"}
    assert page.evaluate("fetch('/healthz').then((reply) => reply.json())") == {"status": "ok"}
    assert page.evaluate("fetch('/nowhere.js').then(({status}) => status)") == HTTPStatus.NOT_FOUND


class Version:
    """Another copy of the files, at an address of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        copytree(FILES, folder)
        version = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                version.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.files = WebClient(folder)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        file = self.files._files.get(handler.path)
        handler.send_response(HTTPStatus.OK if file else HTTPStatus.NOT_FOUND)
        if file:
            for name, value in (
                HEADERS | {"etag": file.etag, "content-type": MEDIA_TYPES[Path(handler.path).suffix]}
            ).items():
                handler.send_header(name, value)
        body = file.body if file else b""
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


@pytest.fixture
def version(tmp_path: Path) -> Iterator[Version]:
    version = Version(tmp_path / "web")
    thread = threading.Thread(target=version.server.serve_forever)
    thread.start()
    yield version
    version.server.shutdown()
    thread.join()
    version.server.server_close()


def test_an_upgrade_is_there_after_a_reload_and_whole(page: Page, version: Version) -> None:
    page.goto(f"{version.url}/api.js")
    page.evaluate(REGISTER)
    (version.folder / "api.js").write_text("export const version = 2;\n")
    (version.folder / "crypto.js").write_text("export const version = 2;\n")
    version.files = WebClient(version.folder)
    # The new worker comes with the next look, and takes over with all files or none.
    page.evaluate("""async () => {
      const changed = new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve));
      await (await navigator.serviceWorker.ready).update();
      await changed;
    }""")
    page.goto(f"{version.url}/api.js")
    both = "Promise.all([import('/api.js'), import('/crypto.js')]).then((all) => all.map(({version}) => version))"
    assert page.evaluate(both) == [2, 2]
    assert len(page.evaluate("caches.keys()")) == 1


def test_a_half_upgrade_is_not_taken(page: Page, version: Version) -> None:
    page.goto(f"{version.url}/api.js")
    page.evaluate(REGISTER)
    (version.folder / "crypto.js").write_text("export const version = 2;\n")
    newer = WebClient(version.folder)
    old = version.files
    # The worker is new, the files are still the old ones.
    old._files["/service-worker.js"] = newer._files["/service-worker.js"]
    failed = page.evaluate("""async () => {
      const registration = await navigator.serviceWorker.ready;
      const found = new Promise((resolve) => registration.addEventListener("updatefound", () => {
        const worker = registration.installing;
        worker.addEventListener("statechange", () => resolve(worker.state));
      }));
      await registration.update().catch(() => {});
      return found;
    }""")
    assert failed == "redundant"
    assert page.evaluate("import('/crypto.js').then((module) => 'deriveKey' in module)")
