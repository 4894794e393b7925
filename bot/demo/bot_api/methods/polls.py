"""Methods of polls."""

from aiogram.methods import SendPoll, StopPoll
from aiogram.types import InputPollOption

from bot.demo.bot_api.errors import bad_request
from bot.demo.bot_api.keyboards import inline_keyboard
from bot.demo.bot_api.methods.call_context import CallContext, sent
from bot.demo.bot_api.model import JSON
from bot.demo.bot_api.polls import new_poll

MAX_QUESTION_LENGTH, MAX_OPTION_LENGTH, MAX_OPTIONS = 300, 100, 12


async def send_poll(context: CallContext, call: SendPoll) -> JSON:
    """https://core.telegram.org/bots/api#sendpoll: polls with one answer."""
    chat = context.chat(call.chat_id, "text messages")
    is_anonymous = call.is_anonymous is not False
    if chat.type == "channel" and not is_anonymous:
        raise bad_request("non-anonymous polls can't be sent to channel chats")
    if call.type not in {None, "regular"} or call.allows_multiple_answers:
        raise bad_request("this simulator has polls with one answer only")
    if not 1 <= len(call.question) <= MAX_QUESTION_LENGTH:
        raise bad_request(f"poll question must be non-empty and at most {MAX_QUESTION_LENGTH} characters")
    options = [one.text if isinstance(one, InputPollOption) else one for one in call.options]
    if not 1 <= len(options) <= MAX_OPTIONS or not all(1 <= len(one) <= MAX_OPTION_LENGTH for one in options):
        raise bad_request(f"poll must have 1 to {MAX_OPTIONS} answers of at most {MAX_OPTION_LENGTH} characters")
    keyboard = inline_keyboard(call.reply_markup)
    thing = new_poll(call.question, options, is_anonymous=is_anonymous)
    return sent(context.post(chat, call, thing=thing, keyboard=keyboard))


async def stop_poll(context: CallContext, call: StopPoll) -> JSON:
    """https://core.telegram.org/bots/api#stoppoll."""
    chat = context.chat(call.chat_id, "edit")
    message = context.message(chat, call.message_id, "message with poll to stop")
    poll: JSON | None = message.thing.get("poll")
    if poll is None or not message.by_bot:
        raise bad_request("poll can't be stopped")
    if poll["is_closed"]:
        raise bad_request("poll has already been closed")
    message.thing = {"poll": {**poll, "is_closed": True}}
    context.world.edited(message, shown=False)
    return {**poll, "is_closed": True}
