"""The official SDK (`fal_client`) works with the simulator, and sends what our provider sends."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from aiohttp import ClientSession
from fal_client import Completed, SyncClient
from fal_client.client import FalClientHTTPError

from providers.base import Finished, ImageRequest, Reference
from providers.fal import Fal, FalSettings
from providers.fal.simulator import FalSimulator
from providers.testing.bench import small_picture
from providers.testing.clock import FastClock
from tests.support.recorder import Recorder, Sent, differences, recording

BANANA, FLUX = "google/nano-banana-2.1", "fal-ai/flux/dev"
PICTURE = small_picture()
DATA_URI = f"data:image/jpeg;base64,{b64encode(PICTURE).decode()}"
COMPARED = ("Authorization", "Content-Type")


@pytest.fixture
def simulator() -> FalSimulator:
    return FalSimulator(durations=lambda _: 0, draw=lambda *_: PICTURE)


@pytest.fixture
async def recorder(simulator: FalSimulator) -> AsyncIterator[Recorder]:
    async with recording(simulator, leads_back=True) as recorder:
        yield recorder


@pytest.fixture
def sdk(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> Iterator[SyncClient]:
    """The SDK reads the queue's host from the environment at import, and always with https."""
    monkeypatch.setattr("fal_client.client.QUEUE_URL_FORMAT", f"{recorder.url}/")
    client = SyncClient(key=FalSimulator.key)
    yield client
    client.get_handle(BANANA, "none").client.close()


@pytest.fixture
async def ours(recorder: Recorder) -> AsyncIterator[Fal]:
    settings = {"key": FalSimulator.key, "endpoint": recorder.url, "catalogue": f"{recorder.url}/v1"}
    clock = FastClock()
    async with ClientSession() as session:
        yield Fal(FalSettings.model_validate(settings), session, clock=clock, sleep=clock.sleep)


def reference() -> Reference:
    async def read() -> bytes:
        return PICTURE

    return Reference("image/jpeg", 64, 64, len(PICTURE), read)


async def draw(provider: Fal, *references: Reference, **options: Any) -> None:
    request = ImageRequest("a red fox", provider.Options.model_validate(options), references)
    provider.validate(request)
    events = [event async for event in provider.imagine(request)]
    assert isinstance(events[-1], Finished)


def comparable(sent: Sent) -> dict[str, Any]:
    """A request without the id of its task, which each submit gets anew."""
    path = "/".join("ID" if part.startswith("task-") else part for part in sent.path.split("/"))
    headers = {name: sent.headers.get(name) for name in COMPARED}
    return {"method": sent.method, "path": path, "query": dict(sent.query), "headers": headers, "body": sent.fields}


def compared(recorder: Recorder) -> list[list[str]]:
    """The differences of the SDK's requests, the first half, and of ours, the second half."""
    sent = [comparable(one) for one in recorder.sent]
    half = len(sent) // 2
    assert len(sent) == 2 * half
    return [differences(mine, its) for its, mine in zip(sent[:half], sent[half:], strict=True)]


POLLING = ["query.logs: ours None, the SDK's 'false'"]
"""The SDK asks for no logs, which is the service's default."""


async def test_words(recorder: Recorder, sdk: SyncClient, ours: Fal) -> None:
    given = {"prompt": "a red fox", "num_images": 2, "image_size": "square_hd", "seed": 7, "output_format": "jpeg"}
    handle = await asyncio.to_thread(sdk.submit, FLUX, given)
    result = await asyncio.to_thread(handle.get)
    assert len(result["images"]) == 2
    assert isinstance(await asyncio.to_thread(sdk.status, FLUX, handle.request_id), Completed)
    del recorder.sent[-1]
    await draw(ours, model=FLUX, n=2, seed=7)
    assert compared(recorder) == [[], POLLING, []]


async def test_references(simulator: FalSimulator, recorder: Recorder, sdk: SyncClient, ours: Fal) -> None:
    given = {"prompt": "a red fox", "image_urls": [DATA_URI] * 2, "resolution": "2K", "num_images": 1}
    handle = await asyncio.to_thread(sdk.submit, f"{BANANA}/edit", {**given, "output_format": "jpeg"})
    assert (await asyncio.to_thread(handle.get))["images"]
    await draw(ours, reference(), reference(), model=BANANA, size="2k")
    assert compared(recorder) == [[], POLLING, []]
    assert [len(task.references) for task in simulator.tasks.values()] == [2, 2]


@pytest.mark.parametrize(
    ("app", "given"),
    [
        (FLUX, {"resolution": "2K"}),
        (f"{BANANA}/edit", {}),
        (f"{BANANA}/edit", {"image_urls": [DATA_URI] * 15}),
        ("blackforestlabs/flux-3/text-to-image", {"seed": 1}),
        ("bytedance/seedream/v5/pro/text-to-image", {"image_size": {"width": 4096, "height": 4096}}),
    ],
)
async def test_an_input_that_the_app_refuses(sdk: SyncClient, app: str, given: dict[str, Any]) -> None:
    with pytest.raises(FalClientHTTPError) as caught:
        await asyncio.to_thread(sdk.submit, app, {"prompt": "a red fox", **given})
    assert caught.value.status_code == 422


async def test_an_unknown_app(sdk: SyncClient) -> None:
    with pytest.raises(FalClientHTTPError, match="not found") as caught:
        await asyncio.to_thread(sdk.submit, "fal-ai/nothing", {"prompt": "a red fox"})
    assert caught.value.status_code == 404


async def test_a_moderated_result(sdk: SyncClient) -> None:
    handle = await asyncio.to_thread(sdk.submit, BANANA, {"prompt": "a forbidden fox"})
    with pytest.raises(FalClientHTTPError) as caught:
        await asyncio.to_thread(handle.get)
    assert caught.value.message[0]["type"] == "content_policy_violation"  # type: ignore[index]


async def test_cancel(simulator: FalSimulator, recorder: Recorder, sdk: SyncClient, ours: Fal) -> None:
    simulator.durations = lambda _: 60.0
    waiting = [await asyncio.to_thread(sdk.submit, BANANA, {"prompt": "a red fox"}) for _ in range(2)]
    recorder.sent.clear()
    await asyncio.to_thread(waiting[0].cancel)
    assert await ours.cancel(f"{BANANA}#{waiting[1].request_id}")
    assert [task.cancelled for task in simulator.tasks.values()] == [True, True]
    # The SDK sends no body; the service reads none.
    assert compared(recorder) == [
        ["body: ours {}, the SDK's None", "headers.Content-Type: ours 'application/json', the SDK's None"]
    ]
