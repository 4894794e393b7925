"""Helpers for handlers of button presses: find the message and the job, check permissions, answer, change buttons."""

from aiogram import Bot
from aiogram.enums import ChatMemberStatus, ChatType
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest
from aiogram.types import CallbackQuery, ChatMemberAdministrator, ChatMemberOwner, InlineKeyboardMarkup, Message
from aiogram.utils.i18n import get_i18n
from aiogram.utils.i18n import gettext as _

from bot.handlers.request_context import RequestContext, keep_chat_as_author
from bot.handlers.request_service import NO_OVERRIDES, Overrides, RequestService, quota_text
from bot.telegram.duel_texts import result_buttons, with_way_back
from bot.telegram.formatting import cut
from bot.telegram.keyboards import under_result
from bot.telegram.provider_labels import model_of_job, offer
from bot.telegram.questions import has_question, with_question, without_question
from bot.telegram.telegram_errors import is_too_late, is_unchanged
from storage.pictures import Picture
from storage.quota import QuotaExceededError
from storage.records import Job

ANSWER_LENGTH = 200
"""Telegram shows so many characters of an answer to a press."""


async def answer(query: CallbackQuery, text: str = "", *, alert: bool = False) -> None:
    """Answer a press. An answer that comes too late is no error."""
    try:
        await query.answer(cut(text, ANSWER_LENGTH), show_alert=alert)
    except TelegramBadRequest as error:
        if not is_too_late(error):
            raise


async def repeat_request(
    query: CallbackQuery,
    requests: RequestService,
    context: RequestContext,
    job: Job,
    overrides: Overrides = NO_OVERRIDES,
    *,
    said: str = "",
) -> None:
    """Run the request of a job again, with `overrides`, and answer the press: with `said`, or the usual text."""
    if job.provider not in requests.providers:
        # The job would wait forever.
        await answer(query, _("This service is no longer available. See /models."), alert=True)
        return
    if await owns(query, job.user_id):
        context = keep_chat_as_author(context, job)
    elif overrides.references is None and not await may_use_references(query, job, requests):
        return
    try:
        await requests.ask_again(context, job, overrides)
    except QuotaExceededError as error:
        await answer(query, quota_text(error), alert=True)
    else:
        await answer(query, said or _("One more time!"))


async def may_use_references(query: CallbackQuery, job: Job, requests: RequestService) -> bool:
    """Whether others may use the references of a job again; else the press is answered with the reason."""
    if await _are_for_all(job, requests):
        return True
    await answer(query, _("Its photos aren't in this chat. Make your own with /imagine."), alert=True)
    return False


async def _are_for_all(job: Job, requests: RequestService) -> bool:
    """Whether all references of a job were shown in its chat, and none is a picture that its owner has deleted
    since."""
    for reference in await requests.store.references.of_job(job.id):
        if reference.message_id is None:
            return False
        if reference.picture_id is not None:
            picture = await requests.store.pictures.get(reference.picture_id)
            if picture is None or picture.hidden_at is not None:
                return False
    return True


async def own_job(query: CallbackQuery, job_id: int, requests: RequestService) -> Job | None:
    """The job of a button, if the person may use it; else the press is answered with the reason, and None returned."""
    job = await requests.store.jobs.get(job_id)
    if job is None:
        await answer(query, forgotten_text(), alert=True)
    elif not await owns(query, job.user_id):
        await answer(query, _not_theirs(query), alert=True)
    elif not await _may_press(query):
        await answer(query, _not_there(), alert=True)
    else:
        return job
    return None


async def own_picture(query: CallbackQuery, picture_id: int, requests: RequestService) -> tuple[Picture, Job] | None:
    """The picture of a button and its job; see `own_job`."""
    picture = await requests.store.pictures.get(picture_id)
    job = await own_job(query, picture.job_id if picture else 0, requests)
    return (picture, job) if picture and job else None


