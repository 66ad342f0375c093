"""`heartline`, with a bus that loses, repeats, delays and reorders what it hears, as the seed in FAULTY_BUS decides."""

import asyncio
import os
from collections.abc import Callable
from random import Random

from heartline.bus import Bus, Hint
from heartline.bus.engines import open_bus
from heartline.cli import main
from heartline.server import run

LONGEST_S = 0.5


class FaultyBus:
    """A bus around another. See `bus.Bus`."""

    def __init__(self, bus: Bus, seed: str) -> None:
        self.on_hint: Callable[[Hint], None] = lambda hint: None
        self.on_up: Callable[[], None] = lambda: None
        self.up = True
        self._bus = bus
        self._random = Random(seed)
        self.publish, self.subscribe, self.unsubscribe = bus.publish, bus.subscribe, bus.unsubscribe
        self.close = bus.close
        bus.on_hint = self._hear
        bus.on_up = lambda: self.on_up()

    def _hear(self, hint: Hint) -> None:
        for _ in range(self._random.choice([0, 0, 1, 1, 1, 2, 3])):
            if self._random.random() < 0.3:
                hint = hint._replace(messages=[])
            delay_s = self._random.choice([0.0, self._random.uniform(0, LONGEST_S)])
            asyncio.get_running_loop().call_later(delay_s, lambda hint=hint: self.on_hint(hint))


def open_faulty_bus(setting: str, postgresql_url: str) -> Bus:
    return FaultyBus(open_bus(setting, postgresql_url), os.environ["FAULTY_BUS"])


if __name__ == "__main__":
    run.open_bus = open_faulty_bus
    main()
