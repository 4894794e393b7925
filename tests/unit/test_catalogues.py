"""The translations: nothing is missing, nothing is left over, and every placeholder is there."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

from bot.telegram.flag_names import NAMES
from bot.telegram.i18n import LOCALES
from providers.registry import discover

ROOT = Path(__file__).parent.parent.parent
KEYWORDS = {**DEFAULT_KEYWORDS, "Sentence": (1,), "wrong": (1,)}
LANGUAGES = sorted(path.parent.parent.name for path in LOCALES.glob("*/LC_MESSAGES/messages.po"))


@cache
def said() -> frozenset[str]:
    """All texts for people in the code, in English."""
    found: set[str] = set()
    for package in ("bot", "providers"):
        for _file, _line, message, _comments, _context in extract_from_dir(
            str(ROOT / package), method_map=[("**.py", "python")], keywords=KEYWORDS
        ):
            found.add(message if isinstance(message, str) else message[0])
    return frozenset(found)


def catalogue(language: str) -> Catalog:
    with (LOCALES / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def test_chinese_is_there() -> None:
    assert LANGUAGES == ["zh"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_missing_and_nothing_is_left_over(language: str) -> None:
    known = {str(message.id): str(message.string) for message in catalogue(language) if message.id}
    assert {text for text in said() if not known.get(text)} == set(), "missing: run `make messages` and translate"
    assert known.keys() - said() == set(), "no longer said: run `make messages`"


def test_nothing_is_translated_within_an_f_string() -> None:
    """Babel finds it there only from Python 3.12 on."""
    code = [file for package in ("bot", "providers") for file in (ROOT / package).rglob("*.py")]
    assert [file for file in code if "{_(" in file.read_text("utf-8")] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_placeholder_is_translated(language: str) -> None:
    for message in catalogue(language):
        if message.id:
            texts = str(message.id), str(message.string)
            fields = [set(re.findall(r"\{\w+\}|</?\w+>", text)) for text in texts]
            assert fields[0] == fields[1], message.id


def _options() -> Iterator[str]:
    for entry in discover().values():
        for field in entry.load().Options.model_fields.values():
            yield field.description or ""
            extra = field.json_schema_extra
            if isinstance(extra, dict) and "allowed" in extra:
                yield str(extra["allowed"])


def test_every_flag_has_names_in_every_language() -> None:
    offered = {f"--{name}" for entry in discover().values() for name in entry.load().Options.model_fields}
    assert offered - set(NAMES) == set(), "add it to NAMES"
    for language in LANGUAGES:
        names = [name for message in catalogue(language) if message.id in NAMES for name in str(message.string).split()]
        assert all(re.fullmatch(r"--\w+", name) for name in names)
        assert len(set(names)) == len(names), "a name means one flag"


def test_the_words_of_options_are_marked_for_translation() -> None:
    assert set(_options()) - said() == set(), "wrap them in N_(…)"
