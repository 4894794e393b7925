"""Channels: forwards their posts to the discussion group, where people comment."""

from typing import Any

from bot.demo.bot_api.bot_view import message_json, origin_json
from bot.demo.bot_api.model import ChatMessage, Document, Photo
from bot.demo.bot_api.privacy import bot_sees
from bot.demo.bot_api.world import TELEGRAM, World


def forward_to_discussion(world: World, post: ChatMessage) -> None:
    """Forward a channel's post to its discussion group, as Telegram does by itself; other messages stay where they are.

    A reply to the forward is a comment.
    """
    group = post.chat.linked if post.chat.type == "channel" else None
    if group is None:
        return
    extra = {"is_automatic_forward": True, "forward_origin": origin_json(post)}
    album = str(int(post.album) + 1) if post.album else None
    forward = world.post(group, TELEGRAM, sender_chat=post.chat, album=album, extra=extra, **copied_fields(world, post))
    post.forward = forward
    if bot_sees(world.bot, forward):
        world.updates.push("message", message_json(forward))


def publish_edit(world: World, message: ChatMessage, *, shown: bool = True) -> None:
    """Publish that a message was changed. The forward of a channel's post in the discussion group is edited too (it
    stays when the post is deleted). A new keyboard alone isn't `shown` as an edit."""
    world.edited(message, shown=shown)
    forward = message.forward
    if shown and forward is not None and forward.chat.find(forward.id) is forward:
        for name, value in copied_fields(world, message).items():
            setattr(forward, name, value)
        world.edited(forward)


def copied_fields(world: World, source: ChatMessage) -> dict[str, Any]:
    """The fields of a message with the same words and media, its files under new ids."""
    fields: dict[str, Any] = {"text": source.text, "entities": list(source.entities)}
    look = {"spoiler": source.spoiler, "caption_above": source.caption_above}
    photo: Photo | None = source.photo and world.files.photo(source.photo.largest.file_id)
    document: Document | None = source.document and world.files.document(source.document.file_id)
    return {**fields, **look, "photo": photo, "document": document, "thing": source.thing}
