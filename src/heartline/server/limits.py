"""How often one caller may try: windows of counted attempts, in memory, on this node."""

from collections import OrderedDict
from hashlib import blake2b
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil

from heartline.contract import Limit
from heartline.errors import TooManyAttempts

KEYS = 20_000
"""Callers that are remembered, about 200 bytes each; the one that was quiet longest is forgotten first."""

PER_ADDRESS = 10
"""Times as many attempts for one address over all values of the parameter: a family behind one router is one address."""

IPV6_PREFIX_BITS = 64
"""What one caller has of an IPv6 address: providers give a network of this size to each of their customers (RFC 6177)."""


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
        address = _caller(address)
        if limit.parameter is None:
            return [(limit.attempts, (endpoint, address))]
        digest = blake2b(value.encode(), digest_size=16).hexdigest()  # a value may be as long as a body
        return [
            (limit.attempts, (endpoint, address, digest)),
            (limit.attempts * PER_ADDRESS, (endpoint, address)),
        ]


def _caller(address: str) -> str:
    """The address, or the network of one that a caller has many of."""
    try:
        parsed = ip_address(address)
    except ValueError:  # a Unix socket has none
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((int(parsed), IPV6_PREFIX_BITS), strict=False))
