"""The data of the simulated Telegram: accounts, chats, messages, presses and inline queries."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

JSON = dict[str, Any]
Keyboard = list[list[JSON]]
"""Rows of inline buttons, as the Bot API writes them."""
ChatType = Literal["private", "group", "supergroup", "channel"]
BotStatus = Literal["member", "administrator", "restricted", "kicked", "left"]
"""The bot's membership in a chat. In a private chat `kicked` means that the person blocked it, `left` that they have
never started it."""
Clock = Callable[[], float]
"""Returns unix seconds."""


@dataclass(eq=False, kw_only=True)
class Account:
    """A person or a bot."""

    id: int
    name: str
    username: str | None = None
    language_code: str | None = None
    is_bot: bool = False


@dataclass(eq=False, kw_only=True)
class Person(Account):
    """A human with a private chat with the bot."""

    chat: "Chat" = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.chat = Chat(id=self.id, type="private", title=self.name, person=self, members=[self])


@dataclass(eq=False, kw_only=True)
class Chat:
    """A private chat, a group, a supergroup or a channel.

    `topics`: the names of forum topics by their id (that of their first message);
    `closed`: those in which only admins write; `anonymous`: admins who write in the group's name; `muted`: people who
    may only read; `linked`: a channel's discussion group, or the channel of such a group; `ephemeral`: the messages
    that only one member sees, by their ephemeral id; they are no part of `messages`; `stopped_drafts`: the numbers of
    drafts that their person has stopped.
    """

    id: int
    type: ChatType
    title: str
    person: Person | None = None
    members: list[Person] = field(default_factory=list, repr=False)
    admins: list[Person] = field(default_factory=list, repr=False)
    topics: dict[int, str] = field(default_factory=dict, repr=False)
    closed: set[int] = field(default_factory=set, repr=False)
    anonymous: list[Person] = field(default_factory=list, repr=False)
    muted: list[Person] = field(default_factory=list, repr=False)
    linked: "Chat | None" = field(default=None, repr=False)
    bot: BotStatus = "member"
    migrated_to: int | None = None
    messages: "dict[int, ChatMessage]" = field(default_factory=dict, repr=False)
    ephemeral: "dict[int, ChatMessage]" = field(default_factory=dict, repr=False)
    last_draft: "Draft | None" = field(default=None, repr=False)
    stopped_drafts: set[int] = field(default_factory=set, repr=False)

    @property
    def draft(self) -> "Draft | None":
        """The bot's unfinished message in a private chat, None when there is none."""
        return self.last_draft if self.last_draft and self.last_draft.left > 0 else None

    def find(self, id_: int) -> "ChatMessage | None":
        """A message by its id, an ephemeral one too."""
        hidden = (message for message in self.ephemeral.values() if message.id == id_)
        return self.messages.get(id_) or next(hidden, None)

    def seen_by(self, person: "Person | None" = None) -> "list[ChatMessage]":
        """The messages, oldest first, with the ephemeral ones of this person, or (None) of everybody."""
        hidden = [message for message in self.ephemeral.values() if message.seen_by(person)]
        return sorted([*self.messages.values(), *hidden], key=lambda message: message.id)


@dataclass(frozen=True, slots=True)
class PhotoSize:
    """One size of a photo. Sides in pixels, `size` in bytes."""

    file_id: str
    unique_id: str
    width: int
    height: int
    size: int


@dataclass(frozen=True, slots=True)
class Photo:
    """The photo of one message: its sizes, smallest first."""

    sizes: tuple[PhotoSize, ...]

    @property
    def largest(self) -> PhotoSize:
        """The size people see when they open the photo."""
        return self.sizes[-1]


