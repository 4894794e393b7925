"""The OpenAI SDK, which OpenRouter's documents use, at our simulator; and our requests compared with its own."""

import asyncio
import importlib
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from providers.base import ImageRequest
from providers.openrouter import OpenRouter
from providers.openrouter.simulator import OpenRouterSimulator
from providers.testing import ServiceHarness, open_bench
from providers.testing.bench import small_picture
from providers.testing.steps import finished, run
from tests.support.recorder import Recorder, differences

MODEL = "google/gemini-nano-banana-2.1"
BOTH = {"modalities": ["image", "text"]}
Call = Callable[..., Any]
SETTINGS = {"api_key": "{key}", "endpoint": "{url}/api/v1"}


@pytest.fixture
async def service() -> AsyncIterator[ServiceHarness]:
    async with open_bench(OpenRouter, OpenRouterSimulator, SETTINGS) as harness:
        yield harness


def client_of(url: str, key: str) -> Any:
    # It takes a second to import.
    openai = importlib.import_module("openai")
    return openai.OpenAI(base_url=f"{url}/api/v1", api_key=key, max_retries=0)


async def completed(url: str, key: str, content: Any, **extra: Any) -> Any:
    """The SDK's answer. A string is a plain prompt."""
    with client_of(url, key) as client:
        return await asyncio.to_thread(
            client.chat.completions.create,
            model=MODEL,
            messages=[{"role": "user", "content": content}],
            extra_body={**BOTH, **extra},
        )


def asked_for(words: str) -> list[dict[str, Any]]:
    """A content with two references."""
    url = f"data:image/jpeg;base64,{b64encode(small_picture()).decode()}"
    return [{"type": "text", "text": words}, *[{"type": "image_url", "image_url": {"url": url}}] * 2]


async def test_a_plain_request(service: ServiceHarness) -> None:
    answer = await completed(service.simulator.url, service.simulator.key, "a red fox")
    (image,) = answer.choices[0].message.images
    assert b64decode(image["image_url"]["url"].partition(",")[2]) == small_picture()
    assert answer.usage.cost > 0
    assert answer.choices[0].finish_reason == "stop"


async def test_one_with_references(service: ServiceHarness) -> None:
    config = {"image_config": {"aspect_ratio": "16:9", "image_size": "2K"}}
    answer = await completed(service.simulator.url, service.simulator.key, asked_for("both"), **config)
    assert len(answer.choices[0].message.images) == 1
    (task,) = service.simulator.tasks.values()
    assert (len(task.references), task.width, task.height) == (2, 2048, 1152)


async def test_a_refusal(service: ServiceHarness) -> None:
    openai = importlib.import_module("openai")
    with pytest.raises(openai.PermissionDeniedError) as caught:
        await completed(service.simulator.url, service.simulator.key, "a forbidden fox")
    assert caught.value.body["metadata"]["reasons"] == ["violence"]


async def test_the_catalogue(service: ServiceHarness) -> None:
    with client_of(service.simulator.url, service.simulator.key) as client:
        models = await asyncio.to_thread(client.models.list, extra_query={"output_modalities": "image"})
    assert MODEL in {model.id for model in models.data}


@pytest.mark.parametrize("references", [0, 2])
async def test_our_request_is_the_sdks(service: ServiceHarness, references: int) -> None:
    options = OpenRouter.Options(ar="16:9", size="2k", model=MODEL)
    request = ImageRequest("a red fox", options, service.references(references, url=False))
    async with Recorder(service.simulator.url).serving() as recorder:
        settings = {"api_key": service.simulator.key, "endpoint": f"{recorder.url}/api/v1"}
        provider = OpenRouter(OpenRouter.Settings.model_validate(settings), service.session)
        pictures = [event async for event in provider.imagine(request)]
        assert finished(pictures).pictures
        config = {"image_config": {"aspect_ratio": "16:9", "image_size": "2K"}}
        content = asked_for("a red fox")[: 1 + references]
        await completed(recorder.url, service.simulator.key, content, **config)
    ours, theirs = recorder.sent
    assert (ours.method, ours.path, ours.query) == (theirs.method, theirs.path, theirs.query)
    assert ours.headers["Authorization"] == theirs.headers["Authorization"]
    assert ours.headers["Content-Type"] == theirs.headers["Content-Type"]
    assert differences(ours.fields, theirs.fields) == []
    assert len(await run(service, request)) == 2
