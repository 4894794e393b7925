"""`ProviderContract`: the tests that every provider must pass.

To use it: `class TestMine(ProviderContract): provider = Mine`, with a fixture `harness` that gives a `Harness`. The
tests are coroutines: pytest-asyncio in its auto mode runs them.
"""

from itertools import pairwise
from typing import Any, ClassVar, cast

from pydantic import ValidationError

from providers.base import Accepted, Finished, ImageRequest, Provider
from providers.errors import (
    ContentRefusedError,
    GenerationFailedError,
    InvalidRequestError,
    MisconfiguredError,
    OutcomeUnknownError,
    ProviderBusyError,
    ProviderError,
    TaskExpiredError,
    TaskTimeoutError,
)
from providers.options import Options, flags
from providers.testing.harness import Harness, Scenario
from providers.testing.steps import fails, failure, finished, load, raised, refuses, run
from providers.testing.watching import WatchingContract

_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")


class ProviderContract(WatchingContract):
    """Subclass it, set `provider`, and write the fixture `harness`."""

    provider: ClassVar[type[Provider[Any, Any]]]

    async def test_a_task_succeeds(self, harness: Harness) -> None:
        """Accepted first, Finished last, each once; the pictures can be fetched."""
        events = await run(harness, await harness.play(Scenario.SUCCESS))
        tickets = [event.ticket for event in events if isinstance(event, Accepted)]
        if harness.provider.capabilities.resumes:
            assert isinstance(events[0], Accepted)
            assert all(tickets)
        assert len(tickets) == harness.provider.capabilities.resumes
        assert isinstance(events[-1], Finished)
        assert [type(event) for event in events].count(Finished) == 1
        assert all(one != other for one, other in pairwise(events)), "an event says nothing new"
        assert len(events[-1].pictures) == 1
        assert (await load(events[-1].pictures[0], harness.session)).startswith(_MAGIC)
        assert harness.submitted == 1

    async def test_several_pictures(self, harness: Harness) -> None:
        """The tasks of all parts from `split` give as many pictures as asked for."""
        parts = harness.provider.split(harness.several(3))
        pictures = [picture for part in parts for picture in finished(await run(harness, part)).pictures]
        assert len(pictures) == 3
        assert harness.submitted == len(parts)

    async def test_references_by_url(self, harness: Harness) -> None:
        """All references reach the service by URL."""
        await self._with_references(harness, Scenario.REFERENCES_BY_URL)

    async def test_references_by_bytes(self, harness: Harness) -> None:
        """All references reach the service without one."""
        await self._with_references(harness, Scenario.REFERENCES_BY_BYTES)

    async def test_refused_prompt(self, harness: Harness) -> None:
        """Moderation of the prompt."""
        error = await fails(harness, Scenario.REFUSED_PROMPT, ContentRefusedError)
        assert error is None or error.what == "prompt"

    async def test_refused_reference(self, harness: Harness) -> None:
        """Moderation of a reference."""
        error = await fails(harness, Scenario.REFUSED_REFERENCE, ContentRefusedError)
        assert error is None or error.what == "reference"

    async def test_refused_result(self, harness: Harness) -> None:
        """Moderation of the result: it may have been paid."""
        error = await fails(harness, Scenario.REFUSED_RESULT, ContentRefusedError)
        assert error is None or error.what == "result"

    async def test_invalid_request(self, harness: Harness) -> None:
        """A refused request costs nothing."""
        error = await fails(harness, Scenario.INVALID, InvalidRequestError)
        assert error is None or error.paid is False
        assert harness.submitted == 0

    async def test_busy(self, harness: Harness) -> None:
        """No task is accepted, `retry_after` is sensible, and the next try succeeds."""
        if Scenario.BUSY in harness.impossible:
            return
        request = await harness.play(Scenario.BUSY)
        error = await failure(harness, request, ProviderBusyError)
        assert error.retry_after is None or 0 < error.retry_after <= 3600
        assert error.paid is False
        assert harness.submitted == 0
        await run(harness, request)
        assert harness.submitted == 1

    async def test_unreachable(self, harness: Harness) -> None:
        """A service out of reach is busy: nothing can have been paid."""
        error = await fails(harness, Scenario.UNREACHABLE, ProviderBusyError)
        assert error is None or error.paid is False

    async def test_misconfigured(self, harness: Harness) -> None:
        """Wrong credentials: the advice is for the operator and not shown to the person."""
        error = await fails(harness, Scenario.MISCONFIGURED, MisconfiguredError)
        if error is not None:
            assert error.advice
            assert error.advice not in str(error.sentence)
        assert harness.submitted == 0

    async def test_failed(self, harness: Harness) -> None:
        """A task that the service fails is not submitted again."""
        await fails(harness, Scenario.FAILED, GenerationFailedError)
        assert harness.submitted <= 1

    async def test_expired(self, harness: Harness) -> None:
        """A task that the service no longer knows."""
        await fails(harness, Scenario.EXPIRED, TaskExpiredError)

    async def test_took_too_long(self, harness: Harness) -> None:
        """The iteration ends at the time limit; the ticket stays valid."""
        error = await fails(harness, Scenario.TOO_LONG, TaskTimeoutError)
        assert error is None or error.paid is None

    async def test_lost_answer_to_a_submit(self, harness: Harness) -> None:
        """It may have been paid, so it is not done again: exactly one submit."""
        await fails(harness, Scenario.LOST, OutcomeUnknownError)
        assert harness.submitted == (0 if Scenario.LOST in harness.impossible else 1)

    async def test_malformed_answer_to_a_submit(self, harness: Harness) -> None:
        """An unreadable answer to a submit may have been an acceptance."""
        await fails(harness, Scenario.MALFORMED_SUBMIT, OutcomeUnknownError)
        assert harness.submitted <= 1

    async def test_malformed_answer_on_the_way(self, harness: Harness) -> None:
        """A paid task is not given up for one answer that can't be read."""
        await self._still_succeeds(harness, Scenario.MALFORMED_RESULT)

    async def test_hiccup_on_the_way(self, harness: Harness) -> None:
        """A paid task is not given up for a broken connection."""
        await self._still_succeeds(harness, Scenario.HICCUP)

    async def test_a_task_gives_no_more_than_it_may(self, harness: Harness) -> None:
        """The parts together may give at least as many pictures as asked for."""
        request = harness.several(2)
        most = [harness.provider.most_pictures(part) for part in harness.provider.split(request)]
        assert sum(most) >= 2
        assert all(1 <= count <= harness.provider.capabilities.pictures for count in most)

    async def test_check_is_free(self, harness: Harness) -> None:
        """Good credentials pass, and nothing is paid."""
        await harness.provider.check()
        assert harness.submitted == 0

    async def test_check_finds_wrong_credentials(self, harness: Harness) -> None:
        """Bad ones are `MisconfiguredError`, with advice."""
        await harness.play(Scenario.MISCONFIGURED)
        error = await raised(harness.provider.check(), MisconfiguredError)
        assert error.advice

    async def test_check_without_the_service(self, harness: Harness) -> None:
        """Out of reach is `ProviderBusyError`."""
        await harness.play(Scenario.UNREACHABLE)
        await raised(harness.provider.check(), ProviderBusyError)

    async def test_close(self, harness: Harness) -> None:
        """Closing twice is fine, and the session is not the provider's to close."""
        await harness.provider.aclose()
        await harness.provider.aclose()
        assert not harness.session.closed

    async def test_limits_are_checked_before_paying(self, harness: Harness) -> None:
        """`validate` refuses no words, too many words and too many references."""
        good = await harness.play(Scenario.SUCCESS)
        harness.provider.validate(good)
        length = harness.provider.capabilities.prompt_length
        for prompt in ("", " \n", "x" * (length + 1)):
            refuses(harness.provider, ImageRequest(prompt, good.options))
        limits = harness.provider.capabilities.references
        if limits is not None:
            one = (await harness.play(Scenario.REFERENCES_BY_URL)).references[0]
            refuses(harness.provider, ImageRequest("x", good.options, (one,) * (limits.count + 1)))

    async def test_enlarging(self, harness: Harness) -> None:
        """The options that enlarge a picture make one valid request for one picture, which can't be enlarged again."""
        provider, good = harness.provider, await harness.play(Scenario.SUCCESS)
        larger = provider.enlarged(good.options, (1600, 900))
        if larger is not None:
            one = (await harness.play(Scenario.REFERENCES_BY_URL)).references[0]
            request = ImageRequest("x", larger, (one,))
            provider.validate(request)
            assert len(provider.split(request)) == 1
            assert provider.enlarged(larger, (1600, 900)) is None

    async def test_learning(self, harness: Harness) -> None:
        """Durations of the past may be told, or none."""
        harness.provider.learn([])
        harness.provider.learn([12.0, 0.5, 900.0])
        finished(await run(harness, await harness.play(Scenario.SUCCESS)))

    async def test_what_is_impossible_has_a_reason(self, harness: Harness) -> None:
        """Each scenario that is left out has a reason."""
        assert [scenario for scenario, reason in harness.impossible.items() if len(reason) < 10] == []

    def test_options_explain_themselves(self) -> None:
        """Every option has a description, a default and what is allowed; unknown ones are refused."""
        model = cast("type[Options]", self.provider.Options)
        assert issubclass(model, Options)
        defaults = model()
        for flag in flags(model):
            assert flag.description, f"{flag.name} has no description"
            assert flag.allowed, f"{flag.name} doesn't say what is allowed"
            for choice in flag.choices:
                model.model_validate({flag.name: choice})
        assert model.model_validate(defaults.model_dump()) == defaults
        try:
            model.model_validate({"no_such_option": 1})
        except ValidationError:
            return
        raise AssertionError("unknown options are accepted")

    async def test_secrets_stay_secret(self, harness: Harness) -> None:
        """No secret shows when settings, provider or errors are printed."""
        await harness.play(Scenario.MISCONFIGURED)
        shown = [repr(harness.provider.settings), str(harness.provider.settings), repr(harness.provider)]
        try:
            await harness.provider.check()
        except ProviderError as error:
            shown += [repr(error), str(error), error.detail]
        assert not [secret for secret in harness.secrets for text in shown if secret in text]

    async def _with_references(self, harness: Harness, scenario: Scenario) -> None:
        if scenario not in harness.impossible:
            events = await run(harness, await harness.play(scenario))
            assert finished(events).pictures
            assert harness.references_seen == 2

    async def _still_succeeds(self, harness: Harness, scenario: Scenario) -> None:
        if scenario not in harness.impossible:
            events = await run(harness, await harness.play(scenario))
            assert finished(events).pictures
            assert harness.submitted == 1
