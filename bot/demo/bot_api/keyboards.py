"""Checks inline keyboards as the Bot API does."""

from collections.abc import Mapping
from typing import Any

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.demo.bot_api.errors import ApiError, bad_request
from bot.demo.bot_api.model import Keyboard

KINDS = frozenset(InlineKeyboardButton.model_fields) - {"text", "icon_custom_emoji_id", "style"}
"""Exactly one of these must be there (core.telegram.org/bots/api#inlinekeyboardbutton)."""
STYLES = {None, "danger", "success", "primary"}
MAX_DATA_BYTES, MAX_BUTTONS, MAX_COPY_LENGTH = 64, 100, 256


def inline_keyboard(markup: object) -> Keyboard | None:
    """The rows of an inline keyboard; None for no markup, an empty one and other kinds. Raises `ApiError`."""
    if not isinstance(markup, InlineKeyboardMarkup):
        return None
    rows = [[checked(button) for button in row] for row in markup.inline_keyboard if row]
    if sum(map(len, rows)) > MAX_BUTTONS:
        raise bad_request("reply markup is too long")
    return rows or None


def checked(button: InlineKeyboardButton) -> dict[str, Any]:
    """One button as JSON."""
    found = button.model_dump(exclude_none=True)
    kinds = KINDS & found.keys()
    if not button.text.strip():
        raise unparsable("text must be non-empty")
    if not kinds:
        raise unparsable("Text buttons are unallowed in the inline keyboard")
    if len(kinds) > 1:
        raise unparsable(f"exactly one of {', '.join(sorted(kinds))} can be used")
    if button.style not in STYLES:
        raise unparsable("style must be one of danger, success, primary")
    check_kind(found)
    return found


def check_kind(button: Mapping[str, Any]) -> None:
    """The bounds of each kind of button."""
    data, url = button.get("callback_data"), button.get("url")
    if data is not None and not 1 <= len(data.encode()) <= MAX_DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    if url is not None and not url.startswith(("http://", "https://", "tg://")):
        raise bad_request(f"Inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    if "copy_text" in button and not 1 <= len(button["copy_text"]["text"]) <= MAX_COPY_LENGTH:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")


def unparsable(reason: str) -> ApiError:
    """The refusal of a button."""
    return bad_request(f"Can't parse inline keyboard button: {reason}")
