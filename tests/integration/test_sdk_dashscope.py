"""The official SDK (`dashscope`) works with the simulator, and sends what our provider sends."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import ClientSession

from providers.base import Finished, ImageRequest, Reference
from providers.dashscope import DashScope, DashScopeSettings
from providers.dashscope.simulator import DashScopeSimulator
from providers.testing.bench import small_picture
from providers.testing.clock import FastClock
from tests.support.recorder import Recorder, Sent, differences, recording

QWEN, AT_ONCE, OLD = "qwen-image-3.0", "qwen-image-2.0", "wan2.2-t2i-flash"
PICTURE = small_picture()
DATA_URI = f"data:image/jpeg;base64,{b64encode(PICTURE).decode()}"
COMPARED = ("Authorization", "Content-Type", "X-DashScope-Async", "X-DashScope-OssResourceResolve")


@pytest.fixture
def simulator() -> DashScopeSimulator:
    return DashScopeSimulator(durations=lambda _: 0, draw=lambda *_: PICTURE)


@pytest.fixture
async def recorder(simulator: DashScopeSimulator) -> AsyncIterator[Recorder]:
    async with recording(simulator) as recorder:
        yield recorder


@pytest.fixture
def sdk(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The SDK's modules, pointed at the recorder."""
    import dashscope  # noqa: PLC0415 - takes a second
    from dashscope.aigc import image_generation  # noqa: PLC0415
    from dashscope.api_entities.http_request import close_shared_sync_session  # noqa: PLC0415

    monkeypatch.setattr(dashscope, "base_http_api_url", f"{recorder.url}/api/v1")
    monkeypatch.setattr(dashscope, "api_key", DashScopeSimulator.key)
    yield SimpleNamespace(
        images=image_generation.ImageGeneration,
        synthesis=dashscope.ImageSynthesis,
        conversation=dashscope.MultiModalConversation,
        models=dashscope.Models,
    )
    close_shared_sync_session()


@pytest.fixture
async def ours(recorder: Recorder) -> AsyncIterator[DashScope]:
    clock = FastClock()
    settings = {"api_key": DashScopeSimulator.key, "endpoint": f"{recorder.url}/api/v1", "models": (QWEN, AT_ONCE, OLD)}
    async with ClientSession() as session:
        yield DashScope(DashScopeSettings.model_validate(settings), session, clock=clock, sleep=clock.sleep)


async def draw(provider: DashScope, *references: Reference, **options: Any) -> None:
    request = ImageRequest("a red fox", provider.Options.model_validate(options), references)
    provider.validate(request)
    events = [event async for event in provider.imagine(request)]
    assert isinstance(events[-1], Finished)


def reference() -> Reference:
    async def read() -> bytes:
        return PICTURE

    return Reference("image/jpeg", 64, 64, len(PICTURE), read)


def messages(*content: dict[str, str]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [*content, {"text": "a red fox"}]}]


async def called(call: Any, **given: Any) -> Any:
    """The answer of a call of the SDK, with what our provider always sends."""
    return await asyncio.to_thread(lambda: call(n=1, watermark=False, **given))


def comparable(sent: Sent) -> dict[str, Any]:
    """A request without the id of its task."""
    path = "/".join("ID" if part.startswith("task-") else part for part in sent.path.split("/"))
    headers = {name: sent.headers.get(name) for name in COMPARED}
    return {"method": sent.method, "path": path, "query": sent.query, "headers": headers, "body": sent.fields}


def compared(recorder: Recorder) -> list[str]:
    """The differences of the SDK's requests, the first half, and of ours, the second half."""
    sent = [comparable(one) for one in recorder.sent]
    half = len(sent) // 2
    assert len(sent) == 2 * half
    pairs = zip(sent[:half], sent[half:], strict=True)
    return [line for its, mine in pairs for line in differences(mine, its)]


CHARSET = "headers.Content-Type: ours 'application/json', the SDK's 'application/json; charset=utf-8'"
"""JSON is UTF-8 without saying so."""
IS_ASYNC = "body.parameters.is_async: ours None, the SDK's True"
"""The SDK's own argument, which it sends along. No document names it."""


