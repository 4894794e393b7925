"""Sets of pictures from Ark's stream: pictures that arrived before it broke off are paid, and are kept."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from providers.ark import Ark
from providers.ark.models import MODELS
from providers.ark.simulator import ArkSimulator
from providers.base import Event, Finished, Working
from providers.errors import ContentRefusedError, OutcomeUnknownError
from providers.testing import ServiceHarness, open_bench

LITE = "doubao-seedream-5-0-260128"
SETTINGS = {"api_key": "{key}", "endpoint": "{url}/api/v3", "models": [LITE], "limits": {LITE: {"ends": "never"}}}


@pytest.fixture
async def bench() -> AsyncIterator[ServiceHarness]:
    """An account that still has a model that makes sets."""
    async with open_bench(Ark, ArkSimulator, SETTINGS) as bench:
        assert isinstance(bench.simulator, ArkSimulator)
        bench.simulator.models[LITE] = MODELS[LITE]
        bench.options = {"model": LITE}
        yield bench


async def events(bench: ServiceHarness, prompt: str = "four seasons", **options: Any) -> list[Event]:
    return [event async for event in bench.provider.imagine(bench.request(prompt, **bench.options, **options))]


def break_after(bench: ServiceHarness, pictures: int) -> None:
    """Break the service's connection after `pictures` pictures."""
    left = pictures

    async def sleep(seconds: float) -> None:
        nonlocal left
        if not left:
            raise RuntimeError("the service breaks down")
        left -= 1

    bench.simulator.sleep = sleep


async def test_each_picture_is_progress(bench: ServiceHarness) -> None:
    *way, last = await events(bench, set=4)
    assert [event.progress for event in way if isinstance(event, Working)] == [None, 0.25, 0.5, 0.75, 0.99]
    assert isinstance(last, Finished)
    assert len({picture.url for picture in last.pictures}) == 4
    assert bench.submitted == 1, "a set is one task"


@pytest.mark.parametrize("arrived", [1, 3])
async def test_what_has_arrived_is_kept_when_the_stream_breaks(bench: ServiceHarness, arrived: int) -> None:
    break_after(bench, arrived)
    last = (await events(bench, set=4))[-1]
    assert isinstance(last, Finished)
    assert len(last.pictures) == arrived


async def test_without_any_nobody_knows(bench: ServiceHarness) -> None:
    break_after(bench, 0)
    with pytest.raises(OutcomeUnknownError):
        await events(bench, set=4)


async def test_a_set_that_was_refused_says_why(bench: ServiceHarness) -> None:
    with pytest.raises(ContentRefusedError) as refused:
        await events(bench, "an unsafe result", set=2)
    assert refused.value.what == "result"
