"""What was forwarded without a comment: somebody else's words, so nothing is ordered before a person has said so."""

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.desk import Desk, too_many
from bot.handlers.flags import FlagError
from bot.handlers.imagine import PRIVATE, ask_for_words, own_pictures, words_or_pictures
from bot.handlers.presses import answer, change_text, gone, message_of
from bot.handlers.request_context import Place
from bot.telegram.buttons import ForwardedPress, button, keyboard
from bot.telegram.together import is_forward
from bot.telegram.unusable import why_unusable
from bot.telegram.wording import plain
from storage.records import Draft, Preferences, TooMany


def make_router() -> Router:
    """Forwarded messages in private chats; in groups they are left alone."""
    router = Router(name="forwarded")
    router.message.register(forwarded, PRIVATE, F.func(is_forward), words_or_pictures)
    router.callback_query.register(draw, ForwardedPress.filter())
    return router


async def forwarded(message: Message, desk: Desk, language: str, album: list[Message] | None = None) -> None:
    """Ask what to make of pictures; of words, whether to draw them."""
    place = Place.of_message(message, language)
    brought = album or [message]
    if pictures := await own_pictures(brought, desk, place):
        await ask_for_words(message, place, desk, Draft(pictures))
    elif why := next(filter(None, map(why_unusable, brought)), None):
        await message.reply(why)
    else:
        words = _("This is a forwarded message. Shall I draw its words?")
        await message.reply(words, reply_markup=keyboard([button(_("🎨 Draw its words"), ForwardedPress())]))


async def draw(query: CallbackQuery, desk: Desk, language: str, preferences: Preferences) -> None:
    """Make a picture of the words above the question, as if whoever pressed had written them."""
    message = await message_of(query)
    if message is None:
        return
    above = message.reply_to_message
    if above is None or not above.text:
        await answer(query, gone(), alert=True)
        return
    place = Place.of_press(query, message, above.message_id, language, preferences)
    place = place.as_words_of(above)
    try:
        await desk.ask(place, desk.scan(above.text))
    except TooMany as error:
        await answer(query, too_many(error), alert=True)
    except FlagError as error:
        await answer(query, plain(error.sentence), alert=True)
    else:
        await answer(query)
        await change_text(message, _("This is a forwarded message. I'm drawing its words."), None)
