"""The answers of Gemini's image models: each one's class, payment and words."""

from base64 import b64encode
from typing import Any

import pytest
from aiohttp import ClientSession

from providers.base import Finished, Picture
from providers.errors import (
    ContentRefusedError,
    GenerationFailedError,
    InvalidRequestError,
    MisconfiguredError,
    NoCreditError,
    OutcomeUnknownError,
    ProviderBusyError,
    ProviderError,
    ProviderUnavailableError,
)
from providers.gemini import Gemini
from tests.support.answering import REFERENCE, AnsweringService, built, error_of, events_of

CAP = "Your project has exceeded its monthly spending cap. Please go to AI Studio to manage your project spend cap."
PREPAID = "Your prepayment credits are depleted. Please go to AI Studio to manage your project and billing."
PLAN = "You exceeded your quota, please check your plan and billing details. Quota exceeded, limit: {}, model: x"
TEXT = b64encode(b"paid").decode()


def exhausted(words: str, *details: object, code: int = 429) -> dict[str, Any]:
    return {"error": {"code": code, "message": words, "status": "RESOURCE_EXHAUSTED", "details": list(details)}}


def failed(status: str) -> dict[str, Any]:
    return {"error": {"code": 500, "message": "secret", "status": status, "details": None}}


def ended(reason: str | None, *parts: object) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": list(parts)}, "finishReason": reason}], "promptFeedback": None}


WORDS = {"text": "Here is a thought about foxes.", "thought": None, "inlineData": None}
DELAY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "53s"}


@pytest.mark.parametrize(
    ("status", "spoken"),
    [
        (402, exhausted("secret", code=402)),
        (429, exhausted(CAP)),
        (429, exhausted(CAP, DELAY)),
        (429, exhausted(PREPAID)),
        (429, exhausted(PLAN.format(0), DELAY)),
        (429, [exhausted(CAP)]),
    ],
)
async def test_a_bill_is_for_the_operator(
    service: AnsweringService, session: ClientSession, status: int, spoken: object
) -> None:
    service.gives(status, spoken)
    error = await error_of(built(Gemini, service, session))
    assert type(error) is NoCreditError
    assert error.advice not in str(error.sentence)
    assert error.paid is False


@pytest.mark.parametrize(
    ("spoken", "seconds"),
    [
        (exhausted(PLAN.format(250), DELAY), 53),
        (exhausted(PLAN.format(10) + "\nPlease retry in 7.5s."), 7.5),
        (exhausted("Resource has been exhausted (e.g. check quota)."), 20),
        (exhausted("The spend-based rate limit was exceeded."), 20),
    ],
)
async def test_a_limit_is_a_wait(
    service: AnsweringService, session: ClientSession, spoken: object, seconds: float
) -> None:
    service.gives(429, spoken)
    error = await error_of(built(Gemini, service, session))
    assert isinstance(error, ProviderBusyError)
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    ("spoken", "what"),
    [
        ({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}, "prompt"),
        ({"promptFeedback": {"blockReason": "OTHER"}, "candidates": None}, "prompt"),
        ({"prompt_feedback": {"block_reason": "BLOCKLIST"}}, "prompt"),
        ({"promptFeedback": {"blockReason": "IMAGE_SAFETY"}}, "result"),
        (ended("IMAGE_SAFETY"), "result"),
        (ended("IMAGE_PROHIBITED_CONTENT"), "result"),
        (ended("SAFETY", WORDS), "result"),
        (ended("PROHIBITED_CONTENT"), "result"),
        (ended("LANGUAGE"), "prompt"),
    ],
)
async def test_moderation_tells_its_stage(
    service: AnsweringService, session: ClientSession, spoken: object, what: str
) -> None:
    """Whatever it was, the service has answered: that costs tokens."""
    service.gives(200, spoken)
    error = await error_of(built(Gemini, service, session))
    assert isinstance(error, ContentRefusedError)
    assert (error.what, error.paid) == (what, None)
    assert error.sentence == ContentRefusedError.sentences[what]