async def others_job(query: CallbackQuery, job_id: int, requests: RequestService) -> Job | None:
    """The job of a button that others may use, too, as a request of their own: where its pictures are shown in its own
    chat. Else the press is answered with the reason, and None returned."""
    job = await requests.store.jobs.get(job_id)
    if job is None or await owns(query, job.user_id):
        return await own_job(query, job_id, requests)
    message = query.message
    is_here = isinstance(message, Message) and message.chat.id == job.chat_id and not is_channel(message)
    if is_here and isinstance(message, Message) and await pictures_above(message, job, requests):
        return job
    await answer(query, _not_theirs(query), alert=True)
    return None


async def others_picture(query: CallbackQuery, picture_id: int, requests: RequestService) -> tuple[Picture, Job] | None:
    """The picture of a button that others may use, too, and its job; see `others_job`. One that its owner has deleted
    is only theirs."""
    picture = await requests.store.pictures.get(picture_id)
    job = await others_job(query, picture.job_id if picture else 0, requests)
    if picture and job and picture.hidden_at is not None and not await owns(query, job.user_id):
        await answer(query, forgotten_text(), alert=True)
        return None
    return (picture, job) if picture and job else None


async def visible_job(query: CallbackQuery, job_id: int, requests: RequestService) -> tuple[Job, Message] | None:
    """The job of a button, and the message with the button: for everybody in the chat of the job; in other chats and
    in channels only for the person who asked. None when the press was answered here."""
    job = await requests.store.jobs.get(job_id)
    message = await message_of(query) if job else None
    # Callback data can be forged: prompts and pictures are shown only in the chat that has them.
    is_here = job is not None and message is not None and message.chat.id == job.chat_id
    # Readers of a channel may not cause posts in it.
    is_for_all = is_here and not is_channel(message)
    if job and message and (is_for_all or (await owns(query, job.user_id) and await _may_press(query))):
        return job, message
    if message or job is None:
        await answer(query, _not_theirs(query) if is_here else forgotten_text(), alert=True)
    return None


async def _may_press(query: CallbackQuery) -> bool:
    """In a channel only admins cause posts; the person who asked may be no admin any more."""
    chat = query.message.chat if query.message else None
    if chat is None or chat.type != ChatType.CHANNEL or query.bot is None:
        return True
    return await is_chat_admin(query.bot, chat.id, query.from_user.id)


async def may_post_in_chat_of(query: CallbackQuery, job: Job) -> bool:
    """Whether the person, who may press in another chat, may cause posts in the chat of the job; answered if not."""
    chat = query.message.chat if query.message else None
    if query.bot is None or job.chat_id > 0 or (chat and chat.id == job.chat_id):
        return True
    if await _may_write(query.bot, job.chat_id, query.from_user.id):
        return True
    await answer(query, _not_there(), alert=True)
    return False


async def _may_write(bot: Bot, chat_id: int, user_id: int) -> bool:
    try:
        chat, member = await bot.get_chat(chat_id), await bot.get_chat_member(chat_id, user_id)
    except TelegramAPIError:
        return False
    if chat.type == ChatType.CHANNEL:
        return isinstance(member, ChatMemberAdministrator | ChatMemberOwner)
    return member.status not in {ChatMemberStatus.LEFT, ChatMemberStatus.KICKED}


def is_channel(message: Message | None) -> bool:
    """Whether the message is a channel post."""
    return message is not None and message.chat.type == ChatType.CHANNEL


def _not_theirs(query: CallbackQuery) -> str:
    if isinstance(query.message, Message) and is_channel(query.message):
        return _("These buttons belong to whoever asked for the picture. Make your own with /imagine.")
    return _("Only whoever asked for the picture can use this. Again and Variations are for everyone.")


def _not_there() -> str:
    """For a person who is no longer an admin of the channel, or no longer in the group."""
    return _("You can't post there any more. Your pictures are in /history.")


def forgotten_text() -> str:
    """The answer about a job that the store does not have any more."""
    return _("I don't remember this one any more. Send your words again.")


async def change_star(query: CallbackQuery, picture: Picture, requests: RequestService) -> None:
    """Add a picture to its owner's favourites or remove it, and answer the press."""
    starred = picture.starred_at is None
    await requests.store.pictures.star(picture.id, requests.store.clock() if starred else None)
    await answer(query, _("⭐ Added to favourites.") if starred else _("Removed from favourites."))


