"""The context of a request: its chat, its author, and the idempotency key of its update."""

import zlib
from dataclasses import dataclass, replace
from hashlib import blake2b

from aiogram.types import CallbackQuery, Chat, Message, User

from bot.handlers.people_named import TextMention, text_mentions
from bot.telegram.message_input import digest, topic_of
from storage.records import Job
from storage.settings_records import Preferences

NOTHING_SET = Preferences()


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The chat and author of a request. `idempotency_key` names the update; `message_id`: the message that the answer
    replies to; `asked_message_id`: the message with the prompt, or `button`: the pressed button, the same for every
    press on it; `user_name`: the author's name in the chat; `said`: a digest of the message, to compare edits with;
    `mentions`: the people whom it mentions without a username; `inline_message_id`: the message of
    inline mode that shows the job (`message_id` is 0 then)."""

    idempotency_key: str
    chat_id: int
    message_id: int
    user_id: int
    language: str
    thread_id: int | None = None
    preferences: Preferences = NOTHING_SET
    user_name: str | None = None
    said: str | None = None
    asked_message_id: int | None = None
    button: str | None = None
    mentions: tuple[TextMention, ...] = ()
    inline_message_id: str | None = None

    @classmethod
    def of_message(cls, message: Message, language: str, preferences: Preferences = NOTHING_SET) -> "RequestContext":
        """The context of a message."""
        # Anonymous admins and channels write in a chat's name, and all share one user: the chat counts as the author.
        author = message.sender_chat or message.from_user or message.chat
        return cls(
            idempotency_key=key_of(message.chat.id, "message", message.message_id),
            chat_id=message.chat.id,
            message_id=message.message_id,
            user_id=author.id,
            language=language,
            thread_id=topic_of(message),
            preferences=preferences,
            user_name=name_of(author),
            said=digest(message),
            asked_message_id=message.message_id,
            mentions=text_mentions(message),
        )

    @classmethod
    def of_press(
        cls,
        query: CallbackQuery,
        message: Message,
        reply_to: int,
        language: str,
        preferences: Preferences = NOTHING_SET,
    ) -> "RequestContext":
        """The context of a press on a button under `message`; the answer replies to `reply_to`."""
        button = f"{zlib.crc32(f'{message.message_id} {query.data}'.encode()):08x}"
        return cls(
            idempotency_key=key_of(message.chat.id, "press", button, query.id),
            chat_id=message.chat.id,
            message_id=reply_to,
            user_id=query.from_user.id,
            language=language,
            thread_id=topic_of(message),
            preferences=preferences,
            user_name=name_of(query.from_user),
            button=button,
        )

    @classmethod
    def of_inline(
        cls, user: User, inline_message_id: str, language: str, preferences: Preferences = NOTHING_SET, again: int = 0
    ) -> "RequestContext":
        """The context of a message of inline mode: whoever asks for its picture, and however, it is one request, but
        for another try after the job `again`. Its chat is not known: the private one counts."""
        message = blake2b(inline_message_id.encode(), digest_size=16).hexdigest()
        return cls(
            idempotency_key=key_of(0, "inline", message, again),
            chat_id=user.id,
            message_id=0,
            user_id=user.id,
            language=language,
            preferences=preferences,
            user_name=name_of(user),
            inline_message_id=inline_message_id,
        )

    def as_words_of(self, message: Message) -> "RequestContext":
        """The context of a press that draws this message's text: it has the key of the message, so however often the
        button is pressed, one job is made."""
        key, number = key_of(message.chat.id, "message", message.message_id), message.message_id
        return replace(self, idempotency_key=key, asked_message_id=number, button=None)

    def of_answer(self) -> "RequestContext":
        """The context of a reply to the bot's explanation; the message itself may still become a request."""
        key = key_of(self.chat_id, "told", self.message_id)
        return replace(self, idempotency_key=key, asked_message_id=None)


def key_of(chat_id: int, kind: str, *numbers: int | str) -> str:
    """The idempotency key of an update: the same for a repeated one, different for all others."""
    return ":".join(map(str, (chat_id, kind, *numbers)))


def name_of(author: User | Chat) -> str:
    """The author's name in a chat; at most 64 characters."""
    name = author.first_name if isinstance(author, User) else author.title or author.first_name
    return (name or "")[:64]


def keep_chat_as_author(context: RequestContext, job: Job) -> RequestContext:
    """The context of a press on a button of this job. A job in a chat's name stays the chat's, so the admin who presses
    is not named."""
    return replace(context, user_id=job.user_id, user_name=job.user_name) if job.user_id < 0 else context
