"""Changes of chats: the memberships of the bot and of people, topics, a group that becomes a supergroup."""

from collections.abc import Collection, Mapping
from typing import Literal

from bot.demo.bot_api.bot_view import account_json, membership_json, message_json, standing_json
from bot.demo.bot_api.errors import PeopleError
from bot.demo.bot_api.model import JSON, Account, BotStatus, Chat, ChatMessage, Person
from bot.demo.bot_api.world import World

INSIDE = frozenset({"member", "administrator", "restricted"})
PersonStatus = Literal["member", "administrator", "restricted", "left"]
IMPOSSIBLE: Mapping[str, Collection[str]] = {"group": ["restricted"], "channel": ["restricted", "member"]}
"""The memberships that a bot can't have in a chat of this type: only supergroups mute single members, and a bot in a
channel is an admin."""


def set_bot_status(world: World, chat: Chat, status: BotStatus, by: Person | None = None) -> None:
    """Change the bot's membership in a chat; it gets `my_chat_member`. `by`: an admin, or the private chat's person.

    In a private chat `kicked` is a block and `member` takes it back. Raises `PeopleError` where Telegram doesn't have
    this membership.
    """
    if status in IMPOSSIBLE.get(chat.type, ()):
        raise PeopleError(f"In a {chat.type} the bot can't be {status}.")
    was, chat.bot = chat.bot, status
    who = by or chat.person or default_author(chat)
    world.updates.push("my_chat_member", membership_json(chat, world.bot, who, was, world.clock()))
    if chat.type in {"group", "supergroup"} and (was in INSIDE) != (status in INSIDE):
        announce_member(world, chat, who, world.bot, status in INSIDE)
    publish_world_change(world)


def set_person_status(world: World, chat: Chat, person: Person, status: PersonStatus, by: Person | None = None) -> None:
    """Change a person's membership in a group; a bot that is an admin there may get `chat_member`."""
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
    who = by or default_author(chat)
    if chat.bot == "administrator":
        about: JSON = membership_json(chat, world.bot, who, chat.bot, world.clock())
        about |= {"old_chat_member": before, "new_chat_member": standing_json(chat, person)}
        world.updates.push("chat_member", about)
    if chat.type != "channel" and was != (status != "left"):
        announce_member(world, chat, who, person, status != "left")
    publish_world_change(world)


def write_as_group(world: World, chat: Chat, admin: Person, *, on: bool = True) -> None:
    """An admin writes in the group's name from now on, or no longer. Raises `PeopleError`."""
    if chat.type != "supergroup" or admin not in chat.admins:
        raise PeopleError("Only an admin of a supergroup can write in its name.")
    chat.anonymous = [person for person in chat.anonymous if person is not admin] + ([admin] if on else [])
    publish_world_change(world)


def add_topic(world: World, chat: Chat, name: str, by: Person | None = None) -> int:
    """Open a forum topic and return its id. A group with a topic is a forum. Raises `PeopleError`."""
    if chat.type != "supergroup":
        raise PeopleError("Only a supergroup can have topics.")
    created = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
    message = world.post(chat, by or default_author(chat), service=created)
    message.topic = message.id
    chat.topics[message.id] = name
    world.edited(message, shown=False)
    publish_world_change(world)
    push_service_message(world, message)
    return message.id


def close_topic(world: World, chat: Chat, topic: int, by: Person | None = None) -> None:
    """Close a forum topic, so that only admins write there. Raises `PeopleError`."""
    check_topic(chat, topic)
    chat.closed.add(topic)
    push_service_message(
        world, world.post(chat, by or default_author(chat), service={"forum_topic_closed": {}}, topic=topic)
    )
    publish_world_change(world)


def reopen_topic(world: World, chat: Chat, topic: int, by: Person | None = None) -> None:
    """Reopen a closed topic, so that all can write there. Raises `PeopleError`."""
    check_topic(chat, topic)
    chat.closed.discard(topic)
    push_service_message(
        world, world.post(chat, by or default_author(chat), service={"forum_topic_reopened": {}}, topic=topic)
    )
    publish_world_change(world)


def delete_topic(world: World, chat: Chat, topic: int) -> None:
    """Delete a forum topic with all its messages; the bot gets no update. Raises `PeopleError`."""
    check_topic(chat, topic)
    del chat.topics[topic]
    chat.closed.discard(topic)
    world.remove(chat, [message.id for message in chat.messages.values() if message.topic == topic])
    for hidden in [message for message in chat.ephemeral.values() if message.topic == topic]:
        world.remove_ephemeral(hidden)
    publish_world_change(world)


def create_group(world: World, title: str, *people: Person) -> Chat:
    """Make a basic group of these people and the bot; the first is its owner."""
    chat = world.add_group(title, *people, admins=people[:1], type_="group")
    world.updates.push("my_chat_member", membership_json(chat, world.bot, people[0], "left", world.clock()))
    service_message(world, chat, people[0], {"group_chat_created": True})
    publish_world_change(world)
    return chat


def migrate(world: World, chat: Chat) -> Chat:
    """Turn a basic group into a supergroup with a new id; the old chat only names the new one. Raises `PeopleError`."""
    if chat.type != "group" or chat.migrated_to is not None:
        raise PeopleError("Only a basic group can become a supergroup, and only once.")
    new = world.add_group(chat.title, *chat.members, admins=tuple(chat.admins), type_="supergroup")
    chat.migrated_to, new.bot = new.id, chat.bot
    service_message(world, chat, default_author(chat), {"migrate_to_chat_id": new.id})
    service_message(world, new, default_author(chat), {"migrate_from_chat_id": chat.id})
    publish_world_change(world)
    return new


def service_message(world: World, chat: Chat, by: Account, fields: JSON) -> ChatMessage:
    """Post a service message. The bot gets it even when it has just been removed."""
    message = world.post(chat, by, service=fields)
    world.updates.push("message", message_json(message))
    return message


def announce_member(world: World, chat: Chat, by: Person, member: Account, inside: bool) -> None:
    """Post the service message for a member who joined a group (is now `inside`) or left it."""
    user = account_json(member)
    service_message(world, chat, by, {"new_chat_members": [user]} if inside else {"left_chat_member": user})


def publish_world_change(world: World) -> None:
    """Make the open pages load chats and commands again."""
    world.events.publish("commands")


def push_service_message(world: World, message: ChatMessage) -> None:
    """Send a service message to the bot if it is in the chat."""
    if message.chat.bot in INSIDE:
        world.updates.push("message", message_json(message))


def check_topic(chat: Chat, topic: int) -> None:
    """Raises `PeopleError` when there is no such topic."""
    if topic not in chat.topics:
        raise PeopleError("There is no such topic in this chat.")


def default_author(chat: Chat) -> Person:
    """The author of an action for which no person is named: the first admin, else the first member."""
    return (chat.admins or chat.members)[0]
