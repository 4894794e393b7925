"""Methods that send: text, photos, documents, albums, copies and forwards."""

from typing import Any

from aiogram.methods import (
    CopyMessage,
    ForwardMessage,
    SendDocument,
    SendMediaGroup,
    SendMessage,
    SendMessageDraft,
    SendPhoto,
)
from aiogram.types import InputMediaDocument, InputMediaPhoto

from bot.demo.bot_api.bot_view import origin_json
from bot.demo.bot_api.channels import copied_fields
from bot.demo.bot_api.errors import ApiError, bad_request, too_many_requests
from bot.demo.bot_api.keyboards import inline_keyboard
from bot.demo.bot_api.methods.call_context import MAX_TEXT_LENGTH, CallContext, sent
from bot.demo.bot_api.methods.receivers import check_receiver
from bot.demo.bot_api.model import JSON, Chat, ChatMessage, Draft
from bot.demo.bot_api.params import given

MIN_ALBUM_ITEMS, MAX_ALBUM_ITEMS = 2, 10
DRAFT_SECONDS = 30.0


async def send_message(context: CallContext, call: SendMessage) -> JSON:
    """https://core.telegram.org/bots/api#sendmessage."""
    chat = context.chat(call.chat_id, "text messages")
    text, entities = context.words(call.text, call.parse_mode, call.entities, MAX_TEXT_LENGTH)
    if not text:
        raise bad_request("text must be non-empty" if call.text else "message text is empty")
    keyboard = inline_keyboard(call.reply_markup)
    fields = {"text": text, "entities": entities, "keyboard": keyboard}
    if call.ephemeral_message_parameters:
        receiver = check_receiver(context, chat, call.ephemeral_message_parameters)
        return sent(context.world.post_ephemeral(chat, receiver, **fields, **context.common(chat, call)))
    return sent(context.post(chat, call, **fields))


async def send_message_draft(context: CallContext, call: SendMessageDraft) -> bool:
    """https://core.telegram.org/bots/api#sendmessagedraft: no message, and so not counted by flood control.

    The texts of the official server's errors are not known.
    """
    chat = context.chat(call.chat_id, "text messages")
    if chat.type != "private":
        raise bad_request("message drafts can be sent only to private chats")
    if not call.draft_id:
        raise bad_request("draft identifier must be non-zero")
    text, entities = context.words(call.text, call.parse_mode, call.entities, MAX_TEXT_LENGTH)
    clock = context.world.clock
    draft = Draft(
        id=call.draft_id,
        text=text,
        entities=entities,
        until=clock() + DRAFT_SECONDS,
        clock=clock,
        can_stop=bool(call.can_stop),
        keep_on_stop=bool(call.keep_on_stop),
        topic=call.message_thread_id,
    )
    # Whoever stopped it sees no more of it.
    if call.draft_id not in chat.stopped_drafts:
        context.world.draft(chat, draft)
    return True


async def send_photo(context: CallContext, call: SendPhoto) -> JSON:
    """https://core.telegram.org/bots/api#sendphoto."""
    chat = context.chat(call.chat_id, "photos")
    text, entities = context.words(call.caption, call.parse_mode, call.caption_entities)
    keyboard = inline_keyboard(call.reply_markup)
    look = {"spoiler": bool(call.has_spoiler), "caption_above": bool(given(call.show_caption_above_media))}
    photo = await context.photo(call.photo)
    return sent(context.post(chat, call, text=text, entities=entities, photo=photo, keyboard=keyboard, **look))


async def send_document(context: CallContext, call: SendDocument) -> JSON:
    """https://core.telegram.org/bots/api#senddocument."""
    chat = context.chat(call.chat_id, "documents")
    text, entities = context.words(call.caption, call.parse_mode, call.caption_entities)
    keyboard = inline_keyboard(call.reply_markup)
    document = await context.document(call.document)
    return sent(context.post(chat, call, text=text, entities=entities, document=document, keyboard=keyboard))


async def send_media_group(context: CallContext, call: SendMediaGroup) -> list[JSON]:
    """https://core.telegram.org/bots/api#sendmediagroup: all items or none, unless a planned fault cuts the album."""
    if len(call.media) > MAX_ALBUM_ITEMS:
        raise bad_request("Too many messages to send as an album")
    if len(call.media) < MIN_ALBUM_ITEMS:
        raise bad_request("Too few messages to send as an album")
    kinds = {item.type for item in call.media}
    if "document" in kinds and len(kinds) > 1:
        raise bad_request("Document can't be mixed with other media types")
    chat = context.chat(call.chat_id, "documents" if "document" in kinds else "photos")
    context.reply(chat, call)
    items = [await album_item(context, item, number) for number, item in enumerate(call.media, 1)]
    cut = context.partial.items if context.partial else None
    album = context.world.album_id()
    messages = [context.post(chat, call, album=album, **item) for item in items[:cut]]
    if context.partial:
        raise too_many_requests(context.partial.retry_after)
    return [sent(message) for message in messages]


async def album_item(context: CallContext, item: object, number: int) -> dict[str, Any]:
    """The fields of one message of an album."""
    if not isinstance(item, InputMediaPhoto | InputMediaDocument):
        raise bad_request("this simulator has albums of photos and of documents only")
    text, entities = context.words(item.caption, item.parse_mode, item.caption_entities)
    fields: dict[str, Any] = {"text": text, "entities": entities}
    try:
        fields |= await media_fields(context, item)
    except ApiError as error:
        if error.code != 400:
            raise
        reason = error.description.removeprefix("Bad Request: ")
        raise bad_request(f'Failed to send message #{number} with the error message "{reason}"') from error
    return fields


async def media_fields(context: CallContext, item: InputMediaPhoto | InputMediaDocument) -> dict[str, Any]:
    """The photo or the document of an `InputMedia`, and its spoiler and caption position."""
    if isinstance(item, InputMediaDocument):
        return {"document": await context.document(item.media), "photo": None}
    above = bool(given(item.show_caption_above_media))
    photo = await context.photo(item.media)
    return {"photo": photo, "document": None, "spoiler": bool(item.has_spoiler), "caption_above": above}


async def copy_message(context: CallContext, call: CopyMessage) -> JSON:
    """https://core.telegram.org/bots/api#copymessage."""
    source = original(context, context.chat(call.from_chat_id, "read"), call.message_id, "message to copy")
    chat = context.chat(call.chat_id, "text messages")
    fields = copied_fields(context.world, source)
    if call.caption is not None and not source.is_text:
        fields["text"], fields["entities"] = context.words(call.caption, call.parse_mode, call.caption_entities)
    fields["keyboard"] = inline_keyboard(call.reply_markup)
    return {"message_id": context.post(chat, call, **fields).id}


async def forward_message(context: CallContext, call: ForwardMessage) -> JSON:
    """https://core.telegram.org/bots/api#forwardmessage."""
    source = original(context, context.chat(call.from_chat_id, "read"), call.message_id, "message to forward")
    chat = context.chat(call.chat_id, "text messages")
    topic = context.topic(chat, call.message_thread_id, None)
    fields = copied_fields(context.world, source)
    extra = {"forward_origin": source.extra.get("forward_origin") or origin_json(source)}
    return sent(context.put(chat, topic=topic, extra=extra, **fields))


def original(context: CallContext, chat: Chat, message_id: int, what: str) -> ChatMessage:
    """A message that can be copied or forwarded."""
    source = context.message(chat, message_id, what)
    if source.service:
        raise bad_request("message can't be copied" if "copy" in what else "message can't be forwarded")
    return source
