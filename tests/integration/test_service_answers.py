"""Answers that real services give, played by their simulators: the class of each, and whether it may be charged."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from providers.ark import Ark
from providers.ark.models import MODELS as ARK_MODELS
from providers.ark.simulator import ArkSimulator
from providers.base import Accepted, Event, Finished
from providers.errors import (
    ContentRefusedError,
    GenerationFailedError,
    MisconfiguredError,
    ProviderBusyError,
    TaskExpiredError,
)
from providers.fal import Fal
from providers.replicate import Replicate
from providers.simulators import Fault
from providers.testing import ServiceHarness, open_bench
from providers.unfetched import UnfetchedReferenceError
from tests.support.service_answers import (
    ANSWERS,
    LITE,
    PRO,
    SENT,
    SERVICES,
    SET_OF_TWO,
    Row,
)


async def run(bench: ServiceHarness, prompt: str = "a red fox", **options: Any) -> list[Event]:
    return [event async for event in bench.provider.imagine(bench.request(prompt, **options))]


async def finished(bench: ServiceHarness, prompt: str = "a red fox", **options: Any) -> Finished:
    last = (await run(bench, prompt, **options))[-1]
    assert isinstance(last, Finished)
    return last


@asynccontextmanager
async def opened(provider: type[Any]) -> AsyncGenerator[Any, None]:
    simulator, settings = SERVICES[provider]
    async with open_bench(provider, simulator, settings) as bench:
        if isinstance(bench.simulator, ArkSimulator):
            bench.simulator.models[LITE] = ARK_MODELS[LITE]
        yield bench


@pytest.mark.parametrize("row", ANSWERS)
async def test_the_class_of_an_answer(row: Row) -> None:
    async with opened(row.provider) as bench:
        fault = Fault(
            kind="json", action=row.action, status=row.status, text=json.dumps(row.body), headers=dict(row.headers)
        )
        fault.headers = dict(row.headers)
        bench.simulator.faults.append(fault)
        with pytest.raises(row.expected) as caught:
            await run(bench)
        assert type(caught.value) is row.expected
        assert caught.value.paid is row.paid
        assert getattr(caught.value, "what", "") == row.what
        assert bench.simulator.faults == [], "asked once"


@pytest.mark.parametrize("provider", SERVICES)
async def test_an_unpaid_bill_is_the_operators(provider: type[Any]) -> None:
    async with opened(provider) as bench:
        with pytest.raises(MisconfiguredError):
            await run(bench, "an unpaid bill")
        assert bench.submitted == 0


async def test_throttling_names_its_wait() -> None:
    async with opened(Replicate) as bench:
        words = "Request was throttled. Your rate limit resets in ~30s."
        bench.simulator.faults.append(Fault(kind="json", action=SENT, status=429, text=json.dumps({"detail": words})))
        with pytest.raises(ProviderBusyError) as caught:
            await run(bench)
        assert caught.value.retry_after == 30


async def test_a_gateways_error_for_a_result_passes() -> None:
    async with opened(Fal) as bench:
        bench.simulator.faults.append(Fault(kind="html", action="fetch", status=504, times=2))
        assert len((await finished(bench)).pictures) == 1


async def test_flags_of_nothing_are_none() -> None:
    body = {"images": [{"url": "https://pictures/1"}, None], "has_nsfw_concepts": [None], "seed": None}
    async with opened(Fal) as bench:
        bench.simulator.faults.append(Fault(kind="json", action="fetch", status=200, text=json.dumps(body)))
        end = await finished(bench)
        assert ([picture.url for picture in end.pictures], end.note) == (["https://pictures/1"], None)


@pytest.mark.parametrize(("provider", "options"), [(Fal, {"n": 3}), (Ark, {"set": 3, "model": LITE})])
async def test_the_rest_of_a_flagged_set_is_delivered(provider: type[Any], options: dict[str, Any]) -> None:
    async with opened(provider) as bench:
        end = await finished(bench, "three foxes, one flagged", **options)
        assert len(end.pictures) == 2
        assert str(end.note) == "The service's safety check held back one of the pictures."


async def test_an_error_ends_the_stream_of_a_set() -> None:
    async with opened(Ark) as bench:
        assert len((await finished(bench, "a set that breaks off", set=4, model=LITE)).pictures) == 1
        with pytest.raises(GenerationFailedError):
            await run(bench, "a broken result that breaks off", set=4, model=LITE)
        with pytest.raises(ContentRefusedError) as caught:
            await run(bench, "an unsafe result that breaks off", set=4, model=LITE)
        assert (caught.value.what, caught.value.paid) == ("result", None)


async def test_a_single_picture_has_no_parameters_of_sets() -> None:
    async with opened(Ark) as bench:
        assert (await finished(bench, model=PRO)).pictures


@pytest.mark.parametrize("options", [{}, SET_OF_TWO])
async def test_references_that_ark_can_not_fetch_are_sent_as_bytes(options: dict[str, Any]) -> None:
    async with opened(Ark) as bench:
        unreachable = [replace(one, url="http://127.0.0.1:1/a.jpg") for one in bench.references(2, url=True)]
        asked = bench.request("both of them", tuple(unreachable), **options)
        events = [event async for event in bench.provider.imagine(asked)]
        assert isinstance(events[-1], Finished)
        assert (bench.submitted, bench.references_seen) == (1, 2)


@pytest.mark.parametrize("provider", [Fal, Replicate])
async def test_references_that_fail_a_task_are_about_their_address(provider: type[Any]) -> None:
    async with opened(provider) as bench:
        (one,) = bench.references(1, url=True)
        asked = bench.request("with it", (replace(one, url="http://127.0.0.1:1/a.jpg"),))
        with pytest.raises(UnfetchedReferenceError, match=r"web\.public_url") as caught:
            [event async for event in bench.provider.imagine(asked)]
        assert caught.value.paid is None
        assert bench.submitted == 1, "it was taken, so it is not sent again"


async def test_large_references_are_uploaded_first() -> None:
    async with opened(Replicate) as bench:
        (one,) = bench.references(1, url=False)
        asked = bench.request("with it", (replace(one, size=2 << 20),))
        bench.simulator.faults.append(Fault(kind="text", action="upload"))
        with pytest.raises(ProviderBusyError) as caught:
            [event async for event in bench.provider.imagine(asked)]
        assert caught.value.paid is False
        events = [event async for event in bench.provider.imagine(asked)]
        assert isinstance(events[-1], Finished)
        assert len(bench.simulator.files) == bench.references_seen == 1


async def test_a_prediction_after_an_hour() -> None:
    async with opened(Replicate) as bench:
        accepted = (await run(bench))[0]
        assert isinstance(accepted, Accepted)
        bench.pass_time(3700)
        with pytest.raises(TaskExpiredError):
            [event async for event in bench.provider.imagine(bench.request("a red fox"), accepted.ticket)]
