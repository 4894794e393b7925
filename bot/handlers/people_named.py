"""The names in a prompt that may mean people: `@ann`, `@me`, and Telegram's mentions of people without a username."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from aiogram.types import Message

MOST_NAMES = 10
"""So many names of a prompt are looked up: no service takes more pictures."""
OF_ONESELF = ("me", "我")
"""`@me`: whoever writes. No username is so short."""
# Like Telegram's mentions, but also with Chinese words right beside them.
_MENTION = re.compile(r"(?<![A-Za-z0-9_@＠.])[@＠](我|[A-Za-z0-9_]{2,32})(?![A-Za-z0-9_])")


@dataclass(frozen=True, slots=True)
class TextMention:
    """A mention of a person by any words: Telegram tells who is meant."""

    words: str
    user_id: int


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a prompt, as it is written there. `who`: the id of the person, or a username in lower case."""

    words: str
    who: int | str


def text_mentions(message: Message) -> tuple[TextMention, ...]:
    """The mentions in a message that need no username."""
    text, entities = message.text or message.caption or "", message.entities or message.caption_entities or []
    found = (
        TextMention(entity.extract_from(text).strip(), entity.user.id)
        for entity in entities
        if entity.type == "text_mention" and entity.user and not entity.user.is_bot
    )
    return tuple(one for one in found if one.words)


def names_in(prompt: str, user_id: int, mentions: Iterable[TextMention] = ()) -> list[Name]:
    """The names of a prompt by this person, in their order, each once."""
    found: dict[str, tuple[int, Name]] = {}
    for match in _MENTION.finditer(prompt):
        name = match[1].lower()
        who = user_id if name in OF_ONESELF else name
        found.setdefault(match[0].lower(), (match.start(), Name(match[0], who)))
    for one in mentions:
        if (place := prompt.find(one.words)) >= 0:
            found[one.words.lower()] = (place, Name(one.words, one.user_id))
    return [name for _place, name in sorted(found.values(), key=lambda each: each[0])][:MOST_NAMES]
