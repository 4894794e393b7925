"""Models of DashScope that make no tasks: the address of the picture is the ticket, and no picture is paid twice."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from providers.base import Accepted, Event, Finished, Picture
from providers.dashscope import DashScope
from providers.dashscope.models import MODELS
from providers.dashscope.simulator import DashScopeSimulator
from providers.errors import GenerationFailedError, MisconfiguredError, OutcomeUnknownError, TaskExpiredError
from providers.simulators import Fault
from providers.testing import ServiceHarness, open_bench

AT_ONCE, UNSURE = "qwen-image-2.0", "qwen-image-2.1-pro"
SETTINGS = {"api_key": "{key}", "endpoint": "{url}/api/v1"}


@pytest.fixture
async def bench() -> AsyncIterator[ServiceHarness]:
    async with open_bench(DashScope, DashScopeSimulator, SETTINGS) as bench:
        yield bench


async def events(bench: ServiceHarness, model: str = AT_ONCE, ticket: str | None = None) -> list[Event]:
    return [event async for event in bench.provider.imagine(bench.request("a red fox", model=model), ticket)]


def answers(bench: ServiceHarness, address: str | None) -> None:
    """Play an answer with a picture at this address."""
    body = {"output": {"choices": [{"message": {"content": [{"image": address}]}}]}}
    bench.simulator.faults.append(Fault(kind="json", action="submit", status=200, text=json.dumps(body)))


async def test_the_address_is_the_ticket(bench: ServiceHarness) -> None:
    accepted, finished = await events(bench)
    assert isinstance(accepted, Accepted)
    assert finished == Finished((Picture(url=accepted.ticket),))
    assert await events(bench, ticket=accepted.ticket) == [finished]
    assert bench.submitted == 1


async def test_a_model_that_turns_out_to_make_no_tasks(bench: ServiceHarness) -> None:
    assert isinstance(bench.simulator, DashScopeSimulator)
    bench.simulator.models[UNSURE] = replace(MODELS[UNSURE], tasks=False)
    for paid in (1, 2):
        assert isinstance((await events(bench, UNSURE))[-1], Finished)
        assert bench.submitted == paid


async def test_tasks_without_references_and_with_them_are_told_apart(bench: ServiceHarness) -> None:
    body = '{"code": "AccessDenied", "message": "current user api does not support asynchronous calls"}'
    bench.simulator.faults.append(Fault(kind="json", action="submit", status=403, text=body))
    asked = bench.request("with it", bench.references(1, url=True), model=UNSURE)
    accepted, *_rest = [event async for event in bench.provider.imagine(asked)]
    assert isinstance(accepted, Accepted)
    assert accepted.ticket.startswith("http")
    task, *_rest = await events(bench, UNSURE)
    assert isinstance(task, Accepted)
    assert task.ticket.startswith("task-")


async def test_check_takes_the_refusal_of_tasks_for_a_yes(bench: ServiceHarness) -> None:
    bench.build({"api_key": bench.simulator.key, "endpoint": f"{bench.simulator.url}/api/v1", "models": (UNSURE,)})
    assert isinstance(bench.simulator, DashScopeSimulator)
    bench.simulator.models[UNSURE] = replace(MODELS[UNSURE], tasks=False)
    bench.simulator.faults.append(Fault(kind="json", action="models", status=404, text="{}"))
    await bench.provider.check()
    assert bench.simulator.faults == []


async def test_an_address_that_the_service_has_not(bench: ServiceHarness) -> None:
    body = '{"code": "InvalidParameter", "message": "url error, please check url!"}'
    bench.simulator.faults.append(Fault(kind="json", action="submit", status=400, text=body))
    assert isinstance((await events(bench, UNSURE))[-1], Finished)
    assert bench.submitted == 1
    bench.simulator.faults.append(Fault(kind="json", action="submit", status=400, text=body))
    with pytest.raises(MisconfiguredError):
        await events(bench, "wan2.2-t2i-flash")
    assert bench.submitted == 1


async def test_a_lost_answer_is_not_asked_for_again(bench: ServiceHarness) -> None:
    bench.simulator.faults.append(Fault(kind="lost", action="submit"))
    with pytest.raises(OutcomeUnknownError):
        await events(bench)
    assert bench.submitted == 1


async def test_a_refusal_of_tasks_with_a_good_status_is_not_trusted(bench: ServiceHarness) -> None:
    body = '{"code": "AccessDenied", "message": "does not support asynchronous calls"}'
    bench.simulator.faults.append(Fault(kind="json", action="submit", status=200, text=body))
    with pytest.raises(OutcomeUnknownError):
        await events(bench, UNSURE)
    assert bench.submitted == 0


async def test_a_large_picture_inside_the_answer(bench: ServiceHarness) -> None:
    answers(bench, f"data:image/png;base64,{b64encode(bytes(6 << 20)).decode()}")
    assert (await events(bench))[-1] == Finished((Picture(data=bytes(6 << 20)),))


@pytest.mark.parametrize("address", ["https://pictures.example/" + "x" * 3000, "data:image/png;base64,cGljdHVyZQ=="])
async def test_an_address_that_is_no_ticket_stays_in_memory(bench: ServiceHarness, address: str) -> None:
    answers(bench, address)
    accepted, finished = await events(bench)
    assert isinstance(accepted, Accepted)
    assert isinstance(finished, Finished)
    (picture,) = finished.pictures
    assert picture in (Picture(url=address), Picture(data=b"picture"))
    with pytest.raises(TaskExpiredError):
        await events(bench, ticket=accepted.ticket)


async def test_an_answer_without_a_picture_may_be_paid(bench: ServiceHarness) -> None:
    answers(bench, None)
    with pytest.raises(GenerationFailedError) as caught:
        await events(bench)
    assert caught.value.paid is None


@pytest.mark.parametrize("model", [AT_ONCE, "qwen-image-3.0"])
async def test_references_that_can_not_be_fetched_are_sent_as_bytes(bench: ServiceHarness, model: str) -> None:
    unreachable = [replace(one, url="http://127.0.0.1:1/a.jpg") for one in bench.references(2, url=True)]
    asked = bench.request("both of them", tuple(unreachable), model=model)
    assert isinstance([event async for event in bench.provider.imagine(asked)][-1], Finished)
    assert (bench.submitted, bench.references_seen) == (1, 2)
