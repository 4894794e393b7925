"""The desk where people's wishes are taken in: words and pictures become a job, or wait for each other."""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiogram.utils.i18n import gettext as _

from bot.handlers.admission import Admission
from bot.handlers.flags import FlagError, Parsed, Scan, read, scan
from bot.handlers.request_context import Place, as_asked
from bot.handlers.stylebook import find, names_of_everybodys
from bot.jobs.engine import JobEngine
from bot.jobs.request_builder import would_be
from bot.telegram.flag_names import known_names
from bot.telegram.services import STYLE
from providers.base import Provider
from providers.options import N_, Flag, flags
from storage.jobs import ANYTHING
from storage.records import Allowance, ChatRules, Draft, Job, NewDraft, NewJob, NewSource, Preferences, Style, TooMany
from storage.store import Store

# How long pictures without words wait for the next message to bring them.
DRAFT_SECONDS = 600
DOUBLE_TAP_SECONDS = 2.0
NO_DRAFT = Draft()
StyleUsed = Mapping[str, str]
"""A style as a job keeps it: its `name` and `words`."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is otherwise in a request that is made once more, where it isn't None."""

    sources: tuple[NewSource, ...] | None = None
    options: Mapping[str, Any] | None = None
    style: StyleUsed | None = None


NOTHING_ELSE = Change()


