"""The buttons under messages of inline mode. No other buttons are pressed there: a press tells nothing of its message
but an id, and most handlers need more."""

from aiogram import Bot
from aiogram.filters.callback_data import CallbackData
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from bot.telegram.callback_data import Id
from bot.telegram.keyboards import button, into_private, keyboard
from storage.records import Job

START_PARAMETER = "inline"
"""The deep-link parameter for those whom the bot can't write to in private yet."""
QUERY_LENGTH = 256
"""The longest inline query."""


class OfferCallback(CallbackData, prefix="io"):
    """Begin the words of an offer, by its id."""

    offer: str


class InlineCallback(CallbackData, prefix="ij"):
    """A button about a job that is shown in a message of inline mode. `do`: cancel, again and look, with the job's id;
    make and no, with the id of the confirmation."""

    do: str
    id: Id


def is_of_inline(query: CallbackQuery) -> bool:
    """Whether the data of a press is that of a button under a message of inline mode."""
    kind = (query.data or "").partition(":")[0]
    return kind in {OfferCallback.__prefix__, InlineCallback.__prefix__}


def to_begin(offer: str) -> InlineKeyboardMarkup:
    """The button under a message that waits to be begun. Without any button Telegram names no id to edit it by."""
    return keyboard([_begin(offer)])


async def to_start(bot: Bot, offer: str) -> InlineKeyboardMarkup:
    """The buttons for a person whom the bot can't write to: first the private chat, then another try."""
    return keyboard([await into_private(bot, _("1. Open our chat"), START_PARAMETER)], [_begin(offer, _("2. Draw it"))])


def while_drawing(job: Job) -> InlineKeyboardMarkup:
    """The button of a job that is being made."""
    return keyboard([_about(_("Cancel"), "cancel", job.id)])


def to_confirm(confirmation_id: int, *, has_choices: bool) -> InlineKeyboardMarkup:
    """The answers to the question about a price, or about words with choices."""
    return keyboard(
        [_about(_("✅ Make"), "make", confirmation_id, "primary"), _about(_("No"), "no", confirmation_id)],
        [_about(_("✍️ As written"), "written", confirmation_id)] if has_choices else [],
    )


def after_end(job: Job, *, look: bool, again: bool, rewrite: bool) -> InlineKeyboardMarkup:
    """The buttons of a job that ended without a picture: see `keyboards.after_ending`. Its words are changed in the
    input field, and make another message."""
    return keyboard(
        [_about(_("🔎 Look again"), "look", job.id, "primary")] if look else [],
        [_typed(_("✏️ Change the words"), _query(job))] if rewrite else [],
        [_about(_("🔁 Try again"), "again", job.id)] if again and not rewrite else [],
    )


async def for_unsent(bot: Bot, job: Job) -> InlineKeyboardMarkup:
    """The buttons of a picture that its person does not get in private: open that chat, then send it."""
    opened = await into_private(bot, _("1. Open our chat"), START_PARAMETER)
    return keyboard([opened], [_about(_("2. Send"), "look", job.id, "primary")])


def under_picture(job: Job) -> InlineKeyboardMarkup:
    """The button under the picture: it writes the words, or of long ones only the bot's name, into the input field of
    whoever presses."""
    query = _query(job)
    return keyboard([_typed(_("🎨 Make one like it") if query else _("🎨 Make your own"), query)])


def _begin(offer: str, text: str = "") -> InlineKeyboardButton:
    return button(text or _("🎨 Draw it"), OfferCallback(offer=offer), "primary")


def _query(job: Job) -> str:
    """The words of a job as an inline query; empty where they are too long for one."""
    return job.prompt if len(job.prompt) <= QUERY_LENGTH else ""


def _typed(text: str, query: str) -> InlineKeyboardButton:
    """A button that writes the bot's name and these words into the input field."""
    return InlineKeyboardButton(text=text, switch_inline_query_current_chat=query)


def _about(text: str, do: str, number: int, style: str | None = None) -> InlineKeyboardButton:
    return button(text, InlineCallback(do=do, id=number), style)
