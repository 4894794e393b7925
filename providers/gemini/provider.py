"""The Gemini provider: one call that contains the references and answers with the pictures."""

import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field

from providers import http
from providers.base import Capabilities, Finished, ImageRequest, Model, Picture, Working
from providers.base64_pictures import picture
from providers.errors import (
    ContentRefusedError,
    GenerationFailedError,
    InvalidRequestError,
    MisconfiguredError,
    ProviderError,
    Sentence,
    TaskExpiredError,
)
from providers.faults import (
    ZERO_LIMIT,
    Fault,
    Maker,
    busy,
    failed,
    invalid,
    key_refused,
    no_credit,
    operator,
    unavailable,
    unusable,
    when,
)
from providers.gemini.models import MODELS, PROMPT_LENGTH
from providers.gemini.options import GeminiOptions, GeminiSettings
from providers.json_api import MOST_BYTES_OF_PICTURES, Rest, base64_of
from providers.larger import larger
from providers.models import today
from providers.options import nearest_shape
from providers.synchronous import SynchronousProvider
from providers.unknown_models import refuse_unknown
from providers.wire import Items, WireModel

KEY = "create an API key at aistudio.google.com and set it as providers.gemini.api_key"

_FOREVER = re.compile(
    rf"spend(ing)? cap|credits? (are|is|have been) (depleted|exhausted)|{ZERO_LIMIT.pattern}", re.IGNORECASE
)
"""Words of a 429 that no wait can lift."""
_BILL = no_credit(
    "the project's credit or spending cap is used up, or its plan doesn't include this model: see Billing and Spend "
    "at aistudio.google.com"
)


def _exhausted(fault: Fault) -> ProviderError:
    return _BILL(fault) if fault.status == 402 else when(_FOREVER, _BILL, busy(20))(fault)


TABLE: Mapping[str, Maker] = {
    # ai.google.dev/gemini-api/docs/troubleshooting: `status`, or `reason` of the details
    "API_KEY_INVALID": key_refused(KEY),
    "UNAUTHENTICATED": key_refused(KEY),
    "PERMISSION_DENIED": unusable("the key may not use this model: check its project at aistudio.google.com"),
    "FAILED_PRECONDITION": operator(
        "enable billing for the project at aistudio.google.com, or its country is not served"
    ),
    "NOT_FOUND": unusable("there is no such model: check providers.gemini.models"),
    "INVALID_ARGUMENT": invalid(),
    "RESOURCE_EXHAUSTED": _exhausted,
    "UNAVAILABLE": unavailable,
    "INTERNAL": failed,
    "UNKNOWN": failed,
    "DEADLINE_EXCEEDED": failed,
    "CANCELLED": failed,
}
_OF_RESULT = frozenset(
    {"SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT"}
)
"""`finishReason`s of moderation: the answer was begun."""
_PROTECTED = frozenset({"RECITATION", "IMAGE_RECITATION"})
_LIKE_A_WORK = Sentence(
    "The picture was made, but it resembled a protected work, so the service held it back. Try again."
)
_ONLY_WORDS = Sentence(
    "The service answered with words instead of a picture. Please say more clearly what it should show."
)
_NO_IMAGE = Sentence("The service made no picture from this. Please say more clearly what it should show.")

Request = ImageRequest[GeminiOptions]


class _Inline(WireModel):
    data: str = ""
    mime_type: str = Field("", alias="mimeType")


# Any type where one that is not as documented must not lose a paid picture.


class _Part(WireModel):
    text: Any = None
    inline_data: _Inline = Field(_Inline(), alias="inlineData")
    thought: Any = False


class _Content(WireModel):
    parts: Items[_Part] = Field([])


class _Candidate(WireModel):
    content: _Content = _Content()
    finish_reason: Any = Field("", alias="finishReason")


class _Feedback(WireModel):
    block_reason: Any = Field("", alias="blockReason")


class _Answer(WireModel):
    candidates: Items[_Candidate] = Field([])
    prompt_feedback: _Feedback = Field(_Feedback(), alias="promptFeedback")


class _Model(WireModel):
    name: str


