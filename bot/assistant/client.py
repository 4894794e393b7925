"""The calls of the assistant: chat completions and transcriptions, as OpenAI's API and those like it have them.

A call that may have been charged and whose answer got lost raises `OutcomeUnknownError`; nothing is asked twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from aiohttp import ClientSession, ClientTimeout, FormData
from yarl import URL

from bot.assistant.requests import MOST_ANSWER_TOKENS, Messages
from bot.assistant.settings import AssistantSettings
from providers.errors import MisconfiguredError, ProviderError
from providers.faults import Maker, busy, key_refused, no_credit, operator, refused
from providers.json_api import Rest, bearer, error_object
from providers.wire import Items, WireModel

KEY = "create an API key at the chat service and set it as assistant.api_key"
TABLE: Mapping[str, Maker] = {
    # platform.openai.com/docs/guides/error-codes; others answer with the same codes, or are known by their status.
    "invalid_api_key": key_refused(KEY),
    "insufficient_quota": no_credit("the account has no credit left, or a bill to pay: see its billing settings"),
    "model_not_found": operator("there is no such model: check assistant.model and the other models"),
    "rate_limit_exceeded": busy(10),
    "content_filter": refused("prompt"),
    "content_policy_violation": refused("prompt"),
    "invalid_prompt": refused("prompt"),
}
NEWER_PARAMETER = ("api.openai.com", ".openai.azure.com")
"""OpenAI's own models refuse `max_tokens`, which all others know."""
MOST_ANSWER_BYTES = 1 << 20


class _Message(WireModel):
    content: Any = None


class _Choice(WireModel):
    message: _Message = _Message()


class _Usage(WireModel):
    total_tokens: Any = None


class _Completion(WireModel):
    choices: Items[_Choice]
    usage: _Usage = _Usage()


class _Transcript(WireModel):
    text: Any = None


class _Model(WireModel):
    id: str = ""


class _Models(WireModel):
    data: Items[_Model]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the assistant said, whatever it is. `tokens`: how many it counted, None where it does not say."""

    said: object
    tokens: int | None = None


class AssistantClient:
    """The chat service of these settings."""

    def __init__(self, settings: AssistantSettings, session: ClientSession) -> None:
        self.settings = settings
        self._session = session

    async def chat(self, model: str, messages: Messages) -> Answer:
        """One answer of a chat model. Raises `ProviderError`."""
        body = {"model": model, "messages": messages, self.limit: MOST_ANSWER_TOKENS}
        given = await self._rest.call("POST", self._at("chat/completions"), _Completion, body, **self._paying)
        tokens = given.usage.total_tokens
        said = given.choices[0].message.content if given.choices else None
        return Answer(said, tokens if type(tokens) is int and tokens >= 0 else None)

    async def transcribe(self, voice: bytes) -> Answer:
        """The words of a voice message: OGG with Opus, as Telegram has it. Raises `ProviderError`."""
        form = FormData()
        form.add_field("model", self.settings.transcription_model)
        form.add_field("file", voice, filename="voice.ogg", content_type="audio/ogg")
        given = await self._rest.call("POST", self._at("audio/transcriptions"), _Transcript, form, **self._paying)
        return Answer(given.text)

    async def check(self) -> None:
        """Ask for the models, which is free. Raises `MisconfiguredError`, or `ProviderBusyError` where the service
        can't be reached."""
        listed = {one.id for one in (await self._rest.query(self._at("models"), _Models)).data}
        settings = self.settings
        asked = (settings.model, settings.vision_model, settings.transcription_model)
        # Some list them with a folder: "models/…".
        known = listed | {name.rpartition("/")[2] for name in listed}
        if missing := [name for name in asked if name and listed and name not in known]:
            raise MisconfiguredError(f"it has no model {', '.join(dict.fromkeys(missing))}: check the models")

    @cached_property
    def _rest(self) -> Rest:
        headers = bearer(self.settings.api_key) if self.settings.api_key.get_secret_value() else {}
        return Rest(self._session, headers, error_object, TABLE, KEY, most=MOST_ANSWER_BYTES)

    @property
    def _paying(self) -> dict[str, Any]:
        return {"paying": True, "timeout": ClientTimeout(total=self.settings.time_limit, connect=10)}

    @property
    def limit(self) -> str:
        """The parameter that limits an answer."""
        host = self.settings.host
        return "max_completion_tokens" if host.endswith(NEWER_PARAMETER) else "max_tokens"

    def _at(self, path: str) -> str:
        return str(URL(self.settings.base_url) / path)


def may_be_charged(error: ProviderError) -> bool:
    """Whether a call that failed so counts."""
    return error.paid is not False
