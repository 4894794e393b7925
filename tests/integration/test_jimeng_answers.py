"""The Jimeng provider's handling of answers and faults, and its delay at the end of a task."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest

from providers.base import Accepted, Finished, Picture, Queued, Working
from providers.errors import (
    ContentRefusedError,
    GenerationFailedError,
    InvalidRequestError,
    MisconfiguredError,
    OutcomeUnknownError,
    ProviderBusyError,
    ProviderError,
    TaskExpiredError,
)
from providers.jimeng import Jimeng
from providers.jimeng.simulator import Fault, JimengSimulator
from tests.support.jimeng import Bench, open_bench, request, run


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with open_bench() as bench:
        yield bench


@pytest.fixture
def provider(bench: Bench) -> Jimeng:
    return bench.provider()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(kind="html", status=502), OutcomeUnknownError),
        (Fault(kind="html", status=503), OutcomeUnknownError),
        (Fault(kind="html", status=504), OutcomeUnknownError),
        (Fault(kind="gateway", status=500, name="InternalError"), OutcomeUnknownError),
        (Fault(kind="drop"), OutcomeUnknownError),
        (Fault(kind="text", status=200, text="null"), OutcomeUnknownError),
        (Fault(kind="text", status=200, text="{}"), OutcomeUnknownError),
        (Fault(kind="text", status=200, text='{"code": 10000, "data": null}'), OutcomeUnknownError),
        (Fault(kind="text", status=200, text='{"code": 10000, "data": {"task_id": ""}}'), OutcomeUnknownError),
        (Fault(kind="text", status=200, text='{"ResponseMetadata": {}}'), OutcomeUnknownError),
        (Fault(kind="html", status=429), ProviderBusyError),
        (Fault(kind="html", status=404), MisconfiguredError),
        (Fault(kind="html", status=413), InvalidRequestError),
        (Fault(kind="code", code=50400), MisconfiguredError),
        (Fault(kind="code", code=50500), GenerationFailedError),
        (Fault(kind="code", code=50429), ProviderBusyError),
        (Fault(kind="gateway", status=403, name="AccessDenied"), MisconfiguredError),
        (Fault(kind="gateway", status=401, name="50400"), MisconfiguredError),
        (Fault(kind="text", status=400, text='{"code": 50412, "data": null, "message": null}'), ContentRefusedError),
        (
            Fault(
                kind="text",
                status=400,
                text='{"ResponseMetadata": {"Error": {"Code": "RiskNotPass", "CodeN": 50412, "Message": "no"}}}',
            ),
            ContentRefusedError,
        ),
    ],
)
async def test_faults_at_the_submit(provider: Jimeng, bench: Bench, fault: Fault, kind: type[ProviderError]) -> None:
    bench.service.faults.append(fault.model_copy())
    with pytest.raises(kind) as caught:
        await run(provider, request())
    assert type(caught.value) is kind
    assert bench.service.calls["submit"] == 0
    assert bench.service.faults == [], "asked once"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="html", status=502, times=3),
        Fault(kind="html", status=403, times=3),
        Fault(kind="status", status=500),
        Fault(kind="drop", times=3),
        Fault(kind="lost", times=3),
        Fault(kind="code", code=50500, times=3),
        Fault(kind="code", code=50520),
        Fault(kind="code", code=50429, times=3),
        Fault(kind="gateway", status=500),
        Fault(kind="gateway", status=504, name="InternalServiceTimeout"),
        Fault(kind="text", status=200, text="{}"),
        Fault(kind="text", status=200, text='{"code": 10000, "data": null}'),
        Fault(kind="text", status=200, text='{"code": 10000, "data": {"status": "thinking"}}'),
    ],
)
async def test_faults_while_asking_pass(provider: Jimeng, bench: Bench, fault: Fault) -> None:
    bench.service.faults.append(fault.model_copy(update={"action": "result"}))
    events = await run(provider, request())
    assert isinstance(events[-1], Finished)
    assert bench.service.submits.total() == 1


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ('{"code": 10000, "data": {"status": "expired"}}', TaskExpiredError),
        ('{"code": 10000, "data": {"status": "not_found"}}', TaskExpiredError),
        ('{"code": 50511, "data": {"status": "done"}, "message": "Post Img Risk Not Pass"}', ContentRefusedError),
        ('{"code": 50501, "data": {"status": "done"}, "message": "Internal RPC Error"}', GenerationFailedError),
        ('{"code": 50520, "data": {"status": "done"}, "message": "Risk Internal Error"}', GenerationFailedError),
        ('{"code": 50413, "data": null, "message": "Post Text Risk Not Pass"}', ContentRefusedError),
        (
            '{"code": 50215, "data": {"resp_data": ""}, "message": "Input invalid for this service."}',
            GenerationFailedError,
        ),
        (
            '{"ResponseMetadata": {"Error": {"Code": "50215", "Message": "Input invalid for this service"}}}',
            GenerationFailedError,
        ),
    ],
)
async def test_the_end_of_a_task(provider: Jimeng, bench: Bench, data: str, kind: type[ProviderError]) -> None:
    bench.service.faults.append(Fault(kind="text", action="result", status=400, text=data))
    with pytest.raises(kind) as caught:
        await run(provider, request())
    assert caught.value.paid is None
    assert bench.service.calls["result"] == 0


async def test_pictures_that_come_as_base64(provider: Jimeng, bench: Bench) -> None:
    text = '{"code": 10000, "data": {"status": "done", "image_urls": null, "binary_data_base64": ["Zm94", "", null]}}'
    bench.service.faults.append(Fault(kind="text", action="result", status=200, text=text))
    assert (await run(provider, request()))[-1] == Finished((Picture(data=b"fox"),))


async def test_a_picture_that_is_no_base64_is_paid_and_kept(provider: Jimeng, bench: Bench) -> None:
    text = '{"code": 10000, "data": {"status": "done", "binary_data_base64": ["?"]}}'
    bench.service.faults.append(Fault(kind="text", action="result", status=200, text=text))
    assert (await run(provider, request()))[-1] == Finished((Picture(data=b"?"),))


async def test_a_task_without_pictures_is_asked_about_twice_more(provider: Jimeng, bench: Bench) -> None:
    events = await run(provider, request(prompt="late pictures"))
    assert isinstance(events[-1], Finished)
    with pytest.raises(GenerationFailedError) as caught:
        await run(provider, request(prompt="no pictures"))
    assert caught.value.paid is None
    late, without = list(bench.service.tasks.values())
    assert bench.service.asked_when_done == {late.id: 3, without.id: 3}
    assert bench.service.submits.total() == 2


async def test_a_queue_at_the_service(bench: Bench) -> None:
    provider = bench.provider()
    bench.service.queue.durations = lambda _: 100
    assert [type(event) for event in await run(provider, request())] == [Accepted, Queued, Working, Finished]


async def test_temporary_credentials(bench: Bench) -> None:
    with pytest.raises(MisconfiguredError) as caught:
        await bench.provider(session_token="STS2").check()
    assert "session_token" in caught.value.advice


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(kind="html", status=404), MisconfiguredError),
        (Fault(kind="html", status=502), ProviderBusyError),
        (Fault(kind="code", code=50500), ProviderBusyError),
        (Fault(kind="gateway", status=403, name="InvalidTimestamp"), MisconfiguredError),
    ],
)
async def test_check(provider: Jimeng, bench: Bench, fault: Fault, kind: type[ProviderError]) -> None:
    await provider.check()
    bench.service.faults.append(Fault(kind="code", code=50215))
    await provider.check()
    bench.service.faults.append(fault.model_copy())
    with pytest.raises(kind):
        await provider.check()
    assert bench.service.submits.total() == 0


async def test_a_wrong_secret(bench: Bench) -> None:
    with pytest.raises(MisconfiguredError) as caught:
        await bench.provider(secret_key="wrong-secret").check()
    assert "secret_key" in caught.value.advice
    assert "wrong-secret" not in repr(caught.value)


async def test_the_delay_is_shorter_than_with_fixed_polling(provider: Jimeng, bench: Bench) -> None:
    """Over HTTP, in simulated time: 120 jobs, median 12 s, sigma 0.4."""
    delays, jobs = [], 120
    for _ in range(jobs):
        accepted, *_, _ = await run(provider, request(size="1k"))
        delays.append(bench.clock() - bench.service.finished_at[cast("Accepted", accepted).ticket])
    fixed = sum(-(-seconds // 2) for seconds in _durations(bench.service))
    polls = bench.service.polls.total()
    print(f"mean delay {sum(delays) / jobs:.2f} s, {polls / jobs:.2f} polls a job (fixed 2 s: {fixed / jobs:.2f})")
    assert sum(delays) / jobs < 0.8
    assert polls <= fixed + 10


def _durations(service: JimengSimulator) -> list[float]:
    return [task.finished - task.submitted for task in service.tasks.values()]


async def test_many_watchers_at_once(bench: Bench) -> None:
    bench.service.queue.concurrency = bench.service.queue.qps = 10**6
    provider = bench.provider()
    results = await asyncio.gather(*(run(provider, request(prompt=str(number))) for number in range(50)))
    assert all(isinstance(events[-1], Finished) for events in results)
    assert bench.service.submits.total() == 50