async def test_a_task_and_its_poll(sdk: Any, ours: DashScope, recorder: Recorder) -> None:
    submitted = await called(sdk.images.async_call, model=QWEN, messages=messages(), seed=7, size="2720*1536")
    ended = await asyncio.to_thread(sdk.images.wait, submitted)
    assert ended.output.task_status == "SUCCEEDED"
    assert ended.output.choices[0].message.content[0]["image"].startswith("http://127.0.0.1:")
    await draw(ours, seed=7, ar="16:9")
    assert compared(recorder) == [IS_ASYNC, CHARSET]


async def test_a_task_with_references(
    sdk: Any, ours: DashScope, recorder: Recorder, simulator: DashScopeSimulator
) -> None:
    content = messages({"image": DATA_URI}, {"image": DATA_URI})
    submitted = await called(
        sdk.images.async_call, model=QWEN, messages=content, size="1024*1024", negative_prompt="people"
    )
    await asyncio.to_thread(sdk.images.wait, submitted)
    await draw(ours, reference(), reference(), size="1k", avoid="people")
    assert compared(recorder) == [IS_ASYNC, CHARSET]
    assert [task.references for task in simulator.tasks.values()] == [(PICTURE, PICTURE)] * 2


async def test_the_picture_at_once(sdk: Any, ours: DashScope, recorder: Recorder) -> None:
    answer = await called(sdk.conversation.call, model=AT_ONCE, messages=messages(), size="2048*2048")
    assert answer.output.choices[0].message.content[0]["image"].startswith("http://127.0.0.1:")
    await draw(ours, model=AT_ONCE, ar="1:1")
    assert compared(recorder) == [CHARSET]


async def test_the_older_protocol(sdk: Any, ours: DashScope, recorder: Recorder) -> None:
    asked = {"model": OLD, "prompt": "a red fox", "negative_prompt": "people", "size": "1024*1024"}
    submitted = await called(sdk.synthesis.async_call, **asked)
    ended = await asyncio.to_thread(sdk.synthesis.wait, submitted)
    assert ended.output.results[0].url.startswith("http://127.0.0.1:")
    await draw(ours, model=OLD, ar="1:1", avoid="people")
    assert compared(recorder) == [CHARSET]


async def test_a_cancelled_task(sdk: Any, simulator: DashScopeSimulator) -> None:
    simulator.durations = lambda _: 1000
    submitted = await called(sdk.images.async_call, model=QWEN, messages=messages())
    await asyncio.to_thread(sdk.images.cancel, submitted)
    ended = await asyncio.to_thread(sdk.images.fetch, submitted)
    assert ended.output.task_status == "CANCELED"


async def test_a_model_in_the_list(sdk: Any, ours: DashScope, recorder: Recorder) -> None:
    assert (await asyncio.to_thread(sdk.models.get, QWEN)).output == {"model": QWEN}
    asked = recorder.sent.pop()
    await ours.check()
    assert differences(comparable(recorder.sent[0]), comparable(asked)) == []


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"model": QWEN, "size": "4096*4096"}, 400, "InvalidParameter"),
        ({"model": QWEN, "messages": messages(*[{"image": DATA_URI}] * 4)}, 400, "InvalidParameter"),
        ({"model": "wan2.6-image"}, 400, "InvalidParameter"),
        ({"model": "qwen-image-2.1-pro", "negative_prompt": "people"}, 400, "InvalidParameter"),
        ({"model": "qwen-image-9"}, 404, "ModelNotFound"),
        ({"model": AT_ONCE}, 403, "AccessDenied"),
        (
            {"model": QWEN, "messages": [{"role": "user", "content": [{"text": "forbidden"}]}]},
            400,
            "DataInspectionFailed",
        ),
    ],
)
async def test_refusals(sdk: Any, simulator: DashScopeSimulator, given: dict[str, Any], status: int, code: str) -> None:
    answer = await called(sdk.images.async_call, **{"messages": messages(), **given})
    assert (answer.status_code, answer.code) == (status, code)
    assert simulator.submits.total() == 0
