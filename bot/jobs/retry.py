"""Steps that are repeated when they fail: stored for as long as it takes, fetched and delivered a few times."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from tenacity import RetryCallState, retry_if_exception_type, retry_if_not_exception_type

from bot.jobs.ports import NotYet, Undelivered
from storage.database import StoreError, UnstorableValueError
from storage.outage_log import Outage
from storage.retry_loop import Sleep, T, error_of, in_turn, repeat

__all__ = ["START_DELAYS", "STORE_DELAYS", "Sleep", "T", "until_delivered", "until_fetched", "until_stored"]

log = logging.getLogger(__name__)

STORE_DELAYS = (0.5, 2.0, 5.0, 15.0)
START_DELAYS = (0.2, 0.5, 1.0, 2.0)
"""For the steps of a start, which nobody else waits for."""
FETCH_DELAYS = (1.0, 5.0, 15.0, 30.0, 60.0)
LONGEST_WAIT = 120.0
"""Seconds that Telegram may demand before a reference is fetched; for more of them nobody waits."""
DELIVERY_DELAYS = (2.0, 10.0, 30.0, 120.0, 600.0)
UNFETCHED_DELAYS = (2.0, 8.0, 15.0)
"""While the service does not hand a picture over."""

MAY_PASS = retry_if_exception_type(StoreError) & retry_if_not_exception_type(UnstorableValueError)


async def until_stored(
    step: Callable[[], Awaitable[T]], name: str, sleep: Sleep, delays: Sequence[float] = STORE_DELAYS
) -> T:
    """Carry out a step in the store, again and again until the store takes it: a paid picture is not forgotten because
    a disk was full for a while. `name` names the step in the log.

    Only for steps that may be repeated. While the store takes nothing, nothing else would go well either. Raises
    `UnstorableValueError` at once: what the store can never take is not tried again.
    """
    outage = Outage(log, f"{name} failed in the store")
    done = await repeat(step, when=MAY_PASS, wait=in_turn(delays), sleep=sleep, failed=outage.lasts)
    outage.ends()
    return done


async def until_fetched(fetch: Callable[[], Awaitable[T]], sleep: Sleep) -> T:
    """Fetch a reference: at once, then after each of `FETCH_DELAYS`, or later where Telegram demands it.

    Raises the last `OSError`.
    """
    return await repeat(
        fetch,
        when=retry_if_exception_type(OSError),
        wait=lambda state: max(_FETCH_WAIT(state), _demanded(state)),
        stop=lambda state: _demanded(state) > LONGEST_WAIT or state.attempt_number > len(FETCH_DELAYS),
        sleep=sleep,
    )


async def until_delivered(
    deliver: Callable[[], Awaitable[T]], sleep: Sleep, failed: Callable[[Undelivered, float], Awaitable[None]]
) -> T:
    """Deliver: at once, then after each of `DELIVERY_DELAYS`, or of `UNFETCHED_DELAYS` where the service is the reason.

    `failed` is told of an `Undelivered` after which it is tried again, and in how many seconds. Raises the last one.
    """
    return await repeat(
        deliver,
        when=retry_if_exception_type(Undelivered),
        wait=lambda state: in_turn(_delays(state))(state),
        stop=lambda state: _failure(state).is_final or state.attempt_number > len(_delays(state)),
        sleep=sleep,
        failed=lambda error, seconds: failed(cast("Undelivered", error), seconds),
    )


_FETCH_WAIT = in_turn(FETCH_DELAYS)


def _demanded(state: RetryCallState) -> float:
    error = error_of(state)
    return error.seconds if isinstance(error, NotYet) else 0.0


def _delays(state: RetryCallState) -> Sequence[float]:
    return UNFETCHED_DELAYS if _failure(state).unfetched else DELIVERY_DELAYS


def _failure(state: RetryCallState) -> Undelivered:
    return cast("Undelivered", error_of(state))
