"""The encryption of the web client: against values that other clients wrote (vectors.json), and against the phone's."""

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.conftest import Server
from tests.web.client import Client
from tests.web.phone import Key, Phone

VECTORS: dict[str, list[dict[str, Any]]] = json.loads((Path(__file__).parent / "vectors.json").read_text())

OPEN_ALL = """async ([accounts, texts, binary]) => {
  const { deriveKey, loginSecret, open, openBytes } = await import("/crypto.js");
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const keys = {};
  const secrets = [];
  for (const account of accounts) {
    keys[account.name] = await deriveKey(account.password, account);
    secrets.push(await loginSecret(account.password));
  }
  return {
    secrets,
    extractable: Object.values(keys).map((key) => key.extractable),
    texts: await Promise.all(texts.map(({ account, wire }) => open(keys[account], wire))),
    binary: await Promise.all(binary.map(async ({ account, wire }) => hex(await openBytes(keys[account], wire)))),
  };
}"""

SEAL = """async ([account, texts]) => {
  const { deriveKey, seal } = await import("/crypto.js");
  const key = await deriveKey(account.password, account);
  return Promise.all(texts.map((text) => seal(key, text)));
}"""

OPEN_BAD = """async ([account, values]) => {
  const { deriveKey, open } = await import("/crypto.js");
  const key = await deriveKey(account.password, account);
  return Promise.all(values.map((value) => open(key, value)));
}"""


def test_it_reads_what_other_clients_wrote(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/api.js")
    result = page.evaluate(OPEN_ALL, [VECTORS["accounts"], VECTORS["texts"], VECTORS["binary"]])
    assert result["secrets"] == [account["wire_password_heart"] for account in VECTORS["accounts"]]
    assert result["extractable"] == [False] * len(VECTORS["accounts"])
    assert result["texts"] == [text["plaintext"] for text in VECTORS["texts"]]
    assert result["binary"] == [value["hex"] for value in VECTORS["binary"]]


def test_others_read_what_it_writes_and_no_two_are_alike(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/api.js")
    texts = ["", "Grüße 👋🏽 \u202eabc", "x" * 100_000, "same", "same"]
    for account in VECTORS["accounts"]:
        fields = {name: account[name] for name in ("password", "account_id", "salt1", "salt2")}
        sealed = page.evaluate(SEAL, [fields, texts])
        assert [Key(**fields).open(value) for value in sealed] == texts
        assert len(set(sealed)) == len(sealed)


def test_what_is_no_ciphertext_is_never_shown_as_text(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/api.js")
    other = Key("other", "a", "b", "c").seal("of another account")
    values = [None, "null", "", "plain text", "a-:-b", "<script>alert(1)</script>", other, "AAAA-:-AAAA"]
    opened = page.evaluate(OPEN_BAD, [VECTORS["accounts"][0], values])
    assert opened[:2] == [None, None]
    assert set(opened[2:6]) | {opened[7]} == {"\u26a0 This cannot be decrypted."}
    assert opened[6] != "of another account"


def test_only_the_key_is_kept_and_nobody_can_read_it(page: Page, phone: Phone) -> None:
    client = Client(page, phone.server.url).log_in(phone)
    conversation = phone.history("Ann Example", ["a secret text"])
    client.until("store.conversations.size === 1")
    client.open_thread(conversation)
    client.send(conversation, "another secret")
    phone.wait_sent(1)
    client.until("store.pendingCount === 0")
    kept = client.run("""(async () => {
      const database = await new Promise((resolve) => {
        indexedDB.open("heartline").onsuccess = ({ target }) => resolve(target.result);
      });
      const all = {};
      for (const name of database.objectStoreNames) {
        all[name] = await new Promise((resolve) => {
          database.transaction(name).objectStore(name).getAll().onsuccess = ({ target }) => resolve(target.result);
        });
      }
      const key = all.state.find((value) => value.key)?.key;
      const exported = await crypto.subtle.exportKey("raw", key).then(() => "exported", (error) => error.name);
      return [JSON.stringify(all), exported, JSON.stringify({ ...localStorage, ...sessionStorage }), document.cookie];
    })()""")
    assert kept[1:] == ["InvalidAccessError", "{}", ""]
    assert phone.username in kept[0]
    for secret in ("correct horse", "secret", "Ann Example", "+1555"):
        assert secret not in kept[0]
