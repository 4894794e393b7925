"""What happens to chats: the bot is blocked, removed, muted or promoted, topics open, a group becomes a supergroup."""

from bot.demo.telegram.bot_view import account_json, membership_json, message_json
from bot.demo.telegram.errors import PeopleError
from bot.demo.telegram.model import JSON, Account, BotStatus, Chat, ChatMessage, Person
from bot.demo.telegram.world import World


def set_bot_status(world: World, chat: Chat, status: BotStatus, by: Person | None = None) -> None:
    """The bot's standing in a chat changes, and it gets `my_chat_member`. `by`: an admin, or the private chat's person.

    In a private chat `kicked` is a block and `member` takes it back.
    """
    was, chat.bot = chat.bot, status
    who = by or chat.person or (chat.admins or chat.members)[0]
    inside = {"member", "administrator", "restricted"}
    if chat.person is None and (was in inside) != (status in inside):
        bot = account_json(world.bot)
        service_message(
            world, chat, who, {"new_chat_members": [bot]} if status in inside else {"left_chat_member": bot}
        )
    world.updates.push("my_chat_member", membership_json(chat, world.bot, who, was, world.clock()))
    world.changed.ring()


def add_topic(world: World, chat: Chat, name: str) -> int:
    """Open a forum topic and give its id. A group with a topic is a forum."""
    if chat.type != "supergroup":
        raise PeopleError("Only a supergroup can have topics.")
    created = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
    message = world.post(chat, (chat.admins or chat.members)[0], service=created)
    message.topic = message.id
    chat.topics[message.id] = name
    world.events.publish("commands")  # who watches reads the world again
    world.updates.push("message", message_json(message))
    return message.id


def migrate(world: World, chat: Chat) -> Chat:
    """A basic group becomes a supergroup with a new id; the old one only tells where it went."""
    if chat.type != "group" or chat.migrated_to is not None:
        raise PeopleError("Only a basic group can become a supergroup, and only once.")
    owner = (chat.admins or chat.members)[0]
    new = world.add_group(chat.title, *chat.members, admins=tuple(chat.admins), type_="supergroup")
    chat.migrated_to = new.id
    service_message(world, chat, owner, {"migrate_to_chat_id": new.id})
    service_message(world, new, owner, {"migrate_from_chat_id": chat.id})
    world.events.publish("commands")
    return new


def service_message(world: World, chat: Chat, by: Account, fields: JSON) -> ChatMessage:
    """A message that Telegram writes itself; the bot sees it in any case."""
    message = world.post(chat, by, service=fields)
    world.updates.push("message", message_json(message))
    return message
