"""What the assistant says is not trusted: here it becomes plain words of a limited length, or is refused.

Nothing in it has an effect: what would be an option, a command, a name or a choice in a person's own message is taken
out, so that people may copy the words, too.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from bot.assistant.requests import TRANSLATION

MOST_RAW = 6000
"""Characters of an answer; a longer one is no prompt."""
MOST_SPACED, MOST_LETTERS = 1500, 700
"""Characters of the words that are kept: of those with spaces, and of Chinese."""
MOST_UNITS = 1700
"""UTF-16 units of them, as Telegram counts: so people see all of the words and of their translation in one message."""
_TAG = re.compile(r"</?[A-Za-z!][^<>]{0,300}>")
_PAGE = re.compile(r"<(?:!doctype|html|head|body|script)\b", re.IGNORECASE)
_THOUGHTS = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
"""Of models that think aloud."""
_FENCE = re.compile(r"^```\w*|```$")
_MARKUP = re.compile(r"\*\*|__|`|^#+\s*|^[-*•]\s+", re.MULTILINE)
_DASHES = re.compile(r"(?<![^\W_])[-‐‑‒–−﹣－]{1,}(?=\w)|-{2,}|——(?=[a-z])", re.IGNORECASE)
_SIGNS = str.maketrans({"{": "(", "}": ")", "@": "", "｛": "（", "｝": "）", "＠": ""})
_QUOTES = (('"', '"'), ("“", "”"), ("'", "'"), ("‘", "’"), ("「", "」"), ("『", "』"), ("«", "»"))


class UnusableAnswerError(Exception):
    """The assistant gave no words that anybody could use."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words of the assistant, and their translation for the service; empty where there is none."""

    words: str
    translation: str = ""

    @property
    def for_service(self) -> str:
        """The words that are drawn."""
        return self.translation or self.words


def read_words(said: object, without_flags: Callable[[str], str], most: int = MOST_SPACED) -> Words:
    """The words in an answer, at most `most` characters. `without_flags` takes out what the bot would read as options.

    Raises `UnusableAnswerError`.
    """
    said = _THOUGHTS.sub("", said) if isinstance(said, str) else ""
    if len(said) > MOST_RAW or _PAGE.search(said):
        raise UnusableAnswerError("not a text of a prompt's length")
    words, _sign, translation = said.strip().partition(f"\n{TRANSLATION}")
    plain = Words(*(_cut(plain_words(one, without_flags), most) for one in (words, translation)))
    if not any(each.isalpha() for each in plain.words):
        raise UnusableAnswerError("no words")
    return plain


def plain_words(said: str, without_flags: Callable[[str], str]) -> str:
    """One line of plain words, however long."""
    text = unicodedata.normalize("NFC", said).strip()
    text = _TAG.sub(" ", _FENCE.sub("", text))
    text = _MARKUP.sub("", text).translate(_SIGNS)
    text = " ".join("".join(each if _is_visible(each) else " " for each in text).split())
    text = _DASHES.sub("", without_flags(text))
    return _unquoted(text).lstrip("/／\\ ")


def _is_visible(each: str) -> bool:
    """Control and direction characters could show other words than those that are sent; joiners are parts of emoji."""
    return each == "\u200d" or not unicodedata.category(each).startswith("C")


def _unquoted(text: str) -> str:
    for first, last in _QUOTES:
        if len(text) > 2 and text[0] == first and text[-1] == last and first not in text[1:-1]:
            return text[1:-1].strip()
    return text


def _cut(text: str, most: int) -> str:
    """At most so many characters, cut at a word where there are spaces."""
    text = text.encode("utf-16-le")[: 2 * MOST_UNITS].decode("utf-16-le", "ignore")
    is_spaced = text.count(" ") > len(text) // 12
    most = min(most, MOST_SPACED if is_spaced else MOST_LETTERS)
    if len(text) <= most:
        return text
    return text[:most].rpartition(" ")[0] if is_spaced and text[most] != " " else text[:most].rstrip()
