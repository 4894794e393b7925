"""answerCallbackQuery and sendChatAction."""

from aiogram.methods import AnswerCallbackQuery, SendChatAction

from bot.demo.bot_api.errors import ApiError, bad_request
from bot.demo.bot_api.methods.call_context import CallContext
from bot.demo.bot_api.model import CallbackAnswer

ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
)
MAX_ANSWER_LENGTH = 200
ANSWER_SECONDS = 15.0
"""From the press of a button; bot authors report 10 to 30."""


async def answer_callback_query(context: CallContext, call: AnswerCallbackQuery) -> bool:
    """https://core.telegram.org/bots/api#answercallbackquery: once, and in time."""
    press = context.world.presses.get(call.callback_query_id)
    if press is None or press.answer is not None or context.world.clock() - press.at > ANSWER_SECONDS:
        raise too_old()
    text = call.text or ""
    if len(text) > MAX_ANSWER_LENGTH:
        raise bad_request("MESSAGE_TOO_LONG")
    if call.url:
        raise bad_request("URL_INVALID")
    press.answer = CallbackAnswer(text, bool(call.show_alert))
    chat = press.message.chat.id
    context.world.events.publish("answer", person=press.person.id, chat=chat, text=text, alert=press.answer.alert)
    return True


async def send_chat_action(context: CallContext, call: SendChatAction) -> bool:
    """https://core.telegram.org/bots/api#sendchataction."""
    chat = context.chat(call.chat_id, "text messages")
    if call.action.lower() not in ACTIONS:
        raise bad_request("Wrong parameter action in request")
    topic = context.topic(chat, call.message_thread_id, None)
    context.world.events.publish("action", chat=chat.id, topic=topic, action=call.action.lower())
    return True


def too_old() -> ApiError:
    """The query is answered, unknown or expired."""
    return bad_request("query is too old and response timeout expired or query ID is invalid")
