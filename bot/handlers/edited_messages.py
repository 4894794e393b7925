"""Edited messages: a waiting request gets the new prompt; for one that has begun, the bot offers another job.

Telegram also sends edits without a change of the text (a link's preview): those have no `edit_date`, or the same digest
as before (https://core.telegram.org/bots/api#update).
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from aiogram import F, Router
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest
from aiogram.filters import Command, Filter
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message, ReactionTypeEmoji
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer, change_text, message_of, own_job
from bot.handlers.hints import COMMAND_SIGNS, words_of
from bot.handlers.imagine import (
    NOT_FORWARDED,
    PRIVATE,
    AddressesBot,
    imagine,
    in_group,
    in_private,
    is_chat,
    is_no_command,
    words_or_pictures,
)
from bot.handlers.prompt_flags import FlagError
from bot.handlers.request_context import RequestContext, keep_chat_as_author
from bot.handlers.request_service import RequestService, quota_text
from bot.telegram.callback_data import JobCallback
from bot.telegram.formatting import plain, say
from bot.telegram.keyboards import button, keyboard
from bot.telegram.message_groups import joined_words
from bot.telegram.message_input import pictures_in
from bot.telegram.private_reply import reply_privately
from bot.telegram.telegram_errors import is_unchanged
from providers.errors import InvalidRequestError
from storage.edited_prompts import Offer
from storage.job_states import NOT_READY, WITHOUT_RESULT
from storage.quota import QuotaExceededError
from storage.records import Draft, Job
from storage.settings_records import Preferences

RECENT_SECONDS = 600
"""The age up to which an edit may turn a message into a request."""


@dataclass(frozen=True, slots=True)
class EditedRequest:
    """The edit of a message that has a job. `message_id`: the message that its first job replies to; `job`: the latest
    one; `message`: with the captions of its whole album; `offer`: the offer that earlier edits led to."""

    message_id: int
    job: Job
    message: Message
    offer: Offer | None


class IsEditOfRequest(Filter):
    """Passes edits of a message that has a job; handlers get `edited_request`."""

    async def __call__(self, message: Message, requests: RequestService) -> bool | dict[str, EditedRequest]:
        """Whether it is one."""
        edits = requests.store.edits
        job = await edits.asked(message.chat.id, await _siblings(message, requests))
        if job is None or job.message_id is None:
            return False
        if message.media_group_id:
            await edits.keep_captions(job, {message.message_id: message.caption or ""})
            known = await edits.captions(job.id)
            said = [known[each] for each in sorted(known) if known[each]]
            # Like `MessageGroup.spoken`: a single caption stays as it was written.
            text = joined_words(said) if len(said) > 1 else "".join(said)
            message = message.model_copy(update={"caption": text, "caption_entities": []})
        offer = await edits.of_message(message.chat.id, job.message_id)
        latest = await requests.store.jobs.get(offer.job_id) if offer else job
        return {"edited_request": EditedRequest(job.message_id, latest or job, message, offer)}


class MayBecomeRequest(Filter):
    """Passes edits that may turn a message into a request: soon after it was written, and only once."""

    async def __call__(self, message: Message, requests: RequestService) -> bool:
        """Whether it is one."""
        if _time(message) - message.date.timestamp() > RECENT_SECONDS:
            return False
        ids, edits = await _siblings(message, requests), requests.store.edits
        if message.chat.type == ChatType.PRIVATE and pictures_in(message):
            # The pictures wait for a prompt, or were used with another one.
            return await requests.store.drafts.is_waiting(message.chat.id, ids)
        return not await edits.is_answered(message.chat.id, ids)


def make_router() -> Router:
    """Edits of requests; an edit that turns a message into a request is handled like a new message."""
    router = Router(name="edits")
    command = Command("imagine", ignore_case=True)
    for observer in (router.edited_message, router.edited_channel_post):
        observer.filter(F.edit_date, NOT_FORWARDED)
        observer.register(edited, IsEditOfRequest())
        observer.register(imagine, command, MayBecomeRequest())
    router.edited_message.register(in_private, PRIVATE, words_or_pictures, is_no_command, MayBecomeRequest())
    router.edited_message.register(in_group, words_or_pictures, is_no_command, AddressesBot(), MayBecomeRequest())
    router.callback_query.register(make_again, JobCallback.filter(F.do == "reword"))
    return router


async def edited(
    message: Message, edited_request: EditedRequest, requests: RequestService, language: str, preferences: Preferences
) -> None:
    """Change a waiting request; for one that has begun, offer another job."""
    context, job = RequestContext.of_message(edited_request.message, language, preferences), edited_request.job
    if context.user_id != job.user_id:
        return
    if context.said == job.said:
        # Also after a change and a change back.
        await _withdraw_offer(message, edited_request.offer, requests)
        return
    text = await _words(edited_request.message)
    if text is None or _is_offered(edited_request.offer, context):
        return
    words = requests.scan(text)
    if not words.prompt and job.state not in NOT_READY:
        # The caption was removed, perhaps only for looks.
        return
    if job.state in NOT_READY and is_chat(edited_request.message, words):
        await _refuse(message, job, _("That sounded like chatting."))
        return
    try:
        is_changed = await requests.reword(
            context, job, words, await _draft(job, [message], requests), float(_time(message))
        )
    except FlagError as error:
        await _refuse(message, job, say(*error.sentences))
    except InvalidRequestError as error:
        await _refuse(message, job, say(error.sentence))
    else:
        if not is_changed:
            await _offer(message, edited_request, text, context, requests)
            return
        # The request had begun before, and went back to waiting: an earlier offer is void.
        await _withdraw_offer(message, edited_request.offer, requests)
        await _acknowledge(message)


async def make_again(
    query: CallbackQuery, callback_data: JobCallback, requests: RequestService, language: str, preferences: Preferences
) -> None:
    """Make another job of a request, with the prompt that its message has now."""
    job, message = await own_job(query, callback_data.job, requests), None
    if job:
        message = await message_of(query)
    if job is None or message is None:
        return
    offer = await requests.store.edits.of_message(message.chat.id, job.message_id) if job.message_id else None
    if offer is None or offer.words is None or offer.job_id != job.id:
        await answer(query, _("The new words are already being drawn, or were changed back."), alert=True)
        return
    context = RequestContext.of_press(query, message, offer.message_id, language, preferences)
    context = replace(keep_chat_as_author(context, job), said=offer.said)
    above = [message.reply_to_message] if message.reply_to_message else []
    try:
        made = await requests.ask(context, requests.scan(offer.words), await _draft(job, above, requests))
    except FlagError as error:
        await answer(query, "\n".join(map(plain, error.sentences)), alert=True)
    except QuotaExceededError as error:
        await answer(query, quota_text(error), alert=True)
    else:
        # None: this press made its job before, or another press just did.
        made = made or await requests.store.jobs.made_by(context.idempotency_key)
        await requests.store.edits.taken(offer, made.id if made else None)
        await answer(query, _("The new words are on their way."))
        await change_text(message, _("✏️ The new words are on their way."), None)


def _is_offered(offer: Offer | None, context: RequestContext) -> bool:
    """Whether exactly this text is offered already."""
    return offer is not None and offer.words is not None and offer.said == context.said and offer.offer_id is not None


async def _offer(
    message: Message, edited_request: EditedRequest, text: str, context: RequestContext, requests: RequestService
) -> None:
    """Send one message with a button for each prompt. It does not repeat the text: further edits, of which there may
    be many, change the offer without another call to Telegram."""
    job, edits = edited_request.job, requests.store.edits
    new = Offer(
        message.chat.id, edited_request.message_id, job.id, text, context.said or "", float(_time(message)), None
    )
    before = await edits.offer(new)
    if before and before.edited_at > new.edited_at:
        return
    words = _("✏️ You changed your words after I started on this. Shall I make it again with the new ones?")
    if job.state in WITHOUT_RESULT:
        words = _("✏️ You changed your words after this had finished. Shall I make it with the new ones?")
    buttons = keyboard([button(_("🔁 Make it again"), JobCallback(do="reword", job=job.id), "primary")])
    # If the offer was accepted, its button comes back.
    is_shown = before is not None and before.offer_id is not None
    if before and before.offer_id and before.words is None:
        is_shown = await _change_offer(message, before.offer_id, words, buttons)
    if is_shown:
        return
    sent = await message.reply(words, reply_markup=buttons)
    await edits.shown_at(new, sent.message_id)


async def _change_offer(message: Message, offer_id: int, text: str, buttons: InlineKeyboardMarkup) -> bool:
    """Show an earlier offer again. False: its message was deleted."""
    if message.bot is None:
        return False
    try:
        await message.bot.edit_message_text(text, chat_id=message.chat.id, message_id=offer_id, reply_markup=buttons)
    except TelegramBadRequest as error:
        return is_unchanged(error)
    return True


async def _withdraw_offer(message: Message, offer: Offer | None, requests: RequestService) -> None:
    """Remove the offer: the text is again the one that was drawn."""
    if offer is None or offer.words is None or message.bot is None:
        return
    await requests.store.edits.taken(offer)
    if offer.offer_id:
        with suppress(TelegramAPIError):
            await message.bot.delete_message(message.chat.id, offer.offer_id)
        await requests.store.edits.shown_at(offer, None)


async def _acknowledge(message: Message) -> None:
    """React to the message; in private the status message reports the change."""
    if message.chat.type != ChatType.PRIVATE:
        with suppress(TelegramAPIError):
            await message.react([ReactionTypeEmoji(emoji="✍")])


async def _refuse(message: Message, job: Job, why: str) -> None:
    """Explain what is wrong with the new text; a waiting request keeps the old one."""
    stays = [_("Your request stays as it was.")] if job.state in NOT_READY else []
    await reply_privately(message, "\n".join([why, *stays]))


async def _draft(job: Job, shown: Iterable[Message], requests: RequestService) -> Draft:
    """The job's references, as the messages `shown` have them now, and its style."""
    references = tuple(one.again() for one in await requests.store.references.of_job(job.id))
    for one in shown:
        # An edit may have replaced the picture.
        if not one.media_group_id and (pictures := pictures_in(one)):
            references = (*(known for known in references if known.message_id != one.message_id), *pictures)
    return Draft(references, job.style)


async def _siblings(message: Message, requests: RequestService) -> list[int]:
    """The ids of the messages of an album, as far as they are known, or of the single message."""
    if not message.media_group_id:
        return [message.message_id]
    album = await requests.store.posted.album(message.chat.id, message.media_group_id)
    return [message.message_id, *(item.message_id for item in album if item.message_id)]


async def _words(message: Message) -> str | None:
    """The text of the request; None: the message is another command now."""
    text = message.text or message.caption or ""
    if text.startswith(COMMAND_SIGNS) and not text[1:].lower().startswith("imagine"):
        return None
    return await words_of(message)


def _time(message: Message) -> int:
    """The time of the edit, in seconds since 1970."""
    return message.edit_date or 0
