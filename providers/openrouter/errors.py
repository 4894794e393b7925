"""OpenRouter's errors. Document: openrouter.ai/docs/api/reference/errors-and-debugging.

The HTTP status is an error's code, unless a model had begun: then the error comes inside an answer with status 200, at
its top or at a choice. For such answers OpenRouter charges nothing (openrouter.ai/docs/features/
zero-completion-insurance).
"""

import re
from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json

from providers import http
from providers.errors import ContentRefusedError, GenerationFailedError, ProviderError
from providers.faults import (
    ZERO_LIMIT,
    Fault,
    Maker,
    busy,
    invalid,
    key_refused,
    no_credit,
    unavailable,
    unusable,
    when,
)
from providers.json_api import error_object
from providers.unfetched import unfetched

KEY = "create an API key at openrouter.ai/keys and set it as providers.openrouter.api_key"
_BILL = no_credit("the account has no credit left: add some at openrouter.ai/credits")
_LIMIT = no_credit("the key's limit is used up: raise it at openrouter.ai/keys")
_NOT_ALLOWED = unusable("the key or a guardrail of the account doesn't allow this: see openrouter.ai/settings")
_NO_MODEL = unusable(
    "OpenRouter has no such image model, or none that the account's privacy settings allow: check "
    "providers.openrouter.models and openrouter.ai/settings/privacy"
)
_MODERATED = re.compile(
    r"moderat|flagged|content.?polic|content.?filter|safety|sensitive|prohibited|\bnsfw\b", re.IGNORECASE
)
"""Words of a refusal, OpenRouter's own or those of the company behind the model."""
_OF_RESULT = re.compile(r"generated image|output image|OutputImage|\boutput\b.{0,40}flagged", re.IGNORECASE)
_KEY_LIMIT = re.compile(r"limit exceeded|key limit", re.IGNORECASE)


def _refused(fault: Fault) -> ProviderError:
    is_result = fault.status < 300 and _OF_RESULT.search(fault.message)
    return ContentRefusedError("result" if is_result else "prompt", detail=fault.detail)


def _failed(fault: Fault) -> ProviderError:
    """The model had begun, and failed: nothing is charged."""
    return GenerationFailedError(detail=fault.detail, paid=False)


def _down(fault: Fault) -> ProviderError:
    return unavailable(fault) if fault.status >= 300 else _failed(fault)


def _broke_off(fault: Fault) -> ProviderError:
    """A status tells of the whole call: whether a model had begun is not known."""
    return http.lost(fault.detail, paying=fault.paying) if fault.status >= 300 else _failed(fault)


TABLE: Mapping[str, Maker] = {
    "400": when(_MODERATED, _refused, unfetched(invalid())),
    "401": key_refused(KEY),
    "402": _BILL,
    "403": when(_KEY_LIMIT, _LIMIT, when(_MODERATED, _refused, _NOT_ALLOWED)),
    "404": _NO_MODEL,
    "408": _broke_off,
    "422": when(_MODERATED, _refused, unfetched(invalid())),
    "429": when(ZERO_LIMIT, _LIMIT, busy(10)),
    "500": _broke_off,
    "502": _down,
    "503": _down,
    "504": _broke_off,
    "524": _broke_off,
    "529": _down,
}


def read_error(answer: Any) -> tuple[str, str] | None:
    """`{"error": {"code", "message", "metadata"}}`, at the top of an answer or at its first choice that has one.

    The metadata tell why a prompt was refused (`reasons`), or repeat the words of the company behind the model (`raw`).
    """
    choices = answer.get("choices") if isinstance(answer, dict) else None
    listed = choices if isinstance(choices, list) else []
    # One that came beside a picture must not lose it.
    for one in (answer, *(() if any(map(_has_picture, listed)) else listed)):
        if found := error_object(one):
            error = one["error"]
            metadata = error.get("metadata") if isinstance(error, dict) else None
            words = to_json(metadata).decode() if metadata else ""
            return found[0], f"{found[1]} {_with_reasons(metadata)}{words}".strip()
    return None


def _has_picture(choice: Any) -> bool:
    message = choice.get("message") if isinstance(choice, dict) else None
    return isinstance(message, dict) and bool(message.get("images"))


def _with_reasons(metadata: Any) -> str:
    """A word for metadata that have reasons: they come with a refusal only."""
    return "moderation: " if isinstance(metadata, dict) and metadata.get("reasons") else ""
