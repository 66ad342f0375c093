"""The files of the web client over HTTP, and the approval of activation codes that it asks for."""

import json
import re
import zipfile
from pathlib import Path
from subprocess import run
from sys import executable

import pytest

from heartline.server.web import FILES, MEDIA_TYPES, WebClient
from tests.conftest import Account, Server

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
ROOT = Path(__file__).parent.parent.parent


def test_a_browser_gets_the_page_and_a_program_a_text(server: Server) -> None:
    page = server.http.get("/", headers=BROWSER)
    assert page.headers["content-type"].startswith("text/html")
    assert "<!doctype html>" in page.text.lower()
    assert page.headers["vary"] == "accept"
    text = server.http.get("/", headers={"accept": "*/*"})
    assert text.headers["content-type"].startswith("text/plain")
    assert "Web client" in text.text


def test_every_file_is_served_under_the_rules(server: Server) -> None:
    paths = WebClient().paths
    assert {"/index.html", "/store.js", "/model/thread.js"} <= set(paths)
    for path in paths:
        reply = server.http.get(path)
        assert reply.status_code == 200, path
        assert reply.headers["content-type"].split(";")[0] == MEDIA_TYPES[Path(path).suffix]
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "no-referrer"
        rules = reply.headers["content-security-policy"].split("; ")
        assert {"default-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"} <= set(rules)
        assert "unsafe" not in reply.headers["content-security-policy"]


def test_a_file_is_sent_again_only_when_it_is_another(server: Server) -> None:
    first = server.http.get("/store.js")
    assert first.headers["cache-control"] == "no-cache"
    again = server.http.get("/store.js", headers={"if-none-match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert server.http.get("/store.js", headers={"if-none-match": '"other"'}).status_code == 200
    assert server.http.head("/store.js").content == b""


@pytest.mark.parametrize("path", ["/server/web.py", "/web.py", "/../server/web.py", "/model", "/%2e%2e/errors.py"])
def test_nothing_else_is_served(server: Server, path: str) -> None:
    assert server.http.get(path).status_code == 404


def test_an_unknown_path_is_unknown_to_every_method(server: Server) -> None:
    assert server.http.post("/nowhere").status_code == 404
    assert server.http.post("/store.js").status_code == 405


def test_the_service_worker_knows_all_files_and_changes_with_each(tmp_path: Path) -> None:
    def worker(app: str) -> bytes:
        (tmp_path / "app.js").write_text(app)
        (tmp_path / "service-worker.js").write_text("self.x = 1;\n")
        (tmp_path / "notes.txt").write_text("not served")
        return WebClient(tmp_path)._files["/service-worker.js"].body

    one, other = worker("a"), worker("b")
    assert one != other
    assert one == worker("a")
    version, files, script = one.decode().split("\n", 2)
    assert re.fullmatch(r'const VERSION = "[0-9a-f]{16}";', version)
    assert list(json.loads(files.removeprefix("const FILES = ").removesuffix(";"))) == ["/app.js"]
    assert script == "self.x = 1;\n"


def test_the_etags_that_the_service_worker_knows_are_those_of_the_files(server: Server) -> None:
    line = server.http.get("/service-worker.js").text.split("\n")[1]
    etags = json.loads(line.removeprefix("const FILES = ").removesuffix(";"))
    assert set(etags) == set(WebClient().paths) - {"/service-worker.js"}
    for path, etag in etags.items():
        assert server.http.head(path).headers["etag"] == etag


def test_the_wheel_contains_the_files(tmp_path: Path) -> None:
    build = f"from flit_core.buildapi import build_wheel; print(build_wheel({str(tmp_path)!r}))"
    name = run([executable, "-c", build], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    with zipfile.ZipFile(tmp_path / name) as wheel:
        packed = {path.removeprefix("heartline/web/") for path in wheel.namelist() if path.startswith("heartline/web/")}
    assert packed == {path.relative_to(FILES).as_posix() for path in FILES.rglob("*") if path.is_file()}


def test_an_activation_code_is_approved_by_who_has_the_account(account: Account, server: Server) -> None:
    code = "ABCD1234"
    assert account.try_post("/activate", {"activation_code": code}).status_code == 404, "nobody waits with it"
    assert server.http.get("/api/v1/activate", params={"activation_code": code}).status_code == 404
    assert account.post("/activate", {"activation_code": code}) == {}
    reply = server.http.get("/api/v1/activate", params={"activation_code": code})
    assert reply.json()["account_id"] == account.id
    assert account.try_post("/activate", {"activation_code": code}).status_code == 404, "it works once"
    missing = account.try_post("/activate", {})
    assert (missing.status_code, missing.json()["code"]) == (400, "missing_parameter")
    stranger = server.http.post("/api/v1/activate", params={"account_id": "x"}, json={"activation_code": code})
    assert stranger.status_code == 401
