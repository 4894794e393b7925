"""Reading what people send: which pictures a message brings, shows or answers to."""

from collections.abc import Iterable
from dataclasses import replace

from aiogram.enums import ChatType
from aiogram.types import Message

from storage.pictures import Picture
from storage.records import NewSource
from storage.store import Store

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".bmp", ".tif", ".tiff", ".gif")


def picture_of(message: Message) -> NewSource | None:
    """The picture that a message shows, as a photo or as a file; None when it shows none."""
    if message.photo:
        return NewSource(message.photo[-1].file_id, message.message_id)
    if (file := message.document) and _is_picture(file.mime_type, file.file_name):
        return NewSource(file.file_id, message.message_id)
    return None


def pictures_of(messages: Iterable[Message]) -> tuple[NewSource, ...]:
    """The pictures of several messages, in the order in which they were sent."""
    found = (picture_of(message) for message in sorted(messages, key=lambda one: one.message_id))
    return tuple(source for source in found if source)


async def pictures_replied_to(message: Message, store: Store, user_id: int) -> tuple[NewSource, ...]:
    """The pictures that a reply of this person is about.

    One of the bot's pictures counts alone, and the message with the buttons of an album for all of it; an item of a
    person's album stands for the whole album as far as the bot has seen it.
    """
    there = message.reply_to_message
    if there is None:
        return ()
    ours = there.from_user is not None and message.bot is not None and there.from_user.id == message.bot.id
    # A channel's posts name no author.
    if (ours or there.chat.type == ChatType.CHANNEL) and not picture_of(there):
        return await _album_of_buttons(there, store)
    if there.media_group_id and not ours:
        seen = await store.posted.album(message.chat.id, there.media_group_id)
        return seen or pictures_of([there])
    source = picture_of(there)
    return (await traced(there, source, store, user_id),) if source else ()


async def _album_of_buttons(there: Message, store: Store) -> tuple[NewSource, ...]:
    job = await store.jobs.with_status(there.chat.id, there.message_id)
    shown = [one for one in await store.pictures.of_job(job.id) if one.hidden_at is None] if job else []
    return as_sources(shown, there.chat.id)


async def traced(message: Message, source: NewSource, store: Store, user_id: int) -> NewSource:
    """The source, and which of our pictures it is, so that its history is known.

    Others' pictures count only where they were made in this chat: their words are not for everybody.
    """
    unique_id = message.photo[-1].file_unique_id if message.photo else ""
    known = await store.pictures.shown_as(unique_id, message.chat.id, message.message_id)
    if known is None or (known.user_id != user_id and known.chat_id != message.chat.id):
        return source
    return replace(source, picture_id=known.id)


def as_sources(pictures: Iterable[Picture], chat_id: int) -> tuple[NewSource, ...]:
    """Pictures as references for a job in this chat, in their order."""
    # Of one that no message shows here, a number that no message has.
    return tuple(NewSource(one.file_id, one.message_in(chat_id) or -one.id, one.id) for one in pictures if one.file_id)


def topic_of(message: Message) -> int | None:
    """The forum topic in which a message stands, None outside of topics."""
    return message.message_thread_id if message.is_topic_message else None


def _is_picture(mime_type: str | None, name: str | None) -> bool:
    # Phones send HEIC files without a type of their own, so the name counts as well; the bytes are checked later.
    return (mime_type or "").startswith("image/") or (name or "").lower().endswith(PICTURE_ENDINGS)
