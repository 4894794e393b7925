"""The official SDK (`replicate`) works with the simulator, and sends what our provider sends."""

import asyncio
import io
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from aiohttp import ClientSession
from replicate.client import Client
from replicate.exceptions import ModelError, ReplicateError

from providers.base import Finished, ImageRequest, Reference
from providers.replicate import Replicate, ReplicateSettings
from providers.replicate.simulator import ReplicateSimulator
from providers.testing.bench import small_picture
from providers.testing.clock import FastClock
from tests.support.recorder import Recorder, Sent, differences, recording

BANANA, FLUX = "google/nano-banana-2", "black-forest-labs/flux-3-image"
PICTURE = small_picture()
DATA_URI = f"data:image/jpeg;base64,{b64encode(PICTURE).decode()}"
COMPARED = ("Authorization", "Content-Type", "Prefer")
LARGE = 2 << 20


@pytest.fixture
def simulator() -> ReplicateSimulator:
    return ReplicateSimulator(durations=lambda _: 0, draw=lambda *_: PICTURE)


@pytest.fixture
async def recorder(simulator: ReplicateSimulator) -> AsyncIterator[Recorder]:
    async with recording(simulator, leads_back=True) as recorder:
        yield recorder


@pytest.fixture
def sdk(recorder: Recorder) -> Iterator[Client]:
    with httpx.HTTPTransport() as transport:
        yield Client(ReplicateSimulator.key, base_url=recorder.url, transport=transport)


@pytest.fixture
async def ours(recorder: Recorder) -> AsyncIterator[Replicate]:
    settings = {"token": ReplicateSimulator.key, "endpoint": f"{recorder.url}/v1"}
    clock = FastClock()
    async with ClientSession() as session:
        yield Replicate(ReplicateSettings.model_validate(settings), session, clock=clock, sleep=clock.sleep)


def reference(size: int = len(PICTURE)) -> Reference:
    async def read() -> bytes:
        return PICTURE

    return Reference("image/jpeg", 64, 64, size, read)


async def create(sdk: Client, model: str, **given: Any) -> Any:
    return await asyncio.to_thread(sdk.predictions.create, model=model, input={"prompt": "a red fox", **given})


async def draw(provider: Replicate, *references: Reference, **options: Any) -> None:
    request = ImageRequest("a red fox", provider.Options.model_validate(options), references)
    provider.validate(request)
    events = [event async for event in provider.imagine(request)]
    assert isinstance(events[-1], Finished)


def comparable(sent: Sent) -> dict[str, Any]:
    """A request without the id of its task, which each submit gets anew, and the mark that separates a form's parts."""
    path = "/".join("ID" if part.startswith("task-") else part for part in sent.path.split("/"))
    headers = {name: sent.headers.get(name, "").partition(";")[0] for name in COMPARED}
    return {"method": sent.method, "path": path, "query": dict(sent.query), "headers": headers, "body": sent.fields}


def compared(recorder: Recorder) -> list[list[str]]:
    """The differences of the SDK's requests, the first half, and of ours, the second half."""
    sent = [comparable(one) for one in recorder.sent]
    half = len(sent) // 2
    assert len(sent) == 2 * half
    return [differences(mine, its) for its, mine in zip(sent[:half], sent[half:], strict=True)]


async def test_words(recorder: Recorder, sdk: Client, ours: Replicate) -> None:
    made = await create(sdk, FLUX, aspect_ratio="3:2", resolution="2k")
    await asyncio.to_thread(made.reload)
    assert made.status == "succeeded"
    assert made.output
    await draw(ours, model=FLUX, ar="3:2", size="2k")
    assert compared(recorder) == [[], []]


