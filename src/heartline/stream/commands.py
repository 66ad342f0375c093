"""What a client may say on the stream: Action Cable commands, as JSON text."""

import msgspec

from heartline.stream import frames
from heartline.stream.log import Cursor, History

CHANNEL = "NotificationsChannel"
LATEST_S = 1e12
"""What is later than this counts as this; its milliseconds fit into a database's integers."""


class Command(msgspec.Struct):
    """A client's frame. Members that are not listed do not matter."""

    command: str
    identifier: str = ""
    history: "_History | None" = None

    def names_the_channel(self) -> bool:
        """True when the identifier, a JSON text, asks for our one channel; white space and further members are free."""
        try:
            return _identifier_decoder.decode(self.identifier).channel == CHANNEL
        except (msgspec.MsgspecError, RecursionError):
            return False

    def wanted_history(self) -> History | None:
        """The history that an AnyCable client asks for, alone or with its subscription."""
        if self.history is None:
            return None
        position = self.history.streams.get(frames.stream_id(self.identifier))
        cursor = Cursor(position.epoch, position.offset) if position else None
        since = self.history.since
        since_ms = None if since is None else int(min(max(since, 0.0), LATEST_S) * 1000)
        return History(cursor, since_ms)


class _StreamPosition(msgspec.Struct):
    epoch: str
    offset: int


class _History(msgspec.Struct):
    since: float | None = None
    streams: dict[str, _StreamPosition] = {}


class _Identifier(msgspec.Struct):
    channel: str


_command_decoder = msgspec.json.Decoder(Command)
_identifier_decoder = msgspec.json.Decoder(_Identifier)


def parse(text: str) -> Command | None:
    """The command of a frame, or None when the frame is none; such frames are ignored (operations.md 1.4)."""
    try:
        return _command_decoder.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return None
