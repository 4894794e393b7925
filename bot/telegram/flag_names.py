"""The names of flags in every language: all are recognized, those of the current language are shown.

A translation of `--ar` is one or more names separated by spaces; the first one is shown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiogram.utils.i18n import gettext as _

from bot.telegram.i18n import in_every_language
from providers.options import N_, Flag

NAMES = (
    N_("--ar"),
    N_("--avoid"),
    N_("--background"),
    N_("--model"),
    N_("--n"),
    N_("--provider"),
    N_("--quality"),
    N_("--scale"),
    N_("--seed"),
    N_("--set"),
    N_("--size"),
    N_("--style"),
)
"""The flags of the bot and of the providers in this repository. Other flags have no translated names."""
TITLES = {
    "ar": N_("Shape"),
    "avoid": N_("Leave out"),
    "background": N_("Background"),
    "model": N_("Model"),
    "n": N_("How many"),
    "provider": N_("Service"),
    "quality": N_("Quality"),
    "scale": N_("Prompt weight"),
    "seed": N_("Seed"),
    "set": N_("Series"),
    "size": N_("Size"),
    "style": N_("Style"),
}
"""What these flags set, for buttons and settings."""
VALUES = (N_("auto"), N_("low"), N_("medium"), N_("high"), N_("xhigh"), N_("max"), N_("transparent"), N_("opaque"))
"""The values that are words."""
ALIASES = {"aspect": "ar", "ratio": "ar", "count": "n"}
"""Further names, known from other tools."""


@dataclass(frozen=True, slots=True)
class KnownFlag:
    """The flag that a typed name means. `values`: words, in lower case, that can only be its value."""

    name: str
    values: frozenset[str] = frozenset()


def shown(flag: str) -> str:
    """A flag in the current language: `--ar` → `--比例`."""
    return _(flag).split()[0]


def label(name: str) -> str:
    """A flag's name in words: `ar` → "Shape", `比例`. One of another provider is named as it is typed."""
    return _(TITLES[name]) if name in TITLES else name.replace("_", " ").capitalize()


def value_label(value: str) -> str:
    """A flag's value in words: `auto` → `自动`. Most are the same in all languages."""
    return _(value) if value in VALUES else value


def spellings(name: str) -> set[str]:
    """All names of a flag, in all languages, without dashes and in lower case."""
    names = {one for words in in_every_language(f"--{name}") for one in words.split()}
    return {name, *(one.removeprefix("--").lower() for one in names)}


def known_names(offered: Iterable[Flag], values: Mapping[str, Iterable[str]] | None = None) -> dict[str, KnownFlag]:
    """The flag for each name that can be typed. `values`: further value words, by flag name."""
    words: dict[str, set[str]] = {flag.removeprefix("--"): set() for flag in NAMES}
    for flag in offered:
        words.setdefault(flag.name, set()).update(choice.lower() for choice in flag.choices)
    for name, more in (values or {}).items():
        words.setdefault(name, set()).update(word.lower() for word in more)
    known = {name: KnownFlag(name, frozenset(its)) for name, its in words.items()}
    typed = {spelling: one for one in known.values() for spelling in spellings(one.name)}
    # A flag's own name takes precedence over another flag's translation.
    return {**{name: known[meant] for name, meant in ALIASES.items() if meant in known}, **typed, **known}
