"""Repeating a step: after which delays, after which errors, what the log says, and that a cancellation ends it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator

import pytest
from tenacity import retry_if_exception_type, stop_after_attempt

from bot.jobs.ports import NotYet, Undelivered
from bot.jobs.retry import until_delivered, until_fetched, until_stored
from storage.retry_loop import ANY_ERROR, in_turn, repeat
from storage.store_errors import StoreUnavailableError, UnstorableValueError


class Clock:
    """Sleeps at once, and knows for how long."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def fails(*errors: BaseException) -> Callable[[], Awaitable[str]]:
    """A step that raises these errors in turn, and then succeeds."""
    left: Iterator[BaseException] = iter(errors)

    async def step() -> str:
        for error in left:
            raise error
        return "done"

    return step


async def test_the_last_delay_repeats(clock: Clock) -> None:
    step = fails(*[StoreUnavailableError("away")] * 6)
    assert await until_stored(step, "a step", clock.sleep) == "done"
    assert clock.slept == [0.5, 2.0, 5.0, 15.0, 15.0, 15.0]


async def test_a_step_that_succeeds_sleeps_never(clock: Clock) -> None:
    assert await until_stored(fails(), "a step", clock.sleep) == "done"
    assert clock.slept == []


async def test_a_step_that_is_no_coroutine_function_is_awaited(clock: Clock) -> None:
    step = fails(StoreUnavailableError("away"))
    assert await until_stored(lambda: step(), "a step", clock.sleep) == "done"  # noqa: PLW0108 - it is the point
    assert clock.slept == [0.5]


@pytest.mark.parametrize("error", [UnstorableValueError("too large"), ValueError("wrong"), asyncio.CancelledError()])
async def test_other_errors_are_raised_at_once(clock: Clock, error: BaseException) -> None:
    with pytest.raises(type(error)) as raised:
        await until_stored(fails(StoreUnavailableError("away"), error), "a step", clock.sleep)
    assert raised.value is error
    assert clock.slept == [0.5]


async def test_a_cancellation_ends_the_wait() -> None:
    waits = asyncio.Event()

    async def sleep(_seconds: float) -> None:
        waits.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(repeat(fails(OSError()), when=ANY_ERROR, wait=in_turn([1.0]), sleep=sleep))
    await waits.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_log_says_what_failed_and_when_it_is_tried_again(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await until_stored(fails(*[StoreUnavailableError("no server")] * 3), "storing the ticket of task 5", clock.sleep)
    first, last = caplog.messages
    assert first == "storing the ticket of task 5 failed in the store (no server); retrying in 0.5 s"
    assert last == "storing the ticket of task 5 failed in the store: over after 0 s"


async def test_it_is_told_of_each_error_and_stops_with_the_last(clock: Clock) -> None:
    errors = [OSError(1), OSError(2), OSError(3)]
    told: list[tuple[BaseException, float]] = []
    with pytest.raises(OSError) as raised:  # noqa: PT011 - which one is asserted
        await repeat(
            fails(*errors),
            when=retry_if_exception_type(OSError),
            wait=in_turn([1.0, 5.0]),
            sleep=clock.sleep,
            failed=lambda error, seconds: told.append((error, seconds)),
            stop=stop_after_attempt(3),
        )
    assert raised.value is errors[2]
    assert told == [(errors[0], 1.0), (errors[1], 5.0)]
    assert clock.slept == [1.0, 5.0]


async def test_a_reference_is_fetched_six_times(clock: Clock) -> None:
    last = OSError("the last")
    with pytest.raises(OSError, match="the last"):
        await until_fetched(fails(*[OSError("HTTP 500")] * 5, last), clock.sleep)
    assert clock.slept == [1.0, 5.0, 15.0, 30.0, 60.0]


async def test_a_demanded_wait_prolongs_the_delay(clock: Clock) -> None:
    step = fails(NotYet(0.5), NotYet(90), OSError())
    assert await until_fetched(step, clock.sleep) == "done"
    assert clock.slept == [1.0, 90, 15.0]


async def test_nobody_waits_for_a_wait_that_is_too_long(clock: Clock) -> None:
    with pytest.raises(NotYet):
        await until_fetched(fails(OSError(), NotYet(121)), clock.sleep)
    assert clock.slept == [1.0]


@pytest.mark.parametrize(
    ("failures", "slept"),
    [
        ([Undelivered("network")] * 6, [2.0, 10.0, 30.0, 120.0, 600.0]),
        ([Undelivered("host", unfetched=True)] * 4, [2.0, 8.0, 15.0]),
        ([Undelivered("network"), Undelivered("host", unfetched=True)] * 2, [2.0, 8.0, 30.0]),
        ([Undelivered("network"), Undelivered("no", is_final=True)], [2.0]),
    ],
)
async def test_a_delivery_is_repeated_as_its_failures_allow(
    clock: Clock, failures: list[Undelivered], slept: list[float]
) -> None:
    told: list[float] = []

    async def failed(_failure: Undelivered, seconds: float) -> None:
        told.append(seconds)

    with pytest.raises(Undelivered) as raised:
        await until_delivered(fails(*failures), clock.sleep, failed)
    assert raised.value is failures[-1]
    assert clock.slept == told == slept
