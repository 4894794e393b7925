"""The question before a request that costs much or has choices, and its buttons."""

from collections.abc import Sequence
from html import escape

from aiogram import Bot, F, Router
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, ReplyParameters
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer, change_buttons, change_text, message_of, owns
from bot.handlers.price_check import ConfirmationNeededError
from bot.handlers.request_reader import NO_DRAFT
from bot.handlers.request_service import RequestService, quota_text
from bot.jobs.prices import Price
from bot.money import shown
from bot.telegram.callback_data import ConfirmCallback
from bot.telegram.formatting import cut
from bot.telegram.keyboards import button, help_button, keyboard
from storage.confirmations import Confirmation
from storage.quota import QuotaExceededError
from storage.records import Draft, NewDraft

ANSWER_SECONDS = 3600.0
"""For so long the question can be answered: a price may change."""
LISTED_LENGTH = 300
"""The longest listing of one picture's words, in UTF-16 units: ten of them fit into a message."""


def make_router() -> Router:
    """The answers to the question."""
    router = Router(name="confirmations")
    router.callback_query.register(make, ConfirmCallback.filter(F.do.in_({"make", "written"})))
    router.callback_query.register(refuse, ConfirmCallback.filter(F.do == "no"))
    return router


async def ask_about_price(error: ConfirmationNeededError, draft: Draft, bot: Bot, requests: RequestService) -> None:
    """Ask the person whether a request shall be made. `draft`: its pictures, which other words may be about. Raises
    aiogram's errors, and `StoreError`."""
    if error.confirmation_id is None:
        return
    new = error.request
    about = ReplyParameters(message_id=new.message_id, allow_sending_without_reply=True) if new.message_id else None
    if draft != NO_DRAFT:
        # Other words, for a cheaper request, are about the same pictures. A job of these words drops the draft.
        key, where = new.idempotency_key, (new.chat_id, new.user_id)
        waiting = NewDraft(key, *where, None, draft, message_id=new.asked_message_id)
        await requests.store.drafts.add(waiting, requests.store.clock())
    sent = await bot.send_message(
        new.chat_id,
        "\n".join([question(error.price), *listed(new.choices or [])]),
        message_thread_id=new.thread_id,
        reply_parameters=about,
        reply_markup=_buttons(error.confirmation_id, has_choices=bool(new.choices), helps=requests.improves),
    )
    if draft != NO_DRAFT:
        await requests.store.drafts.asked(new.idempotency_key, sent.message_id)
    await requests.store.confirmations.shown_at(error.confirmation_id, sent.message_id)


def question(price: Price) -> str:
    """The question itself. A price that is not set is not named."""
    if price.cost is None:
        words = _("Up to {count} pictures: make them?") if price.is_most else _("{count} pictures: make them?")
        return words.format(count=price.pictures)
    if price.pictures == 1:
        return _("1 picture, {price}: make it?").format(price=shown(price.cost))
    words = _("{count} pictures, {price}: make them?")
    if price.is_most:
        words = _("Up to {count} pictures, up to {price}: make them?")
    return words.format(count=price.pictures, price=shown(price.cost))


def listed(choices: Sequence[str]) -> list[str]:
    """The words of each picture, numbered: one sees how the braces are read."""
    return [escape(f"{number}. {cut(words, LISTED_LENGTH)}", quote=False) for number, words in enumerate(choices, 1)]


async def make(query: CallbackQuery, callback_data: ConfirmCallback, requests: RequestService) -> None:
    """Make the request, or the one picture of its words as they are written. A second press changes nothing."""
    found = await _answered(query, callback_data, requests)
    if found is None:
        return
    if found.request.provider not in requests.providers:
        # The job would wait forever.
        await answer(query, _("This service is no longer available. See /models."), alert=True)
        return
    try:
        await requests.confirmed(found, as_written=callback_data.do == "written")
    except QuotaExceededError as error:
        await answer(query, quota_text(error), alert=True)
        return
    await answer(query, _("On its way."))
    if message := await message_of(query):
        await change_buttons(message, keyboard())


async def refuse(query: CallbackQuery, callback_data: ConfirmCallback, requests: RequestService) -> None:
    """Don't make the request."""
    found = await _answered(query, callback_data, requests)
    if found is None:
        return
    await requests.store.confirmations.drop(found.id)
    await answer(query)
    if message := await message_of(query):
        text = _("Not made. Nothing was charged.")
        waits, key = requests.store.drafts.is_asked_about, found.request.idempotency_key
        if await waits(message.chat.id, message.message_id, key=key):
            text += "\n" + _("Your pictures are still here: just send other words.")
        await change_text(message, text, None)


async def _answered(query: CallbackQuery, press: ConfirmCallback, requests: RequestService) -> Confirmation | None:
    """The request that a press is about, if the person may answer; else the press is answered here."""
    found = await requests.store.confirmations.get(press.confirmation)
    if found is not None and not await owns(query, found.request.user_id):
        await answer(query, _("Only the person who asked for it can answer this."), alert=True)
        return None
    if found is None or requests.store.clock() - found.created_at > ANSWER_SECONDS:
        await answer(query, _("This question has expired. Please send your words again."), alert=True)
        return None
    return found


def _buttons(confirmation_id: int, *, has_choices: bool, helps: bool) -> InlineKeyboardMarkup:
    written = button(_("✍️ As written"), ConfirmCallback(do="written", confirmation=confirmation_id))
    return keyboard(
        [
            button(_("✅ Make"), ConfirmCallback(do="make", confirmation=confirmation_id), "primary"),
            button(_("No"), ConfirmCallback(do="no", confirmation=confirmation_id)),
        ],
        [written] if has_choices else [],
        [help_button("price", confirmation_id)] if helps and not has_choices else [],
    )
