"""Answers that OpenRouter gives, played by its simulator: the class of each, and whether it may be charged."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from providers.base import Finished, ImageRequest, Picture
from providers.errors import (
    ContentRefusedError,
    GenerationFailedError,
    InvalidRequestError,
    KeyRefusedError,
    MisconfiguredError,
    NoCreditError,
    OutcomeUnknownError,
    ProviderBusyError,
    ProviderError,
    ProviderUnavailableError,
    UnusableModelError,
)
from providers.openrouter import OpenRouter
from providers.openrouter.models import MODELS
from providers.openrouter.provider import payload_of
from providers.openrouter.simulator import OpenRouterSimulator
from providers.simulators import Fault
from providers.testing import ServiceHarness, open_bench
from providers.testing.steps import failure, finished, raised, run
from providers.unfetched import UnfetchedReferenceError

SETTINGS = {"api_key": "{key}", "endpoint": "{url}/api/v1"}


@pytest.fixture
async def service() -> AsyncIterator[ServiceHarness]:
    async with open_bench(OpenRouter, OpenRouterSimulator, SETTINGS) as harness:
        yield harness


def error(code: int | str, message: str = "words", **metadata: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, **({"metadata": metadata} if metadata else {})}}


def choice(reason: str | None, *, cost: float | None = None, **fields: Any) -> dict[str, Any]:
    """An answer with one choice that has no picture."""
    message = {"role": "assistant", "content": None, "images": None, **fields.pop("message", {})}
    usage = {"usage": {"cost": cost}} if cost is not None else {"usage": None}
    return {"choices": [{"finish_reason": reason, "message": message, **fields}], **usage}


@pytest.mark.parametrize(
    ("status", "body", "expected", "paid"),
    [
        (400, error(400), InvalidRequestError, False),
        (400, error(400, "Provider returned error", raw='{"code": "moderation_blocked"}'), ContentRefusedError, False),
        (401, error(401, "No auth credentials found"), KeyRefusedError, False),
        (402, error(402, "Insufficient credits"), NoCreditError, False),
        (403, error(403, "input was flagged", reasons=["violence"]), ContentRefusedError, False),
        (403, error(403, "words", reasons=["violence"], provider_name="OpenAI"), ContentRefusedError, False),
        (403, error(403, "Key limit exceeded (monthly limit)"), NoCreditError, False),
        (403, error(403, "Forbidden"), UnusableModelError, False),
        (404, error(404, "No endpoints found that support the requested output modalities"), UnusableModelError, False),
        (408, error(408, "Your request timed out"), OutcomeUnknownError, None),
        (429, error(429, "Rate limit exceeded"), ProviderBusyError, False),
        (429, error(429, "Rate limit exceeded: limit: 0"), NoCreditError, False),
        (500, error(500, "Internal Server Error"), OutcomeUnknownError, None),
        (502, error(502, "Your chosen model is down"), ProviderUnavailableError, False),
        (503, error(503, "no available model provider"), ProviderUnavailableError, False),
        # a model had begun
        (200, error(402, "Insufficient credits"), NoCreditError, False),
        (200, error(429, "Provider returned error"), ProviderBusyError, False),
        (200, error(502, "Provider returned error"), GenerationFailedError, False),
        (200, error(408, "timed out"), GenerationFailedError, False),
        (200, error(500, "Internal Server Error"), GenerationFailedError, False),
        (200, error(403, "The generated image was flagged"), ContentRefusedError, None),
        (200, choice("error", error={"code": 502, "message": "broke"}), GenerationFailedError, False),
        (200, choice("error", error={"code": 403, "message": "safety system"}), ContentRefusedError, False),
        (200, choice("error", cost=0), GenerationFailedError, False),
        (200, choice("content_filter", native_finish_reason="IMAGE_SAFETY", cost=0), ContentRefusedError, False),
        (200, choice("content_filter", native_finish_reason="PROHIBITED_CONTENT"), ContentRefusedError, None),
        (200, choice("stop", message={"refusal": "I can't help with that."}, cost=0.001), ContentRefusedError, True),
        (200, choice("stop", message={"content": "A fox is red."}, cost=0.001), InvalidRequestError, True),
        (200, choice(None), InvalidRequestError, None),
        (200, {"choices": [{"finish_reason": "stop", "message": None}]}, InvalidRequestError, None),
        (200, {"choices": None}, OutcomeUnknownError, None),
        (200, {"choices": [{"message": {"images": [{"image_url": None}]}}], "usage": None}, InvalidRequestError, None),
    ],
)
async def test_the_class_of_an_answer(
    service: ServiceHarness, status: int, body: Any, expected: type[ProviderError], paid: bool | None
) -> None:
    service.simulator.faults.append(Fault(kind="json", action="submit", status=status, text=json.dumps(body)))
    found = await failure(service, service.request("a red fox"), ProviderError)
    assert type(found) is expected, found.detail
    assert found.paid is paid


async def test_the_wait_that_it_asks_for(service: ServiceHarness) -> None:
    headers = {"Retry-After": "7"}
    service.simulator.faults.append(
        Fault(kind="json", action="submit", status=503, text=json.dumps(error(503)), headers=headers)
    )
    found = await failure(service, service.request("a red fox"), ProviderUnavailableError)
    assert found.retry_after == 7


async def test_a_reference_that_it_cant_fetch_is_sent_as_bytes(service: ServiceHarness) -> None:
    words = json.dumps(error(400, "Provider returned error", raw="Failed to download image from URL"))
    service.simulator.faults.append(Fault(kind="json", action="submit", status=400, text=words))
    request = service.request("both", service.references(2, url=True))
    assert finished(await run(service, request)).pictures
    service.simulator.faults.append(Fault(kind="json", action="submit", status=400, text=words, times=2))
    await failure(service, request, UnfetchedReferenceError)
    assert service.submitted == 1


@pytest.mark.parametrize("url", ["https://pictures.example/1.png", "data:image/png;base64,iVBORw0KGgo="])
async def test_a_picture_at_an_address_or_inside(service: ServiceHarness, url: str) -> None:
    body = {"choices": [{"message": {"images": [{"type": "image_url", "image_url": {"url": url}}, None]}}]}
    service.simulator.faults.append(Fault(kind="json", action="submit", status=200, text=json.dumps(body)))
    last = (await run(service, service.request("a red fox")))[-1]
    assert isinstance(last, Finished)
    (picture,) = last.pictures
    assert picture.url == url or picture.data == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    "beside",
    [
        {"choice": {"error": {"code": 502, "message": "the words after it were lost"}}},
        {"choice": {"finish_reason": 3, "native_finish_reason": {"name": "STOP"}}},
        {"usage": {"cost": "0.01"}},
        {"usage": []},
        {"image_url": "https://pictures.example/1.png"},
    ],
    ids=str,
)
async def test_no_paid_picture_is_lost_by_what_comes_beside_it(service: ServiceHarness, beside: dict[str, Any]) -> None:
    image = {"image_url": beside.get("image_url", {"url": "https://pictures.example/1.png"})}
    choice = {"message": {"images": [image]}, **beside.get("choice", {})}
    body = json.dumps({"choices": [choice], "usage": beside.get("usage")})
    service.simulator.faults.append(Fault(kind="json", action="submit", status=200, text=body))
    last = (await run(service, service.request("a red fox")))[-1]
    assert last == Finished((Picture(url="https://pictures.example/1.png"),))


async def test_check_names_unknown_models(service: ServiceHarness) -> None:
    names = ("google/gemini-3-pro-image", "google/gemini-2.5-flash-image", "a/b", "openai/gpt-image-2.5-flare:free")
    settings = {**SETTINGS, "models": names}
    async with open_bench(OpenRouter, OpenRouterSimulator, settings) as harness:
        found = await raised(harness.provider.check(), MisconfiguredError)
    assert "google/gemini-2.5-flash-image, a/b:" in found.advice
    assert "flare" not in found.advice


@pytest.mark.parametrize(("left", "is_used_up"), [(0, True), (-0.2, True), (1.5, False), (None, False)])
async def test_check_finds_a_key_that_is_used_up(
    service: ServiceHarness, left: float | None, *, is_used_up: bool
) -> None:
    body = json.dumps({"data": {"label": "x", "limit": 10, "limit_remaining": left}})
    service.simulator.faults.append(Fault(kind="json", action="key", status=200, text=body))
    if is_used_up:
        assert "limit is used up" in (await raised(service.provider.check(), MisconfiguredError)).advice
    else:
        await service.provider.check()


async def test_check_warns_of_an_end(service: ServiceHarness, caplog: pytest.LogCaptureFixture) -> None:
    models = [{"id": row.name, "expiration_date": "2026-01-01"} for row in MODELS]
    body = json.dumps({"data": [*models, None]})
    service.simulator.faults.append(Fault(kind="json", action="models", status=200, text=body))
    await service.provider.check()
    assert "OpenRouter will shut google/gemini-3-pro-image down on 2026-01-01" in caplog.text


def request_for(model: str, **options: Any) -> ImageRequest[Any]:
    return ImageRequest("x", OpenRouter.Options(model=model, **options))


async def test_what_is_sent_for_a_model(service: ServiceHarness) -> None:
    gemini, flux = MODELS["google/gemini-3-pro-image"], MODELS["black-forest-labs/flux.2-pro"]
    assert (await payload_of(request_for(gemini.name), gemini))["modalities"] == ["image", "text"]
    assert (await payload_of(request_for(flux.name), flux))["modalities"] == ["image"]
    assert "image_config" not in await payload_of(request_for(flux.name), flux)
    wide = tuple(replace(one, width=1600, height=900) for one in service.references(1, url=True))
    edit = replace(request_for(flux.name), references=wide)
    assert (await payload_of(edit, flux))["image_config"] == {"aspect_ratio": "16:9"}
    assert "image_config" not in await payload_of(replace(edit, options=request_for(gemini.name).options), gemini)


async def test_a_model_that_is_not_in_the_table() -> None:
    """Nothing is refused here, and the service is asked for a picture alone, which every model can give."""
    settings = {**SETTINGS, "models": ("recraft/recraft-v4",)}
    async with open_bench(OpenRouter, OpenRouterSimulator, settings) as harness:
        request = ImageRequest("x", harness.provider.Options(size="2k", ar="1:8"))
        harness.provider.validate(request)
        assert harness.provider.model_name(request.options) == "recraft-v4"
        payload = await payload_of(request, harness.provider.rows["recraft/recraft-v4"])
        assert payload["modalities"] == ["image"]
        assert payload["image_config"] == {"aspect_ratio": "1:8", "image_size": "2K"}
        assert harness.provider.enlarged(request.options, (64, 64)) is None
