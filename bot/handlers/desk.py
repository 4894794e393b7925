"""The desk where people's wishes are taken in: words and pictures become a job, or wait for each other."""

import math
import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiogram.types import CallbackQuery, Chat, Message, User
from aiogram.utils.i18n import gettext as _

from bot.handlers.admission import Admission
from bot.handlers.flags import FlagError, Parsed, Scan, read, scan
from bot.handlers.stylebook import find, names_of_everybodys
from bot.jobs.engine import JobEngine
from bot.jobs.request_builder import would_be
from bot.telegram.flag_names import known_names
from bot.telegram.incoming import digest, topic_of
from bot.telegram.services import STYLE
from providers.base import Provider
from providers.options import N_, Flag, flags
from storage.job_states import JobState
from storage.jobs import ANYTHING
from storage.records import Allowance, Begun, ChatRules, Job, NewJob, NewSource, Preferences, Style, TooMany
from storage.store import Store

# How long pictures without words wait for the next message to bring them.
DRAFT_SECONDS = 600
DOUBLE_TAP_SECONDS = 2.0
NOTHING_SET = Preferences()
NOTHING_BEGUN = Begun()
PRESS = "press:"
"""What the origin of a press on a button begins with."""
StyleUsed = Mapping[str, str]
"""A style as a job keeps it: its `name` and `words`."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is otherwise in a request that is made once more, where it isn't None."""

    sources: tuple[NewSource, ...] | None = None
    options: Mapping[str, Any] | None = None
    style: StyleUsed | None = None


NOTHING_ELSE = Change()


