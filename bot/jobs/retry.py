"""Steps that must not be lost: a paid picture is not forgotten because a disk was full for a while."""

import logging
from collections.abc import Awaitable, Callable, Sequence

from tenacity import retry_if_exception_type, retry_if_not_exception_type

from storage.database import StoreError, Unstorable
from storage.outage import Outage
from storage.retry import Sleep, T, in_turn, repeat

__all__ = ["DELAYS", "START_DELAYS", "Sleep", "T", "until_stored"]

log = logging.getLogger(__name__)

DELAYS = (0.5, 2.0, 5.0, 15.0)
START_DELAYS = (0.2, 0.5, 1.0, 2.0)
"""For the steps of a start, which nobody else waits for."""
MAY_PASS = retry_if_exception_type(StoreError) & retry_if_not_exception_type(Unstorable)


async def until_stored(
    step: Callable[[], Awaitable[T]], name: str, sleep: Sleep, delays: Sequence[float] = DELAYS
) -> T:
    """Carry out a step in the store, again and again until the store takes it. `name` names it in the log.

    Only for steps that may be repeated. While the store takes nothing, nothing else would go well either. Raises
    `Unstorable` at once: what the store can never take is not tried again.
    """
    outage = Outage(log, f"{name} failed in the store")
    done = await repeat(step, when=MAY_PASS, wait=in_turn(delays), sleep=sleep, failed=outage.lasts)
    outage.ends()
    return done
