"""`/history`: one's own pictures, one at a time, newest first; `/history words` searches."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from aiogram import F, Router
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, InputMediaPhoto, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.desk import Desk, Place
from bot.handlers.imagine import ask_for_words
from bot.handlers.presses import answer, change_buttons, is_unchanged, message_of, once_more, owns
from bot.telegram.buttons import HistoryPress, in_history, sure_to_hide
from bot.telegram.incoming import as_sources
from bot.telegram.uploads import Upload, Uploads
from bot.telegram.wording import caption
from storage.pictures import Page, Picture, Sent, Shelf, Step
from storage.records import Job

# The search of a history message stands in its caption's last line: buttons have no room for it.
SEARCH = "🔎 "
SEARCH_LENGTH = 100
HistoryStep = HistoryPress.filter(F.do.in_({"newer", "older"}))


def make_router() -> Router:
    """The history."""
    router = Router(name="history")
    router.message.register(history, Command("history"))
    router.callback_query.register(step, HistoryStep)
    router.callback_query.register(hide, HistoryPress.filter(F.do == "hide"))
    router.callback_query.register(stay, HistoryPress.filter(F.do == "stay"))
    router.callback_query.register(hide_surely, HistoryPress.filter(F.do == "hide-surely"))
    router.callback_query.register(send, HistoryPress.filter(F.do == "send"))
    router.callback_query.register(again, HistoryPress.filter(F.do == "again"))
    router.callback_query.register(edit, HistoryPress.filter(F.do == "edit"))
    return router


async def history(message: Message, command: CommandObject, desk: Desk, uploads: Uploads, language: str) -> None:
    """Show the newest picture."""
    place = Place.of_message(message, language)
    shelf = _shelf(message, place.user_id, (command.args or "")[:SEARCH_LENGTH].split())
    page = await desk.store.pictures.page(shelf)
    if page is None:
        await message.reply(_nothing(shelf))
        return
    async with uploads.open(page.picture) as upload:
        if upload is None:
            await message.reply(_caption(page, shelf, unfetched=True), reply_markup=_buttons(page))
            return
        shown = await message.reply_photo(upload.media, caption=_caption(page, shelf), reply_markup=_buttons(page))
    await _remember(desk, upload, shown)


async def step(query: CallbackQuery, callback_data: HistoryPress, desk: Desk, uploads: Uploads) -> None:
    """To the next picture, newer or older."""
    if not (pressed := await _pressed(query, callback_data, desk)):
        return
    towards = Step(pressed.picture.id, "newer" if callback_data.do == "newer" else "older")
    page = await desk.store.pictures.page(pressed.shelf, towards)
    if page is None:
        await answer(query, _("That was the last one."))
        return
    await answer(query)
    await _show(pressed.message, desk, uploads, page, pressed.shelf)


async def hide(query: CallbackQuery, callback_data: HistoryPress, desk: Desk) -> None:
    """Ask before a picture is deleted."""
    if page := await _pressed(query, callback_data, desk):
        await change_buttons(page.message, sure_to_hide(page.picture))
        await answer(query, _("Delete it from your history?"))


async def stay(query: CallbackQuery, callback_data: HistoryPress, desk: Desk) -> None:
    """It is not deleted."""
    if pressed := await _pressed(query, callback_data, desk):
        if page := await desk.store.pictures.page(pressed.shelf, Step(pressed.picture.id)):
            await change_buttons(pressed.message, _buttons(page))
        await answer(query)


async def hide_surely(query: CallbackQuery, callback_data: HistoryPress, desk: Desk, uploads: Uploads) -> None:
    """Delete a picture from the history and show its neighbour."""
    if not (pressed := await _pressed(query, callback_data, desk)):
        return
    pictures, at = desk.store.pictures, pressed.picture.id
    await pictures.hide(at, pressed.picture.user_id, time.time())
    await answer(query, _("Deleted from your history."))
    older, newer = Step(at, "older"), Step(at, "newer")
    if page := await pictures.page(pressed.shelf, older) or await pictures.page(pressed.shelf, newer):
        await _show(pressed.message, desk, uploads, page, pressed.shelf)
    else:
        await pressed.message.delete()


async def send(query: CallbackQuery, callback_data: HistoryPress, desk: Desk) -> None:
    """Send a picture to the chat again, by its file id."""
    if (page := await _pressed(query, callback_data, desk)) and (photo := await _photo_id(query, page)):
        await answer(query)
        await page.message.answer_photo(photo, caption=caption(page.job.prompt))


async def again(query: CallbackQuery, callback_data: HistoryPress, desk: Desk, language: str) -> None:
    """Run the request of a picture again."""
    if page := await _pressed(query, callback_data, desk):
        await once_more(query, desk, Place.of_press(query, page.message, page.message.message_id, language), page.job)


async def edit(query: CallbackQuery, callback_data: HistoryPress, desk: Desk, language: str) -> None:
    """Use a picture of the history as reference."""
    if (page := await _pressed(query, callback_data, desk)) and await _photo_id(query, page):
        place = Place.of_press(query, page.message, page.message.message_id, language)
        await desk.admit(place)
        await answer(query)
        await ask_for_words(page.message, place, desk, as_sources([page.picture], page.message.chat.id))


@dataclass(frozen=True, slots=True)
class _Pressed:
    """A history message whose owner has pressed a button."""

    message: Message
    picture: Picture
    job: Job
    shelf: Shelf


async def _pressed(query: CallbackQuery, press: HistoryPress, desk: Desk) -> _Pressed | None:
    """What a press is about; None when it was answered here."""
    picture = await desk.store.pictures.get(press.at)
    job = await desk.store.jobs.get(picture.job_id) if picture else None
    # What a button carries can be forged: whose picture it is, only the store knows.
    if picture is None or job is None or not await owns(query, picture.user_id):
        await answer(query, _("This is somebody else's history. See yours with /history."), alert=True)
        return None
    message = await message_of(query)
    return _Pressed(message, picture, job, _shelf_of(message, picture.user_id)) if message else None


async def _photo_id(query: CallbackQuery, page: _Pressed) -> str | None:
    if page.picture.photo_id is None:
        await answer(query, _("⚠️ This picture can't be fetched from the service any more."), alert=True)
    return page.picture.photo_id


async def _show(message: Message, desk: Desk, uploads: Uploads, page: Page, shelf: Shelf) -> None:
    text, buttons = _caption(page, shelf), _buttons(page)
    async with uploads.open(page.picture) as upload:
        if upload is None:
            unfetched = _caption(page, shelf, unfetched=True)
            if message.photo:
                await message.edit_caption(caption=unfetched, reply_markup=buttons)
            else:
                await message.edit_text(unfetched, reply_markup=buttons)
            return
        try:
            shown = await message.edit_media(InputMediaPhoto(media=upload.media, caption=text), reply_markup=buttons)
        except TelegramBadRequest as error:
            if is_unchanged(error):
                return
            raise
    if isinstance(shown, Message):
        await _remember(desk, upload, shown)


async def _remember(desk: Desk, upload: Upload, shown: Message) -> None:
    """A picture that nobody had seen (its job was cancelled, or is being delivered) has its file id now."""
    if not upload.picture.photo_id and shown.photo:
        size = (upload.width, upload.height, upload.size)
        await desk.store.pictures.sent(upload.picture.id, Sent(shown.photo[-1].file_id, None, *size))


def _caption(page: Page, shelf: Shelf, *, unfetched: bool = False) -> str:
    picture = page.picture
    made = datetime.fromtimestamp(picture.created_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    size = f"{picture.width}×{picture.height}" if picture.width else ""
    place = _("{number} of {count}").format(number=page.number, count=page.count)
    # The search stands last: the next press reads it there.
    below = [_("⚠️ This picture can't be fetched from the service any more.")] if unfetched else []
    below += [SEARCH + " ".join(shelf.words)] if shelf.words else []
    return caption(page.prompt, place, made, size, below=below)


def _buttons(page: Page) -> InlineKeyboardMarkup:
    return in_history(page.picture, newer=page.number > 1, older=page.number < page.count)


def _nothing(shelf: Shelf) -> str:
    if shelf.words:
        return _("No picture of yours has these words in its prompt.")
    if shelf.chat_id is not None:
        return _("You have made no picture in this group yet. Try: <code>/imagine a red fox in the snow</code>")
    return _("You have made no picture yet. Just write what you want to see.")


def _shelf(message: Message, user_id: int, words: list[str]) -> Shelf:
    here = None if message.chat.type == ChatType.PRIVATE else message.chat.id
    return Shelf(user_id, here, tuple(words))


def _shelf_of(message: Message, user_id: int) -> Shelf:
    last = (message.caption or message.text or "").rsplit("\n", 1)[-1]
    return _shelf(message, user_id, last.removeprefix(SEARCH).split() if last.startswith(SEARCH) else [])
