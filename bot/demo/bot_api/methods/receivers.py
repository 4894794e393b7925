"""Checks the receiver of an ephemeral message, which only one member of a group sees.

https://core.telegram.org/bots/api#ephemeral-messages-and-commands. The texts of the official server's errors are not
known.
"""

from aiogram.types import EphemeralMessageParameters

from bot.demo.bot_api.errors import bad_request
from bot.demo.bot_api.methods.answering import ANSWER_SECONDS, too_old
from bot.demo.bot_api.methods.call_context import CallContext
from bot.demo.bot_api.model import Chat, Person


def check_receiver(context: CallContext, chat: Chat, wanted: EphemeralMessageParameters) -> Person:
    """The receiver of an ephemeral message. Raises `ApiError`.

    An administrator may write to any member at any time. Every other bot may write only to a person who pressed a
    button, within 15 seconds, and names that query.
    """
    if chat.type not in {"group", "supergroup"}:
        raise bad_request("ephemeral messages can be sent only to groups and supergroups")
    receiver = next((person for person in chat.members if person.id == wanted.receiver_user_id), None)
    if receiver is None:
        raise bad_request("PARTICIPANT_ID_INVALID")
    if wanted.replace_callback_query_message:
        raise bad_request("ephemeral messages in place of others are not part of this simulator")
    if wanted.callback_query_id is not None:
        press = context.world.presses.get(wanted.callback_query_id)
        late = press is None or context.world.clock() - press.at > ANSWER_SECONDS
        if press is None or late or press.person is not receiver or press.message.chat is not chat:
            raise too_old()
    elif chat.bot != "administrator":
        raise bad_request("not enough rights to send ephemeral messages without a callback query")
    return receiver
