"""The names of people and groups on the pages of `/admin`. They come from people: none may break a page."""

import unicodedata
from html import escape

from bot.telegram.formatting import cut
from storage.access_records import KnownGroup, SeenPerson

NAME_LENGTH, LABEL_LENGTH = 40, 24
MOST_MARKS = 2
"""Marks above and below a letter; more of them would reach into other lines."""
JOINERS = {"\u200c", "\u200d"}
"""Parts of words in some scripts, and of emoji."""


def plain(name: str | None, id_: int, length: int = LABEL_LENGTH) -> str:
    """A name for a button, in its own direction of writing; the id where nothing of it can be seen."""
    shown = cut(" ".join(_visible(name or "").split()), length)
    # FSI … PDI: a name that is written from right to left turns nothing else around.
    return f"\u2068{shown}\u2069" if shown else str(id_)


def person(one: SeenPerson) -> str:
    """A person as HTML, with a link to them."""
    return f'<a href="tg://user?id={one.id}">{escape(plain(one.name, one.id, NAME_LENGTH), quote=False)}</a>'


def group(one: KnownGroup) -> str:
    """A group's title as HTML."""
    return f"<b>{escape(plain(one.title, one.id, NAME_LENGTH), quote=False)}</b>"


def _visible(name: str) -> str:
    """Without controls of the direction of writing, invisible characters and heaps of marks."""
    kept, marks = [], 0
    for each in name:
        kind = unicodedata.category(each)
        marks = marks + 1 if kind in {"Mn", "Me"} else 0
        if kind in {"Zl", "Zp", "Cc"}:
            kept.append(" ")
        elif (kind[0] != "C" or each in JOINERS) and marks <= MOST_MARKS:
            kept.append(each)
    shown = "".join(kept)
    # Joiners, marks and Hangul fillers alone show nothing.
    return shown if any(unicodedata.category(each)[0] in "LNPS" and each not in _BLANKS for each in shown) else ""


_BLANKS = {"\u115f", "\u1160", "\u3164", "\uffa0", "\u2800"}
