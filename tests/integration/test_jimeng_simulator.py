"""The Jimeng simulator: tasks, pictures, limits, and faults on request."""

import asyncio
import io
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ServerDisconnectedError
from PIL import Image

from providers.jimeng.models import MODELS
from providers.jimeng.simulator import Fault, JimengSimulator
from providers.jimeng.simulator.tasks import asked_for, shape
from tests.support.jimeng import FOX, RESULT, SUBMIT, Bench, open_bench, paint, picture

DOT = b64encode(picture()).decode()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with open_bench(durations=lambda _: 10) as bench:
        yield bench


async def test_a_task_from_submit_to_picture(bench: Bench) -> None:
    task_id = await bench.submit()
    assert bench.service.finished_at == {task_id: 10}
    states = []
    for seconds in (0, 5, 10):
        bench.clock.seconds = seconds
        states.append((await bench.ask(task_id))["data"]["status"])
    assert states == ["in_queue", "generating", "done"]
    answer = await bench.ask(task_id)
    (url,) = answer["data"]["image_urls"]
    async with bench.session.get(url) as response:
        assert response.content_type == "image/jpeg"
        assert Image.open(io.BytesIO(await response.read())).size == (102, 102)
    assert bench.service.submits == {"a red fox": 1}
    assert bench.service.polls == {task_id: 4}
    assert bench.service.calls == {"submit": 1, "result": 4}


async def test_pictures_as_base64(bench: Bench) -> None:
    task_id = await bench.submit()
    bench.clock.seconds = 10
    answer = await bench.ask(task_id, req_json="{}")
    assert answer["data"]["image_urls"] is None
    assert answer["data"]["binary_data_base64"][0].startswith("/9j/")


async def test_urls_are_good_for_a_day_and_tasks_for_half(bench: Bench) -> None:
    task_id = await bench.submit()
    bench.clock.seconds = 10
    (url,) = (await bench.ask(task_id))["data"]["image_urls"]
    bench.clock.seconds = 13 * 3600
    assert (await bench.ask(task_id))["data"]["status"] == "not_found"
    async with bench.session.get(url) as response:
        assert response.status == 200
    bench.clock.seconds = 25 * 3600
    async with bench.session.get(url) as response:
        assert response.status == 403
    await bench.submit()
    async with bench.session.get(url) as response:
        assert response.status == 404


async def test_a_query_for_nothing(bench: Bench) -> None:
    assert (await bench.ask("1"))["data"]["status"] == "not_found"


async def test_a_query_with_the_wrong_model(bench: Bench) -> None:
    task_id = await bench.submit()
    assert (await bench.ask(task_id, req_key="jimeng_seedream46_cvtob"))["code"] == 50215


@pytest.mark.parametrize(
    ("prompt", "code", "data"),
    [("unsafe result", 50511, None), ("Protected Result", 50519, None), ("broken result", 50501, {"status": "done"})],
)
async def test_tasks_that_end_badly(bench: Bench, prompt: str, code: int, data: object) -> None:
    task_id = await bench.submit(prompt=prompt)
    bench.clock.seconds = 10
    answer = await bench.ask(task_id)
    assert (answer["code"], answer["data"]) == (code, data)


async def test_one_task_at_once(bench: Bench) -> None:
    await bench.submit()
    status, answer = await bench.post(SUBMIT, FOX)
    assert (status, answer["code"]) == (429, 50430)
    bench.clock.seconds = 10
    await bench.submit()


async def test_calls_a_second(bench: Bench) -> None:
    codes = [(await bench.ask("1"))["code"] for _ in range(21)]
    assert codes == [10000] * 20 + [50429]
    bench.clock.seconds += 1
    assert (await bench.ask("1"))["code"] == 10000


async def test_without_permission(bench: Bench) -> None:
    bench.service.activate(active=False)
    status, answer = await bench.post(SUBMIT, FOX)
    assert (status, answer["code"]) == (401, 50400)


async def test_pictures_as_the_words_ask(bench: Bench) -> None:
    task_id = await bench.submit(prompt="four pictures of a fox", force_single=False)
    bench.clock.seconds = 10
    assert len((await bench.ask(task_id))["data"]["image_urls"]) == 4


