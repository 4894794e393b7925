"""Google's official SDK: it works with Gemini's simulator, and its requests are ours."""

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from providers.base import ImageRequest, Reference
from providers.gemini import Gemini, GeminiSettings
from providers.gemini.simulator import GeminiSimulator
from providers.testing.bench import small_picture
from tests.support.recorder import Recorder, Sent, differences, recording
from tests.support.sample_pictures import draw_plain

BANANA = "gemini-nano-banana-2.1"
PATH = "path: ours '/v1beta/models/gemini-nano-banana-2.1:generateContent', the SDK's '/v1/models/"
"""The SDK's default version of the API is v1; ours is the one with every feature. The service has both."""
PICTURE = small_picture()


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    simulator = GeminiSimulator(durations=lambda _: 0.001, draw=draw_plain, draw_scale=0.1)
    async with recording(simulator) as recorder:
        yield recorder


@pytest.fixture
async def sdk(recorder: Recorder) -> AsyncIterator[Any]:
    from google import genai  # noqa: PLC0415 - it takes most of a second

    options = genai.types.HttpOptions(base_url=recorder.url)
    client = genai.Client(api_key=GeminiSimulator.key, http_options=options)
    yield client
    await asyncio.to_thread(client.close)


async def generated(sdk: Any, contents: Any, model: str = BANANA, **image: str) -> Any:
    """The SDK's answer."""
    from google.genai.types import GenerateContentConfig, ImageConfig  # noqa: PLC0415

    config = GenerateContentConfig(response_modalities=["IMAGE"], image_config=ImageConfig(**image) if image else None)
    return await asyncio.to_thread(sdk.models.generate_content, model=model, contents=contents, config=config)


async def ours(recorder: Recorder, prompt: str, count: int = 0, **options: Any) -> None:
    """Our provider's request with `count` references."""

    async def read() -> bytes:
        return PICTURE

    settings = {"api_key": GeminiSimulator.key, "endpoint": f"{recorder.url}/v1beta"}
    async with ClientSession() as session:
        provider = Gemini(GeminiSettings.model_validate(settings), session)
        references = tuple(Reference("image/jpeg", 64, 64, len(PICTURE), read) for _ in range(count))
        request = ImageRequest(prompt, provider.Options(**options), references)
        provider.validate(request)
        assert [event async for event in provider.imagine(request)]


def compared(recorder: Recorder) -> list[str]:
    """The differences between our request, the first, and the SDK's, the second."""
    mine, theirs = (_shown(sent) for sent in recorder.sent)
    return differences(mine, theirs)


def _shown(sent: Sent) -> dict[str, Any]:
    """The SDK adds `User-Agent` and `x-goog-api-client`, for statistics."""
    headers = {name: sent.headers.get(name) for name in ("x-goog-api-key", "Content-Type", "Authorization")}
    return {
        "method": sent.method,
        "path": sent.path,
        "query": dict(sent.query),
        "headers": headers,
        "body": sent.fields,
    }


async def test_a_generation(recorder: Recorder, sdk: Any) -> None:
    await ours(recorder, "a fox", ar="8:1", size="2k")
    answer = await generated(sdk, "a fox", aspect_ratio="8:1", image_size="2K")
    (part,) = answer.candidates[0].content.parts
    assert (part.inline_data.mime_type, bool(part.inline_data.data)) == ("image/jpeg", True)
    (path,) = compared(recorder)
    assert path.startswith(PATH)


async def test_references(recorder: Recorder, sdk: Any) -> None:
    from google.genai.types import Part  # noqa: PLC0415

    await ours(recorder, "a fox", 2)
    pictures = [Part.from_bytes(data=PICTURE, mime_type="image/jpeg") for _ in range(2)]
    answer = await generated(sdk, ["a fox", *pictures])
    assert answer.candidates[0].content.parts[0].inline_data.data
    *data, path = compared(recorder)
    assert path.startswith(PATH)
    # The SDK spells the type "mime_type", and writes base64 in the alphabet for URLs. The service reads both.
    fields = ("data", "mimeType", "mime_type")
    assert [line.partition(": ")[0] for line in data] == [
        f"body.contents[0].parts[{number}].inlineData.{name}" for number in (1, 2) for name in fields
    ]
    sent = recorder.sent[1].fields["contents"][0]["parts"][1]["inlineData"]
    assert (urlsafe_b64decode(sent["data"]), sent["mime_type"]) == (PICTURE, "image/jpeg")


async def test_a_refusal(sdk: Any) -> None:
    from google.genai.errors import ClientError  # noqa: PLC0415

    answer = await generated(sdk, "a forbidden fox")
    assert answer.prompt_feedback.block_reason.value == "PROHIBITED_CONTENT"
    answer = await generated(sdk, "an unsafe result")
    assert answer.candidates[0].finish_reason.value == "IMAGE_SAFETY"
    with pytest.raises(ClientError) as unpaid:
        await generated(sdk, "an unpaid bill")
    assert (unpaid.value.code, unpaid.value.status) == (429, "RESOURCE_EXHAUSTED")
    with pytest.raises(ClientError) as missing:
        await generated(sdk, "a fox", "gemini-2.5-flash-image")
    assert (missing.value.code, missing.value.status) == (404, "NOT_FOUND")
    with pytest.raises(ClientError) as small:
        await generated(sdk, "a fox", "gemini-3.1-flash-lite-image", image_size="4K")
    assert (small.value.code, small.value.status) == (400, "INVALID_ARGUMENT")


async def test_the_models(recorder: Recorder, sdk: Any) -> None:
    model = await asyncio.to_thread(sdk.models.get, model=BANANA)
    assert model.name == f"models/{BANANA}"
    settings = {"api_key": GeminiSimulator.key, "endpoint": f"{recorder.url}/v1beta"}
    async with ClientSession() as session:
        await Gemini(GeminiSettings.model_validate(settings), session).check()
    theirs, mine, *_others = (sent.path for sent in recorder.sent)
    assert (theirs, mine) == (f"/v1/models/{BANANA}", f"/v1beta/models/{BANANA}")
