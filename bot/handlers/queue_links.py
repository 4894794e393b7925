"""The ways to a person's own queue, for where one hears that too much waits."""

from aiogram import Bot
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from bot.telegram.callback_data import QueueCallback
from bot.telegram.keyboards import button, into_private, keyboard
from storage.quota import QuotaExceededError

START_PARAMETER = "queue"
"""The deep-link parameter of the button in a group."""


async def queue_link(bot: Bot) -> InlineKeyboardButton:
    """A button that opens the presser's own queue in private."""
    return await into_private(bot, _("🚦 My queue"), START_PARAMETER)


async def under_refusal(error: QuotaExceededError, bot: Bot | None, *, is_private: bool) -> InlineKeyboardMarkup | None:
    """The button under a refusal because of what waits already; None for other limits."""
    if not error.waiting or bot is None:
        return None
    return keyboard([button(_("🚦 My queue"), QueueCallback(do="open")) if is_private else await queue_link(bot)])
