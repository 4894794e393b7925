"""The names of flags in every language: all are understood, the language at hand decides which one is shown.

A translation of `--ar` is one or more names with spaces between them; the first one is shown.
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
"""Those of the providers in this repository and of the bot. A flag that is not here has its own name only."""
ALSO = {"aspect": "ar", "ratio": "ar", "count": "n"}
"""Further names that people know from elsewhere."""


@dataclass(frozen=True, slots=True)
class Known:
    """A flag that a typed name means. `values`: words, in lower case, that can only be meant as its value."""

    name: str
    values: frozenset[str] = frozenset()


def shown(flag: str) -> str:
    """A flag in the language at hand: `--ar` → `--比例`."""
    return _(flag).split()[0]


def label(name: str) -> str:
    """A flag on a button: `ar` → `比例`."""
    return shown(f"--{name}").removeprefix("--")


def spellings(name: str) -> set[str]:
    """All names of a flag, in all languages, without dashes and in lower case."""
    names = {one for words in in_every_language(f"--{name}") for one in words.split()}
    return {name, *(one.removeprefix("--").lower() for one in names)}


def known_names(offered: Iterable[Flag], values: Mapping[str, Iterable[str]] | None = None) -> dict[str, Known]:
    """What each name that can be typed means. `values`: further words for the flags of these names."""
    words: dict[str, set[str]] = {flag.removeprefix("--"): set() for flag in NAMES}
    for flag in offered:
        words.setdefault(flag.name, set()).update(choice.lower() for choice in flag.choices)
    for name, more in (values or {}).items():
        words.setdefault(name, set()).update(word.lower() for word in more)
    known = {name: Known(name, frozenset(its)) for name, its in words.items()}
    typed = {spelling: one for one in known.values() for spelling in spellings(one.name)}
    # A name of a flag's own goes before one that another language or service has for another.
    return {**{name: known[meant] for name, meant in ALSO.items() if meant in known}, **typed, **known}
