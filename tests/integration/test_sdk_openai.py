"""OpenAI's official SDK: it works with the simulator, and its requests are ours."""

import io
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession

from providers.base import Event, ImageRequest, Reference
from providers.openai import OpenAI, OpenAISettings
from providers.openai.simulator import OpenAISimulator
from providers.testing.bench import small_picture
from tests.support.recorder import Recorder, Sent, differences, recording
from tests.support.sample_pictures import draw_plain

if TYPE_CHECKING:
    from openai import AsyncOpenAI

FLARE = "gpt-image-2.6-flare"
SHAPED = {"n": 2, "size": "1648x928", "quality": "xhigh", "background": "opaque", "output_format": "jpeg"}
OUR_HEADERS = {"Authorization", "Content-Type"}
"""The headers that mean something to the service. The SDK adds `X-Stainless-*` and `User-Agent`, for statistics."""


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    simulator = OpenAISimulator(durations=lambda _: 0.001, draw=draw_plain, draw_scale=0.1)
    async with recording(simulator) as recorder:
        yield recorder


@pytest.fixture
async def sdk(recorder: Recorder) -> AsyncIterator["AsyncOpenAI"]:
    from openai import AsyncOpenAI  # noqa: PLC0415 - it takes most of a second

    async with AsyncOpenAI(api_key=OpenAISimulator.key, base_url=f"{recorder.url}/v1", max_retries=0) as client:
        yield client


async def ours(recorder: Recorder, prompt: str, count: int = 0, previews: int = 0, **options: Any) -> list[Event]:
    """The events of our provider's request with `count` references of 64x64."""
    settings = OpenAISettings.model_validate(
        {"api_key": OpenAISimulator.key, "base_url": f"{recorder.url}/v1", "previews": previews}
    )
    async with ClientSession() as session:
        provider = OpenAI(settings, session)
        references = tuple(Reference("image/jpeg", 64, 64, len(PICTURE), _read) for _ in range(count))
        request = ImageRequest(prompt, provider.Options(model=FLARE, **options), references)
        provider.validate(request)
        return [event async for event in provider.imagine(request)]


PICTURE = small_picture()


async def _read() -> bytes:
    return PICTURE


def file() -> tuple[str, io.BytesIO, str]:
    return "fox.jpeg", io.BytesIO(PICTURE), "image/jpeg"


def compared(recorder: Recorder) -> list[str]:
    """The differences between our request, the first, and the SDK's, the second."""
    mine, theirs = (_shown(sent) for sent in recorder.sent)
    return differences(mine, theirs)


def _shown(sent: Sent) -> dict[str, Any]:
    headers = {name: sent.headers.get(name, "").partition(";")[0] for name in OUR_HEADERS}
    return {
        "method": sent.method,
        "path": sent.path,
        "query": dict(sent.query),
        "headers": headers,
        "body": sent.fields,
    }


async def test_a_generation(recorder: Recorder, sdk: "AsyncOpenAI") -> None:
    await ours(recorder, "a fox", n=2, ar="16:9", quality="xhigh", background="opaque")
    made = await sdk.images.generate(model=FLARE, prompt="a fox", **SHAPED)  # type: ignore[call-overload]
    assert [bool(one.b64_json) for one in made.data] == [True, True]
    assert compared(recorder) == []


async def test_an_edit_with_references(recorder: Recorder, sdk: "AsyncOpenAI") -> None:
    await ours(recorder, "a fox", 2)
    same = {"n": 1, "size": "1024x1024", "quality": "auto", "background": "auto", "output_format": "jpeg"}
    made = await sdk.images.edit(model=FLARE, prompt="a fox", image=[file(), file()], **same)  # type: ignore[call-overload]
    assert made.data[0].b64_json
    assert compared(recorder) == []
    assert len(recorder.sent[0].fields["image[]"]) == 2


async def test_an_edit_with_one_reference(recorder: Recorder, sdk: "AsyncOpenAI") -> None:
    """One picture that is no list is a field of another name; the service takes both."""
    await ours(recorder, "a fox", 1)
    same = {"n": 1, "size": "1024x1024", "quality": "auto", "background": "auto", "output_format": "jpeg"}
    await sdk.images.edit(model=FLARE, prompt="a fox", image=file(), **same)  # type: ignore[call-overload]
    assert [line.partition(":")[0] for line in compared(recorder)] == ["body.image", "body.image[]"]


@pytest.mark.parametrize("count", [0, 1])
async def test_a_stream(recorder: Recorder, sdk: "AsyncOpenAI", count: int) -> None:
    await ours(recorder, "a fox", count, 2)
    same: dict[str, Any] = {"n": 1, "quality": "auto", "background": "auto", "output_format": "jpeg"}
    same |= {"model": FLARE, "prompt": "a fox", "stream": True, "partial_images": 2}
    if count:
        stream = await sdk.images.edit(image=[file()], size="1024x1024", **same)
    else:
        stream = await sdk.images.generate(size="auto", **same)
    kinds = [event.type async for event in stream]
    kind = "image_edit" if count else "image_generation"
    assert kinds == [f"{kind}.partial_image", f"{kind}.partial_image", f"{kind}.completed"]
    assert compared(recorder) == []


async def test_a_refusal(recorder: Recorder, sdk: "AsyncOpenAI") -> None:
    from openai import APIError, BadRequestError, NotFoundError  # noqa: PLC0415

    with pytest.raises(BadRequestError) as refused:
        await sdk.images.generate(model=FLARE, prompt="a forbidden fox")
    assert refused.value.code == "moderation_blocked"
    with pytest.raises(NotFoundError) as missing:
        await sdk.images.generate(model="gpt-image-1", prompt="a fox")
    assert missing.value.code == "model_not_found"
    with pytest.raises(BadRequestError, match="size"):
        await sdk.images.generate(model=FLARE, prompt="a fox", size="1000x1000")
    stream = await sdk.images.generate(model=FLARE, prompt="an unsafe result", stream=True, partial_images=0)
    with pytest.raises(APIError) as late:
        await anext(stream)
    assert late.value.code == "moderation_blocked"


async def test_the_models(recorder: Recorder, sdk: "AsyncOpenAI") -> None:
    listed = {model.id: model.shutdown_date async for model in sdk.models.list()}
    assert listed[FLARE] is None
    assert "gpt-image-1" not in listed
    async with ClientSession() as session:
        settings = {"api_key": OpenAISimulator.key, "base_url": f"{recorder.url}/v1"}
        await OpenAI(OpenAISettings.model_validate(settings), session).check()
    assert compared(recorder) == []
