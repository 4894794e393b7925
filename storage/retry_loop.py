"""Repeating a step that fails, with tenacity. Every retry loop of the bot uses `repeat`."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar, cast

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_never, wait_chain, wait_fixed
from tenacity.retry import RetryBaseT
from tenacity.stop import StopBaseT
from tenacity.wait import WaitBaseT

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]
OnFailure = Callable[[BaseException, float], Awaitable[None] | None]
"""Called with the error after which a step is repeated, and the seconds until then."""
ANY_ERROR = retry_if_exception_type(Exception)
"""For a step that must succeed before the program can go on. A cancellation is no error."""


def in_turn(delays: Sequence[float]) -> WaitBaseT:
    """Wait for these seconds before each next attempt, one after the other. The last one repeats."""
    return wait_chain(*map(wait_fixed, delays))


async def repeat(
    step: Callable[[], Awaitable[T]],
    *,
    when: RetryBaseT,
    wait: WaitBaseT,
    sleep: Sleep,
    failed: OnFailure | None = None,
    stop: StopBaseT = stop_never,
) -> T:
    """Run `step` until it succeeds; returns its result.

    `when`, `wait` and `stop` are tenacity's: after which errors it is repeated, after how many seconds, and until when.
    Raises the last error when it stops; any other error, and a cancellation, at once. `sleep` takes seconds.
    """

    try:
        # Nearly every step succeeds at once, and tenacity costs as much time as a small statement.
        return await step()
    except Exception as error:
        first = [error]

    async def attempt() -> T:
        if first:
            raise first.pop()
        return await step()

    async def before_sleep(state: RetryCallState) -> None:
        reported = failed(error_of(state), state.upcoming_sleep) if failed else None
        if reported is not None:
            await reported

    # A new one for each call: tenacity keeps the state of the call in it.
    retrying = AsyncRetrying(sleep=sleep, stop=stop, wait=wait, retry=when, before_sleep=before_sleep, reraise=True)
    result: T = await retrying(attempt)
    return result


def error_of(state: RetryCallState) -> BaseException:
    """The error of the attempt that has just failed."""
    return cast("BaseException", state.outcome and state.outcome.exception())
