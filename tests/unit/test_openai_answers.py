"""The answers of OpenAI Images, and of services that are compatible with it: each one's class, payment and words."""

import json
from base64 import b64encode
from typing import Any

import pytest
from aiohttp import ClientSession

from providers.base import Finished, Picture, Working
from providers.errors import (
    ContentRefusedError,
    GenerationFailedError,
    InvalidRequestError,
    MisconfiguredError,
    NoCreditError,
    OutcomeUnknownError,
    ProviderBusyError,
    ProviderError,
)
from providers.openai import OpenAI
from tests.support.answering import REFERENCE, AnsweringService, built, error_of, events_of

LIMIT_0 = "Rate limit reached for gpt-image-2 on images per min: Limit 0, Used 0, Requested 1. Please try again in 12s."
LIMIT_5 = "Rate limit reached for gpt-image-2 on images per min: Limit 5, Used 5, Requested 1. Please try again in 12s."
FILTERED = "Generated image was filtered as a result of our safety system."


def body(code: str | None, kind: str = "invalid_request_error", words: str = "secret", **more: Any) -> dict[str, Any]:
    return {"error": {"message": words, "type": kind, "param": None, "code": code, **more}}


def moderated(stage: str | None) -> dict[str, Any]:
    details = {"moderation_stage": stage, "categories": ["violence"]}
    return body("moderation_blocked", "image_generation_user_error", moderation_details=details)


def events(*spoken: object) -> str:
    return "".join(f"data: {json.dumps(one)}\n\n" for one in spoken)


@pytest.mark.parametrize(
    ("status", "spoken", "kind"),
    [
        (429, body("insufficient_quota", "insufficient_quota"), NoCreditError),
        (429, body(None, "insufficient_quota"), NoCreditError),
        (429, body("credits_used_up", "insufficient_quota"), NoCreditError),
        (400, body("billing_hard_limit_reached", "billing_limit_user_error"), NoCreditError),
        (400, body("billing_soft_limit_reached", "billing_limit_user_error"), NoCreditError),
        (429, body("billing_not_active"), NoCreditError),
        (403, body("insufficient_user_quota", "new_api_error"), NoCreditError),
        (401, body("account_deactivated"), MisconfiguredError),
        (403, body(None, "access_terminated"), MisconfiguredError),
        (402, body(None, "payment_required"), NoCreditError),
        (429, body("rate_limit_exceeded", "images", LIMIT_0), MisconfiguredError),
    ],
)
async def test_a_bill_is_for_the_operator(
    service: AnsweringService,
    session: ClientSession,
    status: int,
    spoken: dict[str, Any],
    kind: type[MisconfiguredError],
) -> None:
    """It would be a wait without end. Neither is it a wait where previews are streamed."""
    service.gives(status, spoken, {"Retry-After": "20"})
    for previews in (0, 2):
        error = await error_of(built(OpenAI, service, session, previews=previews))
        assert type(error) is kind
        assert isinstance(error, MisconfiguredError)
        assert error.advice not in str(error.sentence)
        assert error.paid is False


@pytest.mark.parametrize(
    ("spoken", "headers", "seconds"),
    [
        (body("rate_limit_exceeded", "images", LIMIT_5), {}, 12),
        (body("rate_limit_exceeded", "images"), {}, 10),
        (body("rate_limit_exceeded", "images", LIMIT_5), {"Retry-After": "0.7"}, 0.7),
        (body("rate_limit_exceeded", "images", LIMIT_5), {"Retry-After-Ms": "1500"}, 1.5),
        (body("429", "azure", "The rate limit is exceeded. Please retry after 26 seconds."), {}, 26),
        (body("slow_down", "service_unavailable_error"), {}, 10),
    ],
)
async def test_a_limit_is_a_wait(
    service: AnsweringService,
    session: ClientSession,
    spoken: dict[str, Any],
    headers: dict[str, str],
    seconds: float,
) -> None:
    service.gives(429, spoken, headers)
    error = await error_of(built(OpenAI, service, session))
    assert isinstance(error, ProviderBusyError)
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    ("spoken", "what", "paid"),
    [
        (moderated("input"), "prompt", False),
        (moderated("output"), "result", None),
        (moderated(None), "prompt", None),
        (body("moderation_blocked", "image_generation_user_error", moderation_details=None), "prompt", None),
        (body("content_policy_violation"), "prompt", None),
        (body("content_filter", innererror={"code": "ResponsibleAIPolicyViolation"}), "prompt", None),
        (body("contentFilter", words=FILTERED), "result", None),
        (body("image_content_policy_violation"), "reference", False),
    ],
)
async def test_moderation_tells_its_stage(
    service: AnsweringService, session: ClientSession, spoken: dict[str, Any], what: str, *, paid: bool | None
) -> None:
    service.gives(400, spoken)
    error = await error_of(built(OpenAI, service, session))
    assert isinstance(error, ContentRefusedError)
    assert (error.what, error.paid) == (what, paid)
    assert error.sentence == ContentRefusedError.sentences[what]


