"""Steps that must not be lost: what is paid is not forgotten because a disk was full for a while."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain, repeat
from typing import TypeVar

from storage.database import StoreError, Unstorable
from storage.outage import Outage

log = logging.getLogger(__name__)

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]
DELAYS = (0.5, 2.0, 5.0, 15.0)
START_DELAYS = (0.2, 0.5, 1.0, 2.0)
"""For the steps of a start, which nobody else waits for."""


async def surely(step: Callable[[], Awaitable[T]], what: str, sleep: Sleep, delays: Sequence[float] = DELAYS) -> T:
    """Carry out a step in the store, again and again until the store takes it. `what` names it in the log.

    Only for steps that may be repeated. While the store takes nothing, nothing else would go well either. Raises
    `Unstorable` at once: what the store can never take is not tried again.
    """
    outage = Outage(log, f"{what}: the store did not take it")
    for delay in chain(delays, repeat(delays[-1])):
        try:
            done = await step()
        except Unstorable:
            raise
        except StoreError as error:
            outage.lasts(error)
            await sleep(delay)
        else:
            outage.ends()
            return done
    raise AssertionError("the delays never end")
