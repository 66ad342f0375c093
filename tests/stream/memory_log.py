"""The accounts' logs in memory, for the hub: what it asks is answered when the test says so, in the order it chooses."""

from collections.abc import Callable
from typing import Any

from heartline.stream.cursors import Cursors, Key
from heartline.stream.log import Event, Position

PAGE_EVENTS = 3


class MemoryLog:
    """See `stream.log.Log` for the promises, `storage` for what becomes of a removed account's log."""

    def __init__(self) -> None:
        self.heads: dict[int, int] = {}
        """Offset of the last event of each account that exists."""
        self.floors: dict[int, int] = {}
        self.epochs: dict[int, str] = {}
        self.events: dict[int, list[Event]] = {}
        self.times_ms: dict[int, list[int]] = {}
        """When each event was committed, also of those that were trimmed."""
        self.now_ms = 0
        self.cursors = Cursors()
        """Where old clients stopped, as the node remembers it."""
        self.stored: dict[Key, int] = {}
        """The same, as the database remembers it."""
        self.asked: list[Question] = []
        """What was not answered yet."""
        self.followed: set[int] = set()
        """Accounts that have readers."""
        self._epochs = 0

    def open(self, account: int) -> None:
        self.heads[account], self.floors[account] = 0, 1
        self.events[account], self.times_ms[account] = [], []
        self.renew(account)

    def commit(self, account: int, *messages: bytes) -> int:
        """Append events; the offset of the first."""
        first = self.heads[account] + 1
        self.now_ms += 1
        self.events[account] += [Event(offset, message) for offset, message in enumerate(messages, first)]
        self.times_ms[account] += [self.now_ms] * len(messages)
        self.heads[account] += len(messages)
        return first

    def trim(self, account: int, floor: int) -> None:
        """Forget what is below this offset."""
        self.floors[account] = floor
        self.events[account] = [event for event in self.events[account] if event.offset >= floor]

    def remove(self, account: int) -> None:
        """The account goes, and its log with it."""
        del self.heads[account], self.floors[account], self.epochs[account]
        del self.events[account], self.times_ms[account]

    def answer(self, index: int = 0, *, as_asked: bool = False) -> None:
        """Answer one question, with what the log holds now or what it held when it was asked."""
        question = self.asked.pop(index)
        question.found(question.answer_then if as_asked else question.answer())

    def answer_all(self) -> None:
        """Answer everything, also what is asked meanwhile."""
        for _ in range(10_000):
            if not self.asked:
                return
            self.answer()
        raise AssertionError("the log is asked without end")

    def before(self, account: int, since_ms: int) -> int | None:
        """The offset before the first event at or after a moment; None when such events were trimmed."""
        times, floor = self.times_ms[account], self.floors[account]
        if floor > 1 and since_ms <= times[floor - 2]:
            return None
        return sum(time_ms < since_ms for time_ms in times)

    # --- for the hub ---

    def position(
        self, account: int, since_ms: int | None, client_id: str, found: Callable[[Position | None], None]
    ) -> None:
        claimed = self.cursors.claim(Key(account, client_id)) if client_id else None

        def answer() -> Position | None:
            if account not in self.heads:
                return None
            before = None if since_ms is None else self.before(account, since_ms)
            remembered = self.stored.get(Key(account, client_id)) if claimed is None else claimed
            return Position(self.epochs[account], self.floors[account], self.heads[account], before, remembered)

        self.asked.append(Question(account, answer, found))

    def read(self, account: int, after: int, found: Callable[[list[Event]], None]) -> None:
        self.asked.append(Question(account, lambda: self._page(account, after), found))

    def follow(self, account: int) -> None:
        assert account not in self.followed
        self.followed.add(account)

    def unfollow(self, account: int) -> None:
        self.followed.remove(account)

    def renew(self, account: int) -> None:
        self._epochs += 1
        self.epochs[account] = f"e{self._epochs}"

    def _page(self, account: int, after: int) -> list[Event]:
        return [event for event in self.events.get(account, []) if event.offset > after][:PAGE_EVENTS]


class Question:
    def __init__(self, account: int, answer: Callable[[], Any], found: Callable[[Any], None]) -> None:
        self.account = account
        self.answer = answer
        self.answer_then = answer()
        self.found = found
