"""Long lists on the pages of `/admin`, a few entries at a time."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton

from bot.telegram.keyboards import button

T = TypeVar("T")
ENTRIES = 8
"""On one page."""


def last_page(entries: Sequence[object], size: int = ENTRIES) -> int:
    """The number of the last page of `size` entries; the first one is 0."""
    return max(0, len(entries) - 1) // size


def on_page(entries: Sequence[T], page: int) -> Sequence[T]:
    """The entries on a page."""
    return entries[page * ENTRIES :][:ENTRIES]


def turn(
    entries: Sequence[object], page: int, press: Callable[[int], CallbackData], size: int = ENTRIES
) -> list[InlineKeyboardButton]:
    """The buttons to the pages before and after this one; none where there is one page."""
    last = last_page(entries, size)
    before = [button(f"‹ {page}/{last + 1}", press(page - 1))] if page > 0 else []
    after = [button(f"{page + 2}/{last + 1} ›", press(page + 1))] if page < last else []
    return [*before, *after]
