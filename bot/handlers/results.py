"""The buttons under a job: cancel while it runs; again, edit, originals and look again when it has ended."""

from aiogram import Bot, F, Router
from aiogram.enums import ChatType
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.desk import Desk, Place
from bot.handlers.imagine import ask_for_words
from bot.handlers.presses import answer, change_buttons, is_chat_admin, message_of, once_more, owns
from bot.telegram.buttons import JobPress, PicturePress, under_result, which_picture
from bot.telegram.incoming import as_sources
from bot.telegram.originals import Originals
from storage.pictures import Picture
from storage.records import Job


def make_router() -> Router:
    """The buttons under a job."""
    router = Router(name="results")
    router.callback_query.register(cancel, JobPress.filter(F.do == "cancel"))
    router.callback_query.register(again, JobPress.filter(F.do == "again"))
    router.callback_query.register(look, JobPress.filter(F.do == "look"))
    router.callback_query.register(edit, JobPress.filter(F.do == "edit"))
    router.callback_query.register(edit_all, JobPress.filter(F.do == "edit-all"))
    router.callback_query.register(edit_one, PicturePress.filter(F.do == "edit"))
    router.callback_query.register(back, JobPress.filter(F.do == "back"))
    router.callback_query.register(files, JobPress.filter(F.do == "files"))
    return router


async def cancel(query: CallbackQuery, callback_data: JobPress, desk: Desk, bot: Bot) -> None:
    """Cancel a job: for whoever asked, and the chat's admins."""
    job = await desk.store.jobs.get(callback_data.job)
    if job is None:
        await answer(query, _("I don't remember this one any more. Send your words again."), alert=True)
    elif query.from_user.id != job.user_id and not await is_chat_admin(bot, job.chat_id, query.from_user.id):
        await answer(query, _("Only whoever asked for it can cancel it."), alert=True)
    elif await desk.engine.cancel(job.id):
        await answer(query, _("Cancelled"))
    else:
        await answer(query, _("Too late: it has already ended."), alert=True)


async def again(query: CallbackQuery, callback_data: JobPress, desk: Desk, language: str) -> None:
    """The same request once more."""
    job = await _own_job(query, callback_data.job, desk)
    message = await message_of(query) if job else None
    if job and message:
        await once_more(query, desk, Place.of_press(query, message, job.message_id, language), job)


async def look(query: CallbackQuery, callback_data: JobPress, desk: Desk) -> None:
    """Look again for what took too long, or fetch what did not arrive."""
    if job := await _own_job(query, callback_data.job, desk):
        found = await desk.engine.look_again(job.id)
        await answer(query, _("Looking…") if found else _("There is nothing more to fetch."), alert=not found)


async def edit(query: CallbackQuery, callback_data: JobPress, desk: Desk, language: str) -> None:
    """Use the result as reference; of an album, first ask which picture."""
    job = await _own_job(query, callback_data.job, desk)
    message = await message_of(query) if job else None
    if job is None or message is None:
        return
    pictures = await _shown(desk, job)
    if len(pictures) > 1:
        await change_buttons(message, which_picture(job, pictures))
        await answer(query, _("Which picture?"))
    else:
        await _edit(query, message, desk, language, job=job, pictures=pictures)


async def edit_all(query: CallbackQuery, callback_data: JobPress, desk: Desk, language: str) -> None:
    """Use the whole album as references."""
    job = await _own_job(query, callback_data.job, desk)
    message = await message_of(query) if job else None
    if job and message:
        await change_buttons(message, under_result(job))
        await _edit(query, message, desk, language, job=job, pictures=await _shown(desk, job))


async def edit_one(query: CallbackQuery, callback_data: PicturePress, desk: Desk, language: str) -> None:
    """Use one picture of an album as reference."""
    picture = await desk.store.pictures.get(callback_data.picture)
    job = await _own_job(query, picture.job_id if picture else 0, desk)
    message = await message_of(query) if job else None
    if job and message and picture:
        await change_buttons(message, under_result(job))
        await _edit(query, message, desk, language, job=job, pictures=[picture])


async def back(query: CallbackQuery, callback_data: JobPress, desk: Desk) -> None:
    """Back to the first row of buttons."""
    job = await _own_job(query, callback_data.job, desk)
    message = await message_of(query) if job else None
    if job and message:
        await change_buttons(message, under_result(job))
        await answer(query)


async def files(query: CallbackQuery, callback_data: JobPress, desk: Desk, originals: Originals) -> None:
    """The originals as files, for anybody who sees the result: it costs nothing."""
    job = await desk.store.jobs.get(callback_data.job)
    message = await message_of(query) if job else None
    if job is None or message is None or message.chat.id != job.chat_id:
        # What a button carries can be forged: originals go only where the pictures are.
        await answer(query, _("I don't remember this one any more. Send your words again."), alert=True)
        return
    await answer(query, _("Sending the originals…"))
    missing = await originals.send(job, await desk.store.pictures.of_job(job.id), message)
    if missing:
        text = _(
            "{count} of the originals can't be had: the service keeps them only for a while. What is in the chat stays."
        )
        await message.reply(text.format(count=missing))


async def _own_job(query: CallbackQuery, job_id: int, desk: Desk) -> Job | None:
    job = await desk.store.jobs.get(job_id)
    if job is None:
        await answer(query, _("I don't remember this one any more. Send your words again."), alert=True)
    elif not await owns(query, job.user_id):
        await answer(query, _("This is for whoever asked for the picture. Make your own with /imagine."), alert=True)
    else:
        return job
    return None


async def _shown(desk: Desk, job: Job) -> list[Picture]:
    return [picture for picture in await desk.store.pictures.of_job(job.id) if picture.photo_id]


async def _edit(
    query: CallbackQuery, message: Message, desk: Desk, language: str, *, job: Job, pictures: list[Picture]
) -> None:
    # In a group Telegram opens the reply only for the author of the message that is answered.
    reply_to = message.message_id if message.chat.type == ChatType.PRIVATE else job.message_id
    place = Place.of_press(query, message, reply_to, language)
    await desk.admit(place)
    await answer(query)
    if sources := as_sources(pictures, message.chat.id):
        await ask_for_words(message, place, desk, sources)
