"""`check` on inline mode: Telegram does not tell whether inline feedback is on; the database tells whether it came."""

from bot.settings import Settings
from storage.database import UnusableStoreError
from storage.store import Store
from storage.store_errors import StoreError

HOW = "send /setinlinefeedback to @BotFather and choose 100%"


async def inline_advice(settings: Settings, *, is_on: bool) -> str:
    """What an operator should know of inline mode, after a semicolon; empty where all is well. `is_on`: as Telegram
    tells."""
    if not is_on:
        return "; inline mode is off: send /setinline to @BotFather if you want it"
    try:
        store = await Store.open(settings.storage.url)
        try:
            lately = await store.inline_offers.feedback()
        finally:
            await store.aclose()
    except (StoreError, UnusableStoreError, OSError):
        # The line of the database says why.
        return f"; for pictures that begin by themselves in any chat, {HOW}"
    if lately.chosen:
        return ""
    if lately.pressed:
        return f"; inline feedback did not come in the last day, so pictures in other chats wait for a tap: {HOW}"
    return f"; inline feedback has not come yet: for pictures that begin by themselves in any chat, {HOW}"
