"""Takes requests in: a prompt and pictures become a job, or wait for each other as a draft."""

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aiogram.exceptions import TelegramAPIError, TelegramNetworkError
from aiogram.types import Message
from aiogram.utils.i18n import gettext as _

from bot.access import Access
from bot.assistant.settings import AssistantSettings
from bot.handlers.chat_policy import ChatPolicy
from bot.handlers.choices import check_count, read_choices
from bot.handlers.depicted_people import DepictedPeople
from bot.handlers.price_check import ConfirmationNeededError, PriceCheck
from bot.handlers.prompt_flags import Scan
from bot.handlers.request_context import RequestContext
from bot.handlers.request_reader import NO_DRAFT, JobStyle, RequestReader, style_of_topic
from bot.jobs.engine import JobEngine
from bot.jobs.over_budget import no_room
from bot.jobs.prices import Price, estimate
from bot.jobs.request_builder import would_be
from bot.telegram.formatting import plain
from bot.telegram.provider_labels import read_model
from providers.base import Model, Provider
from providers.money import Money
from providers.options import Options
from storage.confirmations import Confirmation
from storage.money import BudgetExceededError
from storage.quota import Quota, QuotaExceededError
from storage.records import Draft, Job, NewDraft, NewJob, NewReference
from storage.settings_records import ChatRules
from storage.store import Store

DRAFT_SECONDS = 600
"""The time for which pictures wait for the next message to bring their prompt."""
DOUBLE_TAP_SECONDS = 2.0

Send = Callable[[], Awaitable[Message]]


@dataclass(frozen=True, slots=True)
class Overrides:
    """The parts of a repeated request that differ from the first one; None: the same. `prompt`: the words of one of
    its pictures."""

    references: tuple[NewReference, ...] | None = None
    options: Mapping[str, Any] | None = None
    style: JobStyle | None = None
    prompt: str | None = None


NO_OVERRIDES = Overrides()


