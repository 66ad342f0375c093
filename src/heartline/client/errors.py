"""What a client can meet. Everything derives from `HeartlineError`: the server's own errors come as the classes of
`heartline.errors`, found by their stable code, and those below are the client's."""

import msgspec

from heartline import errors
from heartline.errors import HeartlineError


class Unreachable(HeartlineError):
    """The server could not be reached, or did not answer in time, as often as it was tried."""

    status = 0
    code = "unreachable"


class UnexpectedReply(HeartlineError):
    """What answered does not speak this API: another program, or a proxy whose server is gone."""

    status = 0
    code = "unexpected_reply"


class Refused(HeartlineError):
    """An error of the server that this version does not know by its code."""

    code = "refused"

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status  # type: ignore[misc]  # the others have one a class


class NoConversation(HeartlineError):
    """There is no conversation with this number or name."""

    status = 0
    code = "no_conversation"


class _Body(msgspec.Struct):
    error: str
    code: str = ""


_KNOWN = {
    cls.code: cls
    for cls in vars(errors).values()
    if isinstance(cls, type) and issubclass(cls, HeartlineError) and hasattr(cls, "code")
}


def error_of(status: int, body: bytes, retry_after: str | None) -> HeartlineError:
    """The error that a reply tells of, with the server's sentence."""
    try:
        told = msgspec.json.decode(body, type=_Body)
    except msgspec.MsgspecError:
        return UnexpectedReply(f"the server answered with status {status} and no reason")
    cls = _KNOWN.get(told.code)
    if cls is None:
        return Refused(status, told.error)
    error = cls.__new__(cls, told.error)  # their own constructors make the sentence that we already have
    if retry_after and retry_after.isdecimal():
        error.retry_after_s = int(retry_after)
    return error