class Gemini(SynchronousProvider[GeminiSettings, GeminiOptions]):
    """Gemini's image models."""

    title: ClassVar[str] = "Gemini"
    Settings = GeminiSettings
    Options = GeminiOptions
    table = MODELS
    capabilities = Capabilities(
        prompt_length=PROMPT_LENGTH,
        pictures=4,
        resumes=False,
    )
    names_references = False

    @cached_property
    def rest(self) -> Rest:
        """The service's calls."""
        heads = {"x-goog-api-key": self.settings.api_key.get_secret_value()}
        return Rest(self.session, heads, read_error, TABLE, KEY, most=MOST_BYTES_OF_PICTURES)

    def model(self, options: GeminiOptions) -> Model:
        """The row of the model; also of one that is not set up any more."""
        return self.rows.get(options.model) or MODELS.of((options.model,), {})[options.model]

    def enlarged(self, options: GeminiOptions, size: tuple[int, int]) -> GeminiOptions | None:
        """Options for the largest size that a model has, in the shape nearest to the picture's."""
        changed = larger((row for row in self.rows.values() if row.references), options, size)
        if changed is None:
            return None
        shape = nearest_shape(self.rows[changed["model"]].choices.get("ar", ()), size)
        return self.Options.model_validate({**changed, "ar": shape})

    def split(self, request: Request) -> tuple[Request, ...]:
        """One picture a call."""
        return (request.with_options(n=1),) * request.options.n

    async def answer(self, request: Request) -> AsyncGenerator[Working | Finished, None]:
        """Call generateContent with all references inside."""
        options = request.options
        shape = ({} if options.ar == "auto" else {"aspectRatio": options.ar}) | (
            {} if options.size == "auto" else {"imageSize": options.size.upper()}
        )
        parts: list[dict[str, object]] = [{"text": request.prompt}]
        parts += [
            {"inlineData": {"mimeType": reference.media_type, "data": await base64_of(reference)}}
            for reference in request.references
        ]
        config: dict[str, object] = {"responseModalities": ["IMAGE"]} | ({"imageConfig": shape} if shape else {})
        payload = {"contents": [{"role": "user", "parts": parts}], "generationConfig": config}
        url = f"{self.settings.endpoint}/models/{options.model}:generateContent"
        answer = await self.rest.call("POST", url, _Answer, payload, paying=True, timeout=self.answer_timeout)
        yield Finished(_pictures(answer))

    async def check(self) -> None:
        """Query each model, which is free."""
        asked = [row.name for row in self.rows.values() if not row.has_ended(today())]
        refuse_unknown([name for name in asked if not await self._knows(name)])

    async def _knows(self, name: str) -> bool:
        """Whether the service has this model. Raises as `check` does for other reasons."""
        table = {code: maker for code, maker in TABLE.items() if code != "NOT_FOUND"}
        try:
            await replace(self.rest, table=table).query(f"{self.settings.endpoint}/models/{name}", _Model)
        except MisconfiguredError as error:
            if isinstance(error.__cause__, TaskExpiredError):
                return False
            raise
        return True


def read_error(answer: Any) -> tuple[str, str] | None:
    """`{"error": {"code", "message", "status", "details": [{"reason"}]}}`, or a list of one of these."""
    first = answer[0] if isinstance(answer, list) and answer else answer
    error = first.get("error") if isinstance(first, dict) else None
    if not isinstance(error, dict):
        return None
    details = error.get("details")
    listed = details if isinstance(details, list) else ()
    reasons = (str(one.get("reason")) for one in listed if isinstance(one, dict))
    code = next((reason for reason in reasons if reason in TABLE), error.get("status"))
    return str(code or ""), str(error.get("message") or "")


def _pictures(answer: _Answer) -> tuple[Picture, ...]:
    # A pro model sends its drafts as thoughts.
    parts = [part for candidate in answer.candidates for part in candidate.content.parts if part.thought is not True]
    found = tuple(picture(part.inline_data.data) for part in parts if part.inline_data.data)
    if found:
        return found
    error = _why(answer, has_words=any(part.text for part in parts))
    # An answer without a picture costs tokens as well.
    error.paid = None
    raise error


def _why(answer: _Answer, *, has_words: bool) -> ProviderError:
    """The error for an answer without a picture: by its `blockReason`, else by the first `finishReason`."""
    if reason := str(answer.prompt_feedback.block_reason or ""):
        return ContentRefusedError("result" if reason == "IMAGE_SAFETY" else "prompt", detail=reason)
    if not answer.candidates:
        return http.lost("neither candidates nor a reason", paying=True)
    reason = next((str(one.finish_reason) for one in answer.candidates if one.finish_reason), "")
    return _stopped(reason, has_words=has_words)


def _stopped(reason: str, *, has_words: bool) -> ProviderError:
    """The error for a `finishReason`."""
    if reason in _OF_RESULT:
        return ContentRefusedError("result", detail=reason)
    if reason in _PROTECTED:
        return ContentRefusedError("result", _LIKE_A_WORK, detail=reason)
    if reason == "LANGUAGE":
        return ContentRefusedError("prompt", detail=reason)
    if has_words or reason == "NO_IMAGE":
        return InvalidRequestError(_ONLY_WORDS if has_words else _NO_IMAGE, detail=reason)
    return GenerationFailedError(detail=f"no picture: {reason}")
