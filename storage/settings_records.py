"""The records of settings: `Preferences` of a person, `ChatRules` of a group, `Style`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Delivery = Literal["album", "files", "both"]
Replies = Literal["own", "all", "none"]
OptionsSet = Mapping[str, Mapping[str, str]]
"""Stored options, by provider and name."""


@dataclass(frozen=True, slots=True)
class Style:
    """Words with a name; the name adds them to a prompt."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Preferences:
    """The settings of a person. `options`: by provider and name, for prompts that name none; `delivery`: how results
    come; `spoiler`: whether one covers them; `drafts`: progress as a draft in the private chat; `time_zone`: its IANA
    name (None: UTC)."""

    provider: str | None = None
    language: str | None = None
    options: OptionsSet = field(default_factory=dict)
    delivery: Delivery = "album"
    spoiler: bool = False
    drafts: bool = False
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class ChatRules:
    """The settings of a group, made by its admins. `provider`, `options`: they hold where neither the prompt nor the
    person's settings name one; `quiet`: no sound and no progress; `paused`: no requests are taken; `muted`: Telegram
    does not let the bot write there; `thread_id`: the only topic in which the bot works (1: a forum's general one);
    `replies`: whose replies to a picture are requests: "own" of the person who asked for it, "all", or "none", so that
    only commands count; `style`: of the topic, by the English name of a built-in one; `duel_polls`: duels are voted on
    in a poll."""

    admins_only: bool = False
    provider: str | None = None
    options: OptionsSet = field(default_factory=dict)
    quiet: bool = False
    paused: bool = False
    muted: bool = False
    thread_id: int | None = None
    replies: Replies = "own"
    style: str | None = None
    duel_polls: bool = False

    def in_topic(self, topic: "TopicDefaults") -> "ChatRules":
        """The rules in one of its topics, whose defaults go before those of the group."""
        names = {*topic.options, *self.options}
        options = {
            # The topic's come first: those of the group that conflict with them are left out later.
            name: {**(own := topic.options.get(name, {})), **_without(self.options.get(name, {}), own)}
            for name in sorted(names)
        }
        return replace(self, provider=topic.provider or self.provider, options=options, style=topic.style)


@dataclass(frozen=True, slots=True)
class TopicDefaults:
    """The defaults of a forum's topic: the `provider`, its `options`, and the `style` by the English name of a built-in
    one. They go before those of the group."""

    provider: str | None = None
    options: OptionsSet = field(default_factory=dict)
    style: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is set: the topic is like its group."""
        return not (self.provider or self.style or any(self.options.values()))


def with_option(known: OptionsSet, provider: str, name: str, value: str | None) -> OptionsSet:
    """A copy of these options with one set for this provider; None removes it."""
    others = {key: kept for key, kept in known.get(provider, {}).items() if key != name}
    return {**known, provider: others if value is None else {**others, name: value}}


def _without(options: Mapping[str, str], others: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in options.items() if name not in others}
