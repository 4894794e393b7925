"""`Helper`: asks the assistant one question at a time for each person, within limits and budgets.

It is never in a job's path: no job waits for it, and what it says becomes a job only by a person's press.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from bot.assistant.answers import UnusableAnswerError, Words, read_words
from bot.assistant.client import Answer, AssistantClient, may_be_charged
from bot.assistant.prices import cost_of, price_of
from bot.assistant.requests import describing, improving
from bot.fair_slots import FairSlots
from bot.jobs.retry import until_stored
from providers.errors import ContentRefusedError, MisconfiguredError, OutcomeUnknownError, ProviderError
from storage.money import BudgetRules
from storage.quota import Quota
from storage.store import Store
from storage.store_errors import StoreError
from storage.suggestions import Suggestion, SuggestionState

log = logging.getLogger(__name__)

MOST_AT_ONCE = 6
"""Questions that are asked at once, of all people."""
Reason = Literal["refused", "unusable", "unreached", "lost", "misconfigured"]
Sleep = Callable[[float], Awaitable[None]]


class HelpFailedError(Exception):
    """The assistant gave no words. `may_be_charged`: whether that counts."""

    def __init__(self, reason: Reason, *, may_be_charged: bool) -> None:
        self.reason = reason
        self.may_be_charged = may_be_charged
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may ask how often, and for how much. `is_exempt`: whether a person has no daily limit."""

    budgets: BudgetRules
    is_exempt: Callable[[int], bool]


class Helper:
    """Help with words. `worker`: gives this process's present worker id."""

    def __init__(self, client: AssistantClient, store: Store, rules: Rules, worker: Callable[[], int]) -> None:
        self._client = client
        self._store = store
        self._rules = rules
        self._worker = worker
        self._slots = FairSlots(MOST_AT_ONCE)
        self.sleep: Sleep = asyncio.sleep

    @property
    def host(self) -> str:
        """The host of the assistant, as people know it."""
        return self._client.settings.host

    def offers(self, kind: str) -> bool:
        """Whether the operator has set up this kind of help: "improve", "describe" or "listen"."""
        return bool(self._client.settings.model_for(kind))

    async def reserve(self, suggestion: Suggestion) -> bool:
        """Reserve the price of a question that is asked next, by one call at a time. False: it was asked before.

        Raises `QuotaExceededError`, and `BudgetExceededError`.
        """
        settings, worker_id, is_lost = self._client.settings, self._worker(), False
        daily = None if self._rules.is_exempt(suggestion.user_id) else settings.daily or None
        price = price_of(settings, suggestion.kind, suggestion.seconds)
        quota, budgets = Quota(waiting=1, daily=daily), self._rules.budgets

        async def reserve() -> bool:
            nonlocal is_lost
            store, now = self._store.suggestions, self._store.clock()
            try:
                if await store.ask(suggestion, worker_id, now, price=price, quota=quota, budgets=budgets):
                    return True
                latest = await store.get(suggestion.id) if is_lost else None
            except StoreError:
                is_lost = True
                raise
            # Only the answer to an earlier try got lost.
            return latest is not None and (latest.state, latest.worker_id) == (SuggestionState.ASKING, worker_id)

        return await until_stored(reserve, "reserving the price of help with words", self.sleep)

    async def not_asked(self, suggestion: Suggestion, *, may_be_charged: bool = False) -> None:
        """A reserved question is not asked after all, or nobody knows."""
        await self._ended(suggestion, None if may_be_charged else 0)

    async def ask(
        self,
        suggestion: Suggestion,
        data: bytes | None,
        *,
        languages: tuple[str, ...],
        most: int,
        without_flags: Callable[[str], str],
    ) -> Words | None:
        """Ask a reserved question, once. `data`: the picture (JPEG) or the voice message; `languages`: those in which
        the service that is to draw wants prompts, of at most `most` characters; `without_flags`: see `read_words`.
        None: it was given up for lost.

        Raises `HelpFailedError`.
        """
        try:
            async with self._slots.slot(suggestion.user_id):
                answer = await self._call(suggestion, data, languages)
        except ProviderError as error:
            counts = may_be_charged(error)
            await self._ended(suggestion, None if counts else 0)
            raise HelpFailedError(_reason(error), may_be_charged=counts) from error
        cost = cost_of(self._client.settings, suggestion.kind, answer.tokens)
        try:
            words = read_words(answer.said, without_flags, most)
        except UnusableAnswerError as error:
            log.info("the assistant gave no usable words (%s)", error)
            await self._ended(suggestion, cost)
            raise HelpFailedError("unusable", may_be_charged=True) from error
        keep = self._store.suggestions.answered
        said = (suggestion.id, words.words, words.translation)
        stored = await until_stored(lambda: keep(*said, cost=cost), "storing help with words", self.sleep)
        return words if stored else None

    async def _call(self, suggestion: Suggestion, data: bytes | None, languages: tuple[str, ...]) -> Answer:
        request, model = suggestion.request, self._client.settings.model_for(suggestion.kind)
        if suggestion.kind == "listen":
            return await self._client.transcribe(data or b"")
        if suggestion.kind == "describe":
            language = request.language if request else ""
            return await self._client.chat(model, describing(data or b"", language, languages))
        return await self._client.chat(model, improving(request.prompt if request else "", languages))

    async def _ended(self, suggestion: Suggestion, cost: int | None) -> None:
        fail = self._store.suggestions.failed
        await until_stored(lambda: fail(suggestion.id, cost), "storing that help failed", self.sleep)


def _reason(error: ProviderError) -> Reason:
    log.warning("the assistant failed: %s", error.advice if isinstance(error, MisconfiguredError) else error.detail)
    if isinstance(error, ContentRefusedError):
        return "refused"
    if isinstance(error, MisconfiguredError):
        return "misconfigured"
    return "lost" if isinstance(error, OutcomeUnknownError) else "unreached"
