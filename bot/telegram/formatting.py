"""Formatting text for Telegram: translated sentences, captions within the limits, sizes, prices, times and bars."""

import re
from collections.abc import Mapping, Sequence
from functools import reduce
from html import escape, unescape

from aiogram.utils.i18n import gettext as _

from bot import money as amounts
from bot.jobs.ports import sentence
from bot.telegram.flag_names import shown
from providers.errors import Sentence
from storage.records import ErrorMessage

CAPTION_LENGTH = 1024
QUESTION_ROOM = 80
"""So much room a caption leaves for a question below it (see `bot.telegram.questions`)."""
TEXT_LENGTH = 4096
BAR_LENGTH = 10
_MARK = re.compile(r"<[^>]*>")
money = amounts.money


def say(*sentences: Sentence) -> str:
    """Sentences in the current language, one a line, escaped for HTML."""
    return escape("\n".join(map(plain, sentences)), quote=False)


def plain(sentence: Sentence) -> str:
    """A sentence in the current language, not escaped."""
    values = dict(sentence.values)
    # These values are the bot's own words, so they are translated, too.
    if isinstance(allowed := values.get("allowed"), str) and allowed:
        values["allowed"] = listed(allowed)
    if isinstance(model := values.get("model"), str) and model:
        brand, *rest = model.split(" ")
        values["model"] = " ".join([_(brand), *rest])
    if isinstance(again := values.get("again"), float):
        values["again"] = amounts.moment(again)
    if isinstance(use := values.get("use"), str):
        values["use"] = shown(use)
    if isinstance(offered := values.get("flags"), str):
        values["flags"] = _(", ").join(map(shown, offered.split(", ")))
    return _(sentence.template).format(**values)


def listed(allowed: str) -> str:
    """The values that an option allows, in the current language, separated by its commas."""
    words = _(allowed)
    return _(", ").join(allowed.split(", ")) if words == allowed else words


def together(*sentences: str) -> str:
    """Translated sentences in one line: with a space between them, but not between Chinese ones."""
    return reduce(lambda first, second: _("{first} {second}").format(first=first, second=second), sentences)


def labelled(name: str, value: object) -> str:
    """A label with its value, with the punctuation of the current language."""
    return _("{name}: {value}").format(name=name, value=value)


def bracketed(name: str, more: object) -> str:
    """A name with more about it in brackets, in those of the current language."""
    return _("{name} ({more})").format(name=name, more=more)


def error_text(error_message: ErrorMessage) -> str:
    """An error in the current language, and whether the attempt was charged; not escaped."""
    words = plain(sentence(error_message))
    if "paid" not in error_message:
        return words
    if error_message["paid"] is None:
        return _("{words} This attempt may have been charged.").format(words=words)
    if error_message["paid"]:
        return _("{words} It was charged all the same.").format(words=words)
    return _("{words} Nothing was charged.").format(words=words)


def cut(text: str, length: int) -> str:
    """`text` in at most `length` UTF-16 units (Telegram counts these), cut at a word with an ellipsis."""
    if _units(text) <= length:
        return text
    kept = text.encode("utf-16-le")[: 2 * (length - 1)].decode("utf-16-le", "ignore")
    words, _space, _part = kept.rpartition(" ")
    if text[len(kept) : len(kept) + 1].isspace():
        words = kept
    # A text without spaces (Chinese) is cut anywhere.
    return (words if _units(words) > length // 2 else kept).rstrip() + "…"


def caption(prompt: str, *details: str, below: Sequence[str] = ()) -> str:
    """The caption of a result: the prompt, cut to fit, a line of details, and the lines `below`. Escaped."""
    line = " · ".join(detail for detail in details if detail)
    end = cut("\n".join(below), CAPTION_LENGTH // 2)
    text = cut(prompt, CAPTION_LENGTH - QUESTION_ROOM - _units(line) - _units(end) - 2)
    parts = [escape(text, quote=False), f"<i>{escape(line, quote=False)}</i>" if line else "", escape(end, quote=False)]
    return "\n".join(part for part in parts if part)


def quoted(words: str) -> str:
    """Text as code, which a touch copies; escaped, and cut to the length of a message."""
    return f"<code>{escape(cut(words, TEXT_LENGTH), quote=False)}</code>"


def flags_of(options: Mapping[str, object]) -> str:
    """Options as flags in the current language: "--ar 16:9 --n 4"."""
    values = {shown(f"--{name}"): str(value) for name, value in options.items()}
    return " ".join(f'{flag} "{value}"' if " " in value else f"{flag} {value}" for flag, value in values.items())


def pixels(width: int | None, height: int | None) -> str:
    """The size of a picture: "2048×1152"; empty if unknown."""
    return f"{width}×{height}" if width else ""


def bar(fraction: float) -> str:
    """A progress bar of ten: `▰▰▰▱▱▱▱▱▱▱`; full only at 1.0."""
    full = min(BAR_LENGTH, int(max(0.0, fraction) * BAR_LENGTH))
    return "▰" * full + "▱" * (BAR_LENGTH - full)


def duration(seconds: float) -> str:
    """A rough duration for a person: "8 s", "2 min"."""
    if seconds < 10:
        return _("{seconds} s").format(seconds=max(1, round(seconds)))
    if seconds < 90:
        return _("{seconds} s").format(seconds=round(seconds / 5) * 5)
    return _("{minutes} min").format(minutes=round(seconds / 60))


def shown_length(html: str) -> int:
    """The length of a message as Telegram counts it: without its marks, in UTF-16 units."""
    return _units(unescape(_MARK.sub("", html)))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
