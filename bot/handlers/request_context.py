"""Where and by whom something is asked, and the key that names the update which asks."""

import zlib
from dataclasses import dataclass, replace

from aiogram.types import CallbackQuery, Chat, Message, User

from bot.telegram.message_input import digest, topic_of
from storage.records import Job
from storage.settings_records import Preferences

NOTHING_SET = Preferences()


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Where and by whom something is asked. `idempotency_key` names the update; `message_id` is what the answer replies
    to; `asked_message_id`: the message whose words ask, or `button`: what was pressed, the same for every press on it;
    `user_name`: what others there call them; `said`: a digest of the message as it was written, which its edits are
    compared with."""

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

    @classmethod
    def of_message(cls, message: Message, language: str, preferences: Preferences = NOTHING_SET) -> "RequestContext":
        """The place of a message."""
        # Anonymous admins and channels write in a chat's name; all of them share one user, so the chat is the person.
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
        """The place of a press on a button under `message`; the answer replies to `reply_to`."""
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

    def as_words_of(self, message: Message) -> "RequestContext":
        """A press that asks with the words of this message: like those, it makes one job, however often and whenever
        the button is pressed."""
        key, number = key_of(message.chat.id, "message", message.message_id), message.message_id
        return replace(self, idempotency_key=key, asked_message_id=number, button=None)

    def of_answer(self) -> "RequestContext":
        """The place of what an answer to the bot's reply will ask; the message itself may still ask otherwise."""
        key = key_of(self.chat_id, "told", self.message_id)
        return replace(self, idempotency_key=key, asked_message_id=None)


def key_of(chat_id: int, kind: str, *numbers: int | str) -> str:
    """The idempotency key of an update: the same whenever it comes again, and no other's."""
    return ":".join(map(str, (chat_id, kind, *numbers)))


def name_of(author: User | Chat) -> str:
    """What others in a chat call whoever writes; at most 64 characters."""
    name = author.first_name if isinstance(author, User) else author.title or author.first_name
    return (name or "")[:64]


def as_asked(context: RequestContext, job: Job) -> RequestContext:
    """A press on a button of this job. An admin who asked in a chat's name is not named by pressing: it stays the
    chat's."""
    return replace(context, user_id=job.user_id, user_name=job.user_name) if job.user_id < 0 else context
