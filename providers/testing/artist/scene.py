"""From the words of a prompt to what the picture is to show."""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from functools import cache

from providers.testing.artist import words
from providers.testing.artist.brush.colour import Colour, hexed

TABLES = {
    "subject": words.SUBJECTS,
    "place": words.PLACES,
    "time": words.TIMES,
    "season": words.SEASONS,
    "weather": words.WEATHER,
    "style": words.STYLES,
    "action": words.ACTIONS,
    "count": words.COUNTS,
    "colour": words.COLOURS,
    "ground": words.GROUNDS,
}
NOT = re.compile(r"(?:\b(?:no|without|not)(?: an?| any| the)?|没有|不要|无)\s*$")


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing or several of its kind, perhaps of a colour."""

    kind: str
    colour: Colour | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Scene:
    """What the words ask for. None or "" where they don't say."""

    subjects: tuple[Subject, ...] = ()
    place: str = ""
    time: str = ""
    season: str = ""
    style: str = ""
    action: str = ""
    weather: frozenset[str] = frozenset()
    tint: Colour | None = None


@dataclass(slots=True)
class _Reading:
    """What has been read so far, and the colour and number that wait for the word they belong to."""

    subjects: list[Subject] = field(default_factory=list)
    first: dict[str, str] = field(default_factory=dict)
    weather: set[str] = field(default_factory=set)
    tint: Colour | None = None
    colour: Colour | None = None
    count: int = 1

    def take(self, kind: str, tag: str) -> None:
        match kind:
            case "colour":
                self.colour = hexed(tag)
            case "count":
                self.count = int(tag)
            case "subject":
                self.subjects.append(Subject(tag, self.colour, self.count))
                self.colour, self.count = None, 1
            case "weather":
                self.weather.add(tag)
            case _:
                self.first.setdefault(kind, tag)
                if (self.first.get("place"), tag) == ("heights", "lake"):
                    self.first["place"] = "lake"  # which has mountains behind it
                if kind in {"place", "time", "season", "ground"} and self.colour:
                    self.tint, self.colour = self.tint or self.colour, None


def read(prompt: str) -> Scene:
    """Read a prompt. Words that are not known are passed over."""
    text = unicodedata.normalize("NFKC", prompt).lower()
    reading = _Reading()
    for match in _pattern().finditer(text):
        if NOT.search(text, 0, match.start()):
            continue
        for kind, tag in _meanings(match.group()):
            reading.take(kind, tag)
    return _settled(reading)


def _settled(reading: _Reading) -> Scene:
    """Colours without a thing go to the first thing, and things named twice count once."""
    subjects: dict[str, Subject] = {}
    for subject in reading.subjects:
        known = subjects.get(subject.kind)
        subjects[subject.kind] = (
            replace(subject, colour=known.colour or subject.colour, count=max(known.count, subject.count))
            if known
            else subject
        )
    tint = reading.tint
    if reading.colour and subjects:
        kind = next(iter(subjects))
        subjects[kind] = replace(subjects[kind], colour=subjects[kind].colour or reading.colour)
    elif reading.colour:
        tint = tint or reading.colour
    first = reading.first
    if len(subjects) > 1 and "moon" in subjects:
        del subjects["moon"]
        first.setdefault("time", "night")
    return Scene(
        tuple(subjects.values())[:4], first.get("place", ""), first.get("time", ""), first.get("season", ""),
        first.get("style", ""), first.get("action", ""), frozenset(reading.weather), tint,
    )  # fmt: skip


@cache
def _vocabulary() -> dict[str, list[tuple[str, str]]]:
    """Each word's meanings: (kind, tag). "Sakura" is a season and a weather."""
    vocabulary: dict[str, list[tuple[str, str]]] = {}
    for kind, table in TABLES.items():
        for tag, listed in table.items():
            for word in listed.split(", "):
                vocabulary.setdefault(word, []).append((kind, tag))
    return vocabulary


def _meanings(found: str) -> list[tuple[str, str]]:
    vocabulary = _vocabulary()
    return next(
        vocabulary[form] for form in (found, found.removesuffix("s"), found.removesuffix("es")) if form in vocabulary
    )


@cache
def _pattern() -> re.Pattern[str]:
    """Finds the longest known words first; English ones only whole (Chinese writes no gaps between words)."""
    listed = sorted(_vocabulary(), key=len, reverse=True)
    english = "|".join(re.escape(word) for word in listed if word.isascii())
    chinese = "|".join(word for word in listed if not word.isascii())
    return re.compile(rf"(?<![a-z0-9.:])(?:{english})(?:es|s)?(?![a-z0-9:]|\.\d)|{chinese}")