@dataclass(frozen=True, slots=True)
class Place:
    """Where and by whom something is asked. `origin` names the update, `message_id` is what the answer replies to;
    `user_name`: what others there call them; `said`: a digest of the message as it was written, which its edits are
    compared with."""

    origin: str
    chat_id: int
    message_id: int
    user_id: int
    language: str
    thread_id: int | None = None
    preferences: Preferences = NOTHING_SET
    user_name: str | None = None
    said: str | None = None

    @classmethod
    def of_message(cls, message: Message, language: str, preferences: Preferences = NOTHING_SET) -> "Place":
        """The place of a message."""
        # Anonymous admins and channels write in a chat's name; all of them share one user, so the chat is the person.
        author = message.sender_chat or message.from_user or message.chat
        return cls(
            origin=f"message:{message.message_id}",
            chat_id=message.chat.id,
            message_id=message.message_id,
            user_id=author.id,
            language=language,
            thread_id=topic_of(message),
            preferences=preferences,
            user_name=name_of(author),
            said=digest(message),
        )

    @classmethod
    def of_press(
        cls,
        query: CallbackQuery,
        message: Message,
        reply_to: int,
        language: str,
        preferences: Preferences = NOTHING_SET,
    ) -> "Place":
        """The place of a press on a button under `message`; the answer replies to `reply_to`."""
        # The same button pressed twice is one wish; presses on others are others.
        wish = zlib.crc32(f"{message.message_id} {query.data}".encode())
        origin = f"{PRESS}{wish:08x}:{query.id}"
        return cls(
            origin=origin,
            chat_id=message.chat.id,
            message_id=reply_to,
            user_id=query.from_user.id,
            language=language,
            thread_id=topic_of(message),
            preferences=preferences,
            user_name=name_of(query.from_user),
        )


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
            Flag("provider", N_("which service makes the picture"), ", ".join(names), names, self.default),
            Flag(STYLE, N_("a look by its name"), N_("a name from /style"), (), ""),
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
        by_press = place.origin.startswith(PRESS)
        return await self._admission.rules(place.chat_id, place.thread_id, place.user_id, by_press=by_press)

    def scan(self, text: str) -> Scan:
        """Find the flags in a text."""
        offered = [flag for provider in self.providers.values() for flag in flags(provider.Options)]
        return scan(text, known_names([*offered, *self.own_flags()], {STYLE: names_of_everybodys()}))

    async def ask(self, place: Place, words: Scan, begun: Begun = NOTHING_BEGUN) -> Job | None:
        """Make a job of words and what goes with them; a style that the words name goes before the one chosen.

        None when this update has made one, or of a double tap. Raises `FlagError`, `TooMany` or `NotHere`.
        """
        return await self.engine.submit(await self._request(place, words, begun), self._allowed(place))

    async def reword(self, place: Place, job: Job, words: Scan, begun: Begun, edited_at: float) -> bool:
        """Give a job that waits the words that its message has now. False: it has begun, or ended.

        Raises `FlagError`, `InvalidRequest` or `NotHere`: then it stays as it was.
        """
        new = await self._request(place, words, begun)
        provider = self.providers[new.provider]
        provider.validate(would_be(new, provider))
        return await self.engine.reword(job.id, new, edited_at)

    async def _request(self, place: Place, words: Scan, begun: Begun) -> NewJob:
        """What is asked for, as the settings and the flags say. Raises `FlagError` or `NotHere`."""
        name, parsed, style = await self.understand(place, words, await self.admit(place))
        if style:
            begun = replace(begun, style=style)
        new = self._job(place, begun.sources, provider=name, prompt=parsed.prompt)
        options = parsed.options.model_dump(mode="json", exclude_unset=True)
        return replace(new, options=options, style=begun.style)

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
        self, place: Place, begun: Begun, asked_by: int, *, aside: bool = False, words: str = ""
    ) -> None:
        """Keep it until its words come: as an answer to the message `asked_by`, or, unless `aside`, with the next
        message. It replaces what this message began before. `words`: for a button of `asked_by`."""
        new = replace(self._job(place, begun.sources, provider=self.default, prompt=words), style=begun.style)
        begun_at = self._clock() - (DRAFT_SECONDS + 1 if aside else 0)
        if draft := await self.store.jobs.add(new, begun_at, JobState.DRAFT):
            await self.store.jobs.shown_at(draft.id, asked_by)

    async def what_waits(self, place: Place, asked_by: int | None) -> Begun:
        """The pictures that waited for words of this person, and the style; they wait no longer."""
        since = self._clock() - DRAFT_SECONDS
        drafts, origin = self.store.drafts, place.origin
        return await drafts.take(place.chat_id, place.user_id, origin, since=since, status_id=asked_by)

    async def kept_for(self, place: Place, asked_by: int) -> Begun:
        """What waited for an answer to the message `asked_by`, and nothing else; it waits no longer."""
        drafts, origin = self.store.drafts, place.origin
        return await drafts.take(place.chat_id, place.user_id, origin, since=math.inf, status_id=asked_by)

    async def set_waiting_aside(self, place: Place) -> None:
        """This person speaks of other pictures now: those that wait are used only by an answer to what was asked."""
        await self.store.drafts.set_aside(place.chat_id, place.user_id, self._clock() - DRAFT_SECONDS)

    def _allowed(self, place: Place) -> Allowance:
        allowance = self._allowance(place.user_id)
        return replace(allowance, apart=DOUBLE_TAP_SECONDS) if place.origin.startswith(PRESS) else allowance

    def _job(self, place: Place, sources: tuple[NewSource, ...], *, provider: str, prompt: str) -> NewJob:
        return NewJob(
            origin=place.origin,
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
        )


def name_of(author: User | Chat) -> str:
    """What others in a chat call whoever writes; at most 64 characters."""
    name = author.first_name if isinstance(author, User) else author.title or author.first_name
    return (name or "")[:64]


def as_asked(place: Place, job: Job) -> Place:
    """A press on a button of this job. An admin who asked in a chat's name is not named by pressing: it stays the
    chat's."""
    return replace(place, user_id=job.user_id, user_name=job.user_name) if job.user_id < 0 else place


def used(style: Style) -> StyleUsed:
    """A style as a job keeps it."""
    return {"name": style.name, "words": style.words}


def too_many(error: TooMany) -> str:
    """What somebody hears who has asked for as much as one person may."""
    if error.waiting:
        words = _("One too many: at most {most} of your requests can wait at a time. Try again when one is done.")
    else:
        words = _("One too many: at most {most} of your requests are taken in 24 hours. Try again later.")
    return words.format(most=error.most)
