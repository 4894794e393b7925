"""Messages that people send through the bot's inline mode. The bot sees no chat of them: it changes them by an id,
which it gets with the choice (if @BotFather's /setinlinefeedback is on) and with each press of their buttons.

They have one only with a keyboard (https://core.telegram.org/bots/api#choseninlineresult).
"""

import secrets
from base64 import urlsafe_b64encode

from bot.demo.bot_api.bot_view import account_json, message_json, update_kind
from bot.demo.bot_api.errors import bad_request
from bot.demo.bot_api.model import JSON, ChatMessage, InlineQuery
from bot.demo.bot_api.privacy import bot_sees
from bot.demo.bot_api.world import World

ID_BYTES = 28
"""Of an inputBotInlineMessageID64."""
ATTACHED = "attach://"


def register(world: World, message: ChatMessage) -> None:
    """Give a message that was just sent its id, if it has a keyboard."""
    if message.keyboard:
        message.inline_id = urlsafe_b64encode(secrets.token_bytes(ID_BYTES)).decode().rstrip("=")
        world.inline_messages[message.inline_id] = message


def chosen_json(query: InlineQuery, result_id: str, message: ChatMessage) -> JSON:
    """A ChosenInlineResult."""
    number = {"inline_message_id": message.inline_id} if message.inline_id else {}
    return {"result_id": result_id, "from": account_json(query.person), "query": query.query, **number}


def inline_message(world: World, inline_message_id: str) -> ChatMessage:
    """The message of this id. Raises `ApiError` when there is none, or it was deleted."""
    message = world.inline_messages.get(inline_message_id)
    if message is None or message.chat.find(message.id) is not message:
        raise bad_request("MESSAGE_ID_INVALID")
    return message


def refuse_upload(media: object) -> None:
    """Nothing can be uploaded into such a message, only files that Telegram has (https://github.com/tdlib/td/issues/3157).

    Raises `ApiError`.
    """
    if str(media).startswith(ATTACHED):
        raise bad_request("invalid message content specified")


def publish_changed(world: World, message: ChatMessage) -> None:
    """Where the bot sees the message itself, it hears of its own edit, too: for Telegram a person has written it."""
    if bot_sees(world.bot, message):
        world.updates.push(f"edited_{update_kind(message)}", message_json(message))
