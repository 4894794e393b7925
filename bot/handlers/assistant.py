"""Asking for help with words: ✨ under words that wait for nothing, `/improve`, `/describe`, and voice messages."""

from dataclasses import replace

from aiogram import F, Router
from aiogram.enums import ChatType
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers import assistant_answers
from bot.handlers.assistant_calls import HelpCalls
from bot.handlers.callback_helpers import (
    answer,
    forgotten_text,
    may_use_references,
    message_of,
    owns,
    reply_to,
    visible_job,
)
from bot.handlers.confirmations import ANSWER_SECONDS
from bot.handlers.hints import words_of
from bot.handlers.imagine import NOT_FORWARDED, AddressesBot, own_pictures
from bot.handlers.own_words import words_above
from bot.handlers.prompt_flags import FlagError, Scan
from bot.handlers.request_context import RequestContext, keep_chat_as_author, key_of
from bot.handlers.request_service import Overrides, RequestService, quota_text
from bot.telegram.callback_data import HelpCallback
from bot.telegram.formatting import plain, say
from bot.telegram.message_input import pictures_replied_to
from bot.telegram.private_reply import reply_privately
from bot.telegram.unusable_media import why_reply_unusable, why_unusable
from storage.quota import QuotaExceededError
from storage.records import Draft, NewJob
from storage.settings_records import Preferences
from storage.suggestions import NewSuggestion

MOST_VOICE_SECONDS = 120
"""A longer voice message is no prompt, and its price would be a surprise."""
DOUBLE_TAP_SECONDS = 5
"""Two presses of the same button within so many seconds are one question."""
NO_WORDS = Scan("", ())


def is_helped(_event: object, help_calls: HelpCalls | None = None) -> bool:
    """Whether there is an assistant."""
    return help_calls is not None


def is_heard(message: Message, help_calls: HelpCalls | None = None) -> bool:
    """Whether a voice message can be heard; else the person is told that it can't."""
    return message.voice is not None and help_calls is not None and help_calls.helper.offers("listen")


def make_router() -> Router:
    """Help with words; nothing of it where there is no assistant."""
    router = Router(name="assistant")
    router.message.filter(is_helped)
    router.callback_query.filter(is_helped)
    router.message.register(describe, Command("describe", ignore_case=True), NOT_FORWARDED)
    router.message.register(improve, Command("improve", ignore_case=True), NOT_FORWARDED)
    router.message.register(listen, F.chat.type == ChatType.PRIVATE, is_heard, NOT_FORWARDED)
    router.message.register(listen, is_heard, NOT_FORWARDED, AddressesBot())
    router.callback_query.register(improve_job, HelpCallback.filter(F.do == "job"))
    router.callback_query.register(improve_asked, HelpCallback.filter(F.do == "price"))
    router.callback_query.register(improve_above, HelpCallback.filter(F.do == "above"))
    assistant_answers.register(router)
    return router


async def describe(
    message: Message,
    requests: RequestService,
    help_calls: HelpCalls,
    language: str,
    preferences: Preferences,
    album: list[Message] | None = None,
) -> None:
    """`/describe` in reply to a picture, or as its caption: words that would make it. Of several, the first one's."""
    context = RequestContext.of_message(message, language, preferences)
    await requests.check(context)
    if not help_calls.helper.offers("describe"):
        await reply_privately(message, _("This bot can't describe pictures."))
        return
    pictures = await own_pictures(album or [message], requests, context)
    pictures = pictures or await pictures_replied_to(message, requests.store, context.user_id)
    if not pictures:
        why = why_reply_unusable(message) or why_unusable(message)
        words = _("Reply to a picture with /describe, and I'll find words that would make it.")
        await reply_privately(message, why or words)
        return
    new = await _prepared(message, requests, context, NO_WORDS, Draft())
    if new:
        await _begin(message, help_calls, NewSuggestion("describe", new, file_id=pictures[0].file_id))


async def improve(
    message: Message,
    requests: RequestService,
    help_calls: HelpCalls,
    language: str,
    preferences: Preferences,
    album: list[Message] | None = None,
) -> None:
    """`/improve words`, also as a caption or in reply to pictures: better words for them. Nothing is made."""
    context = RequestContext.of_message(message, language, preferences)
    await requests.check(context)
    words = requests.scan(await words_of(message))
    if not words.prompt or not help_calls.helper.offers("improve"):
        example = _("Write /improve and your words, for example:\n<code>/improve a fox in the snow</code>")
        await reply_privately(message, example)
        return
    replied = await pictures_replied_to(message, requests.store, context.user_id)
    own = await own_pictures(album or [message], requests, context)
    new = await _prepared(message, requests, context, words, Draft((*replied, *own)))
    if new:
        await _begin(message, help_calls, NewSuggestion("improve", new, answered_id=_answered(message)))


