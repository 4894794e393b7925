"""`World`: the accounts, chats and messages of the simulated Telegram. Every change is published as an event."""

import secrets
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bot.demo.bot_api.change_signal import Signal
from bot.demo.bot_api.events import Events
from bot.demo.bot_api.files import FileStore
from bot.demo.bot_api.model import (
    JSON,
    Account,
    Chat,
    ChatMessage,
    ChatType,
    Clock,
    Draft,
    InlineAnswer,
    InlineQuery,
    Person,
    Photo,
    Press,
)
from bot.demo.bot_api.people_view import draft_view, message_view, reactions_view
from bot.demo.bot_api.updates import UpdateQueue

ANONYMOUS = Account(id=1087968824, name="Group", username="GroupAnonymousBot", is_bot=True)
"""The Bot API's author of a message that an admin writes in the group's name."""
TELEGRAM = Account(id=777000, name="Telegram")
"""The Bot API's author of a channel's post in the channel's discussion group."""
GENERAL_TOPIC = 1
"""The first message of a supergroup or channel tells of its creation; its id is that of a forum's general topic."""


@dataclass(eq=False, kw_only=True)
class BotAccount(Account):
    """The bot. `inline`: whether inline mode was switched on at @BotFather, `feedback`: whether it hears of choices
    there; `commands` by scope and language; `texts`: its descriptions by kind and language; `photo`: its picture."""

    is_bot: bool = True
    privacy: bool = True
    inline: bool = True
    feedback: bool = False
    photo: Photo | None = None
    commands: dict[tuple[str, str], list[JSON]] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)


class World:
    """Accounts, chats, messages, files, updates and events of one simulated Telegram with one bot."""

    def __init__(self, bot: BotAccount, clock: Clock) -> None:
        self.bot = bot
        self.clock = clock
        self.people: list[Person] = []
        self.chats: dict[int, Chat] = {}
        self.files = FileStore()
        self.events = Events()
        self.updates = UpdateQueue(self.events.changed)
        self.presses: dict[str, Press] = {}
        self.inline_queries: dict[str, InlineQuery] = {}
        self.inline_messages: dict[str, ChatMessage] = {}
        self.inline_cache: dict[tuple[object, ...], tuple[float, InlineAnswer]] = {}
        self._message_ids: dict[int, int] = {}
        self._ephemeral_ids = count(1)

    @property
    def changed(self) -> Signal:
        """Notified of every change."""
        return self.events.changed

    def add_person(self, id_: int, name: str, username: str, language_code: str) -> Person:
        """Add a person, with a private chat with the bot."""
        person = Person(id=id_, name=name, username=username, language_code=language_code)
        self.people.append(person)
        self.chats[person.id] = person.chat
        return person

    def add_group(self, title: str, *people: Person, admins: tuple[Person, ...] = (), type_: ChatType) -> Chat:
        """Add a group of these people, with the bot as a plain member. The first admin is the owner."""
        number = 1_900_000_001 + len(self.chats)
        id_ = -number if type_ == "group" else -(1_000_000_000_000 + number)
        chat = Chat(id=id_, type=type_, title=title, members=list(people), admins=list(admins))
        self.chats[id_] = chat
        return chat

    def add_channel(
        self, title: str, *people: Person, admins: tuple[Person, ...] = (), discussion: Chat | None = None
    ) -> Chat:
        """Add a channel that these people read, with the bot as an admin; posts go to the `discussion` group, too."""
        channel = self.add_group(title, *people, admins=admins, type_="channel")
        channel.bot = "administrator"
        if discussion is not None:
            channel.linked, discussion.linked = discussion, channel
        return channel

    def post(self, chat: Chat, sender: Account, **fields: Any) -> ChatMessage:
        """Add a message with the fields of `ChatMessage`. It makes no update for the bot."""
        message = self._written(chat, sender, fields)
        chat.messages[message.id] = message
        if sender is self.bot and chat.draft:
            self.draft(chat, None)
        self.events.publish("message", message=message_view(message))
        return message

    def post_ephemeral(self, chat: Chat, receiver: Person, **fields: Any) -> ChatMessage:
        """Add an ephemeral message of the bot, which only one member sees, with the fields of `ChatMessage`."""
        message = self._written(chat, self.bot, {**fields, "only_for": receiver})
        message.ephemeral_id = next(self._ephemeral_ids)
        chat.ephemeral[message.ephemeral_id] = message
        self.events.publish("message", message=message_view(message))
        return message

    def draft(self, chat: Chat, draft: Draft | None) -> None:
        """Set the bot's unfinished message, or (None) remove it."""
        chat.last_draft = draft
        self.events.publish("draft", chat=chat.id, draft=draft_view(draft))

    def edited(self, message: ChatMessage, *, shown: bool = True) -> None:
        """Publish that the author changed a message. A new keyboard alone isn't `shown` as an edit."""
        if shown:
            message.edited = self.clock()
        self.events.publish("edited", message=message_view(message))

    def react(self, message: ChatMessage, account: Account, emoji: str | None) -> None:
        """Set the reaction of an account, which has at most one; None removes it."""
        if emoji is None:
            message.reactions.pop(account.id, None)
        else:
            message.reactions[account.id] = emoji
        chat = message.chat.id
        self.events.publish("reaction", chat=chat, id=message.id, reactions=reactions_view(message))

    def remove_ephemeral(self, message: ChatMessage) -> None:
        """Delete an ephemeral message."""
        if message.chat.ephemeral.pop(message.ephemeral_id or 0, None) and message.only_for:
            only_for = message.only_for.id
            self.events.publish("deleted", chat=message.chat.id, ids=[message.id], only_for=only_for)

    def remove(self, chat: Chat, ids: list[int]) -> None:
        """Delete messages for everybody. The bot gets no update."""
        gone = [id_ for id_ in ids if chat.messages.pop(id_, None)]
        if gone:
            self.events.publish("deleted", chat=chat.id, ids=gone)

    def person(self, id_: int) -> Person | None:
        """A person by id."""
        return next((person for person in self.people if person.id == id_), None)

    def account(self, id_: int) -> Account | None:
        """A person or the bot by id."""
        return self.bot if id_ == self.bot.id else self.person(id_)

    def album_id(self) -> str:
        """A new `media_group_id`."""
        return str(13_000_000_000_000_000 + secrets.randbelow(10**15))

    def _written(self, chat: Chat, sender: Account, fields: JSON) -> ChatMessage:
        # Private chats and basic groups share one sequence of ids, each supergroup and each channel has its own.
        row, first = (chat.id, GENERAL_TOPIC + 1) if chat.type in {"supergroup", "channel"} else (0, 1)
        self._message_ids[row] = self._message_ids.get(row, first - 1) + 1
        return ChatMessage(id=self._message_ids[row], chat=chat, date=self.clock(), sender=sender, **fields)


def default_world(bot: BotAccount, clock: Clock) -> World:
    """Ann (English) and 小明 (Chinese), each with a private chat, and one group of both with Ann as its owner.

    小明's id is beyond 32 bits, as those of new accounts are.
    """
    world = World(bot, clock)
    ann = world.add_person(510_000_001, "Ann", "ann_paints", "en")
    ming = world.add_person(7_100_000_002, "小明", "xiaoming_art", "zh-hans")
    world.add_group("Picture club", ann, ming, admins=(ann,), type_="supergroup")
    return world
