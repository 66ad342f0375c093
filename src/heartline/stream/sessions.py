"""Sessions of AnyCable clients that lost their socket: what they were subscribed to, for the moment they come back.

Only a convenience that saves subscribe commands: it is kept in this node's memory, and a client whose session is forgotten
subscribes again, with its history.
"""

from collections import OrderedDict
from typing import NamedTuple

SESSIONS = 10_000
"""Sessions that are remembered; about 300 bytes each."""


class Session(NamedTuple):
    account: int
    identifiers: tuple[str, ...]


class Sessions:
    """Sessions by their `sid`, the oldest first."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def keep(self, sid: str, session: Session) -> None:
        self._sessions[sid] = session
        if len(self._sessions) > SESSIONS:
            self._sessions.popitem(last=False)

    def take(self, sid: str, account: int) -> Session | None:
        """The session of that name, once, and only for its own account."""
        session = self._sessions.get(sid)
        if session is None or session.account != account:
            return None
        return self._sessions.pop(sid)
