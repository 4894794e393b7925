"""Lengths of text in UTF-16 units, and the entities that Telegram finds in plain text."""

import re
from collections.abc import Iterable

from bot.demo.bot_api.model import JSON, Account

PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "url",
        re.compile(
            r"(?<![\w@])(?:https?://[^\s<>\"]+[^\s<>\".,;:!?)\]]|t\.me/[\w/+-]+(?:\?[\w=&%-]+)?)", re.IGNORECASE
        ),
    ),
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)),
    (
        "bot_command",
        re.compile(r"(?<![\w/@<>])/[a-z0-9_]{1,64}(?:@[a-z0-9_]{3,32})?(?![\w/])", re.ASCII | re.IGNORECASE),
    ),
    ("mention", re.compile(r"(?<![\w@])@[a-z0-9_]{3,32}(?!\w)", re.ASCII | re.IGNORECASE)),
    ("hashtag", re.compile(r"(?<![\w#])#(?=\w*[^\W\d])\w{1,256}")),
)
"""Simpler than TDLib's rules, with the same result for usual messages to a bot. The first kind that fits wins."""


def utf16_length(text: str) -> int:
    """The length as the Bot API counts it: characters beyond U+FFFF, such as most emoji, count twice."""
    return len(text) + sum(character > "\uffff" for character in text)


def utf16_slice(text: str, offset: int, length: int) -> str:
    """The part of a text that an entity covers."""
    return text.encode("utf-16-le")[2 * offset : 2 * (offset + length)].decode("utf-16-le")


def find_entities(text: str) -> list[JSON]:
    """The commands, mentions, links, addresses and hashtags of a text, in order."""
    taken: list[tuple[int, int]] = []
    found: list[JSON] = []
    for kind, pattern in PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(start < other_end and other_start < end for other_start, other_end in taken):
                continue
            taken.append((start, end))
            place = {"offset": utf16_length(text[:start]), "length": utf16_length(match[0])}
            found.append({"type": kind, **place})
    return sorted(found, key=lambda entity: entity["offset"])


def mention_entities(text: str, people: Iterable[Account]) -> list[JSON]:
    """The mentions of people by their names, as apps make them of members without a username."""
    found = []
    for person in people:
        if (start := text.find(person.name)) >= 0:
            place = {"offset": utf16_length(text[:start]), "length": utf16_length(person.name)}
            user = {"id": person.id, "is_bot": person.is_bot, "first_name": person.name}
            found.append({"type": "text_mention", **place, "user": user})
    return found


def merge_entities(given: list[JSON], found: list[JSON]) -> list[JSON]:
    """The entities a bot gave and those found beside them, in Telegram's order: by place, the longer first."""
    closed = {"code", "pre", "text_link", "text_mention", "url", "mention", "custom_emoji"}
    kept = [
        entity
        for entity in found
        if not any(other["type"] in closed and overlap(entity, other) for other in given)
        and not any(crosses(entity, other) for other in given)
    ]
    return sorted(given + kept, key=lambda entity: (entity["offset"], -entity["length"]))


def overlap(one: JSON, other: JSON) -> bool:
    """Whether two entities share a place."""
    return bool(one["offset"] < other["offset"] + other["length"] and other["offset"] < one["offset"] + one["length"])


def crosses(one: JSON, other: JSON) -> bool:
    """Whether two entities share a place and neither lies within the other."""
    start, end = one["offset"], one["offset"] + one["length"]
    other_start, other_end = other["offset"], other["offset"] + other["length"]
    return bool(start < other_start < end < other_end or other_start < start < other_end < end)


def trim(text: str, entities: list[JSON]) -> tuple[str, list[JSON]]:
    """The text without white space at its ends, and the entities moved and cut to fit."""
    shift = utf16_length(text[: len(text) - len(text.lstrip())])
    text = text.strip()
    end = utf16_length(text)
    fitted = []
    for entity in entities:
        start = max(entity["offset"] - shift, 0)
        length = min(entity["offset"] - shift + entity["length"], end) - start
        if length > 0:
            fitted.append({**entity, "offset": start, "length": length})
    return text, fitted
