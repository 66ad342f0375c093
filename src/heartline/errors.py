"""Every error a client can see, as one tree.

`server/app.py` turns an error into its HTTP reply `{"error": sentence, "code": code}`, `stream/connection.py` turns the
two that can meet a socket into a close reason. The sentences are the contract's (rest.md 1.5, decisions.md 4-7 and 11-17):
old clients compare some of them, so they never change; programs should look at `code`.
"""

from collections.abc import Mapping
from typing import ClassVar


class HeartlineError(Exception):
    """An answer other than success. `str(error)` is the sentence a person reads."""

    status: ClassVar[int]
    """HTTP status."""
    code: ClassVar[str]
    """Stable name of the error for programs."""
    retry_after_s: int | None = None
    """When it makes sense to try again, for the `Retry-After` header."""
    details: Mapping[str, str | int] = {}
    """More members of the reply, for programs."""
    headers: Mapping[str, str] = {}
    """More headers of the reply."""


class BadRequest(HeartlineError):
    """The request itself is wrong; repeating it unchanged cannot help."""

    status = 400
    code = "bad_request"


class MissingParameter(BadRequest):
    code = "missing_parameter"

    def __init__(self, name: str) -> None:
        super().__init__(f"missing required parameter {name}")
        self.name = name


class WrongType(BadRequest):
    code = "wrong_type"

    def __init__(self, name: str) -> None:
        super().__init__(f"parameter {name} has the wrong type")


class NotText(BadRequest):
    """Text that not every database can hold: a NUL character, or bytes of a query that are no UTF-8."""

    code = "not_text"

    def __init__(self, name: str) -> None:
        super().__init__(f"parameter {name} contains a character that is not text")


class NotEncrypted(BadRequest):
    code = "not_encrypted"

    def __init__(self, name: str) -> None:
        super().__init__(f"parameter {name} is not encrypted")


class MalformedRequest(BadRequest):
    """What came is no HTTP."""

    code = "malformed_request"

    def __init__(self) -> None:
        super().__init__("this is no HTTP request")


class BadHandshake(BadRequest):
    """An upgrade request that RFC 6455 does not allow."""

    code = "bad_handshake"

    def __init__(self, why: str) -> None:
        super().__init__(f"this is no WebSocket handshake: {why}")


class MalformedBody(BadRequest):
    code = "malformed_body"

    def __init__(self, why: str) -> None:
        super().__init__(f"the request body {why}")


class UserExists(BadRequest):
    code = "user_exists"

    def __init__(self) -> None:
        super().__init__("user already exists")


class UnknownDevice(BadRequest):
    code = "unknown_device"

    def __init__(self) -> None:
        super().__init__("there is no such device")


class AccountIdInvalid(HeartlineError):
    """Web clients log out on a 401, so this status means "no such account" or a failed login, nothing else."""

    status = 401
    code = "account_id_invalid"

    def __init__(self) -> None:
        super().__init__("account id invalid")


class WrongLogin(HeartlineError):
    status = 401
    code = "wrong_login"

    def __init__(self) -> None:
        super().__init__("username or password incorrect")


class UsernameNotAllowed(HeartlineError):
    status = 403
    code = "username_not_allowed"

    def __init__(self) -> None:
        super().__init__("username is not allowed")


class NotFound(HeartlineError):
    status = 404
    code = "not_found"


class UnknownPath(NotFound):
    code = "unknown_path"

    def __init__(self, path: str) -> None:
        super().__init__(f"unhandled path in request: {path}")


class MethodNotAllowed(HeartlineError):
    status = 405
    code = "method_not_allowed"

    def __init__(self, method: str, *, allow: str) -> None:
        super().__init__(f"method {method} is not allowed here")
        self.headers = {"allow": allow}


class RequestTimeout(HeartlineError):
    status = 408
    code = "request_timeout"

    def __init__(self) -> None:
        super().__init__("the request did not come in time")


class PrimaryExists(HeartlineError):
    status = 409
    code = "primary_exists"

    def __init__(self) -> None:
        super().__init__("account already has a primary device")


class HistoryGone(HeartlineError):
    """Events that follow the client's cursor are not there any more: it has to fetch the lists, and follow from now."""

    status = 410
    code = "history_gone"

    def __init__(self, epoch: str, floor: int) -> None:
        super().__init__("events after this cursor are gone, the oldest one is at the floor")
        self.details = {"epoch": epoch, "floor": floor}


class BodyTooLarge(HeartlineError):
    status = 413
    code = "body_too_large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"the request body is larger than {limit_bytes} bytes")


class UnsupportedEncoding(HeartlineError):
    status = 415
    code = "unsupported_encoding"

    def __init__(self) -> None:
        super().__init__("the request body has a content encoding other than gzip")


class UpgradeRequired(HeartlineError):
    status = 426
    code = "upgrade_required"
    headers: Mapping[str, str] = {"upgrade": "websocket", "sec-websocket-version": "13"}

    def __init__(self) -> None:
        super().__init__("this path speaks WebSocket: send an upgrade request")


class TooManyAttempts(HeartlineError):
    status = 429
    code = "too_many_attempts"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many attempts, try again in {retry_after_s} seconds")
        self.retry_after_s = retry_after_s


class HeadTooLarge(HeartlineError):
    status = 431
    code = "head_too_large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"the request line and headers are larger than {limit_bytes} bytes")


class StorageFailure(HeartlineError):
    """The database could not do its work; nothing of the request was stored."""

    status = 500
    code = "storage_failure"

    def __init__(self) -> None:
        super().__init__("could not query database")


class NotImplementedHere(HeartlineError):
    status = 501
    code = "not_implemented"

    def __init__(self) -> None:
        super().__init__("not implemented")


class Overloaded(HeartlineError):
    """More requests wait for the database than it can answer in reasonable time; nothing of this one was stored."""

    status = 503
    code = "overloaded"
    retry_after_s = 1

    def __init__(self) -> None:
        super().__init__("the server is busy, try again")
