"""Polling in simulated time: delays and polls against fixed 2-second polling, faults, limits, an early end."""

from contextlib import aclosing
from itertools import pairwise
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.base import Accepted, Callback, Finished, ImageRequest, Queued, Working
from providers.errors import (
    GenerationFailedError,
    MisconfiguredError,
    OutcomeUnknownError,
    ProviderBusyError,
    ProviderError,
    TaskTimeoutError,
)
from providers.polling import CALLBACK_POLL_SECONDS, SERVICE_FAULT_SECONDS, PassingError
from providers.schedule import POLLS_AHEAD
from providers.testing import FastClock
from tests.support.polling import PICTURE, REQUEST, Plain, Tally, Timed, lognormal, many


@pytest.fixture
def provider() -> Timed:
    return Timed(FastClock())


@pytest.mark.parametrize("seed", [0, 1])
async def test_it_finds_the_end_sooner_with_no_more_polls(provider: Timed, seed: int) -> None:
    tally = await many(provider, 600, lognormal(12, 0.4, seed))
    print(tally)
    assert tally.mean <= 0.70
    assert tally.polls <= tally.fixed <= 7.1 * 600
    assert tally.ahead <= POLLS_AHEAD


async def test_the_mean_over_many_jobs(provider: Timed) -> None:
    tally = await many(provider, 600, lognormal(12, 0.4, 42))
    print(tally)
    assert tally.mean <= 0.66
    assert tally.polls <= 7.0 * 600


@pytest.mark.parametrize(
    ("median", "sigma", "most"), [(5, 0.4, 0.8), (25, 0.6, 0.9), (60, 0.3, 0.7), (12, 0.15, 0.45), (200, 0.5, 0.9)]
)
async def test_other_services(provider: Timed, median: float, sigma: float, most: float) -> None:
    tally = await many(provider, 120, lognormal(median, sigma))
    print(tally)
    assert tally.mean <= most
    assert tally.ahead <= POLLS_AHEAD


async def test_before_it_knows_anything_it_asks_every_two_seconds(provider: Timed) -> None:
    await provider.events()
    assert provider.times == pytest.approx([2, 4, 6, 8, 10, 12])


async def test_what_the_store_remembers_is_used_at_once(provider: Timed) -> None:
    draw = lognormal(12, 0.4)
    provider.learn(draw() for _ in range(40))
    await provider.events()
    assert 5 < provider.times[0] < 8
    tally = await many(provider, 50, draw)
    assert tally.mean < 0.8


async def test_durations_that_shift(provider: Timed) -> None:
    tally: Tally | None = None
    for median in (12, 60, 5):
        for jobs in (10, 40, 80):
            tally = await many(provider, jobs, lognormal(median, 0.4, jobs), tally)
            print(f"median {median} s, {tally}")
            assert tally.ahead <= POLLS_AHEAD, "the ledger holds while durations shift"
            assert tally.mean <= (2 if jobs == 10 else 1), "it learns quickly"


@settings(max_examples=20)
@given(durations=st.lists(st.floats(0.01, 60), min_size=1, max_size=30))
async def test_never_more_polls_than_fixed_ones_whatever_the_durations(durations: list[float]) -> None:
    source = iter(durations)
    tally = await many(Timed(FastClock()), len(durations), lambda: next(source))
    assert tally.ahead <= POLLS_AHEAD


async def test_events_say_something_new_each(provider: Timed) -> None:
    assert await provider.events() == [Accepted("ticket 1"), Queued(), Working(), Finished((PICTURE,))]


async def test_a_resumed_task_is_asked_for_at_once(provider: Timed) -> None:
    provider.learn([60.0] * 20)
    provider.ends = 7.0
    assert await provider.events("old") == [Working(), Finished((PICTURE,))]
    assert provider.times == [0, 2, 4, 6, 8]
    assert provider.submits == 0


async def test_a_resumed_task_teaches_nothing(provider: Timed) -> None:
    for _ in range(30):
        await provider.events("old")
    provider.times.clear()
    provider.ends = provider.clock() + 9
    start = provider.clock()
    provider.seconds = 9
    await provider.events()
    assert [time - start for time in provider.times] == [2, 4, 6, 8, 10]


async def test_faults_on_the_way_are_waited_out(provider: Timed) -> None:
    provider.faults = [ProviderBusyError() for _ in range(12)]
    assert (await provider.events())[-1] == Finished((PICTURE,))
    gaps = [later - earlier for earlier, later in pairwise(provider.times)]
    assert gaps[:5] == [2, 4, 8, 16, 30]
    assert max(gaps) == 30


async def test_retry_after_is_obeyed(provider: Timed) -> None:
    provider.faults = [ProviderBusyError(retry_after=47)]
    await provider.events()
    assert provider.times == [2, 49]


