"""Steps that the tests of the contract suite share."""

from collections.abc import Awaitable
from contextlib import aclosing
from typing import Any, TypeVar

from aiohttp import ClientSession

from providers.base import Accepted, Event, Finished, ImageRequest, Picture, Provider
from providers.errors import InvalidRequestError, ProviderError
from providers.testing.harness import Harness, Scenario

ErrorT = TypeVar("ErrorT", bound=ProviderError)


async def run(harness: Harness, request: ImageRequest[Any], ticket: str | None = None) -> list[Event]:
    """All events of one task."""
    return [event async for event in harness.provider.imagine(request, ticket)]


def finished(events: list[Event]) -> Finished:
    """The last event, which ends a task that succeeded."""
    last = events[-1]
    assert isinstance(last, Finished), f"the last event is {last}"
    return last


async def submit_only(harness: Harness, request: ImageRequest[Any]) -> str:
    """Submit a task and leave it as soon as its ticket is known."""
    async with aclosing(harness.provider.imagine(request)) as events:
        first = await anext(events)
    assert isinstance(first, Accepted)
    return first.ticket


async def load(picture: Picture, session: ClientSession) -> bytes:
    """The bytes of a picture, which has either a URL or data."""
    assert (picture.url is None) != (picture.data is None)
    if picture.url is None:
        return picture.data or b""
    async with session.get(picture.url) as response:
        assert response.status == 200
        return await response.read()


async def failure(
    harness: Harness, request: ImageRequest[Any], kind: type[ErrorT], ticket: str | None = None
) -> ErrorT:
    """The error that a task ends with."""
    return await raised(run(harness, request, ticket), kind)


async def fails(harness: Harness, scenario: Scenario, kind: type[ErrorT]) -> ErrorT | None:
    """The error of a scenario; None where the service can't have it."""
    if scenario in harness.impossible:
        return None
    return await failure(harness, await harness.play(scenario), kind)


async def raised(attempt: Awaitable[object], kind: type[ErrorT]) -> ErrorT:
    """The error that an attempt ends with: with a sentence for a person that holds no internals."""
    try:
        await attempt
    except kind as caught:
        error = caught
    else:
        raise AssertionError(f"it succeeded; expected {kind.__name__}")
    assert str(error.sentence).strip()
    assert not error.detail or error.detail not in str(error.sentence)
    return error


def refuses(provider: Provider[Any, Any], request: ImageRequest[Any]) -> None:
    """Check that `validate` refuses a request."""
    try:
        provider.validate(request)
    except InvalidRequestError:
        return
    raise AssertionError(f"validate() lets {request} pass")
