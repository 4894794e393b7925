"""Telegram, and everything that is put together."""

from bot.telegram.lazy_models import load

# Here, because this runs before any module of the bot imports aiogram.
load()
