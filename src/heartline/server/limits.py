"""How often one caller may try: windows of counted attempts, in memory, on this node."""

from collections import OrderedDict
from hashlib import blake2b
from math import ceil

from heartline.contract import Limit
from heartline.errors import TooManyAttempts

KEYS = 20_000
"""Callers that are remembered, about 200 bytes each; the one that was quiet longest is forgotten first."""

PER_ADDRESS = 10
"""Times as many attempts for one address over all values of the parameter: a family behind one router is one address."""


class Limiter:
    """Counts attempts per key in windows that begin with the first attempt."""

    def __init__(self) -> None:
        self._windows: OrderedDict[tuple[str, ...], tuple[float, int]] = OrderedDict()

    def take(self, limit: Limit, now_s: float, endpoint: str, address: str, value: str) -> None:
        """Count one attempt. Raises `TooManyAttempts`, and then counts nothing."""
        for attempts, key in self._keys(limit, endpoint, address, value):
            begin, count = self._windows.get(key, (now_s, 0))
            if now_s >= begin + limit.window_s:
                begin, count = now_s, 0
            if count >= attempts:
                raise TooManyAttempts(ceil(begin + limit.window_s - now_s))
        for _, key in self._keys(limit, endpoint, address, value):
            begin, count = self._windows.get(key, (now_s, 0))
            if now_s >= begin + limit.window_s:
                begin, count = now_s, 0
            self._windows[key] = (begin, count + 1)
            self._windows.move_to_end(key)
        while len(self._windows) > KEYS:
            self._windows.popitem(last=False)

    def give_back(self, limit: Limit, endpoint: str, address: str, value: str) -> None:
        """The attempt was none: it succeeded."""
        for _, key in self._keys(limit, endpoint, address, value):
            if key in self._windows:
                begin, count = self._windows[key]
                self._windows[key] = (begin, max(0, count - 1))

    def _keys(self, limit: Limit, endpoint: str, address: str, value: str) -> list[tuple[int, tuple[str, ...]]]:
        if limit.parameter is None:
            return [(limit.attempts, (endpoint, address))]
        digest = blake2b(value.encode(), digest_size=16).hexdigest()  # a value may be as long as a body
        return [
            (limit.attempts, (endpoint, address, digest)),
            (limit.attempts * PER_ADDRESS, (endpoint, address)),
        ]