async def listen(
    message: Message, requests: RequestService, help_calls: HelpCalls, language: str, preferences: Preferences
) -> None:
    """A voice message: its words, to be used or not. As a reply it may be about pictures."""
    context = RequestContext.of_message(message, language, preferences)
    await requests.check(context)
    voice = message.voice
    if voice is None:
        return
    if voice.duration > MOST_VOICE_SECONDS:
        words = _("I listen to at most {count} minutes. Please say it shorter, or write it.")
        await reply_privately(message, words.format(count=MOST_VOICE_SECONDS // 60))
        return
    replied = await pictures_replied_to(message, requests.store, context.user_id)
    new = await _prepared(message, requests, context, NO_WORDS, Draft(replied))
    if new:
        seconds = float(voice.duration)
        asked = NewSuggestion("listen", new, _answered(message), file_id=voice.file_id, seconds=seconds)
        await _begin(message, help_calls, asked)


async def improve_job(
    query: CallbackQuery,
    callback_data: HelpCallback,
    requests: RequestService,
    help_calls: HelpCalls,
    language: str,
    preferences: Preferences,
) -> None:
    """✨ under a result, or under a request that failed: better words for the same request, for whoever presses."""
    if found := await visible_job(query, callback_data.at, requests):
        job, message = found
        if not await owns(query, job.user_id):
            if job.user_id < 0:
                # It would be asked in the chat's name, which only its admins may use.
                await answer(query, _("Only the person who asked for it can answer this."), alert=True)
                return
            if not await may_use_references(query, job, requests):
                return
        context = RequestContext.of_press(query, message, reply_to(job, message), language, preferences)
        context = keep_chat_as_author(context, job)
        own = Overrides(prompt=await words_above(message, job, requests))
        await _press(query, requests, help_calls, await requests.repeated(context, job, own))


async def improve_asked(
    query: CallbackQuery, callback_data: HelpCallback, requests: RequestService, help_calls: HelpCalls
) -> None:
    """✨ under the question about a price: better words for the same request."""
    found = await requests.store.confirmations.get(callback_data.at)
    if found is None or requests.store.clock() - found.created_at > ANSWER_SECONDS:
        await answer(query, _("This question has expired. Please send your words again."), alert=True)
    elif not await owns(query, found.request.user_id):
        await answer(query, _("Only the person who asked for it can answer this."), alert=True)
    else:
        await _press(query, requests, help_calls, found.request)


async def improve_above(
    query: CallbackQuery, requests: RequestService, help_calls: HelpCalls, language: str, preferences: Preferences
) -> None:
    """✨ under the question whether to draw a forwarded text: better words for it."""
    message = await message_of(query)
    above = message.reply_to_message if message else None
    if message is None:
        return
    if above is None or not above.text:
        await answer(query, forgotten_text(), alert=True)
        return
    context = RequestContext.of_press(query, message, above.message_id, language, preferences)
    try:
        new = await requests.prepared(context, requests.scan(above.text))
    except FlagError as error:
        await answer(query, plain(error.sentence), alert=True)
        return
    await _press(query, requests, help_calls, new)


async def _press(query: CallbackQuery, requests: RequestService, help_calls: HelpCalls, new: NewJob) -> None:
    """Ask for better words of a request, as the person who pressed."""
    if not help_calls.helper.offers("improve"):
        await answer(query, _("Help with words isn't set up here."), alert=True)
        return
    where = query.message.message_id if query.message else 0
    beat = int(requests.store.clock() // DOUBLE_TAP_SECONDS)
    key = key_of(new.chat_id, "help", where, query.from_user.id, query.data or "", beat)
    try:
        await help_calls.begin(NewSuggestion("improve", replace(new, idempotency_key=key)))
    except QuotaExceededError as error:
        await answer(query, quota_text(error, is_queued=False), alert=True)
    else:
        await answer(query)


async def _prepared(
    message: Message, requests: RequestService, context: RequestContext, words: Scan, draft: Draft
) -> NewJob | None:
    try:
        new = await requests.prepared(context, words, draft)
    except FlagError as error:
        await reply_privately(message, say(*error.sentences))
        return None
    # An edit of this message changes no job: other words than its own are drawn.
    return replace(new, asked_message_id=None, said=None)


async def _begin(message: Message, help_calls: HelpCalls, new: NewSuggestion) -> None:
    try:
        await help_calls.begin(new)
    except QuotaExceededError as error:
        await reply_privately(message, quota_text(error, is_queued=False))


def _answered(message: Message) -> int | None:
    return message.reply_to_message.message_id if message.reply_to_message else None
