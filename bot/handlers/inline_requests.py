"""Pictures made in any chat: a message of inline mode is begun, agreed to, cancelled, and tried again.

It begins by itself where Telegram tells that it was sent (inline feedback), else by its button. A press there comes
without its message: the store knows whose it is, and which message shows the job.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from aiogram import Bot, F, Router
from aiogram.types import CallbackQuery, ChosenInlineResult, InlineKeyboardMarkup, User
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer, forgotten_text
from bot.handlers.chat_policy import ChatNotAllowedError
from bot.handlers.confirmations import ANSWER_SECONDS, listed, question
from bot.handlers.inline import OFFER_PREFIX
from bot.handlers.price_check import ConfirmationNeededError
from bot.handlers.prompt_flags import FlagError
from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import RequestService, quota_text
from bot.jobs.ports import Undelivered
from bot.telegram.formatting import plain
from bot.telegram.inline_buttons import InlineCallback, OfferCallback, to_begin, to_confirm, to_start
from bot.telegram.inline_messages import InlineMessages, with_words
from bot.telegram.private_chats import PrivateChats
from storage.confirmations import Confirmation
from storage.inline_offers import offer_id
from storage.quota import QuotaExceededError
from storage.records import Job
from storage.settings_records import Preferences

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InlineService:
    """The parts that these handlers share: `messages` changes messages of inline mode, `private` knows who can be
    written to."""

    bot: Bot
    requests: RequestService
    messages: InlineMessages
    private: PrivateChats

    async def say(
        self,
        context: RequestContext,
        prompt: str,
        text: str,
        buttons: InlineKeyboardMarkup | None,
        more: Sequence[str] = (),
    ) -> str:
        """Show a text in the message of inline mode, below the words, and lines that are HTML below it; returns the
        text. Where Telegram can't be reached the message keeps its button, which is still good."""
        try:
            shown = with_words(prompt, "\n".join([escape(text, quote=False), *more]))
            await self.messages.tell(context.inline_message_id or "", shown, buttons)
        except Undelivered as error:
            log.warning("changing a message of inline mode failed (%s); it keeps its button", error)
        return text


def make_router() -> Router:
    """The messages of inline mode that draw."""
    router = Router(name="inline requests")
    router.chosen_inline_result.register(chosen, F.inline_message_id, F.result_id.startswith(OFFER_PREFIX))
    router.callback_query.register(begin, F.inline_message_id, OfferCallback.filter())
    router.callback_query.register(agree, F.inline_message_id, InlineCallback.filter(F.do.in_({"make", "written"})))
    router.callback_query.register(refuse, F.inline_message_id, InlineCallback.filter(F.do == "no"))
    router.callback_query.register(cancel, F.inline_message_id, InlineCallback.filter(F.do == "cancel"))
    router.callback_query.register(look_again, F.inline_message_id, InlineCallback.filter(F.do == "look"))
    router.callback_query.register(try_again, F.inline_message_id, InlineCallback.filter(F.do == "again"))
    return router


async def chosen(
    chosen_result: ChosenInlineResult, inline: InlineService, language: str, preferences: Preferences
) -> None:
    """Telegram tells that a message was sent: it begins by itself."""
    store, typed = inline.requests.store, chosen_result.result_id.removeprefix(OFFER_PREFIX)
    offer = await store.inline_offers.take(typed, store.clock(), by_feedback=True)
    # The update has the words, too.
    is_theirs = offer is not None and offer.user_id == chosen_result.from_user.id
    words = offer.words if offer and is_theirs else chosen_result.query
    context = _context(chosen_result.from_user, chosen_result.inline_message_id, language, preferences)
    await _begin(inline, context, words)


async def begin(
    query: CallbackQuery,
    callback_data: OfferCallback,
    inline: InlineService,
    language: str,
    preferences: Preferences,
) -> None:
    """The button of a message that has not begun by itself. A second press changes nothing."""
    store = inline.requests.store
    offer = await store.inline_offers.take(callback_data.offer, store.clock(), by_feedback=False)
    if offer is None:
        await answer(query, _("I don't remember these words any more. Type them again after my name."), alert=True)
    elif offer.user_id != query.from_user.id:
        await answer(query, _not_theirs(), alert=True)
    else:
        context = _context(query.from_user, query.inline_message_id, language, preferences)
        # The message itself says why not, so that a notice that vanishes is enough here.
        await answer(query, await _begin(inline, context, offer.words) or _("On its way."))


async def agree(query: CallbackQuery, callback_data: InlineCallback, inline: InlineService) -> None:
    """Make the request at its price, or of its words as they are written. A second press changes nothing."""
    found = await _asked(query, callback_data, inline)
    if found is None:
        return
    if found.request.provider not in inline.requests.providers:
        await answer(query, _("This service is no longer available. See /models."), alert=True)
        return
    context = _context(query.from_user, query.inline_message_id, found.request.language, Preferences())
    try:
        await inline.requests.confirmed(found, as_written=callback_data.do == "written")
    except ConfirmationNeededError as error:
        await answer(query, await _ask(inline, context, error))
    except (QuotaExceededError, ChatNotAllowedError) as error:
        await answer(query, _why(error), alert=True)
    else:
        await answer(query, _("On its way."))


