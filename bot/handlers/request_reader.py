"""Reads requests: the flags of a prompt, and the settings of the person and the chat where it names none."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from bot.handlers.choices import FLAG_AMONG, names_among
from bot.handlers.prompt_flags import FlagError, Parsed, Scan, read, scan
from bot.handlers.request_context import RequestContext
from bot.handlers.style_catalog import BUILT_IN_STYLES, NO_STYLE, built_in_style_names, find
from bot.jobs.likeness_references import meant
from bot.telegram.flag_names import KnownFlag, known_names
from bot.telegram.i18n import in_every_language
from bot.telegram.provider_labels import STYLE, still_valid
from providers.base import Provider
from providers.errors import Sentence
from providers.options import N_, Flag, flags
from storage.records import Draft, Job, NewReference
from storage.settings_records import ChatRules, Preferences, Style
from storage.store import Store
from storage.topics import GENERAL_TOPIC

NO_DRAFT = Draft()
JobStyle = Mapping[str, str]
"""A style as a job keeps it: its `name` and `words`."""


class RequestReader:
    """Reads requests. `providers` by name; `default`: the provider without a choice."""

    def __init__(self, store: Store, providers: Mapping[str, Provider[Any, Any]], default: str) -> None:
        self.store = store
        self.providers = providers
        self.default = default

    def bot_flags(self) -> tuple[Flag, ...]:
        """The bot's own flags."""
        names = tuple(self.providers)
        return (
            Flag("provider", N_("which service draws it"), ", ".join(names), names, self.default),
            Flag(STYLE, N_("the name of a style"), N_("see /style"), (), ""),
        )

    async def chosen(self, context: RequestContext) -> str:
        """The name of the provider of a person's jobs in this chat."""
        rules = await self.store.chats.rules(context.chat_id, context.thread_id or GENERAL_TOPIC)
        return self.service_of(await self.store.users.preferences(context.user_id), rules)

    def service_of(self, preferences: Preferences | ChatRules, rules: ChatRules | None = None) -> str:
        """The name of the provider for a person's preferences, in a chat with these rules."""
        names = (preferences.provider, rules.provider if rules else None)
        return next((name for name in names if name is not None and name in self.providers), self.default)

    @cached_property
    def _known_names(self) -> Mapping[str, KnownFlag]:
        """The flags of all providers and of the bot, by all names that can be typed."""
        offered = [flag for provider in self.providers.values() for flag in flags(provider.Options)]
        return known_names([*offered, *self.bot_flags()], {STYLE: built_in_style_names()})

    def scan(self, text: str) -> Scan:
        """Find the flags in a text. None of them is read among choices."""
        found = scan(text, self._known_names)
        names = names_among(text, self._known_names) if found.flags else set()
        among = next((one for one in found.flags if one.name in names), None)
        return replace(found, among=among.written) if among else found

    async def references_again(
        self, context: RequestContext, job: Job, prompt: str | None = None
    ) -> tuple[NewReference, ...]:
        """The references of a job for another one (`prompt`: with this one of its prompts); in another chat no message
        shows them."""
        stored = await self.store.references.of_job(job.id)
        found = [reference.again() for reference in (meant(prompt, stored) if prompt else stored)]
        is_here = context.chat_id == job.chat_id
        return tuple(one if is_here else replace(one, message_id=None) for one in found)

    async def understand(
        self, context: RequestContext, words: Scan, rules: ChatRules, draft: Draft = NO_DRAFT
    ) -> tuple[str, Parsed[Any], JobStyle | None]:
        """Read the flags: the name of the provider, its options, and the style, if one is named (an empty one: none is
        wanted). A draft's provider and options take the place of the settings. Raises `FlagError` about all wrong
        flags."""
        preferences = context.preferences
        kept = draft.provider if draft.provider in self.providers else None
        typed = (words.value("provider") or kept or self.service_of(preferences, rules)).lower()
        # An unknown name is refused by `read`, which knows the choices.
        name = next((known for known in self.providers if known.lower() == typed), self.default)
        style, wrong = None, None
        if typed_style := words.value(STYLE):
            try:
                style = wanted_style(typed_style, await self.store.styles.of(context.user_id))
            except FlagError as error:
                wrong = error
        # The person's own options come first: those of the group that conflict with them are left out.
        own: dict[str, Any] = {**preferences.options.get(name, {})}
        own |= {option: value for option, value in rules.options.get(name, {}).items() if option not in own}
        if draft.options is not None and name == kept:
            own = dict(draft.options)
        own, options = still_valid(self.providers[name], own), self.providers[name].Options
        problems = [*(wrong.sentences if wrong else ())]
        if words.among:
            problems.append(Sentence(FLAG_AMONG, {"name": words.among}))
        parsed = read(words, options, self.bot_flags(), own, problems)
        return name, parsed, style


def wanted_style(typed: str, own: Sequence[Style]) -> JobStyle:
    """The style that a prompt names; empty where it says that it wants none. Raises `FlagError`."""
    try:
        return job_style(find(typed, own, typed=True))
    except FlagError:
        if typed.casefold() in {NO_STYLE, *in_every_language(NO_STYLE)}:
            return {}
        raise


def style_of_topic(rules: ChatRules) -> JobStyle | None:
    """The style that the admins have chosen for the topic, in the current language."""
    return job_style(find(rules.style, ())) if rules.style in dict(BUILT_IN_STYLES) else None


def job_style(style: Style) -> JobStyle:
    """A style as a job keeps it."""
    return {"name": style.name, "words": style.words}
