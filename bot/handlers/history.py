"""`/history`: one's own pictures, one at a time, newest first; `/history words` searches."""

import time
from datetime import UTC, datetime

from aiogram import F, Router
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramBadRequest
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, InputMediaPhoto, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.desk import Desk, Place
from bot.handlers.imagine import ask_for_words
from bot.handlers.presses import answer, message_of, owns
from bot.telegram.buttons import HistoryPress, in_history, sure_to_hide
from bot.telegram.uploads import Upload, Uploads
from bot.telegram.wording import caption
from storage.pictures import Picture, Sent, Shelf
from storage.records import NewSource

# The search of a history message stands in its caption's last line: buttons have no room for it.
SEARCH = "🔎 "
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
    shelf = _shelf(message, place.user_id, (command.args or "").split())
    picture = await desk.store.pictures.newest(shelf)
    if picture is None:
        await message.reply(_nothing(shelf))
        return
    text, buttons = await _caption(desk, picture, shelf), await _buttons(desk, picture, shelf)
    async with uploads.open(picture) as upload:
        if upload is None:
            await message.reply(_unfetched(text), reply_markup=buttons)
            return
        shown = await message.reply_photo(upload.media, caption=text, reply_markup=buttons)
    await _remember(desk, upload, shown)


async def step(query: CallbackQuery, callback_data: HistoryPress, desk: Desk, uploads: Uploads) -> None:
    """To the next picture, newer or older."""
    message = await _own(query, callback_data)
    if message is None:
        return
    shelf = _shelf_of(message, callback_data.owner)
    towards = desk.store.pictures.newer if callback_data.do == "newer" else desk.store.pictures.older
    picture = await towards(shelf, callback_data.at)
    if picture is None:
        await answer(query, _("That was the last one."))
        return
    await answer(query)
    await _show(message, desk, uploads, picture, shelf)


async def hide(query: CallbackQuery, callback_data: HistoryPress, desk: Desk) -> None:
    """Ask before a picture is deleted."""
    message = await _own(query, callback_data)
    picture = await desk.store.pictures.get(callback_data.at)
    if message and picture:
        await message.edit_reply_markup(reply_markup=sure_to_hide(picture))
        await answer(query, _("Delete it from your history?"))


async def stay(query: CallbackQuery, callback_data: HistoryPress, desk: Desk) -> None:
    """It is not deleted."""
    message = await _own(query, callback_data)
    picture = await desk.store.pictures.get(callback_data.at)
    if message and picture:
        shelf = _shelf_of(message, callback_data.owner)
        await message.edit_reply_markup(reply_markup=await _buttons(desk, picture, shelf))
        await answer(query)


async def hide_surely(query: CallbackQuery, callback_data: HistoryPress, desk: Desk, uploads: Uploads) -> None:
    """Delete a picture from the history and show its neighbour."""
    message = await _own(query, callback_data)
    if message is None:
        return
    await desk.store.pictures.hide(callback_data.at, callback_data.owner, time.time())
    await answer(query, _("Deleted from your history."))
    shelf = _shelf_of(message, callback_data.owner)
    pictures = desk.store.pictures
    picture = await pictures.older(shelf, callback_data.at) or await pictures.newer(shelf, callback_data.at)
    if picture:
        await _show(message, desk, uploads, picture, shelf)
    else:
        await message.delete()


async def send(query: CallbackQuery, callback_data: HistoryPress, desk: Desk) -> None:
    """Send a picture to the chat again, by its file id."""
    message = await _own(query, callback_data)
    picture = await desk.store.pictures.get(callback_data.at)
    job = await desk.store.jobs.get(picture.job_id) if picture else None
    if message and picture and picture.photo_id and job:
        await answer(query)
        await message.answer_photo(picture.photo_id, caption=caption(job.prompt))


async def again(query: CallbackQuery, callback_data: HistoryPress, desk: Desk, language: str) -> None:
    """Run the request of a picture again."""
    message = await _own(query, callback_data)
    picture = await desk.store.pictures.get(callback_data.at)
    job = await desk.store.jobs.get(picture.job_id) if picture else None
    if message and job:
        await answer(query, _("One more time!"))
        await desk.ask_again(Place.of_press(query, message, message.message_id, language), job)


async def edit(query: CallbackQuery, callback_data: HistoryPress, desk: Desk, language: str) -> None:
    """Use a picture of the history as reference."""
    message = await _own(query, callback_data)
    picture = await desk.store.pictures.get(callback_data.at)
    if message and picture and picture.photo_id:
        await answer(query)
        place = Place.of_press(query, message, message.message_id, language)
        # Its message may stand in another chat: a number that no message has keeps it apart.
        await ask_for_words(message, place, desk, (NewSource(picture.photo_id, -picture.id),))


async def _own(query: CallbackQuery, press: HistoryPress) -> Message | None:
    if not await owns(query, press.owner):
        await answer(query, _("This is somebody else's history. See yours with /history."), alert=True)
        return None
    return await message_of(query)


async def _show(message: Message, desk: Desk, uploads: Uploads, picture: Picture, shelf: Shelf) -> None:
    text, buttons = await _caption(desk, picture, shelf), await _buttons(desk, picture, shelf)
    async with uploads.open(picture) as upload:
        if upload is None:
            if message.photo:
                await message.edit_caption(caption=_unfetched(text), reply_markup=buttons)
            else:
                await message.edit_text(_unfetched(text), reply_markup=buttons)
            return
        try:
            shown = await message.edit_media(InputMediaPhoto(media=upload.media, caption=text), reply_markup=buttons)
        except TelegramBadRequest as error:
            if "not modified" in error.message:
                return
            raise
    if isinstance(shown, Message):
        await _remember(desk, upload, shown)


async def _remember(desk: Desk, upload: Upload, shown: Message) -> None:
    """A picture that nobody had seen (its job was cancelled) has its file id now."""
    if not upload.picture.photo_id and shown.photo:
        size = (upload.width, upload.height, upload.size)
        await desk.store.pictures.sent(upload.picture.id, Sent(shown.photo[-1].file_id, shown.message_id, *size))


async def _caption(desk: Desk, picture: Picture, shelf: Shelf) -> str:
    job = await desk.store.jobs.get(picture.job_id)
    made = datetime.fromtimestamp(picture.created_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    size = f"{picture.width}×{picture.height}" if picture.width else ""
    pictures = desk.store.pictures
    number, count = await pictures.count(shelf, from_id=picture.id), await pictures.count(shelf)
    place = _("{number} of {count}").format(number=number, count=count)
    text = caption(job.prompt if job else "", place, made, size)
    return f"{text}\n{caption(SEARCH + ' '.join(shelf.words))}" if shelf.words else text


async def _buttons(desk: Desk, picture: Picture, shelf: Shelf) -> InlineKeyboardMarkup:
    pictures = desk.store.pictures
    newer, older = await pictures.newer(shelf, picture.id), await pictures.older(shelf, picture.id)
    return in_history(picture, newer=newer is not None, older=older is not None)


def _unfetched(text: str) -> str:
    return _("⚠️ This picture can't be fetched from the service any more.") + f"\n\n{text}"


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
    last = (message.caption or "").rsplit("\n", 1)[-1]
    return _shelf(message, user_id, last.removeprefix(SEARCH).split() if last.startswith(SEARCH) else [])
