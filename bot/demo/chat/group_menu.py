"""The menu of a chat on the chat page: a person blocks the bot; a group's admins act on the bot, topics and group."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.demo.bot_api.errors import PeopleError
from bot.demo.bot_api.model import Chat, Person
from bot.demo.bot_api.world import World
from bot.demo.chat import groups

MAX_NAME_LENGTH = 128
"""For a topic's name and a group's title."""


@dataclass(frozen=True, slots=True)
class MenuAction:
    """A person's choice, in a group an admin's. `name`: of a new topic; `topic`: the id of an existing one."""

    world: World
    admin: Person
    chat: Chat
    name: str
    topic: int


ACTS: Mapping[str, Callable[[MenuAction], object]] = {
    "mask": lambda action: groups.write_as_group(action.world, action.chat, action.admin),
    "unmask": lambda action: groups.write_as_group(action.world, action.chat, action.admin, on=False),
    "topic": lambda action: groups.add_topic(action.world, action.chat, named(action.name), action.admin),
    "close": lambda action: groups.close_topic(action.world, action.chat, action.topic, action.admin),
    "reopen": lambda action: groups.reopen_topic(action.world, action.chat, action.topic, action.admin),
    "delete": lambda action: groups.delete_topic(action.world, action.chat, action.topic),
    "migrate": lambda action: groups.migrate(action.world, action.chat),
    "mute": lambda action: groups.set_bot_status(action.world, action.chat, "restricted", action.admin),
    "promote": lambda action: groups.set_bot_status(action.world, action.chat, "administrator", action.admin),
    "plain": lambda action: groups.set_bot_status(action.world, action.chat, "member", action.admin),
    "remove": lambda action: groups.set_bot_status(action.world, action.chat, "kicked", action.admin),
}
"""`plain`: the bot is (again) a member like others, whether it was muted, an admin or outside."""

PRIVATE_ACTS: Mapping[str, Callable[[MenuAction], object]] = {
    "block": lambda action: groups.set_bot_status(action.world, action.chat, "kicked"),
    "unblock": lambda action: groups.set_bot_status(action.world, action.chat, "member"),
}


def act(action: MenuAction, name: str) -> None:
    """Perform the action of this name. Raises `PeopleError`."""
    if action.chat.person is action.admin and name in PRIVATE_ACTS:
        PRIVATE_ACTS[name](action)
        return
    if name not in ACTS:
        raise PeopleError("The menu has no such entry.")
    if action.admin not in action.chat.admins or action.chat.type == "private":
        raise PeopleError("Only an admin of a group can do this.")
    if action.chat.migrated_to is not None:
        raise PeopleError("This group became a supergroup; go there.")
    ACTS[name](action)


def named(name: str) -> str:
    """A name without space around it. Raises `PeopleError` when it is empty or too long."""
    if not 1 <= len(name.strip()) <= MAX_NAME_LENGTH:
        raise PeopleError(f"A name has 1 to {MAX_NAME_LENGTH} characters.")
    return name.strip()