async def refuse(query: CallbackQuery, callback_data: InlineCallback, inline: InlineService) -> None:
    """Don't make the request."""
    found = await _asked(query, callback_data, inline)
    if found:
        await inline.requests.store.confirmations.drop(found.id)
        await answer(query)
        context = _context(query.from_user, query.inline_message_id, found.request.language, Preferences())
        await inline.say(context, found.request.prompt, _("Not made. Nothing was charged."), None)


async def cancel(query: CallbackQuery, callback_data: InlineCallback, inline: InlineService) -> None:
    """Cancel a job: only for the person who asked."""
    job = await _own_job(query, callback_data, inline, _("Only the person who asked for it can cancel it."))
    if job is None:
        return
    if await inline.requests.engine.cancel(job.id):
        await answer(query, _("Cancelled"))
        return
    await answer(query, _("Too late: it has already finished."), alert=True)
    try:
        # Its end did not get into the message.
        await inline.requests.engine.tell_again(job, job.status_id)
    except Undelivered as error:
        log.info("telling once more how job %d ended failed: %s", job.id, error)


async def look_again(query: CallbackQuery, callback_data: InlineCallback, inline: InlineService) -> None:
    """Poll a task again that took too long, or send pictures that did not arrive."""
    job = await _own_job(query, callback_data, inline, _not_theirs())
    if job is None:
        return
    if not await inline.private.is_open(job.user_id, surely=True):
        await answer(query, _("I still can't write to you in private. Open our chat and tap Start."), alert=True)
        return
    found = await inline.requests.engine.retry(job.id)
    await answer(query, _("Looking…") if found else _("There is nothing more to fetch."), alert=not found)


async def try_again(query: CallbackQuery, callback_data: InlineCallback, inline: InlineService, language: str) -> None:
    """The same request once more, in the same message. Presses on one button are one request."""
    job = await _own_job(query, callback_data, inline, _not_theirs())
    if job is None:
        return
    if job.provider not in inline.requests.providers:
        await answer(query, _("This service is no longer available. See /models."), alert=True)
        return
    context = _context(query.from_user, query.inline_message_id, language, Preferences(), again=job.id)
    try:
        await inline.requests.ask_again(context, job)
    except ConfirmationNeededError as error:
        await answer(query, await _ask(inline, context, error))
    except (QuotaExceededError, ChatNotAllowedError) as error:
        await answer(query, _why(error), alert=True)
    else:
        await answer(query, _("One more time!"))


async def _begin(inline: InlineService, context: RequestContext, text: str) -> str:
    """Make a job of the words. Returns why there is none, or nothing."""
    words = inline.requests.scan(text)
    again = to_begin(offer_id(context.user_id, text))
    if not await inline.private.is_open(context.user_id, surely=True):
        why = _("I can't write to you in private yet; your pictures go there first.")
        return await inline.say(context, words.prompt, why, await to_start(inline.bot, offer_id(context.user_id, text)))
    try:
        await inline.requests.ask(context, words)
    except ConfirmationNeededError as error:
        return await _ask(inline, context, error)
    except (FlagError, QuotaExceededError, ChatNotAllowedError) as error:
        return await inline.say(context, words.prompt, f"⚠️ {_why(error)}", again)
    return ""


async def _ask(inline: InlineService, context: RequestContext, error: ConfirmationNeededError) -> str:
    """Ask in the message whether the request shall be made at its price. Returns the question."""
    if error.confirmation_id is None:
        return ""
    choices = error.request.choices or []
    buttons = to_confirm(error.confirmation_id, has_choices=bool(choices))
    return await inline.say(context, error.request.prompt, question(error.price), buttons, listed(choices))


def _why(error: FlagError | QuotaExceededError | ChatNotAllowedError) -> str:
    if isinstance(error, FlagError):
        return "\n".join(map(plain, error.sentences))
    return quota_text(error) if isinstance(error, QuotaExceededError) else error.why


async def _asked(query: CallbackQuery, press: InlineCallback, inline: InlineService) -> Confirmation | None:
    """The request that a press is about, if the person may answer; else the press is answered here."""
    store = inline.requests.store
    found = await store.confirmations.get(press.id)
    if found and found.request.user_id != query.from_user.id:
        await answer(query, _("Only the person who asked for it can answer this."), alert=True)
        return None
    is_here = found is not None and found.request.inline_message_id == query.inline_message_id
    if found is None or not is_here or store.clock() - found.created_at > ANSWER_SECONDS:
        await answer(query, _("This question has expired. Please send your words again."), alert=True)
        return None
    return found


async def _own_job(query: CallbackQuery, press: InlineCallback, inline: InlineService, not_theirs: str) -> Job | None:
    """The job of a button, if its person pressed it in the message that shows it; else the press is answered here."""
    job = await inline.requests.store.jobs.get(press.id)
    # Data can be forged: a job is changed only from the message that shows it.
    if job is None or job.inline_message_id != query.inline_message_id:
        await answer(query, forgotten_text(), alert=True)
    elif job.user_id != query.from_user.id:
        await answer(query, not_theirs, alert=True)
    else:
        return job
    return None


def _context(
    user: User, inline_message_id: str | None, language: str, preferences: Preferences, again: int = 0
) -> RequestContext:
    return RequestContext.of_inline(user, inline_message_id or "", language, preferences, again)


def _not_theirs() -> str:
    return _("Only the person who sent this message can have it drawn. Write my name and your own words.")