@pytest.mark.parametrize(
    ("model", "given"),
    [
        (FLUX, {"images": [DATA_URI], "aspect_ratio": "auto"}),
        (BANANA, {"image_input": [DATA_URI], "aspect_ratio": "match_input_image"}),
        ("bytedance/seedream-5-pro", {"image_input": [DATA_URI], "aspect_ratio": "match_input_image"}),
        ("black-forest-labs/flux-2-pro", {"input_images": [DATA_URI], "aspect_ratio": "match_input_image"}),
        ("black-forest-labs/flux-dev", {"image": DATA_URI}),
    ],
)
async def test_references(
    simulator: ReplicateSimulator,
    recorder: Recorder,
    sdk: Client,
    ours: Replicate,
    model: str,
    given: dict[str, Any],
) -> None:
    made = await create(sdk, model, **given)
    await asyncio.to_thread(made.reload)
    assert made.status == "succeeded"
    await draw(ours, reference(), model=model)
    assert compared(recorder) == [[], []]
    assert [len(task.references) for task in simulator.tasks.values()] == [1, 1]


async def test_waiting(simulator: ReplicateSimulator, sdk: Client) -> None:
    simulator.durations = lambda _: 0.05
    sdk.poll_interval = 0.01
    made = await create(sdk, FLUX)
    assert (made.status, made.output) == ("starting", None)
    await asyncio.to_thread(made.wait)
    assert (made.status, made.error) == ("succeeded", None)


async def test_a_large_reference_is_a_file(recorder: Recorder, sdk: Client, ours: Replicate) -> None:
    await create(sdk, FLUX, images=[io.BytesIO(PICTURE)], aspect_ratio="auto")
    assert len(recorder.sent) == 2
    await draw(ours, reference(LARGE), model=FLUX)
    del recorder.sent[-1]
    files = f"{recorder.url}/v1/files"
    assert compared(recorder) == [
        [],
        # Each upload is a file of its own.
        [f"body.input.images[0]: ours '{files}/file-1', the SDK's '{files}/file-0'"],
    ]


@pytest.mark.parametrize(
    ("model", "given"),
    [
        (FLUX, {"image_input": [DATA_URI]}),
        (FLUX, {"images": [DATA_URI] * 11}),
        (BANANA, {"image_input": DATA_URI}),
        (BANANA, {"aspect_ratio": "7:5"}),
        ("black-forest-labs/flux-schnell", {"image": DATA_URI}),
        ("bytedance/seedream-5-pro", {"size": "4K"}),
    ],
)
async def test_an_input_that_the_model_refuses(sdk: Client, model: str, given: dict[str, Any]) -> None:
    with pytest.raises(ReplicateError) as caught:
        await create(sdk, model, **given)
    assert (caught.value.status, caught.value.title) == (422, "Input validation failed")


async def test_an_unknown_model(sdk: Client) -> None:
    with pytest.raises(ReplicateError) as caught:
        await create(sdk, "nobody/nothing")
    assert caught.value.status == 404
    with pytest.raises(ReplicateError):
        await asyncio.to_thread(sdk.models.get, "nobody/nothing")
    assert (await asyncio.to_thread(sdk.models.get, FLUX)).name == "flux-3-image"


async def test_a_moderated_prediction(sdk: Client) -> None:
    with pytest.raises(ModelError, match="E005"):
        await asyncio.to_thread(sdk.run, FLUX, {"prompt": "a forbidden fox"}, wait=False)


async def test_cancel(simulator: ReplicateSimulator, recorder: Recorder, sdk: Client, ours: Replicate) -> None:
    simulator.durations = lambda _: 60.0
    waiting = [await create(sdk, FLUX) for _ in range(2)]
    recorder.sent.clear()
    await asyncio.to_thread(waiting[0].cancel)
    assert waiting[0].status == "canceled"
    assert await ours.cancel(waiting[1].id)
    assert [task.cancelled for task in simulator.tasks.values()] == [True, True]
    # The SDK sends no body; the service reads none.
    assert compared(recorder) == [
        ["body: ours {}, the SDK's None", "headers.Content-Type: ours 'application/json', the SDK's ''"]
    ]


async def test_account(sdk: Client) -> None:
    account = await asyncio.to_thread(sdk.accounts.current)
    assert account.username == "simulated"
