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

from bot.demo.telegram.bot_view import origin_json
from bot.demo.telegram.channels import copied
from bot.demo.telegram.errors import ApiError, bad_request, too_many_requests
from bot.demo.telegram.keyboards import inline_keyboard
from bot.demo.telegram.methods.desk import MOST_TEXT, Desk, sent
from bot.demo.telegram.methods.receivers import check_receiver
from bot.demo.telegram.model import JSON, Chat, ChatMessage, Draft
from bot.demo.telegram.params import given

FEWEST_ITEMS, MOST_ITEMS = 2, 10
DRAFT_SECONDS = 30.0


async def send_message(desk: Desk, call: SendMessage) -> JSON:
    """https://core.telegram.org/bots/api#sendmessage."""
    chat = desk.chat(call.chat_id, "text messages")
    text, entities = desk.words(call.text, call.parse_mode, call.entities, MOST_TEXT)
    if not text:
        raise bad_request("text must be non-empty" if call.text else "message text is empty")
    keyboard = inline_keyboard(call.reply_markup)
    fields = {"text": text, "entities": entities, "keyboard": keyboard}
    if call.ephemeral_message_parameters:
        receiver = check_receiver(desk, chat, call.ephemeral_message_parameters)
        return sent(desk.world.whisper(chat, receiver, **fields, **desk.common(chat, call)))
    return sent(desk.post(chat, call, **fields))


async def send_message_draft(desk: Desk, call: SendMessageDraft) -> bool:
    """https://core.telegram.org/bots/api#sendmessagedraft: no message, and so not counted by flood control.

    The official server's words for its refusals are not known.
    """
    chat = desk.chat(call.chat_id, "text messages")
    if chat.type != "private":
        raise bad_request("message drafts can be sent only to private chats")
    if not call.draft_id:
        raise bad_request("draft identifier must be non-zero")
    text, entities = desk.words(call.text, call.parse_mode, call.entities, MOST_TEXT)
    clock = desk.world.clock
    desk.world.draft(
        chat, Draft(id=call.draft_id, text=text, entities=entities, until=clock() + DRAFT_SECONDS, clock=clock)
    )
    return True


async def send_photo(desk: Desk, call: SendPhoto) -> JSON:
    """https://core.telegram.org/bots/api#sendphoto."""
    chat = desk.chat(call.chat_id, "photos")
    text, entities = desk.words(call.caption, call.parse_mode, call.caption_entities)
    keyboard = inline_keyboard(call.reply_markup)
    look = {"spoiler": bool(call.has_spoiler), "caption_above": bool(given(call.show_caption_above_media))}
    photo = await desk.photo(call.photo)
    return sent(desk.post(chat, call, text=text, entities=entities, photo=photo, keyboard=keyboard, **look))


async def send_document(desk: Desk, call: SendDocument) -> JSON:
    """https://core.telegram.org/bots/api#senddocument."""
    chat = desk.chat(call.chat_id, "documents")
    text, entities = desk.words(call.caption, call.parse_mode, call.caption_entities)
    keyboard = inline_keyboard(call.reply_markup)
    document = await desk.document(call.document)
    return sent(desk.post(chat, call, text=text, entities=entities, document=document, keyboard=keyboard))


async def send_media_group(desk: Desk, call: SendMediaGroup) -> list[JSON]:
    """https://core.telegram.org/bots/api#sendmediagroup: all items or none, but for a fault that was asked for."""
    if len(call.media) > MOST_ITEMS:
        raise bad_request("Too many messages to send as an album")
    if len(call.media) < FEWEST_ITEMS:
        raise bad_request("Too few messages to send as an album")
    kinds = {item.type for item in call.media}
    if "document" in kinds and len(kinds) > 1:
        raise bad_request("Document can't be mixed with other media types")
    chat = desk.chat(call.chat_id, "documents" if "document" in kinds else "photos")
    desk.reply(chat, call)
    items = [await album_item(desk, item, number) for number, item in enumerate(call.media, 1)]
    cut = desk.partial.items if desk.partial else None
    album = desk.world.album_id()
    messages = [desk.post(chat, call, album=album, **item) for item in items[:cut]]
    if desk.partial:
        raise too_many_requests(desk.partial.retry_after)
    return [sent(message) for message in messages]


async def album_item(desk: Desk, item: object, number: int) -> dict[str, Any]:
    """The fields of one message of an album."""
    if not isinstance(item, InputMediaPhoto | InputMediaDocument):
        raise bad_request("this simulator has albums of photos and of documents only")
    text, entities = desk.words(item.caption, item.parse_mode, item.caption_entities)
    fields: dict[str, Any] = {"text": text, "entities": entities}
    try:
        fields |= await media_fields(desk, item)
    except ApiError as error:
        if error.code != 400:
            raise
        reason = error.description.removeprefix("Bad Request: ")
        raise bad_request(f'Failed to send message #{number} with the error message "{reason}"') from error
    return fields


async def media_fields(desk: Desk, item: InputMediaPhoto | InputMediaDocument) -> dict[str, Any]:
    """The photo or the document of an `InputMedia`, and how it looks."""
    if isinstance(item, InputMediaDocument):
        return {"document": await desk.document(item.media), "photo": None}
    above = bool(given(item.show_caption_above_media))
    photo = await desk.photo(item.media)
    return {"photo": photo, "document": None, "spoiler": bool(item.has_spoiler), "caption_above": above}


async def copy_message(desk: Desk, call: CopyMessage) -> JSON:
    """https://core.telegram.org/bots/api#copymessage."""
    source = original(desk, desk.chat(call.from_chat_id, "read"), call.message_id, "message to copy")
    chat = desk.chat(call.chat_id, "text messages")
    fields = copied(desk.world, source)
    if call.caption is not None and not source.is_text:
        fields["text"], fields["entities"] = desk.words(call.caption, call.parse_mode, call.caption_entities)
    fields["keyboard"] = inline_keyboard(call.reply_markup)
    return {"message_id": desk.post(chat, call, **fields).id}


async def forward_message(desk: Desk, call: ForwardMessage) -> JSON:
    """https://core.telegram.org/bots/api#forwardmessage."""
    source = original(desk, desk.chat(call.from_chat_id, "read"), call.message_id, "message to forward")
    chat = desk.chat(call.chat_id, "text messages")
    topic = desk.topic(chat, call.message_thread_id, None)
    fields = copied(desk.world, source)
    extra = {"forward_origin": source.extra.get("forward_origin") or origin_json(source)}
    return sent(desk.put(chat, topic=topic, extra=extra, **fields))


def original(desk: Desk, chat: Chat, message_id: int, what: str) -> ChatMessage:
    """A message that can be copied or forwarded."""
    source = desk.message(chat, message_id, what)
    if source.service:
        raise bad_request("message can't be copied" if "copy" in what else "message can't be forwarded")
    return source
