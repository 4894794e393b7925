"""Methods that change or remove messages that only one member of a group sees."""

from aiogram.methods import DeleteEphemeralMessage, EditEphemeralMessageText

from bot.demo.telegram.errors import bad_request
from bot.demo.telegram.keyboards import inline_keyboard
from bot.demo.telegram.methods.desk import MOST_TEXT, Desk
from bot.demo.telegram.methods.editing import change
from bot.demo.telegram.model import ChatMessage


async def edit_ephemeral_text(desk: Desk, call: EditEphemeralMessageText) -> bool:
    """https://core.telegram.org/bots/api#editephemeralmessagetext."""
    message = ephemeral(desk, call, "message to edit")
    text, entities = desk.words(call.text, call.parse_mode, call.entities, MOST_TEXT)
    if not text:
        raise bad_request("message text is empty")
    change(desk, message, text=text, entities=entities, keyboard=inline_keyboard(call.reply_markup))
    return True


async def delete_ephemeral(desk: Desk, call: DeleteEphemeralMessage) -> bool:
    """https://core.telegram.org/bots/api#deleteephemeralmessage."""
    desk.world.unwhisper(ephemeral(desk, call, "message to delete"))
    return True


def ephemeral(desk: Desk, call: EditEphemeralMessageText | DeleteEphemeralMessage, what: str) -> ChatMessage:
    """The message that a call means; `what` names it in the error."""
    found = desk.chat(call.chat_id, "edit").ephemeral.get(call.ephemeral_message_id)
    if found is None or found.only_for is None or found.only_for.id != call.receiver_user_id:
        raise bad_request(f"{what} not found")
    return found
