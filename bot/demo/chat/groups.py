"""What happens to chats: the bot is blocked, removed, muted or promoted, topics open, a group becomes a supergroup."""

from collections.abc import Collection, Mapping
from typing import Literal

from bot.demo.bot_api.bot_view import account_json, membership_json, message_json, standing_json
from bot.demo.bot_api.errors import PeopleError
from bot.demo.bot_api.model import JSON, Account, BotStatus, Chat, ChatMessage, Person
from bot.demo.bot_api.world import World

INSIDE = frozenset({"member", "administrator", "restricted"})
PersonStatus = Literal["member", "administrator", "restricted", "left"]
IMPOSSIBLE: Mapping[str, Collection[str]] = {"group": ["restricted"], "channel": ["restricted", "member"]}
"""How a bot can't stand in a chat of this type: only in supergroups single members are muted, and channels have bots as
admins only."""


def set_bot_status(world: World, chat: Chat, status: BotStatus, by: Person | None = None) -> None:
    """The bot's standing in a chat changes, and it gets `my_chat_member`. `by`: an admin, or the private chat's person.

    In a private chat `kicked` is a block and `member` takes it back. Raises `PeopleError` where Telegram doesn't have
    this standing.
    """
    if status in IMPOSSIBLE.get(chat.type, ()):
        raise PeopleError(f"In a {chat.type} the bot can't be {status}.")
    was, chat.bot = chat.bot, status
    who = by or chat.person or chief(chat)
    world.updates.push("my_chat_member", membership_json(chat, world.bot, who, was, world.clock()))
    if chat.type in {"group", "supergroup"} and (was in INSIDE) != (status in INSIDE):
        tell_of_member(world, chat, who, world.bot, status in INSIDE)
    tell_watchers(world)


def set_person_status(world: World, chat: Chat, person: Person, status: PersonStatus, by: Person | None = None) -> None:
    """A person joins, leaves, is muted or promoted in a group; a bot that is an admin there may get `chat_member`."""
    before, was = standing_json(chat, person), person in chat.members
    for people, fits in (
        (chat.members, status != "left"),
        (chat.admins, status == "administrator"),
        (chat.muted, status == "restricted"),
    ):
        if person in people and not fits:
            people.remove(person)
        elif person not in people and fits:
            people.append(person)
    if person in chat.anonymous and person not in chat.admins:
        chat.anonymous.remove(person)
    who = by or chief(chat)
    if chat.bot == "administrator":
        about: JSON = membership_json(chat, world.bot, who, chat.bot, world.clock())
        about |= {"old_chat_member": before, "new_chat_member": standing_json(chat, person)}
        world.updates.push("chat_member", about)
    if chat.type != "channel" and was != (status != "left"):
        tell_of_member(world, chat, who, person, status != "left")
    tell_watchers(world)


def write_as_group(world: World, chat: Chat, admin: Person, *, on: bool = True) -> None:
    """An admin writes in the group's name from now on, or no longer. Raises `PeopleError`."""
    if chat.type != "supergroup" or admin not in chat.admins:
        raise PeopleError("Only an admin of a supergroup can write in its name.")
    chat.anonymous = [person for person in chat.anonymous if person is not admin] + ([admin] if on else [])
    tell_watchers(world)


def add_topic(world: World, chat: Chat, name: str, by: Person | None = None) -> int:
    """Open a forum topic and give its id. A group with a topic is a forum. Raises `PeopleError`."""
    if chat.type != "supergroup":
        raise PeopleError("Only a supergroup can have topics.")
    created = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
    message = world.post(chat, by or chief(chat), service=created)
    message.topic = message.id
    chat.topics[message.id] = name
    world.edited(message, shown=False)
    tell_watchers(world)
    push_seen(world, message)
    return message.id


def close_topic(world: World, chat: Chat, topic: int, by: Person | None = None) -> None:
    """Close a forum topic, so that only admins write there. Raises `PeopleError`."""
    check_topic(chat, topic)
    chat.closed.add(topic)
    push_seen(world, world.post(chat, by or chief(chat), service={"forum_topic_closed": {}}, topic=topic))
    tell_watchers(world)


def reopen_topic(world: World, chat: Chat, topic: int, by: Person | None = None) -> None:
    """Let all write in a topic again. Raises `PeopleError`."""
    check_topic(chat, topic)
    chat.closed.discard(topic)
    push_seen(world, world.post(chat, by or chief(chat), service={"forum_topic_reopened": {}}, topic=topic))
    tell_watchers(world)


def delete_topic(world: World, chat: Chat, topic: int) -> None:
    """Delete a forum topic with all its messages; the bot isn't told. Raises `PeopleError`."""
    check_topic(chat, topic)
    del chat.topics[topic]
    chat.closed.discard(topic)
    world.remove(chat, [message.id for message in chat.messages.values() if message.topic == topic])
    for hidden in [message for message in chat.ephemeral.values() if message.topic == topic]:
        world.unwhisper(hidden)
    tell_watchers(world)


def found_group(world: World, title: str, *people: Person) -> Chat:
    """The first of these people makes a basic group, with the bot in it from the start."""
    chat = world.add_group(title, *people, admins=people[:1], type_="group")
    world.updates.push("my_chat_member", membership_json(chat, world.bot, people[0], "left", world.clock()))
    service_message(world, chat, people[0], {"group_chat_created": True})
    tell_watchers(world)
    return chat


def migrate(world: World, chat: Chat) -> Chat:
    """A basic group becomes a supergroup with a new id; the old one only tells where it went. Raises `PeopleError`."""
    if chat.type != "group" or chat.migrated_to is not None:
        raise PeopleError("Only a basic group can become a supergroup, and only once.")
    new = world.add_group(chat.title, *chat.members, admins=tuple(chat.admins), type_="supergroup")
    chat.migrated_to, new.bot = new.id, chat.bot
    service_message(world, chat, chief(chat), {"migrate_to_chat_id": new.id})
    service_message(world, new, chief(chat), {"migrate_from_chat_id": chat.id})
    tell_watchers(world)
    return new


def service_message(world: World, chat: Chat, by: Account, fields: JSON) -> ChatMessage:
    """A message that Telegram writes itself; the bot sees it even when it has just been removed."""
    message = world.post(chat, by, service=fields)
    world.updates.push("message", message_json(message))
    return message


def tell_of_member(world: World, chat: Chat, by: Person, member: Account, inside: bool) -> None:
    """The service message of somebody who came into a group (is now `inside`) or left it."""
    user = account_json(member)
    service_message(world, chat, by, {"new_chat_members": [user]} if inside else {"left_chat_member": user})


def tell_watchers(world: World) -> None:
    """Who watches reads the world again."""
    world.events.publish("commands")


def push_seen(world: World, message: ChatMessage) -> None:
    """A service message for a bot that is in the chat."""
    if message.chat.bot in INSIDE:
        world.updates.push("message", message_json(message))


def check_topic(chat: Chat, topic: int) -> None:
    """Raises `PeopleError` when there is no such topic."""
    if topic not in chat.topics:
        raise PeopleError("There is no such topic in this chat.")


def chief(chat: Chat) -> Person:
    """Who does in a chat what nobody else is named for."""
    return (chat.admins or chat.members)[0]
