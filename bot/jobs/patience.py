"""Steps that must not be lost: what is paid is not forgotten because a disk was full for a while."""

import logging
from collections.abc import Awaitable, Callable
from itertools import chain, repeat
from typing import TypeVar

from storage.database import StoreError

log = logging.getLogger(__name__)

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]
DELAYS = (0.5, 2.0, 5.0, 15.0)


async def surely(step: Callable[[], Awaitable[T]], what: str, sleep: Sleep) -> T:
    """Carry out a step in the store, again and again until the store takes it. `what` names it in the log.

    Only for steps that may be repeated. While the store takes nothing, nothing else would go well either.
    """
    for delay in chain(DELAYS, repeat(DELAYS[-1])):
        try:
            return await step()
        except StoreError:
            log.exception("%s: the store did not take it; tried again in %.1f s", what, delay)
            await sleep(delay)
    raise AssertionError("the delays never end")
