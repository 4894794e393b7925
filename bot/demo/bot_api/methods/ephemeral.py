"""Methods that change or delete ephemeral messages, which only one member of a group sees."""

from aiogram.methods import DeleteEphemeralMessage, EditEphemeralMessageText

from bot.demo.bot_api.errors import bad_request
from bot.demo.bot_api.keyboards import inline_keyboard
from bot.demo.bot_api.methods.call_context import MAX_TEXT_LENGTH, CallContext
from bot.demo.bot_api.methods.editing import change
from bot.demo.bot_api.model import ChatMessage


async def edit_ephemeral_text(context: CallContext, call: EditEphemeralMessageText) -> bool:
    """https://core.telegram.org/bots/api#editephemeralmessagetext."""
    message = ephemeral(context, call, "message to edit")
    text, entities = context.words(call.text, call.parse_mode, call.entities, MAX_TEXT_LENGTH)
    if not text:
        raise bad_request("message text is empty")
    change(context, message, text=text, entities=entities, keyboard=inline_keyboard(call.reply_markup))
    return True


async def delete_ephemeral(context: CallContext, call: DeleteEphemeralMessage) -> bool:
    """https://core.telegram.org/bots/api#deleteephemeralmessage."""
    context.world.remove_ephemeral(ephemeral(context, call, "message to delete"))
    return True


def ephemeral(context: CallContext, call: EditEphemeralMessageText | DeleteEphemeralMessage, what: str) -> ChatMessage:
    """The message that a call means; `what` names it in the error."""
    found = context.chat(call.chat_id, "edit").ephemeral.get(call.ephemeral_message_id)
    if found is None or found.only_for is None or found.only_for.id != call.receiver_user_id:
        raise bad_request(f"{what} not found")
    return found
