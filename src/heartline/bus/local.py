"""The bus of a node that is alone, or whose storage notices other processes by itself."""

from collections.abc import Callable

from heartline.bus import Hint


class LocalBus:
    """Tells nobody anything. See `bus.Bus`."""

    up = True

    def __init__(self) -> None:
        self.on_hint: Callable[[Hint], None] = lambda hint: None
        self.on_up: Callable[[], None] = lambda: None

    def publish(self, hint: Hint) -> None: ...

    def subscribe(self, account: int) -> None: ...

    def unsubscribe(self, account: int) -> None: ...

    async def close(self) -> None: ...