class RequestService(RequestReader):
    """Takes requests in. `store`, `providers`, `default`: see `RequestReader`; `chat_policy`: whether a chat accepts
    requests; `access`: who are the bot's admins, and each person's limits; `people`: whom a request
    depicts; `confirm`: the prices above which people are asked first.
    """

    def __init__(
        self,
        engine: JobEngine,
        store: Store,
        providers: Mapping[str, Provider[Any, Any]],
        default: str,
        *,
        chat_policy: ChatPolicy,
        access: Access,
        people: DepictedPeople,
        confirm: Sequence[Money] = (),
    ) -> None:
        super().__init__(store, providers, default)
        self.engine = engine
        self._chat_policy = chat_policy
        self.access = access
        self.people = people
        self._prices = PriceCheck(engine, store, providers, confirm)
        self._clock = store.clock
        # Help with words; None: there is none.
        self.assistant: AssistantSettings | None = None

    @property
    def improves(self) -> bool:
        """Whether ✨ stands under words: the assistant finds better ones."""
        return self.assistant is not None and self.assistant.improves

    @property
    def help_commands(self) -> tuple[str, ...]:
        """The commands of help with words, where there is any."""
        return self.assistant.commands if self.assistant else ()

    async def check(self, context: RequestContext) -> ChatRules:
        """The chat's rules for a request. Raises `ChatNotAllowedError` where the admins, or Telegram, don't let the bot
        work.

        `ask` and `ask_again` check by themselves; call this for earlier steps.
        """
        by_press = context.button is not None
        return await self._chat_policy.rules(context.chat_id, context.thread_id, context.user_id, by_press=by_press)

    async def ask(self, context: RequestContext, words: Scan, draft: Draft = NO_DRAFT) -> Job | None:
        """Make a job of a prompt and a draft; a style named in the prompt overrides the draft's.

        None when this update has made a job, and for a double tap. Raises `FlagError` (also about people who do not
        allow it), `QuotaExceededError`, `ChatNotAllowedError` or `ConfirmationNeededError`.
        """
        new, options, depicts = await self._request(context, words, draft)
        try:
            return await self._submit(new, self._allowed(context), options, depicts=depicts)
        except ConfirmationNeededError as error:
            error.draft = draft
            raise

    async def price_of(self, context: RequestContext, words: Scan) -> Price | None:
        """The most that a prompt would cost; None: the operator has set no prices. Raises `FlagError` or
        `ChatNotAllowedError`."""
        new, options, _depicts = await self._request(context, words, NO_DRAFT)
        return self._prices.price(new, options)

    async def prepared(self, context: RequestContext, words: Scan, draft: Draft = NO_DRAFT) -> NewJob:
        """The request of a prompt and a draft, which is not made. Raises `FlagError` or `ChatNotAllowedError`."""
        return (await self._request(context, words, draft))[0]

    async def make(self, new: NewJob, draft: Draft) -> Job | None:
        """Make a job of a prepared request of this draft, once, however often it is called.

        Raises `QuotaExceededError`, `ChatNotAllowedError` or `ConfirmationNeededError`.
        """
        await self._chat_policy.rules(new.chat_id, new.thread_id, new.user_id, by_press=True)
        depicts = await self.people.check(new.chat_id, new.references)
        try:
            return await self._submit(new, self.access.quota(new.user_id), depicts=depicts)
        except ConfirmationNeededError as error:
            error.draft = draft
            raise

    def model_of(self, new: NewJob) -> Model | None:
        """The row of the model that a request selects; None: it is not offered any more."""
        used = read_model(self.providers, new.provider, new.options)
        row: Model | None = used.provider.model(used.options) if used.provider and used.options else None
        return row

    async def confirmed(self, confirmation: Confirmation, *, as_written: bool = False) -> None:
        """Make a job of a request whose person agrees to its price. `as_written`: its braces are no choices.

        Raises `QuotaExceededError` or `ChatNotAllowedError`, and `ConfirmationNeededError` where the price has risen.
        """
        if as_written:
            confirmation = replace(confirmation, request=replace(confirmation.request, choices=None))
        new = confirmation.request
        await self._chat_policy.rules(new.chat_id, new.thread_id, new.user_id, by_press=True)
        depicts = await self.people.check(new.chat_id, new.references)
        job = await self._prices.confirmed(confirmation, self.access.quota(new.user_id))
        if job and depicts:
            self.people.notices.tell(job)

    async def reword(self, context: RequestContext, job: Job, words: Scan, draft: Draft, edited_at: float) -> bool:
        """Give a waiting job the prompt that its message has now. False: it has begun, or ended.

        Raises `FlagError`, `InvalidRequestError` or `ChatNotAllowedError`: then the job stays as it was.
        """
        new, options, depicts = await self._request(context, words, draft)
        for request in would_be(new, options, len(new.references)):
            self.providers[new.provider].validate(request)
        self._prices.refuse_dearer(job, new)
        is_changed = await self.engine.reword(job.id, new, edited_at)
        if is_changed and depicts:
            self.people.notices.tell(job)
        return is_changed

    async def _request(self, context: RequestContext, words: Scan, draft: Draft) -> tuple[NewJob, Options, bool]:
        """The job by the settings and flags, its options, and whether it depicts people. Raises `FlagError` or
        `ChatNotAllowedError`."""
        rules = await self.check(context)
        name, parsed, style = await self.understand(context, words, rules, draft)
        if style is None:
            style = draft.style or style_of_topic(rules)
        references, depicts = await self.people.references_of(context, parsed.prompt, draft.references)
        said = read_choices(parsed.prompt)
        new = self._job(context, references, provider=name, prompt=said.prompt)
        options = parsed.options.model_dump(mode="json", exclude_unset=True)
        new = replace(new, options=options, style=style or None, choices=said.choices)
        if said.choices:
            requests = would_be(new, parsed.options, len(new.references))
            check_count(said, estimate(self.providers[name], *requests))
        return new, parsed.options, depicts

    async def alone(
        self, context: RequestContext, words: Scan, draft: Draft, rules: ChatRules
    ) -> tuple[NewJob, Options]:
        """One of several requests with the same words, for the provider that `words` names: each makes one picture.
        Raises `FlagError`."""
        name, parsed, style = await self.understand(context, words, rules)
        new = self._job(context, draft.references, provider=name, prompt=parsed.prompt)
        return replace(new, style=style or draft.style), parsed.options

    async def ask_again(self, context: RequestContext, job: Job, overrides: Overrides = NO_OVERRIDES) -> Job | None:
        """The request of a job again, with `overrides`, as a job of the author in `context`. Raises
        `QuotaExceededError`, `ChatNotAllowedError` or `ConfirmationNeededError`.

        None: a double tap is one request, and each job would be paid.
        """
        new = await self.repeated(context, job, overrides)
        depicts = await self.people.check(context.chat_id, new.references)
        return await self._submit(new, self._allowed(context), depicts=depicts)

    async def repeated(self, context: RequestContext, job: Job, overrides: Overrides = NO_OVERRIDES) -> NewJob:
        """The request that `ask_again` makes a job of. Raises `ChatNotAllowedError`."""
        await self.check(context)
        references = overrides.references
        if references is None:
            references = await self.references_again(context, job, overrides.prompt)
        new = self._job(context, references, provider=job.provider, prompt=overrides.prompt or job.prompt)
        options = job.options if overrides.options is None else overrides.options
        choices = None if overrides.prompt else job.choices
        return replace(new, options=options, style=overrides.style or job.style, choices=choices)

    async def _submit(self, new: NewJob, quota: Quota, options: Options | None = None, *, depicts: bool) -> Job | None:
        job = await self._prices.submit(new, quota, options)
        if job and depicts:
            self.people.notices.tell(job)
        return job

    async def ask_for_words(
        self, context: RequestContext, draft: Draft, question: Send, *, only_replies: bool = False, words: str = ""
    ) -> None:
        """Store a draft, which replaces an earlier one of this message, and send the `question` for its prompt: it may
        come as a reply, or, unless `only_replies`, with the next message. `words`: the prompt for a button of it.

        A press on the question and the next message find the draft, however late Telegram confirms the question.
        Raises aiogram's errors.
        """
        key, message_id = context.idempotency_key, context.asked_message_id
        new = NewDraft(key, context.chat_id, context.user_id, None, draft, message_id=message_id, words=words)
        await self.store.drafts.add(new, self._clock() - (DRAFT_SECONDS + 1 if only_replies else 0))
        try:
            asked = await question()
        except TelegramAPIError as error:
            if not isinstance(error, TelegramNetworkError):
                # Nobody has seen it, and people send again what is not answered.
                await self.set_drafts_aside(context)
            raise
        await self.store.drafts.asked(key, asked.message_id)

    async def take_draft(self, context: RequestContext, question_id: int | None) -> Draft:
        """Take the person's draft, all pictures and the style; it waits no longer."""
        since = self._clock() - DRAFT_SECONDS
        who = (context.chat_id, context.user_id, context.idempotency_key)
        return await self.store.drafts.take(*who, since=since, question_id=question_id)

    async def take_draft_of(self, context: RequestContext, question_id: int) -> Draft:
        """Take only the draft that waits for a reply to the message `question_id`; it waits no longer."""
        who = (context.chat_id, context.user_id, context.idempotency_key)
        return await self.store.drafts.take(*who, since=math.inf, question_id=question_id)

    async def set_drafts_aside(self, context: RequestContext) -> None:
        """Keep the person's drafts only for replies to their questions: the person speaks of other pictures now."""
        await self.store.drafts.set_aside(context.chat_id, context.user_id, self._clock() - DRAFT_SECONDS)

    def _allowed(self, context: RequestContext) -> Quota:
        quota = self.access.quota(context.user_id)
        return replace(quota, apart=DOUBLE_TAP_SECONDS) if context.button else quota

    def _job(
        self, context: RequestContext, references: tuple[NewReference, ...], *, provider: str, prompt: str
    ) -> NewJob:
        return NewJob(
            idempotency_key=context.idempotency_key,
            chat_id=context.chat_id,
            message_id=context.message_id or None,
            user_id=context.user_id,
            language=context.language,
            thread_id=context.thread_id,
            user_name=context.user_name,
            provider=provider,
            prompt=prompt,
            options={},
            references=references,
            said=context.said,
            asked_message_id=context.asked_message_id,
            button=context.button,
            inline_message_id=context.inline_message_id,
        )


def quota_text(error: QuotaExceededError, *, is_queued: bool = True) -> str:
    """The text for a person who has reached a limit, or for whom a budget has no room; without marks. `is_queued`:
    whether what they have asked for stands in `/queue`."""
    if isinstance(error, BudgetExceededError):
        return plain(no_room(error.standing, error.price))
    if not error.waiting:
        return _("You've reached your limit: {most} in 24 hours. Try again later.").format(most=error.most)
    words = _("You've reached your limit: {most} at a time. Try again when one is done.").format(most=error.most)
    return _("{words} /queue shows them.").format(words=words) if is_queued else words
