"""Telegram's cache of the answers to inline queries.

Without `is_personal` an answer is shown to everybody, for five minutes unless the bot says otherwise
(core.telegram.org/bots/api#answerinlinequery).
"""

from bot.demo.bot_api.model import InlineAnswer, InlineQuery, Person
from bot.demo.bot_api.world import World


def cached(world: World, asked: InlineQuery) -> InlineAnswer | None:
    """A kept answer to this query."""
    for person in (asked.person, None):
        until, answer = world.inline_cache.get(key(asked, person), (0.0, None))
        if answer is not None and world.clock() < until:
            return answer
    return None


def keep(world: World, asked: InlineQuery, answer: InlineAnswer, seconds: int, *, personal: bool) -> None:
    """Keep an answer for so many seconds, for this person or for everybody."""
    world.inline_cache[key(asked, asked.person if personal else None)] = (world.clock() + seconds, answer)


def key(asked: InlineQuery, person: Person | None) -> tuple[object, ...]:
    """The key of the cache."""
    return asked.query, asked.offset, asked.chat_type, person and person.id
