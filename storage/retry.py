"""Repeating a step that fails, on tenacity. Every retry loop of the house goes through `repeat`."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar, cast

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_never, wait_chain, wait_fixed
from tenacity.retry import RetryBaseT
from tenacity.stop import StopBaseT
from tenacity.wait import WaitBaseT

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]
GenerationFailedError = Callable[[BaseException, float], Awaitable[None] | None]
"""Is told of an error after which a step is repeated, and in how many seconds."""
ANY_ERROR = retry_if_exception_type(Exception)
"""For a step without which nothing goes on, whatever its error is. A cancellation is no error."""


def in_turn(delays: Sequence[float]) -> WaitBaseT:
    """The seconds before each next try, one after the other. The last one repeats."""
    return wait_chain(*map(wait_fixed, delays))


async def repeat(
    step: Callable[[], Awaitable[T]],
    *,
    when: RetryBaseT,
    wait: WaitBaseT,
    sleep: Sleep,
    failed: GenerationFailedError | None = None,
    stop: StopBaseT = stop_never,
) -> T:
    """Carry out `step` until it succeeds; returns its result.

    `when`, `wait` and `stop` are tenacity's: after which errors it is repeated, after how many seconds, and until when.
    Raises the last error when it stops; any other error, and a cancellation, at once. `sleep` waits so many seconds.
    """

    try:
        # Nearly every step succeeds at once, and tenacity takes as much time as a small statement.
        return await step()
    except Exception as error:
        first = [error]

    async def attempt() -> T:
        if first:
            raise first.pop()
        return await step()

    async def before_sleep(state: RetryCallState) -> None:
        telling = failed(error_of(state), state.upcoming_sleep) if failed else None
        if telling is not None:
            await telling

    # One for each call: tenacity keeps the state of a call in it.
    retrying = AsyncRetrying(sleep=sleep, stop=stop, wait=wait, retry=when, before_sleep=before_sleep, reraise=True)
    result: T = await retrying(attempt)
    return result


def error_of(state: RetryCallState) -> BaseException:
    """The error of the try that has just failed."""
    return cast("BaseException", state.outcome and state.outcome.exception())
