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
    Busy,
    Expired,
    Failed,
    InvalidRequest,
    Misconfigured,
    OutcomeUnknown,
    ProviderError,
    Refused,
    Unavailable,
)
from providers.fal.provider import Fal
from providers.gemini.provider import Gemini
from providers.openai.provider import OpenAI
from providers.replicate.provider import Replicate


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
    (OpenAI, 400, openai("moderation_blocked", "image_generation_user_error"), Refused),
    (OpenAI, 400, openai(None, "image_generation_user_error"), InvalidRequest),
    (OpenAI, 400, openai("invalid_value"), InvalidRequest),
    (OpenAI, 400, openai("billing_hard_limit_reached"), Misconfigured),
    (OpenAI, 401, openai("invalid_api_key"), Misconfigured),
    (OpenAI, 403, openai(None), Misconfigured),
    (OpenAI, 403, openai("unsupported_country_region_territory"), Misconfigured),
    (OpenAI, 404, openai("model_not_found"), Misconfigured),
    (OpenAI, 429, openai("rate_limit_exceeded", "requests"), Busy),
    (OpenAI, 429, openai("insufficient_quota", "insufficient_quota"), Misconfigured),
    (OpenAI, 500, openai("server_error", "server_error"), Failed),
    (OpenAI, 502, openai(None, "bad_gateway"), OutcomeUnknown),
    (OpenAI, 200, {"error": "a compatible server speaks so"}, OutcomeUnknown),
    (Ark, 401, ark("AuthenticationError"), Misconfigured),
    (Ark, 400, ark("InvalidParameter"), InvalidRequest),
    (Ark, 400, ark("InputTextSensitiveContentDetected"), Refused),
    (Ark, 400, ark("InputImageSensitiveContentDetected"), Refused),
    (Ark, 400, ark("OutputImageSensitiveContentDetected"), Refused),
    (Ark, 403, ark("AccountOverdueError"), Misconfigured),
    (Ark, 404, ark("ModelNotOpen"), Misconfigured),
    (Ark, 429, ark("RateLimitExceeded"), Busy),
    (Ark, 500, ark("InternalServiceError"), Failed),
    (DashScope, 401, dashscope("InvalidApiKey"), Misconfigured),
    (DashScope, 400, dashscope("InvalidParameter"), InvalidRequest),
    (DashScope, 400, dashscope("DataInspectionFailed"), Refused),
    (DashScope, 400, dashscope("Arrearage"), Misconfigured),
    (DashScope, 403, dashscope("AccessDenied"), Misconfigured),
    (DashScope, 429, dashscope("Throttling.RateQuota"), Busy),
    (DashScope, 500, dashscope("InternalError"), Failed),
    (Fal, 422, fal("content_policy_violation"), Refused),
    (Fal, 422, fal("image_load_error"), InvalidRequest),
    (Fal, 422, fal("file_download_error"), InvalidRequest),
    (Fal, 422, fal("value_error"), InvalidRequest),
    (Fal, 401, {"detail": "Authentication is required."}, Misconfigured),
    (Fal, 403, {"detail": "User is locked. Reason: Exhausted balance."}, Misconfigured),
    (Fal, 429, fal("concurrent_requests_limit"), Busy),
    (Replicate, 401, replicate("Unauthenticated"), Misconfigured),
    (Replicate, 402, replicate("Insufficient credit"), Misconfigured),
    (Replicate, 422, replicate("Input validation failed"), InvalidRequest),
    (Replicate, 429, {"detail": "Request was throttled. Expected available in 1 second."}, Busy),
    (Gemini, 400, gemini("INVALID_ARGUMENT", "API_KEY_INVALID"), Misconfigured),
    (Gemini, 400, gemini("INVALID_ARGUMENT"), InvalidRequest),
    (Gemini, 400, gemini("FAILED_PRECONDITION"), Misconfigured),
    (Gemini, 403, gemini("PERMISSION_DENIED"), Misconfigured),
    (Gemini, 404, gemini("NOT_FOUND"), Misconfigured),
    (Gemini, 429, gemini("RESOURCE_EXHAUSTED"), Busy),
    (Gemini, 500, gemini("INTERNAL"), Failed),
    (Gemini, 503, gemini("UNAVAILABLE"), Unavailable),
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
    if isinstance(caught.value, Misconfigured):
        assert caught.value.advice not in str(caught.value.sentence)


@pytest.mark.parametrize("kind", [Ark, DashScope, Fal, Gemini, OpenAI, Replicate])
async def test_what_no_document_names(kind: type[Any], session: ClientSession) -> None:
    """A submit that a gateway answers may have been paid; a query may be repeated."""
    rest = built(kind, session).rest
    for status, paying, expected in [
        (500, True, OutcomeUnknown),
        (504, True, OutcomeUnknown),
        (500, False, Unavailable),
        (429, True, Busy),
        (404, False, Expired),
        (409, True, InvalidRequest),
    ]:
        with pytest.raises(expected):
            rest.parse(http.Answer(status, {}, b'{"unheard": "of"}'), Anything, paying=paying)
