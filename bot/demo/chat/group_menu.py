"""The menu of a group on the chat page: what its admins do with the bot, the topics and the group itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.demo.bot_api.errors import PeopleError
from bot.demo.bot_api.model import Chat, Person
from bot.demo.bot_api.world import World
from bot.demo.chat import groups

LONGEST_NAME = 128
"""Characters of a topic's name and of a group's title."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What an admin chose: `name` for a new topic, `topic` for one that is there."""

    world: World
    admin: Person
    chat: Chat
    name: str
    topic: int


ACTS: Mapping[str, Callable[[Wish], object]] = {
    "mask": lambda wish: groups.write_as_group(wish.world, wish.chat, wish.admin),
    "unmask": lambda wish: groups.write_as_group(wish.world, wish.chat, wish.admin, on=False),
    "topic": lambda wish: groups.add_topic(wish.world, wish.chat, named(wish.name), wish.admin),
    "close": lambda wish: groups.close_topic(wish.world, wish.chat, wish.topic, wish.admin),
    "reopen": lambda wish: groups.reopen_topic(wish.world, wish.chat, wish.topic, wish.admin),
    "delete": lambda wish: groups.delete_topic(wish.world, wish.chat, wish.topic),
    "migrate": lambda wish: groups.migrate(wish.world, wish.chat),
    "mute": lambda wish: groups.set_bot_status(wish.world, wish.chat, "restricted", wish.admin),
    "promote": lambda wish: groups.set_bot_status(wish.world, wish.chat, "administrator", wish.admin),
    "plain": lambda wish: groups.set_bot_status(wish.world, wish.chat, "member", wish.admin),
    "remove": lambda wish: groups.set_bot_status(wish.world, wish.chat, "kicked", wish.admin),
}
"""`plain`: the bot is (again) a member like others, whether it was muted, an admin or outside."""


def act(wish: Wish, name: str) -> None:
    """Do what an admin chose. Raises `PeopleError`."""
    if name not in ACTS:
        raise PeopleError("The menu has no such entry.")
    if wish.admin not in wish.chat.admins or wish.chat.type == "private":
        raise PeopleError("Only an admin of a group can do this.")
    if wish.chat.migrated_to is not None:
        raise PeopleError("This group became a supergroup; go there.")
    ACTS[name](wish)


def named(name: str) -> str:
    """A name without space around it. Raises `PeopleError` when it is empty or too long."""
    if not 1 <= len(name.strip()) <= LONGEST_NAME:
        raise PeopleError(f"A name has 1 to {LONGEST_NAME} characters.")
    return name.strip()
