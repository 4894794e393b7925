"""Edited messages: a request that waits gets the new words, and making one that has begun again is offered.

Telegram tells of edits also where nothing changed that a person wrote (a link's preview): those have no `edit_date`, or
the same digest as before (https://core.telegram.org/bots/api#update).
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
    MINE,
    PRIVATE,
    ToTheBot,
    imagine,
    in_group,
    in_private,
    is_chat,
    is_no_command,
    words_or_pictures,
)
from bot.handlers.prompt_flags import FlagError
from bot.handlers.request_context import RequestContext, as_asked
from bot.handlers.request_service import RequestService, too_many
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
"""How long after it was written an edit may make a request of a message that was none."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An edited message that asked for something before. `message_id`: the one that its first job answered; `job`: the
    latest one made of it; `message`: with the words of its whole album; `offer`: what its edits have led to."""

    message_id: int
    job: Job
    message: Message
    offer: Offer | None


class HasAsked(Filter):
    """An edit of a message that a job was made of; handlers get it as `asked`."""

    async def __call__(self, message: Message, requests: RequestService) -> bool | dict[str, Asked]:
        """Whether it is one."""
        edits = requests.store.edits
        job = await edits.asked(message.chat.id, await _siblings(message, requests))
        if job is None or job.message_id is None:
            return False
        if message.media_group_id:
            await edits.keep_captions(job, {message.message_id: message.caption or ""})
            known = await edits.captions(job.id)
            said = [known[each] for each in sorted(known) if known[each]]
            # As `Wish.spoken` has it: a single caption stays as it was written.
            text = joined_words(said) if len(said) > 1 else "".join(said)
            message = message.model_copy(update={"caption": text, "caption_entities": []})
        offer = await edits.of_message(message.chat.id, job.message_id)
        latest = await requests.store.jobs.get(offer.job_id) if offer else job
        return {"asked": Asked(job.message_id, latest or job, message, offer)}


class IsNew(Filter):
    """An edit that makes a message a request which was none: soon after it was written, and only once."""

    async def __call__(self, message: Message, requests: RequestService) -> bool:
        """Whether it is one."""
        if _time(message) - message.date.timestamp() > RECENT_SECONDS:
            return False
        ids, edits = await _siblings(message, requests), requests.store.edits
        if message.chat.type == ChatType.PRIVATE and pictures_in(message):
            # They wait for their words, or have been used with others.
            return await requests.store.drafts.is_waiting(message.chat.id, ids)
        return not await edits.is_answered(message.chat.id, ids)


def make_router() -> Router:
    """Edits of what was asked; those that make a request of what was none go the way of new ones."""
    router = Router(name="edits")
    command = Command("imagine", ignore_case=True)
    for observer in (router.edited_message, router.edited_channel_post):
        observer.filter(F.edit_date, MINE)
        observer.register(edited, HasAsked())
        observer.register(imagine, command, IsNew())
    router.edited_message.register(in_private, PRIVATE, words_or_pictures, is_no_command, IsNew())
    router.edited_message.register(in_group, words_or_pictures, is_no_command, ToTheBot(), IsNew())
    router.callback_query.register(make_again, JobCallback.filter(F.do == "reword"))
    return router


async def edited(
    message: Message, asked: Asked, requests: RequestService, language: str, preferences: Preferences
) -> None:
    """Change a request that waits; offer to make again what has begun."""
    context, job = RequestContext.of_message(asked.message, language, preferences), asked.job
    if context.user_id != job.user_id:
        return
    if context.said == job.said:
        # Also where it was changed and changed back.
        await _take_back(message, asked.offer, requests)
        return
    text = await _words(asked.message)
    if text is None or _is_offered(asked.offer, context):
        return
    words = requests.scan(text)
    if not words.prompt and job.state not in NOT_READY:
        # A caption was taken away, perhaps for its looks.
        return
    if job.state in NOT_READY and is_chat(asked.message, words):
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
            await _offer(message, asked, text, context, requests)
            return
        # It had begun once, and was turned away.
        await _take_back(message, asked.offer, requests)
        await _acknowledge(message)


async def make_again(
    query: CallbackQuery, callback_data: JobCallback, requests: RequestService, language: str, preferences: Preferences
) -> None:
    """Make what has begun once more, with the words that its message has now."""
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
    context = replace(as_asked(context, job), said=offer.said)
    above = [message.reply_to_message] if message.reply_to_message else []
    try:
        made = await requests.ask(context, requests.scan(offer.words), await _draft(job, above, requests))
    except FlagError as error:
        await answer(query, "\n".join(map(plain, error.sentences)), alert=True)
    except QuotaExceededError as error:
        await answer(query, too_many(error), alert=True)
    else:
        # None: this press has made it before, or another one just now.
        made = made or await requests.store.jobs.made_by(context.idempotency_key)
        await requests.store.edits.taken(offer, made.id if made else None)
        await answer(query, _("The new words are on their way."))
        await change_text(message, _("✏️ The new words are on their way."), None)


def _is_offered(offer: Offer | None, context: RequestContext) -> bool:
    """Whether these very words are offered already."""
    return offer is not None and offer.words is not None and offer.said == context.said and offer.offer_id is not None


async def _offer(message: Message, asked: Asked, text: str, context: RequestContext, requests: RequestService) -> None:
    """One message with a button for each prompt. It does not repeat the words: further edits, of which there may be
    many, change what it makes without another call to Telegram."""
    job, edits = asked.job, requests.store.edits
    new = Offer(message.chat.id, asked.message_id, job.id, text, context.said or "", float(_time(message)), None)
    before = await edits.offer(new)
    if before and before.edited_at > new.edited_at:
        return
    words = _("✏️ You changed your words after I started on this. Shall I make it again with the new ones?")
    if job.state in WITHOUT_RESULT:
        words = _("✏️ You changed your words after this had finished. Shall I make it with the new ones?")
    buttons = keyboard([button(_("🔁 Make it again"), JobCallback(do="reword", job=job.id), "primary")])
    # Where it was taken, its button comes back.
    is_shown = before is not None and before.offer_id is not None
    if before and before.offer_id and before.words is None:
        is_shown = await _change_offer(message, before.offer_id, words, buttons)
    if is_shown:
        return
    sent = await message.reply(words, reply_markup=buttons)
    await edits.shown_at(new, sent.message_id)


async def _change_offer(message: Message, offer_id: int, text: str, buttons: InlineKeyboardMarkup) -> bool:
    """False: it is gone."""
    if message.bot is None:
        return False
    try:
        await message.bot.edit_message_text(text, chat_id=message.chat.id, message_id=offer_id, reply_markup=buttons)
    except TelegramBadRequest as error:
        return is_unchanged(error)
    return True


async def _take_back(message: Message, offer: Offer | None, requests: RequestService) -> None:
    """The words are those that were drawn: nothing is offered any more."""
    if offer is None or offer.words is None or message.bot is None:
        return
    await requests.store.edits.taken(offer)
    if offer.offer_id:
        with suppress(TelegramAPIError):
            await message.bot.delete_message(message.chat.id, offer.offer_id)
        await requests.store.edits.shown_at(offer, None)


async def _acknowledge(message: Message) -> None:
    """In private the status message says that it is changed."""
    if message.chat.type != ChatType.PRIVATE:
        with suppress(TelegramAPIError):
            await message.react([ReactionTypeEmoji(emoji="✍")])


async def _refuse(message: Message, job: Job, why: str) -> None:
    """Say what is wrong with the new words; a request that waits goes on with the old ones."""
    stays = [_("Your request stays as it was.")] if job.state in NOT_READY else []
    await reply_privately(message, "\n".join([why, *stays]))


async def _draft(job: Job, shown: Iterable[Message], requests: RequestService) -> Draft:
    """What goes with the words: the job's references, as these messages show them now, and its style."""
    references = tuple(one.again() for one in await requests.store.references.of_job(job.id))
    for one in shown:
        # An edit may have put another picture into the place of the first.
        if not one.media_group_id and (pictures := pictures_in(one)):
            references = (*(known for known in references if known.message_id != one.message_id), *pictures)
    return Draft(references, job.style)


async def _siblings(message: Message, requests: RequestService) -> list[int]:
    """The messages of an album, as far as they are known, or the one that there is."""
    if not message.media_group_id:
        return [message.message_id]
    album = await requests.store.posted.album(message.chat.id, message.media_group_id)
    return [message.message_id, *(item.message_id for item in album if item.message_id)]


async def _words(message: Message) -> str | None:
    """What is asked for; None: it has become another command."""
    text = message.text or message.caption or ""
    if text.startswith(COMMAND_SIGNS) and not text[1:].lower().startswith("imagine"):
        return None
    return await words_of(message)


def _time(message: Message) -> int:
    """When it was edited, in seconds since 1970."""
    return message.edit_date or 0