@pytest.mark.parametrize(
    "error", [PassingError(GenerationFailedError()), MisconfiguredError("set the clock")], ids=["failed", "keys"]
)
async def test_a_fault_of_the_service_is_given_some_patience(provider: Timed, error: Exception) -> None:
    provider.faults = [error] * 3
    assert (await provider.events())[-1] == Finished((PICTURE,))


async def test_a_fault_that_does_not_pass_ends_the_watch_but_not_the_ticket(provider: Timed) -> None:
    error = GenerationFailedError(detail="50500")
    provider.faults = [PassingError(error)] * 1000
    with pytest.raises(TaskTimeoutError) as caught:
        await provider.events()
    assert (caught.value.sentence, caught.value.detail) == (error.sentence, "50500")
    assert SERVICE_FAULT_SECONDS < provider.clock() < 2 * SERVICE_FAULT_SECONDS


async def test_the_time_limit(provider: Timed) -> None:
    provider = Timed(FastClock(), limit=100)
    provider.seconds = 1e9
    with pytest.raises(TaskTimeoutError):
        await provider.events()
    assert provider.times[-1] == 100
    assert provider.polls <= 50 + POLLS_AHEAD


async def test_the_time_limit_in_an_outage(provider: Timed) -> None:
    provider.faults = [ProviderBusyError(retry_after=3600)] * 1000
    with pytest.raises(TaskTimeoutError):
        await provider.events()
    assert provider.times == [2, *range(62, 900, 60), 900], "it is asked every minute all the same"


@pytest.mark.parametrize("error", [ProviderBusyError(), OutcomeUnknownError()])
async def test_a_submit_is_never_repeated(provider: Timed, error: ProviderError) -> None:
    provider.refusal = error
    with pytest.raises(type(error)):
        await provider.events()
    assert provider.submits == 0


async def test_leaving_gives_unused_polls_to_the_others(provider: Timed) -> None:
    provider.seconds = 1e9
    bank = provider.pace.ledger.bank
    events = provider.imagine(REQUEST)
    async with aclosing(cast("Any", events)):
        async for event in events:
            if isinstance(event, Queued):
                break
    assert provider.pace.ledger.bank >= bank
    assert [event async for event in events] == []


async def test_an_unexpected_error_is_not_hidden(provider: Timed) -> None:
    provider.faults = [ZeroDivisionError()]
    with pytest.raises(ZeroDivisionError):
        await provider.events()


@pytest.mark.parametrize("restarts", [1, 50], ids=["at work for long", "restarted before each task"])
@pytest.mark.parametrize("sigma", [0.0, 0.2, 0.4])
async def test_a_service_that_never_calls(sigma: float, restarts: int) -> None:
    clock, draw, delays = FastClock(), lognormal(6, sigma, 3), list[float]()
    known: list[float] = []
    for _ in range(restarts):
        provider = Timed(clock)
        provider.learn(known)
        provider.callback = Callback("https://bot.example/callbacks/x")
        tally = await many(provider, 50 // restarts, draw)
        delays += tally.delays
        known.append(provider.seconds)
    print(f"sigma {sigma}: mean {sum(delays) / 50:.2f} s, at most {max(delays):.2f} s")
    assert max(delays) <= 4
    assert sum(delays) / 50 <= 1.5


async def test_a_call_that_was_waited_for_in_vain_is_missed(provider: Timed) -> None:
    provider.callback = Callback("https://bot.example/callbacks/x", lambda: True)
    await provider.events()
    assert (provider.times, provider.callback.is_missed) == ([CALLBACK_POLL_SECONDS], True)
    provider.callback = Callback("https://bot.example/callbacks/x")
    await provider.events()
    assert not provider.callback.is_missed, "nobody waited for it"
    provider.times.clear()
    provider.callback = Callback("https://bot.example/callbacks/x", lambda: True)
    await provider.events("old")
    assert not provider.callback.is_missed, "it may have been called while nobody listened"


async def test_a_poll_that_fails_after_the_call_is_repeated_soon(provider: Timed) -> None:
    provider.callback = Callback("https://bot.example/callbacks/x", lambda: True)
    provider.callback.call()
    provider.faults = [ProviderBusyError()]
    await provider.events()
    assert provider.clock() - provider.ends <= 2, "the call does not come a second time"
    assert not provider.callback.is_missed


async def test_calls_beyond_the_first_ask_every_few_seconds(provider: Timed) -> None:
    provider.callback = callback = Callback("https://bot.example/callbacks/x", lambda: True)
    ask = provider.ask

    async def called_all_the_time(request: ImageRequest[Plain], ticket: str) -> Queued | Working | Finished:
        callback.call()
        return await ask(request, ticket)

    provider.ask = called_all_the_time  # type: ignore[method-assign]
    callback.call()
    await provider.events()
    assert provider.times == pytest.approx([0, 3, 6, 9, 12])