@dataclass(frozen=True, slots=True)
class Document:
    """The file of one message."""

    file_id: str
    unique_id: str
    name: str
    mime_type: str
    size: int
    thumbnail: PhotoSize | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A text that the bot is still writing (sendMessageDraft). `until`: unix seconds of the world's `clock`;
    `can_stop`: it has a Stop button; `keep_on_stop`: that leaves it for a while."""

    id: int
    text: str
    entities: list[JSON]
    until: float
    clock: Clock
    can_stop: bool = False
    keep_on_stop: bool = False
    topic: int | None = None

    @property
    def left(self) -> float:
        """Seconds for which it will still be shown."""
        return self.until - self.clock()


@dataclass(eq=False, kw_only=True)
class ChatMessage:
    """One message. `text` is the text or the caption; `entities` are the Bot API's, in UTF-16 units.

    `author`: the person behind a message in the name of a chat; `reply_to` and `topic` are message ids in the same
    chat; `reactions`: emoji by account id; `service`: the fields of a service message ("forum_topic_created": …);
    `thing`: the field of something else that was sent ("voice": …); `extra`: further fields the bot sees as they are;
    `via`: the bot whose inline result a person sent,
    `inline_id`: its id for that bot; `only_for`: the only person who sees an ephemeral message;
    its `ephemeral_id` is the bot's id for it, its `id` only orders it among the others; `force_reply`: as the Bot API
    writes it; `forward`: the forward of a channel's post in the discussion group; `votes`: the answers to its
    poll, by person.
    """

    id: int
    chat: Chat
    date: float
    sender: Account
    sender_chat: Chat | None = None
    author: Person | None = None
    text: str = ""
    entities: list[JSON] = field(default_factory=list)
    photo: Photo | None = None
    document: Document | None = None
    thing: JSON = field(default_factory=dict)
    album: str | None = None
    reply_to: int | None = None
    topic: int | None = None
    keyboard: Keyboard | None = None
    reactions: dict[int, str] = field(default_factory=dict)
    spoiler: bool = False
    caption_above: bool = False
    edited: float | None = None
    service: JSON | None = None
    via: Account | None = None
    inline_id: str | None = None
    only_for: Person | None = None
    ephemeral_id: int | None = None
    force_reply: JSON | None = None
    forward: "ChatMessage | None" = field(default=None, repr=False)
    extra: JSON = field(default_factory=dict)
    votes: dict[int, int] = field(default_factory=dict)

    @property
    def by_bot(self) -> bool:
        """Whether the bot wrote it."""
        return self.sender.is_bot and (self.sender_chat is None or self.chat.type == "channel")

    def seen_by(self, person: Person | None) -> bool:
        """Whether a member of the chat sees it; None sees all messages."""
        return self.only_for is None or person is None or self.only_for is person

    @property
    def buttons(self) -> list[str]:
        """The labels of the inline buttons, row by row."""
        return [str(button["text"]) for row in self.keyboard or [] for button in row]

    @property
    def is_text(self) -> bool:
        """Whether it is a text message, without media."""
        return self.photo is None and self.document is None and not self.thing and self.service is None

    def content(self) -> tuple[object, ...]:
        """The visible content; an edit that leaves it as it was is refused."""
        media = self.photo.largest.unique_id if self.photo else self.document.unique_id if self.document else None
        return self.text, self.entities, media, self.keyboard, self.spoiler, self.caption_above


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    """The bot's answer to a pressed button."""

    text: str
    alert: bool


@dataclass(eq=False, kw_only=True)
class Press:
    """A pressed button. `answer` is None until the bot has answered; `at` in unix seconds."""

    id: str
    person: Person
    message: ChatMessage
    data: str
    at: float
    answer: CallbackAnswer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineResult:
    """One inline result, with the message that is sent when it is chosen.

    `shown`: the picture in the list; `photo`: the one that is sent, None for a text.
    """

    id: str
    title: str
    description: str
    shown: Photo | None
    text: str
    entities: list[JSON]
    photo: Photo | None
    keyboard: Keyboard | None
    caption_above: bool


@dataclass(frozen=True, slots=True)
class InlineAnswer:
    """The bot's answer to an inline query.

    `next_offset` "": there is no more; `button`: its text with a start_parameter or a url.
    """

    results: list[InlineResult]
    next_offset: str
    button: JSON | None


@dataclass(eq=False, kw_only=True)
class InlineQuery:
    """The text that a person typed after the bot's name in a chat. `answer` is None until the bot has answered.

    `at`: unix seconds.
    """

    id: str
    person: Person
    chat: Chat
    query: str
    offset: str
    at: float
    answer: InlineAnswer | None = None

    @property
    def results(self) -> list[InlineResult] | None:
        """The results; None until the bot has answered."""
        return None if self.answer is None else self.answer.results

    @property
    def chat_type(self) -> str:
        """The `chat_type` for the bot. The private chat with the bot is the only one that people have here."""
        return "sender" if self.chat.type == "private" else self.chat.type
