"""`python -m bot` without Telegram's limit over all chats, to measure what one core can do."""

import sys

from bot.__main__ import main
from bot.telegram import rate_limiter
from bot.telegram.chat_limiter import Limit

if __name__ == "__main__":
    rate_limiter.ALL_CHATS = Limit(1_000_000, 1)
    sys.exit(main())
