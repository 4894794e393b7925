"""Reading what people send: which pictures a message brings, shows or answers to."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import blake2b
from pathlib import PurePath

from aiogram.enums import ChatType
from aiogram.types import (
    Document,
    ExternalReplyInfo,
    LivePhoto,
    Message,
    PaidMediaInfo,
    PaidMediaLivePhoto,
    PaidMediaPhoto,
    PhotoSize,
    PollMedia,
    RichBlockPhoto,
)
from aiogram.types.base import TelegramObject

from storage.pictures import Picture
from storage.records import NewReference
from storage.store import Store

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".bmp", ".tif", ".tiff", ".gif")
UNTOLD = {None, "", "application/octet-stream"}
"""Types of files that say nothing of what they hold."""
Holder = Message | ExternalReplyInfo | PollMedia
"""What Telegram puts pictures into."""


def pictures_in(message: Message) -> tuple[NewReference, ...]:
    """The pictures that a message shows, as photos or as a file; none of what it replies to."""
    return tuple(NewReference(file.file_id, message.message_id) for file in _files(message))


def pictures_of(messages: Iterable[Message]) -> tuple[NewReference, ...]:
    """The pictures of several messages, in the order in which they were sent."""
    return tuple(
        reference for one in sorted(messages, key=lambda one: one.message_id) for reference in pictures_in(one)
    )


async def pictures_replied_to(message: Message, store: Store, user_id: int) -> tuple[NewReference, ...]:
    """The pictures that a reply of this person is about, also one to a message of another chat.

    One of the bot's pictures counts alone, and the message with the buttons of an album for all of it; an item of a
    person's album stands for the whole album as far as the bot has seen it.
    """
    there = message.reply_to_message
    if there is None:
        elsewhere = message.external_reply
        return await _known(elsewhere, message, store, user_id) if elsewhere else ()
    ours = there.from_user is not None and message.bot is not None and there.from_user.id == message.bot.id
    # A channel's posts name no author.
    if (ours or there.chat.type == ChatType.CHANNEL) and not pictures_in(there):
        return await _album_of_buttons(there, store)
    if there.media_group_id and not ours:
        seen = await store.posted.album(message.chat.id, there.media_group_id)
        return seen or pictures_in(there)
    return await traced(there, store, user_id)


async def _album_of_buttons(there: Message, store: Store) -> tuple[NewReference, ...]:
    job = await store.jobs.with_status(there.chat.id, there.message_id)
    shown = [one for one in await store.pictures.of_job(job.id) if one.hidden_at is None] if job else []
    return as_references(shown, there.chat.id)


async def traced(message: Message, store: Store, user_id: int) -> tuple[NewReference, ...]:
    """The pictures that a message shows, and which of our pictures each is, so that its history is known.

    Others' pictures count only where they were made in this chat: their words are not for everybody.
    """
    return await _known(message, message, store, user_id)


async def _known(holder: Holder, message: Message, store: Store, user_id: int) -> tuple[NewReference, ...]:
    """The pictures of what `message` holds, or replies to; see `traced`."""
    number = message.message_id if holder is message else None
    found = []
    for file in _files(holder):
        unique_id = file.file_unique_id if isinstance(file, PhotoSize) else ""
        known = await store.pictures.shown_as(unique_id, message.chat.id, number)
        is_free = known is not None and (known.user_id == user_id or known.chat_id == message.chat.id)
        reference = NewReference(file.file_id, number)
        found.append(replace(reference, picture_id=known.id) if known and is_free else reference)
    return tuple(found)


def as_references(pictures: Iterable[Picture], chat_id: int) -> tuple[NewReference, ...]:
    """Pictures as references for a job in this chat, in their order."""
    return tuple(NewReference(one.file_id, one.message_in(chat_id), one.id) for one in pictures if one.file_id)


def digest(message: Message) -> str:
    """What somebody wrote and showed, in short: Telegram tells of edits also where neither has changed."""
    said = message.text or message.caption or ""
    # Of an album one item is not the whole.
    shown = [] if message.media_group_id else [file.file_unique_id for file in _files(message)]
    return blake2b("\n".join([said, *shown]).encode(), digest_size=16).hexdigest()


def topic_of(message: Message) -> int | None:
    """The forum topic in which a message stands, None outside of topics."""
    return message.message_thread_id if message.is_topic_message else None


def _files(holder: Holder) -> Iterator[PhotoSize | Document]:
    """The files of pictures, wherever they stand; of a photo the largest size."""
    # For backward compatibility a film without sound is a document, too.
    if (file := holder.document) and holder.animation is None and _is_picture(file):
        yield file
    yield from (sizes[-1] for sizes in _photos(holder) if sizes)


def _photos(holder: Holder) -> Iterator[list[PhotoSize]]:
    """Photos by their sizes, smallest first."""
    # The photo of a live photo stands beside it, as a rule.
    yield holder.photo or _still(holder.live_photo)
    if isinstance(holder, PollMedia):
        return
    yield from _paid(holder.paid_media)
    if holder.game:
        yield holder.game.photo
    if holder.poll and holder.poll.media:
        yield from _photos(holder.poll.media)
    if isinstance(holder, Message):
        yield holder.new_chat_photo or []
        yield from _in_blocks(holder.rich_message)


def _still(live: LivePhoto | None) -> list[PhotoSize]:
    return (live.photo if live else None) or []


def _paid(media: PaidMediaInfo | None) -> Iterator[list[PhotoSize]]:
    """What was paid for, or is the bot's own, is shown; the rest is a preview without a file."""
    for one in media.paid_media if media else ():
        if isinstance(one, PaidMediaPhoto):
            yield one.photo
        elif isinstance(one, PaidMediaLivePhoto):
            yield _still(one.live_photo)


def _in_blocks(node: object) -> Iterator[list[PhotoSize]]:
    """Photos of a rich message, at any depth: in collages, lists, quotations."""
    if isinstance(node, RichBlockPhoto):
        yield node.photo
    elif isinstance(node, TelegramObject):
        for _name, value in node:
            yield from _in_blocks(value)
    elif isinstance(node, list):
        for one in node:
            yield from _in_blocks(one)


def _is_picture(file: Document) -> bool:
    """Whether a file may be a picture; its bytes are checked later."""
    # Phones send HEIC files without a type of their own, and some of them without an ending.
    name = (file.file_name or "").lower()
    if file.mime_type in UNTOLD and not PurePath(name).suffix:
        return True
    return (file.mime_type or "").startswith("image/") or name.endswith(PICTURE_ENDINGS)
