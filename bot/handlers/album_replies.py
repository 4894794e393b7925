"""The buttons under the question which picture of an album a reply is about."""

from contextlib import suppress
from dataclasses import replace

from aiogram import Router
from aiogram.exceptions import TelegramAPIError
from aiogram.types import CallbackQuery, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer, change_buttons, forgotten_text, message_of, owns
from bot.handlers.imagine import ask_for_words
from bot.handlers.price_check import ConfirmationNeededError
from bot.handlers.prompt_flags import FlagError
from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import RequestService, quota_text
from bot.handlers.which_picture import ALL, asked_about
from bot.telegram.callback_data import WhichCallback
from bot.telegram.formatting import plain
from bot.telegram.keyboards import keyboard
from storage.quota import QuotaExceededError
from storage.records import Draft, NewReference
from storage.settings_records import Preferences


def make_router() -> Router:
    """The answers to the question."""
    router = Router(name="album replies")
    router.callback_query.register(choose, WhichCallback.filter())
    return router


async def choose(
    query: CallbackQuery,
    callback_data: WhichCallback,
    requests: RequestService,
    language: str,
    preferences: Preferences,
) -> None:
    """Make the request of the words that were asked about, with this picture; only for the person who was asked."""
    message = await message_of(query)
    if message is None:
        return
    asked = message.reply_to_message
    context = RequestContext.of_message(asked, language, preferences) if asked else None
    known, key = requests.store.drafts.question, context.idempotency_key if context else ""
    question = await known(message.chat.id, message.message_id, key=key)
    if question is None or context is None:
        await answer(query, forgotten_text(), alert=True)
        return
    if not await owns(query, question.user_id):
        await answer(query, _("Only the person who asked for it can answer this."), alert=True)
        return
    draft = await requests.take_draft_of(context, message.message_id)
    draft = replace(draft, references=_chosen(draft.references, callback_data.picture, asked_about(message)))
    why = await _made(message, context, requests, question.words, draft)
    await answer(query, why or _("On its way."), alert=bool(why))
    if not why:
        await _withdraw(message)


async def _made(message: Message, context: RequestContext, requests: RequestService, text: str, draft: Draft) -> str:
    """Make the request, or ask for its words where it has none. Returns an error for the person."""
    words = requests.scan(text)
    if not words.prompt:
        await ask_for_words(message, context, requests, draft)
        return ""
    try:
        await requests.ask(context, words, draft)
    except FlagError as error:
        return "\n".join(map(plain, error.sentences))
    except QuotaExceededError as error:
        return quota_text(error)
    except ConfirmationNeededError:
        # Another question takes this one's place.
        await _withdraw(message)
        raise
    return ""


def _chosen(references: tuple[NewReference, ...], picture: int, offered: list[int]) -> tuple[NewReference, ...]:
    """The chosen picture, or all, and those that came with the words."""
    return tuple(one for one in references if picture in {ALL, one.picture_id} or one.picture_id not in offered)


async def _withdraw(message: Message) -> None:
    """Delete the question; where Telegram doesn't, its buttons go."""
    try:
        await message.delete()
    except TelegramAPIError:
        with suppress(TelegramAPIError):
            await change_buttons(message, keyboard())
