"""Telegram, and everything that is put together."""

import sys

# `imagine-bot health` needs nothing of Telegram: see `bot.command`.
if not (sys.argv[0].endswith("imagine-bot") and sys.argv[1:2] == ["health"]):
    from bot.telegram.lazy_models import load

    # Here, because this runs before any module of the bot imports aiogram.
    load()
