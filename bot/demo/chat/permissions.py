"""Checks of people's actions, with the refusals that Telegram's apps show."""

from collections.abc import Sequence

from bot.demo.bot_api.entities import utf16_length
from bot.demo.bot_api.errors import PeopleError
from bot.demo.bot_api.model import Chat, ChatMessage, Person

MAX_TEXT_LENGTH, MAX_CAPTION_LENGTH, MAX_FILES = 4096, 1024, 10


def check_words(text: str, files: Sequence[object]) -> None:
    """Refuse an empty message, and one that is too long or has too many files. Raises `PeopleError`."""
    most = MAX_CAPTION_LENGTH if files else MAX_TEXT_LENGTH
    if not text and not files:
        raise PeopleError("Write something or attach a file.")
    if utf16_length(text) > most:
        raise PeopleError(f"At most {most} characters fit here.")
    if len(files) > MAX_FILES:
        raise PeopleError(f"An album holds at most {MAX_FILES} files.")


def check_member(person: Person, chat: Chat) -> None:
    """Refuse a chat that the person is not in or can't write to any more. Raises `PeopleError`."""
    if person not in chat.members:
        raise PeopleError(f"{person.name} is not in this chat.")
    if chat.migrated_to is not None:
        raise PeopleError("This group became a supergroup; write there.")
    if chat.type == "private" and chat.bot == "kicked":
        raise PeopleError("The bot is blocked; unblock it first.")


def check_sees(person: Person, message: ChatMessage) -> None:
    """Refuse a message that the person doesn't see. Raises `PeopleError`."""
    if not message.seen_by(person):
        raise PeopleError(f"{person.name} does not see this message.")


def topic_for(person: Person, chat: Chat, *, reply_to: int | None, topic: int | None, anonymous: bool) -> int | None:
    """The topic that a message goes to. Raises `PeopleError` when the person can't write there."""
    check_member(person, chat)
    if reply_to is not None and reply_to not in chat.messages:
        raise PeopleError("The message to reply to is gone.")
    if topic is not None and topic not in chat.topics:
        raise PeopleError("There is no such topic in this chat.")
    if anonymous and person not in chat.admins:
        raise PeopleError("Only an admin can write in the group's name.")
    if chat.type == "channel" and person not in chat.admins:
        raise PeopleError("Only admins write in a channel.")
    if person in chat.muted:
        raise PeopleError(f"{person.name} may only read here.")
    found = chat.messages[reply_to].topic if topic is None and reply_to is not None else topic
    if found in chat.closed and person not in chat.admins:
        raise PeopleError("This topic is closed.")
    return found
