"""The apps' encryption: every vector in both wire forms, a second implementation under Node, and what must never happen."""

import copy
import json
import logging
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heartline.crypto import CannotOpen, Dialect, Key, Unreadable, login_secret

TESTS = Path(__file__).parent
VECTORS = json.loads((TESTS / "contract" / "vectors.json").read_text("utf-8"))
WAIT_S = 120
KEYS = {kdf["name"]: Key(bytes.fromhex(kdf["key_hex"])) for kdf in VECTORS["kdf"]}
KEY = Key(bytes(range(32)))


def ids(vectors: list[dict[str, Any]]) -> list[str]:
    return [f"{vector['account']}-{vector.get('name') or vector['produced_by']}" for vector in vectors]


def node(*jobs: dict[str, Any]) -> list[str]:
    """The results of jobs for seal.mjs."""
    done = subprocess.run(
        [Path(sys.prefix) / "bin" / "node", TESTS / "node" / "seal.mjs"],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=True,
    )
    results: list[str] = json.loads(done.stdout)
    return results


@pytest.mark.parametrize("vector", VECTORS["kdf"], ids=lambda vector: vector["name"])
def test_derivation(vector: dict[str, Any]) -> None:
    key = Key.derive(vector["password"], vector["account_id"], vector["salt1"], vector["salt2"])
    assert bytes(key).hex() == vector["key_hex"]
    assert bytes(key).hex() != vector["key_hex_if_newline_forgotten_WRONG"]
    assert login_secret(vector["password"], Dialect.PULSE) == vector["wire_password_pulse"]
    assert login_secret(vector["password"], Dialect.HEART) == vector["wire_password_heart"]


@pytest.mark.parametrize("vector", VECTORS["text"], ids=ids(VECTORS["text"]))
def test_text(vector: dict[str, Any]) -> None:
    key = KEYS[vector["account"]]
    for form in "wire_compact", "wire_android":
        assert key.open_text(vector[form]) == vector["plaintext"]
        assert key.read_text(vector[form]) == vector["plaintext"]
    assert key.open(vector["wire_compact"]).hex() == vector["plaintext_utf8_hex"]
    assert key._seal(vector["plaintext"].encode(), bytes.fromhex(vector["iv_hex"])) == vector["wire_compact"]


@pytest.mark.parametrize("vector", VECTORS["binary"], ids=ids(VECTORS["binary"]))
def test_binary(vector: dict[str, Any]) -> None:
    key = KEYS[vector["account"]]
    plain = bytes.fromhex(vector["plain_hex"])
    assert key.open(vector["wire_compact"]) == key.open(vector["wire_android"]) == plain
    assert key._seal(plain, bytes.fromhex(vector["iv_hex"])) == vector["wire_compact"]


@pytest.mark.parametrize("vector", VECTORS["produced_by_real_clients"], ids=ids(VECTORS["produced_by_real_clients"]))
def test_what_real_clients_wrote(vector: dict[str, Any]) -> None:
    opened = KEYS[vector["account"]].open(vector["wire"])
    assert opened.hex() == (vector.get("plain_hex") or vector["plaintext"].encode().hex())


def test_windows_line_breaks_and_spaces() -> None:
    vector = max(VECTORS["text"], key=lambda vector: len(vector["wire_android"]))
    key = KEYS[vector["account"]]
    assert vector["wire_android"].count("\n") > 3
    assert key.open_text(vector["wire_android"].replace("\n", "\r\n")) == vector["plaintext"]
    assert key.open_text(" " + vector["wire_android"].replace("\n", " \t\n")) == vector["plaintext"]


PLAIN = ["", "a", "\0", "Grüße, 世界 👩‍👩‍👧", "15 characters..", "16 characters...", "x" * 5_000, "-:-"]


def test_node_opens_what_we_seal() -> None:
    opened = node(*({"do": "open", "key": bytes(KEY).hex(), "wire": KEY.seal_text(text)} for text in PLAIN))
    assert [bytes.fromhex(data).decode() for data in opened] == PLAIN


@pytest.mark.parametrize("android", [False, True])
def test_we_open_what_node_seals(android: bool) -> None:
    jobs = ({"do": "seal", "key": bytes(KEY).hex(), "data": text.encode().hex(), "android": android} for text in PLAIN)
    assert [KEY.open_text(wire) for wire in node(*jobs)] == PLAIN


def test_node_derives_the_same_key() -> None:
    account = {
        "password": "Grüße 7!",
        "account_id": "f00d" * 16,
        "salt1": "ab" * 64,
        "salt2": "q83vEjRWeJCrze8SNFZ4kA==",
    }
    assert node({"do": "derive", **account}) == [bytes(Key.derive(**account)).hex()]


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_what_was_sealed_opens(data: bytes) -> None:
    assert KEY.open(KEY.seal(data)) == data


def test_the_same_text_is_never_sealed_the_same_way() -> None:
    assert len({KEY.seal_text("hello") for _ in range(100)}) == 100


WIRE = KEY.seal_text("a text that is long enough for two blocks")
BROKEN = {
    "empty": "",
    "plaintext": "hello",
    "plaintext with the separator": "so-:-so",
    "no vector": "-:-" + WIRE.split("-:-")[1],
    "no data": WIRE.split("-:-")[0] + "-:-",
    "half a block": WIRE[:-8],
    "a short vector": "AAAA-:-" + WIRE.split("-:-")[1],
    "not base64": WIRE.replace("-:-", "-:-*"),
    "undefined": "undefined",
    "no ASCII": "ä-:-ö",
}


@pytest.mark.parametrize("stored", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_value_is_never_a_text(stored: str) -> None:
    with pytest.raises(CannotOpen):
        KEY.open(stored)
    read = KEY.read_text(stored)
    assert isinstance(read, Unreadable)
    assert read.stored == stored
    assert read.startswith("[unreadable: ")
    with pytest.raises(ValueError, match="must not be sealed"):
        KEY.seal_text(read)
    assert pickle.loads(pickle.dumps(read)).stored == stored


def test_a_value_of_another_key() -> None:
    other = Key(bytes(32))
    for vector in VECTORS["text"]:  # 1 in 256 has a valid padding by accident; these have not
        read = other.read_text(vector["wire_compact"])
        assert isinstance(read, Unreadable), read


def test_null_stays_null() -> None:
    assert KEY.read_text(None) is None
    assert KEY.read_text("null") is None
    assert KEY.read_text(KEY.seal_text("null")) == "null"
    assert KEY.read_text(KEY.seal_text("")) == ""


def test_a_key_does_not_show(caplog: pytest.LogCaptureFixture) -> None:
    secrets = (bytes(KEY).hex(), repr(bytes(KEY)), str(list(bytes(KEY))))
    with caplog.at_level(logging.DEBUG):
        logging.getLogger().warning("%s %r %s", KEY, KEY, [KEY])
    assert caplog.messages == ["Key(...) Key(...) [Key(...)]"]
    assert not any(secret in f"{KEY} {KEY!r} {KEY!s}" for secret in secrets)
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(KEY)
    with pytest.raises(TypeError, match="not pickled"):
        copy.copy(KEY)


def test_a_key_has_256_bits() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Key(b"short")
