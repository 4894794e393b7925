"""The buttons of a job: cancel while it runs; edit, files, favourite, delete and look again after its end."""

from contextlib import suppress
from dataclasses import replace

from aiogram import Bot, F, Router
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import (
    answer,
    ask,
    change_star,
    forgotten_text,
    is_channel,
    is_chat_admin,
    may_post_in_chat_of,
    message_of,
    others_job,
    own_job,
    own_picture,
    owns,
    pictures_above,
    reply_to,
    restore_buttons,
    visible_job,
)
from bot.handlers.imagine import ask_for_words
from bot.handlers.own_words import labels
from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import RequestService
from bot.jobs.ports import Undelivered
from bot.telegram.callback_data import JobCallback, PictureCallback
from bot.telegram.formatting import TEXT_LENGTH, quoted, shown_length
from bot.telegram.keyboards import confirm_delete, which_picture
from bot.telegram.message_input import as_references, topic_of
from bot.telegram.originals import ALL_REFUSED, Originals
from bot.telegram.telegram_errors import meaning
from storage.pictures import Picture
from storage.records import Draft, Job

ONE_OF_SEVERAL = JobCallback.filter(F.do.in_({"again-one", "edit", "vary", "enlarge", "star"}))


def make_router() -> Router:
    """The buttons of a job, except those that make another picture."""
    router = Router(name="results")
    router.callback_query.register(cancel, JobCallback.filter(F.do == "cancel"))
    router.callback_query.register(look_again, JobCallback.filter(F.do == "look"))
    router.callback_query.register(ask_which, ONE_OF_SEVERAL)
    router.callback_query.register(back, JobCallback.filter(F.do == "back"))
    router.callback_query.register(edit, PictureCallback.filter(F.do == "edit"))
    router.callback_query.register(edit_all, JobCallback.filter(F.do == "edit-all"))
    router.callback_query.register(files, JobCallback.filter(F.do == "files"))
    router.callback_query.register(send_prompt, JobCallback.filter(F.do == "words"))
    router.callback_query.register(star, PictureCallback.filter(F.do == "star"))
    router.callback_query.register(delete, PictureCallback.filter(F.do.in_({"delete", "delete-surely"})))
    router.callback_query.register(
        delete_all, JobCallback.filter(F.do.in_({"delete", "delete-all", "delete-all-surely"}))
    )
    return router


async def cancel(query: CallbackQuery, callback_data: JobCallback, requests: RequestService, bot: Bot) -> None:
    """Cancel a job: for the person who asked, and the chat's admins."""
    job = await requests.store.jobs.get(callback_data.job)
    if job is None:
        await answer(query, forgotten_text(), alert=True)
    elif query.from_user.id != job.user_id and not await is_chat_admin(bot, job.chat_id, query.from_user.id):
        await answer(query, _("Only the person who asked for it can cancel it."), alert=True)
    elif await requests.engine.cancel_request(job):
        await answer(query, _("Cancelled"))
    else:
        await answer(query, _("Too late: it has already finished."), alert=True)
        if query.message and job.duel_id is None:
            with suppress(Undelivered):
                await requests.engine.tell_again(job, query.message.message_id)


async def look_again(query: CallbackQuery, callback_data: JobCallback, requests: RequestService) -> None:
    """Poll a task again that took too long, or fetch pictures that did not arrive."""
    job = await own_job(query, callback_data.job, requests)
    if job and await may_post_in_chat_of(query, job):
        found = await requests.engine.retry(job.id)
        await answer(query, _("Looking…") if found else _("There is nothing more to fetch."), alert=not found)


async def ask_which(query: CallbackQuery, callback_data: JobCallback, requests: RequestService) -> None:
    """Ask which picture of an album is meant."""
    find = others_job if callback_data.do in {"vary", "again-one"} else own_job
    job = await find(query, callback_data.job, requests)
    message = await message_of(query) if job else None
    if job and message:
        pictures = await pictures_above(message, job, requests)
        words = await labels(pictures, job, requests)
        await ask(query, message, _("Which picture?"), which_picture(job, callback_data.do, pictures, words))


async def back(query: CallbackQuery, callback_data: JobCallback, requests: RequestService) -> None:
    """Show the usual buttons again."""
    if found := await visible_job(query, callback_data.job, requests):
        job, message = found
        await answer(query)
        await restore_buttons(message, job, requests)


async def edit(query: CallbackQuery, callback_data: PictureCallback, requests: RequestService, language: str) -> None:
    """Use one picture as reference."""
    if own := await own_picture(query, callback_data.picture, requests):
        picture, job = own
        await _edit(query, requests, language, job=job, pictures=[picture])


async def edit_all(query: CallbackQuery, callback_data: JobCallback, requests: RequestService, language: str) -> None:
    """Use the whole album as references."""
    if job := await own_job(query, callback_data.job, requests):
        await _edit(query, requests, language, job=job, pictures=None)


async def files(
    query: CallbackQuery, callback_data: JobCallback, requests: RequestService, originals: Originals
) -> None:
    """Send the originals as files, to anybody who sees the result: it costs nothing."""
    found = await visible_job(query, callback_data.job, requests)
    if found is None:
        return
    job, message = found
    await answer(query, _("Sending the originals…"))
    here = replace(job, chat_id=message.chat.id, thread_id=topic_of(message))
    try:
        missing = await originals.send(here, await pictures_above(message, job, requests), message.message_id)
    except TelegramBadRequest as error:
        if meaning(error).why not in ALL_REFUSED:
            raise
        await message.reply(_("I can't send files in this chat, but I can in private: open /history there."))
        return
    if missing:
        text = _(
            "{count} of the originals can't be fetched any more: the service keeps them only for a while. The "
            "pictures in the chat stay."
        )
        await message.reply(text.format(count=missing))


