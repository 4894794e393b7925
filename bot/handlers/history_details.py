"""The details of a picture in the history; of an edit, before and after beside each other."""

from aiogram.types import BufferedInputFile, CallbackQuery, InputMediaPhoto
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer, change_text, forgotten_text
from bot.handlers.history_page import details
from bot.handlers.history_press import HistoryPress, entry_of, history_press
from bot.handlers.request_service import RequestService
from bot.telegram.callback_data import HistoryCallback
from bot.telegram.comparison import Comparisons, NoPictureError
from bot.telegram.keyboards import in_details
from storage.pictures import Picture

FILE_NAME = "before-and-after.jpg"


async def show_details(
    query: CallbackQuery, callback_data: HistoryCallback, requests: RequestService, comparisons: Comparisons
) -> None:
    """Show the details of a picture, each picture it was made from, and the first of these beside it."""
    pressed = await history_press(query, callback_data, requests)
    shown = await entry_of(pressed, requests) if pressed else None
    if pressed is None:
        return
    if shown is None:
        await answer(query, forgotten_text(), alert=True)
        return
    await answer(query)
    buttons = in_details(pressed.picture, [step.picture for step in reversed(shown.origins)])
    before, person = await _before(pressed, requests), query.from_user.id
    if before is None or not comparisons.may(person):
        await change_text(pressed.message, await details(requests, shown, pressed.job), buttons)
        return
    try:
        drawn = await comparisons.draw(before, pressed.picture, person)
    except NoPictureError:
        lost = _("⚠️ The picture it was made from can't be fetched any more.")
        await change_text(pressed.message, await details(requests, shown, pressed.job, lost), buttons)
        return
    text = await details(requests, shown, pressed.job, _("⬅️ before · after ➡️"))
    media = InputMediaPhoto(media=BufferedInputFile(drawn, FILE_NAME), caption=text)
    await pressed.message.edit_media(media, reply_markup=buttons)


async def _before(pressed: HistoryPress, requests: RequestService) -> Picture | str | None:
    """The first picture that an edit was made from; None: there is none that may be shown here.

    A group sees only what was shown in it, and nobody a picture that its owner has deleted.
    """
    # A likeness is no picture that was edited, and no file of Telegram's.
    references = [one for one in await requests.store.references.of_job(pressed.job.id) if one.likeness_id is None]
    if not references:
        return None
    first, chat_id = references[0], pressed.filters.chat_id
    if first.picture_id is None:
        return first.file_id if chat_id is None or first.message_id is not None else None
    picture = await requests.store.pictures.get(first.picture_id)
    if picture is None or picture.hidden_at is not None:
        return None
    return picture if chat_id in {None, picture.chat_id} else None
