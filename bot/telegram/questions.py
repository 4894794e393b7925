"""A question in a message: its last line, above the buttons that answer it. It goes when it is answered."""

import re
from html import escape

from aiogram.types import Message

from bot.telegram.formatting import CAPTION_LENGTH, TEXT_LENGTH, shown_length

SEARCH_MARK = "🔎 "
"""Marks the last line of a history message, which keeps the search: callback data is too short for it."""
_QUESTION = re.compile(r"\n\n❓ <b>[^\n]*</b>")


def with_question(message: Message, question: str) -> str | None:
    """The message's own text with a question in place of an earlier one, as HTML; None where it has no room."""
    text = without_question(message)
    above, search = text, ""
    before, _line_end, last = text.rpartition("\n")
    if last.startswith(SEARCH_MARK):
        above, search = before, f"\n{last}"
    asked = f"{above}\n\n❓ <b>{escape(question, quote=False)}</b>{search}"
    room = TEXT_LENGTH if message.text else CAPTION_LENGTH
    return asked if shown_length(asked) <= room else None


def without_question(message: Message) -> str:
    """The message's own text, as HTML."""
    return _QUESTION.sub("", message.html_text)


def has_question(message: Message) -> bool:
    """Whether the message asks something."""
    return _QUESTION.search(message.html_text) is not None