async def pictures_above(message: Message, job: Job, requests: RequestService) -> list[Picture]:
    """The pictures that a message's keyboard applies to: the one that the message shows, or all of the job."""
    shown = [one for one in await requests.store.pictures.of_job(job.id) if one.hidden_at is None and one.file_id]
    if not message.photo or len(shown) < 2:
        return shown
    unique_id = message.photo[-1].file_unique_id
    here = await requests.store.pictures.shown_as(unique_id, message.chat.id, message.message_id)
    return [one for one in shown if here and one.id == here.id] or shown


async def restore_buttons(message: Message, job: Job, requests: RequestService) -> None:
    """Replace a question and its buttons by the usual ones of a result."""
    pictures = await pictures_above(message, job, requests)
    if pictures:
        result = await requests.store.results.of_job(job.id)
        offered = offer(model_of_job(requests.providers, job))
        words = result.words_of(pictures[0]) if result and len(pictures) == 1 else None
        look, helps = bool(result and result.is_incomplete), requests.improves
        # Others may have pressed: the message speaks to the person who asked.
        with get_i18n().use_locale(job.language):
            buttons = under_result(job, offered, pictures, look=look, words=words, helps=helps)
            buttons = buttons if message.photo else with_way_back(buttons, job)
        await _restore(message, buttons)
    elif job.duel_id is not None and (standing := await requests.store.duels.standing(job.duel_id)):
        late = await requests.store.duels.late(job.duel_id)
        await _restore(message, result_buttons(requests.providers, standing, late))


async def _restore(message: Message, buttons: InlineKeyboardMarkup) -> None:
    """Show these buttons, and take a question away that stands in the message."""
    if has_question(message):
        await change_text(message, without_question(message), buttons)
    else:
        await change_buttons(message, buttons)


def reply_to(job: Job, message: Message) -> int:
    """The id of the message that another result of the same request replies to."""
    above = job.message_id if job.chat_id == message.chat.id else None
    return above or message.message_id


async def ask(query: CallbackQuery, message: Message, question: str, buttons: InlineKeyboardMarkup) -> None:
    """Ask the person who pressed, in the answer to the press, which vanishes, and in the message above the buttons."""
    await answer(query, question)
    text = with_question(message, question)
    if text is None:
        await change_buttons(message, buttons)
    else:
        await change_text(message, text, buttons)


async def change_buttons(message: Message, buttons: InlineKeyboardMarkup) -> None:
    """Replace the buttons of a message."""
    try:
        await message.edit_reply_markup(reply_markup=buttons)
    except TelegramBadRequest as error:
        if not is_unchanged(error):
            raise


async def change_text(message: Message, text: str, buttons: InlineKeyboardMarkup | None) -> None:
    """Replace the text or caption of a message, and its buttons (None: without any)."""
    try:
        if message.photo or message.document:
            await message.edit_caption(caption=text, reply_markup=buttons)
        else:
            await message.edit_text(text, reply_markup=buttons)
    except TelegramBadRequest as error:
        if not is_unchanged(error):
            raise


async def message_of(query: CallbackQuery) -> Message | None:
    """The message with the button. When Telegram no longer shows it to the bot, the press is answered so; then None."""
    if isinstance(query.message, Message):
        return query.message
    await answer(query, _("These buttons are too old to work. Use /history instead."), alert=True)
    return None


async def owns(query: CallbackQuery, owner: int) -> bool:
    """Whether the person may use what belongs to `owner`. Requests in a group's name belong to all its admins."""
    if query.from_user.id == owner:
        return True
    return owner < 0 and query.bot is not None and await is_chat_admin(query.bot, owner, query.from_user.id)


async def is_chat_admin(bot: Bot, chat_id: int, user_id: int) -> bool:
    """Whether a person administers a chat; False where Telegram refuses the question."""
    try:
        member = await bot.get_chat_member(chat_id, user_id)
    except TelegramAPIError:
        return False
    return isinstance(member, ChatMemberAdministrator | ChatMemberOwner)