@pytest.mark.parametrize(
    ("prompt", "count"),
    [
        ("a fox", 1),
        ("two pictures", 2),
        ("a set of 3 small images", 3),
        ("画四张狐狸", 4),
        ("5 幅", 5),
        ("0 pictures", 1),
        ("7 dwarfs", 1),
    ],
)
def test_how_many_the_words_ask_for(prompt: str, count: int) -> None:
    assert asked_for(prompt) == count


@pytest.mark.parametrize(
    ("payload", "size"),
    [
        ({"prompt": "x"}, (2048, 2048)),
        ({"prompt": "x", "size": 1024 * 1024}, (1024, 1024)),
        ({"prompt": "x, 16:9", "size": 1024 * 1024}, (1365, 768)),
        ({"prompt": "x", "width": 1300, "height": 900, "size": 1024 * 1024}, (1300, 900)),
        ({"prompt": "x 9:1", "size": 1024 * 1024}, (1774, 591)),
    ],
)
def test_the_shape(payload: dict[str, Any], size: tuple[int, int]) -> None:
    assert shape(payload, MODELS["4.0"], ()) == size
    assert shape({"prompt": "x", "size": 2 * 1024 * 1024}, MODELS["4.0"], (picture(100, 50),)) == (2048, 1024)


FAULTS = [
    (Fault(kind="status", status=500), 500),
    (Fault(kind="code", code=50500), 500),
    (Fault(kind="gateway", name="InternalError", status=500), 500),
    (Fault(kind="html", status=504), 504),
    (Fault(kind="text", status=200, text="{}"), 200),
]


@pytest.mark.parametrize(("fault", "status"), FAULTS)
async def test_faults_instead_of_the_answer(bench: Bench, fault: Fault, status: int) -> None:
    bench.service.faults.append(fault.model_copy(update={"action": "submit"}))
    assert (await bench.ask("1"))["code"] == 10000, "a query is not meant"
    async with bench.session.post(f"{bench.service.url}/?Action={SUBMIT}") as response:
        assert response.status == status
    assert bench.service.faults == []
    assert bench.service.calls["submit"] == 0


@pytest.mark.parametrize(("kind", "taken"), [("drop", 0), ("lost", 1)])
async def test_broken_connections(bench: Bench, kind: Any, taken: int) -> None:
    bench.service.faults.append(Fault(kind=kind, times=2))
    for _ in range(2):
        with pytest.raises(ServerDisconnectedError):
            await bench.post(SUBMIT, FOX)
    assert bench.service.submits.total() == taken, "the account has one place"


async def test_a_delay(bench: Bench) -> None:
    bench.service.faults.append(Fault(kind="delay", seconds=30))
    await bench.submit()
    assert bench.clock.seconds == 30


async def test_a_picture_that_breaks_off(bench: Bench) -> None:
    task_id = await bench.submit()
    bench.clock.seconds = 10
    (url,) = (await bench.ask(task_id))["data"]["image_urls"]
    bench.service.faults += [
        Fault(kind="drop", action="picture", times=2),
        Fault(kind="html", action="picture", status=503),
    ]
    with pytest.raises(ServerDisconnectedError):  # two faults: aiohttp repeats a GET on a used connection
        await bench.session.get(url)
    async with bench.session.get(url) as response:
        assert response.status == 503
    async with bench.session.get(url) as response:
        assert response.status == 200


async def test_the_record_of_calls(bench: Bench) -> None:
    await bench.submit(binary_data_base64=[DOT])
    bench.service.faults.append(Fault(kind="drop"))
    with pytest.raises(ServerDisconnectedError):
        await bench.post(RESULT, {})
    first, second = bench.calls
    assert (first.name, first.status, second.status) == (SUBMIT, 200, 0)
    assert isinstance(first.request, dict)
    assert first.request["binary_data_base64"] == [f"<{len(DOT)} characters>"]
    assert bench.service.keys.secret not in repr(bench.calls)
    assert "Signature" not in repr(bench.calls)


async def test_many_tasks_at_once(bench: Bench) -> None:
    """The simulator has no timers or asyncio tasks for its tasks."""
    before = asyncio.all_tasks()
    service = JimengSimulator(draw=paint, concurrency=9999)
    for number in range(2000):
        service.queue.take({**FOX, "prompt": str(number)}, MODELS["4.0"], (), 0.0)
    assert asyncio.all_tasks() == before
    assert len(set(service.finished_at)) == 2000
