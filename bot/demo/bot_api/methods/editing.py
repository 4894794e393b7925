"""Methods that change or remove messages, and reactions."""

from dataclasses import replace
from typing import Any

from aiogram.methods import (
    DeleteMessage,
    DeleteMessages,
    EditMessageCaption,
    EditMessageMedia,
    EditMessageReplyMarkup,
    EditMessageText,
    SetMessageReaction,
)
from aiogram.types import InputMediaDocument, InputMediaPhoto, ReactionTypeEmoji

from bot.demo.bot_api.channels import publish_edit
from bot.demo.bot_api.errors import bad_request
from bot.demo.bot_api.inline_messages import inline_message, publish_changed, refuse_upload
from bot.demo.bot_api.keyboards import inline_keyboard
from bot.demo.bot_api.methods.call_context import MAX_TEXT_LENGTH, CallContext, sent
from bot.demo.bot_api.methods.sending import media_fields
from bot.demo.bot_api.model import JSON, Chat, ChatMessage
from bot.demo.bot_api.params import given

Edit = EditMessageText | EditMessageCaption | EditMessageMedia | EditMessageReplyMarkup
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
DELETABLE_SECONDS = 48 * 3600
"""After a message was sent, for a bot that is no administrator."""
MAX_DELETED = 100
EMOJI = (
    "👍 👎 ❤ 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤\u200d🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓"
    " 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨\u200d💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾"
    " 🤷\u200d♂ 🤷 🤷\u200d♀ 😡"
)
REACTIONS = frozenset(EMOJI.split())
"""The emoji a bot can react with (core.telegram.org/bots/api#reactiontypeemoji)."""


async def edit_text(context: CallContext, call: EditMessageText) -> JSON | bool:
    """https://core.telegram.org/bots/api#editmessagetext."""
    message = own(context, call)
    if not message.is_text:
        raise bad_request("there is no text in the message to edit")
    text, entities = context.words(call.text, call.parse_mode, call.entities, MAX_TEXT_LENGTH)
    if not text:
        raise bad_request("message text is empty")
    return change(context, message, text=text, entities=entities, keyboard=inline_keyboard(call.reply_markup))


async def edit_caption(context: CallContext, call: EditMessageCaption) -> JSON | bool:
    """https://core.telegram.org/bots/api#editmessagecaption."""
    message = own(context, call)
    if message.is_text:
        raise bad_request("there is no caption in the message to edit")
    text, entities = context.words(call.caption, call.parse_mode, call.caption_entities)
    look = {"keyboard": album_keyboard(message, call), "caption_above": bool(given(call.show_caption_above_media))}
    return change(context, message, text=text, entities=entities, **look)


async def edit_media(context: CallContext, call: EditMessageMedia) -> JSON | bool:
    """https://core.telegram.org/bots/api#editmessagemedia: also turns a text message into a photo."""
    message = own(context, call)
    item = call.media
    if not isinstance(item, InputMediaPhoto | InputMediaDocument):
        raise bad_request("this simulator has photos and documents only")
    if message.album and isinstance(item, InputMediaDocument) != bool(message.document):
        raise bad_request("Can't use the media of the specified type in the album")
    if message.inline_id:
        refuse_upload(item.media)
    text, entities = context.words(item.caption, item.parse_mode, item.caption_entities)
    keyboard = album_keyboard(message, call)
    fields = {"spoiler": False, "caption_above": False, **await media_fields(context, item)}
    return change(context, message, text=text, entities=entities, keyboard=keyboard, **fields)


async def edit_markup(context: CallContext, call: EditMessageReplyMarkup) -> JSON | bool:
    """https://core.telegram.org/bots/api#editmessagereplymarkup."""
    message = own(context, call)
    return change(context, message, keyboard=album_keyboard(message, call))


async def delete_message(context: CallContext, call: DeleteMessage) -> bool:
    """https://core.telegram.org/bots/api#deletemessage."""
    chat = context.chat(call.chat_id, "edit")
    message = context.message(chat, call.message_id, "message to delete")
    if not deletable(context, message):
        raise bad_request("message can't be deleted for everyone")
    context.world.remove(chat, [message.id])
    return True


async def delete_messages(context: CallContext, call: DeleteMessages) -> bool:
    """https://core.telegram.org/bots/api#deletemessages: messages that are gone or can't be deleted are skipped."""
    chat = context.chat(call.chat_id, "edit")
    if not call.message_ids:
        raise bad_request("Message identifiers are not specified")
    if len(call.message_ids) > MAX_DELETED:
        raise bad_request("Too many message identifiers specified")
    found = [chat.messages[id_] for id_ in call.message_ids if id_ in chat.messages]
    context.world.remove(chat, [message.id for message in found if deletable(context, message)])
    return True


async def set_reaction(context: CallContext, call: SetMessageReaction) -> bool:
    """https://core.telegram.org/bots/api#setmessagereaction: one emoji, or none to take it back."""
    chat = context.chat(call.chat_id, "edit")
    message = context.message(chat, call.message_id, "message to react")
    wanted = call.reaction or []
    if len(wanted) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    if any(not isinstance(one, ReactionTypeEmoji) or one.emoji not in REACTIONS for one in wanted):
        raise bad_request("REACTION_INVALID")
    emoji = next((one.emoji for one in wanted if isinstance(one, ReactionTypeEmoji)), None)
    context.world.react(message, context.world.bot, emoji)
    return True


def own(context: CallContext, call: Edit) -> ChatMessage:
    """The bot's own message that a call edits, or one of its inline mode. Raises `ApiError`."""
    if call.chat_id is None and not call.message_id and call.inline_message_id:
        return inline_message(context.world, call.inline_message_id)
    chat: Chat = context.chat(call.chat_id, "edit")
    if not call.message_id:
        raise bad_request("message identifier is not specified")
    message = context.message(chat, call.message_id, "message to edit")
    if message.sender is not context.world.bot or message.service or "forward_origin" in message.extra:
        raise bad_request("message can't be edited")
    return message


def album_keyboard(message: ChatMessage, call: Edit) -> Any:
    """The new keyboard; items of an album take none."""
    keyboard = inline_keyboard(call.reply_markup)
    if keyboard and message.album:
        raise bad_request("message can't be edited")
    return keyboard


def change(context: CallContext, message: ChatMessage, **fields: Any) -> JSON | bool:
    """Apply an edit; refuse one that changes nothing. A keyboard that isn't given again is removed. Of a message of
    inline mode the bot gets only True."""
    if message.chat.find(message.id) is not message:  # deleted while the new picture was processed
        raise bad_request("message to edit not found")
    if replace(message, **fields).content() == message.content():
        raise bad_request(NOT_MODIFIED)
    for name, value in fields.items():
        setattr(message, name, value)
    publish_edit(context.world, message, shown=fields.keys() != {"keyboard"})
    if message.inline_id:
        publish_changed(context.world, message)
        return True
    return sent(message)


def deletable(context: CallContext, message: ChatMessage) -> bool:
    """Whether the bot may delete a message: an admin any, else a young one that is its own or in a private chat."""
    if message.chat.bot == "administrator":
        return True
    mine = message.sender is context.world.bot or message.chat.type == "private"
    return mine and context.world.clock() - message.date < DELETABLE_SECONDS
