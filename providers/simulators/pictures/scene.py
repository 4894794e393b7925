"""Reads the words of a prompt into a `Scene`: subjects, place, time, weather and style."""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_NOT = re.compile(r"(?:\b(?:no|without|not)(?: an?| any| the)?|没有|不要|无)\s*$")


@dataclass(slots=True)
class Subject:
    """A thing: its usual places, its position (on the ground, in the air …), its colour from the words ("#rrggbb"), its
    number."""

    kind: str
    places: str
    position: str
    colour: str = ""
    count: int = 1


@dataclass(slots=True)
class Scene:
    """The contents of a picture, empty where the prompt names none; `caption`: its words, where they can't be shown."""

    subjects: list[Subject]
    place: str
    time: str
    style: str
    action: str
    weather: list[str]
    tint: str
    caption: str


def read(prompt: str) -> Scene:
    """Read a prompt: a colour and a number belong to the next thing, seasons win over other places."""
    text = unicodedata.normalize("NFKC", prompt).lower()
    found: dict[str, list[str]] = {table: [] for table in catalogue("words")}
    subjects: dict[str, Subject] = {}
    for match in _pattern().finditer(text):
        for table, name in [] if _NOT.search(text, 0, match.start()) else _vocabulary()[match.group()]:
            found[table].append(name)
            if table == "subjects":
                thing = subjects.setdefault(name, Subject(name, *catalogue("words")["subjects"][name][:2]))
                thing.colour = thing.colour or "".join(found.pop("colours")[-1:])
                thing.count = max(thing.count, *map(int, found.pop("counts")), 1)
                found |= {"colours": [], "counts": []}
    if len(subjects) > 1 and subjects.pop("moon", None) is not None:
        found["times"].append("night")
    tint = "".join(found["colours"][-1:])
    for thing in list(subjects.values())[:1]:
        thing.colour, tint = thing.colour or tint, ""
    place = next((one for one in ("snow", "cherry", "autumn", *found["places"]) if one in found["places"]), "")
    time, style, action = ("".join(found[table][:1]) for table in ("times", "styles", "actions"))
    known = any((place, time, style, found["weather"], tint)) and not re.search(r"[^\W\d_]", _pattern().sub(" ", text))
    caption = "" if subjects or known else " ".join(prompt.split())[:80]
    return Scene([*subjects.values()][:4], place, time, style, action, sorted({*found["weather"]}), tint, caption)


@cache
def catalogue(part: str) -> dict[str, dict[str, Any]]:
    """The tables of `catalogue.toml`: its "words" or its "looks"."""
    return dict(tomllib.loads(files(__package__).joinpath("catalogue.toml").read_text("utf-8"))[part])


@cache
def _vocabulary() -> dict[str, list[tuple[str, str]]]:
    """The meanings of each word: its table, and its name there. "Sakura" is both a place and a weather."""
    vocabulary: dict[str, list[tuple[str, str]]] = {}
    for table, rows in catalogue("words").items():
        for name, row in rows.items():
            for word in (row if isinstance(row, str) else row[2]).split(","):
                for form in [word.strip() + ending for ending in (("", "s", "es") if word.isascii() else ("",))]:
                    vocabulary.setdefault(form, []).append((table, name))
    return vocabulary


@cache
def _pattern() -> re.Pattern[str]:
    """Finds the longest known words first; English ones only whole (Chinese writes no gaps between words)."""
    listed = [re.escape(word) for word in sorted(_vocabulary(), key=len, reverse=True)]
    english, chinese = (
        "|".join(word for word in listed if word.isascii() is is_english) for is_english in (True, False)
    )
    return re.compile(rf"(?<![a-z0-9.:])(?:{english})(?![a-z0-9:]|\.\d)|{chinese}")