async def test_with_references_it_may_be_about_them(service: AnsweringService, session: ClientSession) -> None:
    service.gives(200, {"promptFeedback": {"blockReason": "SAFETY"}})
    error = await error_of(built(Gemini, service, session), (REFERENCE,))
    assert isinstance(error, ContentRefusedError)
    assert (error.what, error.paid) == ("input", None)


@pytest.mark.parametrize("reason", ["RECITATION", "IMAGE_RECITATION"])
async def test_a_protected_work(service: AnsweringService, session: ClientSession, reason: str) -> None:
    service.gives(200, ended(reason))
    error = await error_of(built(Gemini, service, session))
    assert isinstance(error, ContentRefusedError)
    assert (error.what, error.paid) == ("result", None)
    assert "resembled a protected work" in str(error.sentence)


@pytest.mark.parametrize(
    ("spoken", "words"),
    [
        (ended("STOP", WORDS), "answered with words"),
        (ended(None, WORDS), "answered with words"),
        (ended("NO_IMAGE", WORDS), "answered with words"),
        (ended("NO_IMAGE"), "made no picture"),
        ({"candidates": [{"content": None, "finishReason": "NO_IMAGE"}]}, "made no picture"),
        ({"candidates": [{"content": {"parts": None}, "finish_reason": "NO_IMAGE"}]}, "made no picture"),
    ],
)
async def test_an_answer_without_a_picture_costs_tokens(
    service: AnsweringService, session: ClientSession, spoken: object, words: str
) -> None:
    service.gives(200, spoken)
    error = await error_of(built(Gemini, service, session))
    assert isinstance(error, InvalidRequestError)
    assert error.paid is None
    assert words in str(error.sentence)


@pytest.mark.parametrize(
    ("status", "spoken", "kind"),
    [
        (200, ended("IMAGE_OTHER"), GenerationFailedError),
        (200, ended("MAX_TOKENS"), GenerationFailedError),
        (200, ended("STOP"), GenerationFailedError),
        (200, {"candidates": None, "promptFeedback": None}, OutcomeUnknownError),
        (504, failed("DEADLINE_EXCEEDED"), GenerationFailedError),
        (499, failed("CANCELLED"), GenerationFailedError),
        (503, failed("UNAVAILABLE"), ProviderUnavailableError),
        (408, {"error": {"message": "secret"}}, OutcomeUnknownError),
    ],
)
async def test_other_answers(
    service: AnsweringService, session: ClientSession, status: int, spoken: object, kind: type[ProviderError]
) -> None:
    service.gives(status, spoken)
    error = await error_of(built(Gemini, service, session))
    assert type(error) is kind
    assert service.calls == 1


@pytest.mark.parametrize(
    "part",
    [
        {"inlineData": {"mimeType": "image/png", "data": TEXT}, "text": None, "thought": None},
        {"inline_data": {"mime_type": "image/png", "data": TEXT}},
        {"inlineData": {"mimeType": None, "data": TEXT.rstrip("=")}},
    ],
)
async def test_a_picture_in_any_form(service: AnsweringService, session: ClientSession, part: object) -> None:
    service.gives(200, {"candidates": [None, *ended("STOP", None, WORDS, part)["candidates"]]})
    assert (await events_of(built(Gemini, service, session)))[-1] == Finished((Picture(data=b"paid"),))


@pytest.mark.parametrize(
    ("status", "spoken", "kind"),
    [
        (402, exhausted("secret"), MisconfiguredError),
        (404, failed("NOT_FOUND"), MisconfiguredError),
        (400, failed("INVALID_ARGUMENT"), MisconfiguredError),
        (500, failed("INTERNAL"), ProviderBusyError),
        (504, failed("DEADLINE_EXCEEDED"), ProviderBusyError),
        (429, exhausted("Resource has been exhausted"), ProviderBusyError),
        (200, {"name": None}, ProviderBusyError),
    ],
)
async def test_a_check_never_speaks_of_money(
    service: AnsweringService, session: ClientSession, status: int, spoken: object, kind: type[ProviderError]
) -> None:
    service.gives(status, spoken)
    with pytest.raises(kind) as caught:
        await built(Gemini, service, session).check()
    assert isinstance(caught.value, MisconfiguredError | ProviderBusyError)
    assert caught.value.paid is False