async def send_prompt(query: CallbackQuery, callback_data: JobCallback, requests: RequestService) -> None:
    """Send a prompt that is too long for a copy button, or has choices: as a message in which a tap copies it, or the
    words of one picture."""
    if found := await visible_job(query, callback_data.job, requests):
        job, message = found
        await answer(query, _("Tap the text to copy it."))
        each = [f"{number}. {quoted(words)}" for number, words in enumerate(job.choices or [], 1)]
        text = "\n".join([quoted(job.prompt), *each])
        await message.reply(text if shown_length(text) <= TEXT_LENGTH else quoted(job.prompt))


async def star(query: CallbackQuery, callback_data: PictureCallback, requests: RequestService) -> None:
    """Add a picture to the favourites, or remove it."""
    own = await own_picture(query, callback_data.picture, requests)
    message = await message_of(query) if own else None
    if own and message:
        picture, job = own
        await change_star(query, picture, requests)
        await restore_buttons(message, job, requests)


async def delete(query: CallbackQuery, callback_data: PictureCallback, requests: RequestService) -> None:
    """Delete one picture from the chat and from its owner's history; ask first."""
    picture = await requests.store.pictures.get(callback_data.picture)
    job = await requests.store.jobs.get(picture.job_id) if picture else None
    message = await _deletable(query, job)
    if not (picture and job and message):
        return
    if callback_data.do == "delete":
        confirmation = PictureCallback(do="delete-surely", picture=picture.id)
        await ask(query, message, _("Delete it here and from your history?"), confirm_delete(job, confirmation))
    else:
        await _delete(query, requests, message, job, [picture])


async def delete_all(query: CallbackQuery, callback_data: JobCallback, requests: RequestService) -> None:
    """Ask which picture of an album to delete, or delete all of them; confirm first."""
    job = await requests.store.jobs.get(callback_data.job)
    message = await _deletable(query, job)
    if not (job and message):
        return
    pictures = await pictures_above(message, job, requests)
    if callback_data.do == "delete":
        words = await labels(pictures, job, requests)
        await ask(query, message, _("Which picture?"), which_picture(job, "delete", pictures, words))
    elif callback_data.do == "delete-all":
        await ask(
            query,
            message,
            _("Delete all of them, here and from your history?"),
            confirm_delete(job, JobCallback(do="delete-all-surely", job=job.id)),
        )
    else:
        await _delete(query, requests, message, job, pictures)


async def _deletable(query: CallbackQuery, job: Job | None) -> Message | None:
    """The message with the button, if the person may delete the job's pictures; None when the press was answered."""
    if job is None:
        await answer(query, forgotten_text(), alert=True)
        return None
    message = await message_of(query)
    if message is None:
        return None
    # An admin of another chat may not delete this one's pictures.
    bot = query.bot if message.chat.id == job.chat_id else None
    is_admin = bot is not None and await is_chat_admin(bot, job.chat_id, query.from_user.id)
    if is_admin or await owns(query, job.user_id):
        return message
    await answer(query, _("Only the person who asked for it, or an admin, can delete it."), alert=True)
    return None


async def _delete(
    query: CallbackQuery, requests: RequestService, message: Message, job: Job, pictures: list[Picture]
) -> None:
    if await owns(query, job.user_id):
        for picture in pictures:
            await requests.store.pictures.hide(picture.id, picture.user_id, requests.store.clock())
    message_ids = {number for one in pictures if (number := one.message_in(message.chat.id))}
    left = [one for one in await pictures_above(message, job, requests) if one not in pictures]
    # Below a duel stand the buttons of its other pictures, too.
    if message.photo or (not left and job.duel_letter is None):
        message_ids.add(message.message_id)
    else:
        await restore_buttons(message, job, requests)
    # Delete all of them, even where one can't be deleted.
    if all([await _deleted_message(message, number) for number in sorted(message_ids)]):
        await answer(query, _("Deleted."))
    else:
        await answer(query, _("Telegram only lets me delete messages less than two days old."), alert=True)


async def _deleted_message(message: Message, number: int) -> bool:
    """Delete a message of the same chat. False: it is too old for that."""
    try:
        await message.chat.delete_message(number)
    except TelegramBadRequest as error:
        if "can't be deleted" in error.message:
            return False
        # A message that is gone already counts as deleted.
        if "not found" not in error.message:
            raise
    return True


async def _edit(
    query: CallbackQuery, requests: RequestService, language: str, *, job: Job, pictures: list[Picture] | None
) -> None:
    """Ask for the prompt of these pictures, or of all."""
    message = await message_of(query)
    if message is None:
        return
    shown = await pictures_above(message, job, requests)
    # In a group Telegram opens the reply only for the author of the message that is answered.
    is_private = message.chat.type == ChatType.PRIVATE or job.chat_id != message.chat.id
    context = RequestContext.of_press(
        query, message, message.message_id if is_private else reply_to(job, message), language
    )
    await requests.check(context)
    # A channel has no forced replies, and its posts are no answers to the bot.
    can_ask = not is_channel(message)
    how = "" if can_ask else _("In a channel, reply to the picture with /imagine and your words.")
    await answer(query, how, alert=not can_ask)
    if len(shown) > 1:
        await restore_buttons(message, job, requests)
    if can_ask and (references := as_references(pictures or shown, message.chat.id)):
        await ask_for_words(message, context, requests, Draft(references))