class Desk:
    """Takes wishes in. `providers` by name; `default` is the one for who names none; `admins`: who runs the bot;
    `admission`: whether a chat takes wishes; `allowance`: what a person may ask for, by their id.
    """

    def __init__(
        self,
        engine: JobEngine,
        store: Store,
        providers: Mapping[str, Provider[Any, Any]],
        default: str,
        *,
        admission: Admission,
        admins: Collection[int] = (),
        allowance: Callable[[int], Allowance] = lambda _user_id: ANYTHING,
    ) -> None:
        self.engine = engine
        self.store = store
        self.providers = providers
        self.default = default
        self._admission = admission
        self.admins = admins
        self._allowance = allowance
        self._clock = store.clock

    def own_flags(self) -> tuple[Flag, ...]:
        """The flags of the bot itself."""
        names = tuple(self.providers)
        return (
            Flag("provider", N_("which service draws it"), ", ".join(names), names, self.default),
            Flag(STYLE, N_("the name of a style"), N_("see /style"), (), ""),
        )

    async def chosen(self, place: Place) -> str:
        """The name of the provider that a person's jobs go to in this chat."""
        return self.service_of(
            await self.store.people.preferences(place.user_id), await self.store.chats.rules(place.chat_id)
        )

    def service_of(self, preferences: Preferences | ChatRules, rules: ChatRules | None = None) -> str:
        """The name of the provider for who has these preferences, in a chat with these rules."""
        names = (preferences.provider, rules.provider if rules else None)
        return next((name for name in names if name is not None and name in self.providers), self.default)

    async def admit(self, place: Place) -> ChatRules:
        """What holds for a wish at this place. Raises `NotHere` where the admins, or Telegram, don't let the bot work.

        `ask` and `ask_again` look themselves; this is for what comes before.
        """
        by_press = place.button is not None
        return await self._admission.rules(place.chat_id, place.thread_id, place.user_id, by_press=by_press)

    def scan(self, text: str) -> Scan:
        """Find the flags in a text."""
        offered = [flag for provider in self.providers.values() for flag in flags(provider.Options)]
        return scan(text, known_names([*offered, *self.own_flags()], {STYLE: names_of_everybodys()}))

    async def ask(self, place: Place, words: Scan, draft: Draft = NO_DRAFT) -> Job | None:
        """Make a job of words and what goes with them; a style that the words name goes before the one chosen.

        None when this update has made one, or of a double tap. Raises `FlagError`, `TooMany` or `NotHere`.
        """
        return await self.engine.submit(await self._request(place, words, draft), self._allowed(place))

    async def reword(self, place: Place, job: Job, words: Scan, draft: Draft, edited_at: float) -> bool:
        """Give a job that waits the words that its message has now. False: it has begun, or ended.

        Raises `FlagError`, `InvalidRequest` or `NotHere`: then it stays as it was.
        """
        new = await self._request(place, words, draft)
        provider = self.providers[new.provider]
        provider.validate(would_be(new, provider))
        return await self.engine.reword(job.id, new, edited_at)

    async def _request(self, place: Place, words: Scan, draft: Draft) -> NewJob:
        """What is asked for, as the settings and the flags say. Raises `FlagError` or `NotHere`."""
        name, parsed, style = await self.understand(place, words, await self.admit(place))
        if style:
            draft = replace(draft, style=style)
        new = self._job(place, draft.sources, provider=name, prompt=parsed.prompt)
        options = parsed.options.model_dump(mode="json", exclude_unset=True)
        return replace(new, options=options, style=draft.style)

    async def understand(
        self, place: Place, words: Scan, rules: ChatRules
    ) -> tuple[str, Parsed[Any], StyleUsed | None]:
        """What the flags in these words mean: the name of the provider, its options, and the style, if one is named.
        Raises `FlagError` with all that is wrong."""
        preferences = place.preferences
        typed = (words.value("provider") or self.service_of(preferences, rules)).lower()
        # An unknown name is refused by `read`, which knows the choices.
        name = next((known for known in self.providers if known.lower() == typed), self.default)
        style, wrong = None, None
        if typed_style := words.value(STYLE):
            try:
                style = used(find(typed_style, await self.store.styles.of(place.user_id), typed=True))
            except FlagError as error:
                wrong = error
        # The person's own come first: what of the group's doesn't go with them is left out.
        own = {**preferences.options.get(name, {})}
        own |= {option: value for option, value in rules.options.get(name, {}).items() if option not in own}
        parsed = read(words, self.providers[name].Options, self.own_flags(), own, wrong.sentences if wrong else ())
        return name, parsed, style

    async def ask_again(self, place: Place, job: Job, change: Change = NOTHING_ELSE) -> Job | None:
        """The same request once more, or with a change, as a job of whoever pressed the button. Raises `TooMany` or
        `NotHere`.

        None: a double tap is one wish, and each would be paid.
        """
        await self.admit(place)
        place = as_asked(place, job)
        sources = change.sources
        if sources is None:
            sources = tuple(source.again() for source in await self.store.sources.of_job(job.id))
        new = self._job(place, sources, provider=job.provider, prompt=job.prompt)
        options = job.options if change.options is None else change.options
        return await self.engine.submit(
            replace(new, options=options, style=change.style or job.style), self._allowed(place)
        )

    async def wait_for_words(
        self, place: Place, draft: Draft, question_id: int, *, aside: bool = False, words: str = ""
    ) -> None:
        """Keep it until its words come: as an answer to the message `question_id`, or, unless `aside`, with the next
        message. It replaces what this message began before. `words`: for a button of that question."""
        key, message_id = place.idempotency_key, place.asked_message_id
        new = NewDraft(key, place.chat_id, place.user_id, question_id, draft, message_id=message_id, words=words)
        await self.store.drafts.add(new, self._clock() - (DRAFT_SECONDS + 1 if aside else 0))

    async def what_waits(self, place: Place, question_id: int | None) -> Draft:
        """The pictures that waited for words of this person, and the style; they wait no longer."""
        since = self._clock() - DRAFT_SECONDS
        who = (place.chat_id, place.user_id, place.idempotency_key)
        return await self.store.drafts.take(*who, since=since, question_id=question_id)

    async def kept_for(self, place: Place, question_id: int) -> Draft:
        """What waited for an answer to the message `question_id`, and nothing else; it waits no longer."""
        who = (place.chat_id, place.user_id, place.idempotency_key)
        return await self.store.drafts.take(*who, since=math.inf, question_id=question_id)

    async def set_waiting_aside(self, place: Place) -> None:
        """This person speaks of other pictures now: those that wait are used only by an answer to what was asked."""
        await self.store.drafts.set_aside(place.chat_id, place.user_id, self._clock() - DRAFT_SECONDS)

    def _allowed(self, place: Place) -> Allowance:
        allowance = self._allowance(place.user_id)
        return replace(allowance, apart=DOUBLE_TAP_SECONDS) if place.button else allowance

    def _job(self, place: Place, sources: tuple[NewSource, ...], *, provider: str, prompt: str) -> NewJob:
        return NewJob(
            idempotency_key=place.idempotency_key,
            chat_id=place.chat_id,
            message_id=place.message_id,
            user_id=place.user_id,
            language=place.language,
            thread_id=place.thread_id,
            user_name=place.user_name,
            provider=provider,
            prompt=prompt,
            options={},
            sources=sources,
            said=place.said,
            asked_message_id=place.asked_message_id,
            button=place.button,
        )


def used(style: Style) -> StyleUsed:
    """A style as a job keeps it."""
    return {"name": style.name, "words": style.words}


def too_many(error: TooMany) -> str:
    """What somebody hears who has asked for as much as one person may."""
    if error.waiting:
        words = _("You've reached your limit: {most} at a time. Try again when one is done.")
    else:
        words = _("You've reached your limit: {most} in 24 hours. Try again later.")
    return words.format(most=error.most)
