"""The class of every documented error of a service, with its sentence for the person."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession
from pydantic import BaseModel

from providers import http
from providers.ark.provider import Ark
from providers.dashscope.provider import DashScope
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
    TaskExpiredError,
    UnusableModelError,
)
from providers.fal.provider import Fal
from providers.gemini.provider import Gemini
from providers.openai.provider import OpenAI
from providers.replicate.provider import Replicate
from providers.unfetched import UnfetchedReferenceError


def openai(code: str | None, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": "secret words", "type": kind, "param": None, "code": code}}


def ark(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": "secret words", "param": "", "type": "BadRequest"}}


def fal(kind: str) -> dict[str, Any]:
    return {"detail": [{"loc": ["body"], "msg": "secret words", "type": kind}]}


def gemini(status: str, *reasons: str) -> dict[str, Any]:
    details = [{"@type": "ErrorInfo", "reason": reason} for reason in reasons]
    return {"error": {"code": 400, "message": "secret words", "status": status, "details": details}}


def dashscope(code: str) -> dict[str, Any]:
    return {"code": code, "message": "secret words", "request_id": "r"}


def replicate(title: str) -> dict[str, Any]:
    return {"title": title, "detail": "secret words", "status": 0}


DOCUMENTED: list[tuple[type[Any], int, dict[str, Any], type[ProviderError]]] = [
    (OpenAI, 400, openai("moderation_blocked", "image_generation_user_error"), ContentRefusedError),
    (OpenAI, 400, openai(None, "image_generation_user_error"), InvalidRequestError),
    (OpenAI, 400, openai("invalid_value"), InvalidRequestError),
    (OpenAI, 400, openai("billing_hard_limit_reached"), NoCreditError),
    (OpenAI, 401, openai("invalid_api_key"), KeyRefusedError),
    (OpenAI, 403, openai(None), MisconfiguredError),
    (OpenAI, 403, openai("unsupported_country_region_territory"), MisconfiguredError),
    (OpenAI, 404, openai("model_not_found"), UnusableModelError),
    (OpenAI, 429, openai("rate_limit_exceeded", "requests"), ProviderBusyError),
    (OpenAI, 429, openai("insufficient_quota", "insufficient_quota"), NoCreditError),
    (OpenAI, 500, openai("server_error", "server_error"), GenerationFailedError),
    (OpenAI, 502, openai(None, "bad_gateway"), OutcomeUnknownError),
    (OpenAI, 200, {"error": "a compatible server speaks so"}, OutcomeUnknownError),
    (Ark, 401, ark("AuthenticationError"), KeyRefusedError),
    (Ark, 400, ark("InvalidParameter"), InvalidRequestError),
    (Ark, 400, ark("InputTextSensitiveContentDetected"), ContentRefusedError),
    (Ark, 400, ark("InputImageSensitiveContentDetected"), ContentRefusedError),
    (Ark, 400, ark("OutputImageSensitiveContentDetected"), ContentRefusedError),
    (Ark, 403, ark("AccountOverdueError"), NoCreditError),
    (Ark, 404, ark("ModelNotOpen"), UnusableModelError),
    (Ark, 429, ark("RateLimitExceeded"), ProviderBusyError),
    (Ark, 500, ark("InternalServiceError"), GenerationFailedError),
    (DashScope, 401, dashscope("InvalidApiKey"), KeyRefusedError),
    (DashScope, 400, dashscope("InvalidParameter"), InvalidRequestError),
    (DashScope, 400, dashscope("DataInspectionFailed"), ContentRefusedError),
    (DashScope, 400, dashscope("Arrearage"), NoCreditError),
    (DashScope, 403, dashscope("AccessDenied"), UnusableModelError),
    (DashScope, 429, dashscope("Throttling.RateQuota"), ProviderBusyError),
    (DashScope, 500, dashscope("InternalError"), GenerationFailedError),
    (Fal, 422, fal("content_policy_violation"), ContentRefusedError),
    (Fal, 422, fal("image_load_error"), InvalidRequestError),
    (Fal, 422, fal("file_download_error"), UnfetchedReferenceError),
    (Fal, 422, fal("value_error"), InvalidRequestError),
    (Fal, 401, {"detail": "Authentication is required."}, KeyRefusedError),
    (Fal, 403, {"detail": "User is locked. Reason: Exhausted balance."}, NoCreditError),
    (Fal, 429, fal("concurrent_requests_limit"), ProviderBusyError),
    (Replicate, 401, replicate("Unauthenticated"), KeyRefusedError),
    (Replicate, 402, replicate("Insufficient credit"), NoCreditError),
    (Replicate, 422, replicate("Input validation failed"), InvalidRequestError),
    (Replicate, 429, {"detail": "Request was throttled. Expected available in 1 second."}, ProviderBusyError),
    (Gemini, 400, gemini("INVALID_ARGUMENT", "API_KEY_INVALID"), KeyRefusedError),
    (Gemini, 400, gemini("INVALID_ARGUMENT"), InvalidRequestError),
    (Gemini, 400, gemini("FAILED_PRECONDITION"), MisconfiguredError),
    (Gemini, 403, gemini("PERMISSION_DENIED"), UnusableModelError),
    (Gemini, 404, gemini("NOT_FOUND"), UnusableModelError),
    (Gemini, 429, gemini("RESOURCE_EXHAUSTED"), ProviderBusyError),
    (Gemini, 500, gemini("INTERNAL"), GenerationFailedError),
    (Gemini, 503, gemini("UNAVAILABLE"), ProviderUnavailableError),
]


class Anything(BaseModel):
    pass


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


def built(kind: type[Any], session: ClientSession) -> Any:
    name = {"fal": "key", "Replicate": "token"}.get(kind.title, "api_key")
    return kind(kind.Settings.model_validate({name: "very-secret"}), session)


@pytest.mark.parametrize(("kind", "status", "body", "expected"), DOCUMENTED)
async def test_documented_errors(
    kind: type[Any], status: int, body: dict[str, Any], expected: type[ProviderError], session: ClientSession
) -> None:
    answer = http.Answer(status, {}, json.dumps(body).encode())
    with pytest.raises(ProviderError) as caught:
        built(kind, session).rest.parse(answer, Anything, paying=True)
    assert type(caught.value) is expected
    assert "secret" not in str(caught.value.sentence), "the service's own words are for the log"
    if isinstance(caught.value, MisconfiguredError):
        assert caught.value.advice not in str(caught.value.sentence)


@pytest.mark.parametrize("kind", [Ark, DashScope, Fal, Gemini, OpenAI, Replicate])
async def test_what_no_document_names(kind: type[Any], session: ClientSession) -> None:
    """A submit that a gateway answers may have been paid; a query may be repeated."""
    rest = built(kind, session).rest
    for status, paying, expected in [
        (500, True, OutcomeUnknownError),
        (504, True, OutcomeUnknownError),
        (500, False, ProviderUnavailableError),
        (429, True, ProviderBusyError),
        (404, False, TaskExpiredError),
        (409, True, InvalidRequestError),
    ]:
        with pytest.raises(expected):
            rest.parse(http.Answer(status, {}, b'{"unheard": "of"}'), Anything, paying=paying)
