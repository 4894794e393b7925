"""The official SDK (`volcengine-ark-runtime`) works with the simulator, and sends what our provider sends."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from aiohttp import ClientSession

from providers.ark import Ark, ArkSettings
from providers.ark.models import MODELS
from providers.ark.simulator import ArkSimulator
from providers.base import Finished, ImageRequest, Reference
from providers.testing.bench import small_picture
from tests.support.recorder import Recorder, Sent, differences, recording

PRO, LITE = "doubao-seedream-5-0-pro-260628", "doubao-seedream-5-0-260128"
PICTURE = small_picture()
DATA_URI = f"data:image/jpeg;base64,{b64encode(PICTURE).decode()}"
COMPARED = ("Authorization", "Content-Type")


@pytest.fixture
def simulator() -> ArkSimulator:
    simulator = ArkSimulator(durations=lambda _: 0, draw=lambda *_: PICTURE)
    simulator.models[LITE] = MODELS[LITE]
    return simulator


@pytest.fixture
async def recorder(simulator: ArkSimulator) -> AsyncIterator[Recorder]:
    async with recording(simulator) as recorder:
        yield recorder


@pytest.fixture
def sdk(recorder: Recorder) -> Iterator[Any]:
    from volcenginesdkarkruntime import Ark as Client  # noqa: PLC0415 - takes most of a second

    client = Client(base_url=f"{recorder.url}/api/v3", api_key=ArkSimulator.key, max_retries=0)
    yield client
    client.close()


@pytest.fixture
async def ours(recorder: Recorder) -> AsyncIterator[Ark]:
    limits = {LITE: {"ends": "never"}}
    settings = {"api_key": ArkSimulator.key, "endpoint": f"{recorder.url}/api/v3", "models": (PRO, LITE)}
    async with ClientSession() as session:
        yield Ark(ArkSettings.model_validate({**settings, "limits": limits}), session)


async def generate(sdk: Any, model: str = PRO, **given: Any) -> Any:
    usual = {"model": model, "prompt": "a red fox", "response_format": "url", "watermark": False}
    return await asyncio.to_thread(lambda: sdk.images.generate(**usual, **given))


async def draw(provider: Ark, *references: Reference, **options: Any) -> None:
    request = ImageRequest("a red fox", provider.Options.model_validate(options), references)
    provider.validate(request)
    events = [event async for event in provider.imagine(request)]
    assert isinstance(events[-1], Finished)


def reference() -> Reference:
    async def read() -> bytes:
        return PICTURE

    return Reference("image/jpeg", 64, 64, len(PICTURE), read)


def comparable(sent: Sent) -> dict[str, Any]:
    headers = {name: sent.headers.get(name, "") for name in COMPARED}
    return {"method": sent.method, "path": sent.path, "query": sent.query, "headers": headers, "body": sent.fields}


def compared(recorder: Recorder) -> list[str]:
    its, mine = map(comparable, recorder.sent)
    return differences(mine, its)


async def test_a_plain_request(sdk: Any, ours: Ark, recorder: Recorder) -> None:
    answer = await generate(sdk, size="2K")
    assert answer.data[0].url.startswith("http://127.0.0.1:")
    assert (answer.model, answer.usage.generated_images) == (PRO, 1)
    await draw(ours)
    assert compared(recorder) == []


async def test_a_request_with_references(sdk: Any, ours: Ark, recorder: Recorder, simulator: ArkSimulator) -> None:
    await generate(sdk, size="1536x1536", image=[DATA_URI, DATA_URI])
    await draw(ours, reference(), reference(), size="1.5k")
    assert compared(recorder) == []
    assert [task.references for task in simulator.tasks.values()] == [(PICTURE, PICTURE)] * 2


async def test_a_stream(sdk: Any, ours: Ark, recorder: Recorder) -> None:
    from volcenginesdkarkruntime.types.images.images import SequentialImageGenerationOptions  # noqa: PLC0415

    def streamed() -> list[Any]:
        most = SequentialImageGenerationOptions(max_images=3)
        usual = {"model": LITE, "prompt": "a red fox", "response_format": "url", "watermark": False}
        sets = {"sequential_image_generation": "auto", "sequential_image_generation_options": most}
        with sdk.images.generate(**usual, **sets, size="3K", stream=True) as stream:
            return list(stream)

    events = await asyncio.to_thread(streamed)
    kinds = [event.type for event in events]
    assert kinds == ["image_generation.partial_succeeded"] * 3 + ["image_generation.completed"]
    assert [event.image_index for event in events[:3]] == [0, 1, 2]
    await draw(ours, set=3, size="3k", model=LITE)
    assert compared(recorder) == []


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"size": "4K"}, 400, "InvalidParameter"),
        ({"size": "2K", "sequential_image_generation": "disabled"}, 400, "InvalidParameter"),
        ({"size": "2K", "image": [DATA_URI] * 11}, 400, "InvalidParameter"),
        ({"size": "2K", "model": "doubao-seedream-4-5-251128"}, 404, "InvalidEndpointOrModel.NotFound"),
    ],
)
async def test_refusals(sdk: Any, simulator: ArkSimulator, given: dict[str, Any], status: int, code: str) -> None:
    from volcenginesdkarkruntime import _exceptions as errors  # noqa: PLC0415

    with pytest.raises(errors.ArkAPIStatusError) as refused:
        await generate(sdk, **given)
    assert (refused.value.status_code, refused.value.code) == (status, code)
    assert simulator.submits.total() == 0
