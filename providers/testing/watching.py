"""`WatchingContract`: the part of the contract suite about tasks under way: tickets, callbacks, leaving, cancelling."""

import asyncio
from contextlib import aclosing, suppress
from dataclasses import replace
from functools import partial
from typing import Any, cast

from providers.base import Accepted, Callback, Finished, is_ticket
from providers.errors import (
    ProviderError,
    TaskExpiredError,
)
from providers.testing.harness import Harness, Scenario
from providers.testing.steps import failure, finished, raised, run, submit_only


class WatchingContract:
    """Inherited by `ProviderContract`."""

    async def test_taking_a_task_up_again(self, harness: Harness) -> None:
        """With a ticket nothing is submitted, and `Accepted` doesn't come again; without tickets any is
        `TaskExpiredError`.
        """
        request = await harness.play(Scenario.SUCCESS)
        if not harness.provider.capabilities.resumes:
            await raised(run(harness, request, "a-ticket"), TaskExpiredError)
            assert harness.submitted == 0
            return
        ticket = await submit_only(harness, request)
        events = await run(harness, request, ticket)
        assert not any(isinstance(event, Accepted) for event in events)
        assert finished(events).pictures
        assert harness.submitted == 1

    async def test_a_call_of_the_service_ends_the_wait(self, harness: Harness) -> None:
        """Where the service calls back, the call ends the wait; calls before and after do no harm."""
        if not harness.provider.capabilities.callbacks:
            return
        callback = Callback("https://bot.example/callbacks/x")
        request = replace(await harness.play(Scenario.SUCCESS), callback=callback)
        async with aclosing(harness.provider.imagine(request)) as events:
            assert isinstance(await anext(events), Accepted)
            harness.pass_time(1000)
            callback.call()
            callback.call()
            assert isinstance(await anext(events), Finished)
            callback.call()
            assert [event async for event in events] == []
        assert harness.submitted == 1

    async def test_what_a_call_says_is_read_or_refused(self, harness: Harness) -> None:
        """The body of a call names its task, or nothing; nonsense is a `ValueError` and no other error."""
        if harness.provider.capabilities.callbacks:
            for body in (b"", b"\xff", b"[" * 100_000, b"null", b'{"task_id": "\\u0000"}', b"{}"):
                with suppress(ValueError):
                    ticket = harness.provider.called_back(body)
                    assert ticket is None or is_ticket(ticket)

    async def test_a_call_that_never_comes(self, harness: Harness) -> None:
        """Polling finds the end."""
        if harness.provider.capabilities.callbacks:
            for is_expected in (False, True):
                callback = Callback("https://bot.example/callbacks/x", partial(bool, is_expected))
                events = await run(harness, replace(await harness.play(Scenario.SUCCESS), callback=callback))
                assert finished(events).pictures
                assert callback.is_missed is is_expected, "only who waited for it can miss it"

    async def test_leaving_early(self, harness: Harness) -> None:
        """An iterator that was closed early is at its end, and the provider still works."""
        left = harness.provider.imagine(await harness.play(Scenario.TOO_LONG))
        async with aclosing(cast("Any", left)):
            await anext(left)
        assert [event async for event in left] == []
        events = await run(harness, await harness.play(Scenario.SUCCESS))
        assert finished(events).pictures

    async def test_a_cancelled_watcher(self, harness: Harness) -> None:
        """Cancelling the task that iterates ends it at once, as a cancellation."""
        request = await harness.play(Scenario.TOO_LONG)
        accepted = asyncio.Event()

        async def watch() -> None:
            async for _ in harness.provider.imagine(request):
                accepted.set()

        task = asyncio.create_task(watch())
        await accepted.wait()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert harness.submitted <= 1

    async def test_cancel(self, harness: Harness) -> None:
        """`cancel` returns whether the task could be cancelled, as `capabilities.cancels` says."""
        can = harness.provider.capabilities
        request = await harness.play(Scenario.TOO_LONG)
        ticket = await submit_only(harness, request) if can.resumes else "a-ticket"
        assert await harness.provider.cancel(ticket) is can.cancels
        if can.cancels:
            await failure(harness, request, ProviderError, ticket)
