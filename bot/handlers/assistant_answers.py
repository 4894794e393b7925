"""The answers to the assistant's words: use them, edit them, or neither. Only a press makes a picture of them."""

from dataclasses import replace
from functools import partial
from html import escape

from aiogram import F, Router
from aiogram.enums import ChatType
from aiogram.types import CallbackQuery, ForceReply, Message, ReplyParameters
from aiogram.utils.i18n import gettext as _

from bot.handlers.assistant_calls import HelpCalls
from bot.handlers.callback_helpers import answer, change_buttons, change_text, is_channel, message_of, owns
from bot.handlers.price_check import ConfirmationNeededError
from bot.handlers.request_context import RequestContext, key_of
from bot.handlers.request_reader import NO_DRAFT
from bot.handlers.request_service import RequestService, quota_text
from bot.telegram.callback_data import HelpCallback
from bot.telegram.formatting import flags_of
from bot.telegram.keyboards import keyboard
from storage.quota import QuotaExceededError
from storage.records import Draft, NewJob
from storage.suggestions import Suggestion, SuggestionState


def register(router: Router) -> None:
    """The buttons under the question for consent, and under the assistant's words."""
    router.callback_query.register(go_ahead, HelpCallback.filter(F.do == "go"))
    router.callback_query.register(stop, HelpCallback.filter(F.do == "stop"))
    router.callback_query.register(use, HelpCallback.filter(F.do == "use"))
    router.callback_query.register(edit, HelpCallback.filter(F.do == "edit"))
    router.callback_query.register(decline, HelpCallback.filter(F.do == "no"))


async def go_ahead(
    query: CallbackQuery, callback_data: HelpCallback, requests: RequestService, help_calls: HelpCalls
) -> None:
    """The person agrees that the assistant, which somebody else runs, gets what they ask it about."""
    found = await _open(query, callback_data, requests, SuggestionState.NEW)
    if found is None:
        return
    try:
        await help_calls.agreed(found)
    except QuotaExceededError as error:
        await answer(query, quota_text(error, is_queued=False), alert=True)
    else:
        await answer(query)


async def stop(query: CallbackQuery, callback_data: HelpCallback, requests: RequestService) -> None:
    """The person does not want that."""
    await _close(query, callback_data, requests, SuggestionState.NEW, _("Nothing was sent. Write it yourself."))


async def decline(query: CallbackQuery, callback_data: HelpCallback, requests: RequestService) -> None:
    """The person does not want these words."""
    await _close(query, callback_data, requests, SuggestionState.OFFERED, _("Not used. Nothing was drawn."))


async def use(query: CallbackQuery, callback_data: HelpCallback, requests: RequestService) -> None:
    """Make the request with these words, once. They are words alone: no options, commands or names are read in them."""
    found = await _open(query, callback_data, requests, SuggestionState.OFFERED)
    if found is None or found.request is None:
        return
    if found.request.provider not in requests.providers:
        await answer(query, _("This service is no longer available. See /models."), alert=True)
        return
    new = _request(found, found.request)
    draft = await _draft(found, new, requests)
    new = replace(new, references=draft.references, style=draft.style)
    try:
        await requests.make(new, draft)
    except QuotaExceededError as error:
        await answer(query, quota_text(error), alert=True)
        return
    except ConfirmationNeededError:
        await _used(query, found, requests)
        raise
    await answer(query, _("On its way."))
    await _used(query, found, requests)


async def edit(query: CallbackQuery, callback_data: HelpCallback, requests: RequestService, language: str) -> None:
    """Ask for the words as the person wants them, with these to copy. Their answer is a prompt like any."""
    found = await _open(query, callback_data, requests, SuggestionState.OFFERED)
    message = await message_of(query) if found else None
    if found is None or found.request is None or message is None:
        return
    if is_channel(message):
        await answer(query, _("In a channel, reply to the picture with /imagine and your words."), alert=True)
        return
    await answer(query)
    context = RequestContext.of_press(query, message, message.message_id, language)
    draft = await _draft(found, replace(found.request, idempotency_key=context.idempotency_key), requests)
    # In a group Telegram opens the reply only for the author of the message that is answered.
    is_group = message.chat.type != ChatType.PRIVATE
    about = (found.request.message_id if is_group else None) or message.message_id
    if draft.references:
        # They wait, too, under the question about the price: the answer is about each once.
        await requests.set_drafts_aside(context)
    ask = partial(
        message.answer,
        _("Send the words as you want them. Tap these to copy them:") + f"\n<code>{_to_copy(found)}</code>",
        reply_parameters=ReplyParameters(message_id=about, allow_sending_without_reply=True),
        reply_markup=ForceReply(selective=is_group, input_field_placeholder=_("your words")),
    )
    await requests.ask_for_words(context, draft, ask)


def _to_copy(found: Suggestion) -> str:
    """The words, with the options of the request as flags: these count, as the person sends them."""
    options = flags_of(found.request.options) if found.request else ""
    return escape(f"{found.words} {options}".strip(), quote=False)


def _request(found: Suggestion, request: NewJob) -> NewJob:
    """The request with the assistant's words. Its key is the suggestion's: used twice, it makes one job."""
    return replace(
        request,
        idempotency_key=key_of(found.chat_id, "words", found.id),
        chat_id=found.chat_id,
        message_id=request.message_id if request.chat_id == found.chat_id else None,
        prompt=found.translation or found.words or "",
        asked_message_id=None,
        said=None,
        button=None,
        choices=None,
        inline_message_id=None,
        duel_id=None,
    )


async def _draft(found: Suggestion, new: NewJob, requests: RequestService) -> Draft:
    """The pictures and the style of the request; where its person replied to the bot's question, those that wait."""
    own = Draft(new.references, new.style)
    if found.answered_id is None or own.references:
        return own
    context = RequestContext(new.idempotency_key, new.chat_id, found.answered_id, new.user_id, new.language)
    waiting = await requests.take_draft_of(context, found.answered_id)
    return own if waiting == NO_DRAFT else Draft(waiting.references, waiting.style or own.style)


async def _open(
    query: CallbackQuery, press: HelpCallback, requests: RequestService, state: SuggestionState
) -> Suggestion | None:
    """The suggestion that a press is about, if the person may answer it; else the press is answered here."""
    found = await requests.store.suggestions.get(press.at)
    if found is not None and found.state is state and not await owns(query, found.user_id):
        await answer(query, _("Only the person who asked for it can answer this."), alert=True)
        return None
    if found is None or found.state is not state:
        await answer(query, _("These words have expired. Ask again with ✨."), alert=True)
        return None
    return found


async def _close(
    query: CallbackQuery, press: HelpCallback, requests: RequestService, state: SuggestionState, text: str
) -> None:
    found = await _open(query, press, requests, state)
    message = await message_of(query) if found else None
    if found and message:
        await requests.store.suggestions.close(found.id)
        await answer(query)
        await change_text(message, text, None)


async def _used(query: CallbackQuery, found: Suggestion, requests: RequestService) -> None:
    await requests.store.suggestions.close(found.id)
    if isinstance(query.message, Message):
        await change_buttons(query.message, keyboard())
