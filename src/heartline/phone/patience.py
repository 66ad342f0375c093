"""A phone never gives up on its server: it may be off for a night."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from heartline.client import HeartlineError, UnexpectedReply, Unreachable

FIRST_PAUSE_S = 0.5
"""Before the second try, each further one twice as long, all cut by up to half at random."""
LONGEST_PAUSE_S = 30.0
TRANSIENT_STATUS = {429, 500, 502, 503, 504}

T = TypeVar("T")
log = logging.getLogger("heartline.phone")


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Call until it works, or fails for a reason that time does not mend. The call must be one that may be repeated."""
    tried = 0
    while True:
        try:
            return await call()
        except HeartlineError as error:
            if not isinstance(error, Unreachable | UnexpectedReply) and error.status not in TRANSIENT_STATUS:
                raise
            pause_s = min(FIRST_PAUSE_S * 2**tried, LONGEST_PAUSE_S) * random.uniform(0.5, 1)
            tried = min(tried + 1, 10)
            log.info("the server is not to be reached, trying again in %.1f s", pause_s)
            await asyncio.sleep(pause_s)
