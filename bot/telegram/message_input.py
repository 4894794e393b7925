"""Finding the pictures that a message shows or replies to."""

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
UNSPECIFIC_TYPES = {None, "", "application/octet-stream"}
"""Media types that don't tell what a file holds."""
Holder = Message | ExternalReplyInfo | PollMedia
"""Telegram's objects that contain pictures."""


def pictures_in(message: Message) -> tuple[NewReference, ...]:
    """The pictures that a message shows, as photos or as a file; not those of the message that it replies to."""
    return tuple(NewReference(file.file_id, message.message_id) for file in _files(message))


def pictures_of(messages: Iterable[Message]) -> tuple[NewReference, ...]:
    """The pictures of several messages, in the order in which they were sent."""
    return tuple(
        reference for one in sorted(messages, key=lambda one: one.message_id) for reference in pictures_in(one)
    )


async def pictures_replied_to(message: Message, store: Store, user_id: int) -> tuple[NewReference, ...]:
    """The pictures of the message that this person replies to, also in another chat.

    A reply to one of the bot's pictures means that picture, one to the message with an album's buttons the whole album.
    A reply to an item of a person's album means the whole album as far as the bot has seen it.
    """
    there = message.reply_to_message
    if there is None:
        elsewhere = message.external_reply
        return await _known(elsewhere, message, store, user_id) if elsewhere else ()
    ours = there.from_user is not None and message.bot is not None and there.from_user.id == message.bot.id
    # Posts of a channel have no author.
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
    """The pictures that a message shows, each with the id of the bot's picture that it is, if it is one.

    Another person's picture is recognized only if it was made in this chat, since its prompt is not for everybody, or
    if it shows people who have to allow its use.
    """
    return await _known(message, message, store, user_id)


async def _known(holder: Holder, message: Message, store: Store, user_id: int) -> tuple[NewReference, ...]:
    """The pictures of `holder`, which is `message` or the object that it replies to; see `traced`."""
    number = message.message_id if holder is message else None
    found = []
    for file in _files(holder):
        unique_id = file.file_unique_id if isinstance(file, PhotoSize) else ""
        known = await store.pictures.shown_as(unique_id, message.chat.id, number)
        reference = NewReference(file.file_id, number)
        if known and await _is_traced(known, reference, message.chat.id, store, user_id):
            reference = replace(reference, picture_id=known.id)
        found.append(reference)
    return tuple(found)


async def _is_traced(known: Picture, reference: NewReference, chat_id: int, store: Store, user_id: int) -> bool:
    """Whether a picture of the bot's is recognized. One that shows people always is: they may not allow it here."""
    if known.user_id == user_id or known.chat_id == chat_id:
        return True
    return bool(await store.likenesses.in_references([replace(reference, picture_id=known.id)], chat_id))


def as_references(pictures: Iterable[Picture], chat_id: int) -> tuple[NewReference, ...]:
    """Pictures as references for a job in this chat, in their order."""
    return tuple(NewReference(one.file_id, one.message_in(chat_id), one.id) for one in pictures if one.file_id)


def digest(message: Message) -> str:
    """A digest of a message's text and pictures: Telegram also reports edits that change neither."""
    text = message.text or message.caption or ""
    # An item of an album is only a part of the pictures.
    shown = [] if message.media_group_id else [file.file_unique_id for file in _files(message)]
    return blake2b("\n".join([text, *shown]).encode(), digest_size=16).hexdigest()


def topic_of(message: Message) -> int | None:
    """The forum topic of a message, None outside of topics."""
    return message.message_thread_id if message.is_topic_message else None


def _files(holder: Holder) -> Iterator[PhotoSize | Document]:
    """The picture files of an object, at any place; of a photo the largest size."""
    # For backward compatibility Telegram also makes an animation a document.
    if (file := holder.document) and holder.animation is None and _is_picture(file):
        yield file
    yield from (sizes[-1] for sizes in _photos(holder) if sizes)


def _photos(holder: Holder) -> Iterator[list[PhotoSize]]:
    """Photos by their sizes, smallest first."""
    # Usually Telegram adds the still photo of a live photo as `photo`.
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
    """The photos of paid media; unless they are paid for, or the bot's own, there is only a preview without a file."""
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
    # Phones send HEIC files without a media type, some also without a file name extension.
    name = (file.file_name or "").lower()
    if file.mime_type in UNSPECIFIC_TYPES and not PurePath(name).suffix:
        return True
    return (file.mime_type or "").startswith("image/") or name.endswith(PICTURE_ENDINGS)