async def test_with_references_it_may_be_about_them(service: AnsweringService, session: ClientSession) -> None:
    service.gives(400, moderated("input"))
    error = await error_of(built(OpenAI, service, session), (REFERENCE,))
    assert isinstance(error, ContentRefusedError)
    assert (error.what, error.paid) == ("input", False)
    assert "or one of its reference pictures" in str(error.sentence)
    service.gives(400, moderated("output"))
    error = await error_of(built(OpenAI, service, session), (REFERENCE,))
    assert isinstance(error, ContentRefusedError)
    assert error.what == "result"


@pytest.mark.parametrize(
    ("status", "spoken", "kind"),
    [
        (400, body("invalid_image_file"), InvalidRequestError),
        (400, body("image_file_too_large"), InvalidRequestError),
        (500, body("server_error", "server_error"), GenerationFailedError),
        (408, body(None), OutcomeUnknownError),
        (425, body(None), OutcomeUnknownError),
        (408, "<html>", OutcomeUnknownError),
        (200, {"data": None}, GenerationFailedError),
        (200, {"data": [None, {"b64_json": None, "url": None}]}, GenerationFailedError),
        (200, {"created": 1}, OutcomeUnknownError),
    ],
)
async def test_other_answers(
    service: AnsweringService, session: ClientSession, status: int, spoken: object, kind: type[ProviderError]
) -> None:
    service.gives(status, spoken)
    error = await error_of(built(OpenAI, service, session))
    assert type(error) is kind
    assert service.calls == 1


@pytest.mark.parametrize("item", [{"url": "data:image/png;base64,cGFpZA"}, {"b64_json": "cGFp\nZA=="}])
async def test_a_picture_in_any_form(service: AnsweringService, session: ClientSession, item: dict[str, Any]) -> None:
    service.gives(200, {"data": [item], "usage": None, "created": None})
    assert (await events_of(built(OpenAI, service, session)))[-1] == Finished((Picture(data=b"paid"),))


async def test_paid_bytes_that_are_no_base64_are_kept(service: AnsweringService, session: ClientSession) -> None:
    service.gives(200, {"data": [{"b64_json": "%paid%"}]})
    assert (await events_of(built(OpenAI, service, session)))[-1] == Finished((Picture(data=b"%paid%"),))


STREAM = {"Content-Type": "text/event-stream"}
PREVIEW = {"type": "image_generation.partial_image", "b64_json": b64encode(b"half").decode()}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (body("insufficient_quota")["error"], NoCreditError),
        (body("rate_limit_exceeded")["error"], GenerationFailedError),
        (moderated("output")["error"], ContentRefusedError),
        ("words only", GenerationFailedError),
    ],
)
async def test_an_error_within_a_stream(
    service: AnsweringService, session: ClientSession, error: object, kind: type[ProviderError]
) -> None:
    service.gives(200, events({"type": "error", "error": error}), STREAM)
    told = await error_of(built(OpenAI, service, session, previews=2))
    assert type(told) is kind


async def test_after_a_preview_a_bill_ends_this_task_only(service: AnsweringService, session: ClientSession) -> None:
    service.gives(200, events(PREVIEW, {"type": "error", "error": body("insufficient_quota")["error"]}), STREAM)
    told = await error_of(built(OpenAI, service, session, previews=2))
    assert isinstance(told, GenerationFailedError)
    assert told.paid is None


async def test_a_preview_that_is_no_base64_is_left_out(service: AnsweringService, session: ClientSession) -> None:
    done = {"type": "image_generation.completed", "b64_json": "cGFpZA==", "error": None}
    service.gives(200, events({**PREVIEW, "b64_json": "%"}, PREVIEW, done), STREAM)
    told = await events_of(built(OpenAI, service, session, previews=2))
    assert told == [Working(), Working(preview=b"half"), Finished((Picture(data=b"paid"),))]


@pytest.mark.parametrize(
    ("status", "spoken", "kind"),
    [
        (401, body("invalid_api_key"), MisconfiguredError),
        (429, body("insufficient_quota"), MisconfiguredError),
        (404, body(None), MisconfiguredError),
        (400, body(None), MisconfiguredError),
        (400, moderated("input"), MisconfiguredError),
        (408, body(None), ProviderBusyError),
        (429, body(None), ProviderBusyError),
        (500, body("server_error"), ProviderBusyError),
        (200, {"unheard": "of"}, ProviderBusyError),
        (200, "half an ans", ProviderBusyError),
        (502, "<html>", ProviderBusyError),
    ],
)
async def test_a_check_never_speaks_of_money(
    service: AnsweringService, session: ClientSession, status: int, spoken: object, kind: type[ProviderError]
) -> None:
    service.gives(status, spoken)
    with pytest.raises(kind) as caught:
        await built(OpenAI, service, session).check()
    assert isinstance(caught.value, MisconfiguredError | ProviderBusyError)
    assert caught.value.paid is False


async def test_a_check_that_succeeds(service: AnsweringService, session: ClientSession) -> None:
    service.gives(200, {"data": None})
    await built(OpenAI, service, session).check()
