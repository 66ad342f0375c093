"""What goes over a WebSocket as bytes (RFC 6455), without a library: tests need what no library would send."""

import json
from typing import Any, NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MASK = b"\x12\x34\x56\x78"


class Frame(NamedTuple):
    """A frame of the server: never in fragments, never masked."""

    opcode: int
    payload: bytes

    @property
    def text(self) -> str:
        assert self.opcode == TEXT, self
        return self.payload.decode()

    @property
    def is_ping_of_the_stream(self) -> bool:
        """True for `{"type":"ping",...}`; no other text frame contains these letters."""
        return self.opcode == TEXT and b"ping" in self.payload

    @property
    def close_code(self) -> int | None:
        """The code of a close frame, 1005 when it has none; None for other frames."""
        if self.opcode != CLOSE:
            return None
        return int.from_bytes(self.payload[:2], "big") if self.payload else 1005

    @property
    def close_reason(self) -> str:
        assert self.opcode == CLOSE, self
        return self.payload[2:].decode()


def split(data: bytes) -> tuple[list[Frame], bytes]:
    """The frames of a server, and the bytes of one that is not complete yet."""
    frames: list[Frame] = []
    while len(data) >= 2:
        assert data[0] & 0x70 == 0, "a reserved bit is set"
        assert data[0] & 0x80, "the frame is a fragment"
        assert not data[1] & 0x80, "the frame is masked"
        header_bytes = {126: 4, 127: 10}.get(data[1], 2)
        size_bytes = data[1] if header_bytes == 2 else int.from_bytes(data[2:header_bytes], "big")
        end = header_bytes + size_bytes
        if len(data) < max(header_bytes, end):
            break
        frames.append(Frame(data[0] & 0x0F, data[header_bytes:end]))
        data = data[end:]
    return frames, data


def frames_in(data: bytes) -> list[Frame]:
    """The frames of a server that are exactly these bytes."""
    frames, rest = split(data)
    assert not rest, f"half a frame: {rest!r}"
    return frames


def texts_in(data: bytes) -> list[str]:
    """The texts of text frames, which must be all there is."""
    return [frame.text for frame in frames_in(data)]


def client_frame(
    opcode: int, payload: bytes = b"", *, final: bool = True, reserved: int = 0, masked: bool = True
) -> bytes:
    """One frame of a client; `reserved` are the three reserved bits."""
    first = (0x80 if final else 0) | reserved << 4 | opcode
    mask_bit = 0x80 if masked else 0
    if len(payload) < 126:
        header = bytes([first, mask_bit | len(payload)])
    elif len(payload) < 1 << 16:
        header = bytes([first, mask_bit | 126]) + len(payload).to_bytes(2, "big")
    else:
        header = bytes([first, mask_bit | 127]) + len(payload).to_bytes(8, "big")
    if not masked:
        return header + payload
    pad = (MASK * (len(payload) // 4 + 1))[: len(payload)]
    mixed = int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")
    return header + MASK + mixed.to_bytes(len(payload), "big")


def client_text(text: str) -> bytes:
    return client_frame(TEXT, text.encode())


def command(name: str, identifier: str) -> str:
    """A command as Action Cable clients write it."""
    return json.dumps({"command": name, "identifier": identifier}, separators=(",", ":"))


def content(text: str) -> Any:
    """Name and content of the operation in a data frame."""
    message = json.loads(text)["message"]
    return message["operation"], message["content"]


KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""The example of RFC 6455 1.3."""


def upgrade(target: str, *, method: str = "GET", **headers: str | None) -> bytes:
    """A request for a WebSocket. Headers: with underscores, None leaves one out."""
    fields: dict[str, str | None] = {
        "host": "localhost",
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec_websocket_key": KEY,
        "sec_websocket_version": "13",
    } | headers
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode()


def upgrade_parts(target: str, **changes: str | None) -> tuple[str, bytes, list[tuple[bytes, bytes]]]:
    """The same, read: method, target, and headers with names in lower case."""
    line, *lines = upgrade(target, **changes).split(b"\r\n")[:-2]
    method, path, _ = line.split(b" ")
    return (
        method.decode(),
        path,
        [(name.lower(), value) for name, _, value in (line.partition(b": ") for line in lines)],
    )
