"""Which pictures of an album words name: "the second", "make 3 darker", "第二张", "all of them".

A bare number may also be a count ("add 3 birds"), so it names a picture only where it can hardly be one. Where words
name none, the person is asked.
"""

import re
from dataclasses import dataclass

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_DIGITS = "一二三四五六七八九十"
_LAST = "last"
_ORDINAL = rf"(?P<n>{'|'.join(_ORDINALS)}|{_LAST}|\d{{1,2}}(?:st|nd|rd|th))"
_NOUN = r"(?:pictures?|images?|photos?|pics?|ones?|versions?)"
_VERB = r"(?:make|change|take|use|turn|edit|redo|keep|choose|like|in|on|from|of)"
_NUMBER, _CHINESE = r"(?P<n>\d{1,2})", rf"(?P<n>\d{{1,2}}|[{_DIGITS}两])"
_MEASURE = r"(?:张图片|张照片|张图|张|幅图|幅画|幅|个)"
# What may follow a number that is no count, and an ordinal without a noun.
_AFTER = (
    r"(?=\s*(?:$|[,.:;!?，。：；！？和]|\b(?:and|&|but|as|in|into|with|without|like|at|by|on|should|must|needs?|is|looks?|"
    r"please|less|a\s+(?:bit|little|lot)|much|[a-z]{2,}er)\b))"
)
_NAMED = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:\bthe\s+)?\b{_ORDINAL}\s+{_NOUN}\b",
        rf"\bthe\s+{_ORDINAL}\b{_AFTER}",
        rf"(?:\bthe\s+)?\b(?:{_NOUN}|number|no\.?)\s*#?{_NUMBER}\b",
        rf"#{_NUMBER}\b",
        rf"^\s*{_NUMBER}\b{_AFTER}",
        rf"(?<=\b)(?:(?<=make )|(?<=take )|(?<=edit )|(?<=turn )|(?<=keep )|(?<=redo )|(?<=from )|(?<=like ))"
        rf"{_NUMBER}\b{_AFTER}",
        rf"(?:(?<=change )|(?<=choose )|(?<=use )|(?<=in )|(?<=on )|(?<=of )){_NUMBER}\b{_AFTER}",
        rf"第{_CHINESE}{_MEASURE}?",
        rf"{_CHINESE}号(?:图片|图)?",
        rf"(?:图片|图|照片)\s*{_CHINESE}(?!\s*{_MEASURE})",
        rf"(?:(?<=把)|(?<=将))\s*{_NUMBER}\s*(?=[变改换调做画弄放])",
        rf"(?P<n>最后)(?:那|的)?一?{_MEASURE}",
        rf"^\s*{_CHINESE}\s*$",
    )
]
_FURTHER = re.compile(rf"(?:\band|&|,|，|、|和)\s*{_NUMBER}(?!\d){_AFTER}", re.IGNORECASE)
"""A further number, after a picture was named: "1 and 3"."""
_ALL = re.compile(
    rf"\b(?:all|each|both|every)\s+(?:of\s+)?(?:the\s+)?(?:\d+\s+)?(?:{_NOUN}|them|these|those|you)\b|"
    rf"\b(?:{_VERB}\s+|^)(?:all|both|them|everything)\b{_AFTER}|^\s*(?:all|both|them)\b{_AFTER}|\bthem\s+all\b|"
    r"\b(?:combine|merge|blend)\b|"
    rf"全部|全都|所有的?(?:图片|图|照片)|每一?[张幅]|[{_DIGITS}两\d][张幅]都|^\s*都\s*$|都(?=[要改换变画加用放])|它们|合并|拼",
    re.IGNORECASE,
)
_MOST_PLACES = 40
"""Words that name pictures more often are no such words; to compare all places takes long."""
_NOTHING_ELSE = re.compile(r"(?:please|it|one|that|this|吧|呢|请|它|[\s,.:;!?，。：；！？])*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NamedPictures:
    """The pictures that words name, by their `numbers` from 1 on, and the `words` for these alone: "make it darker"."""

    numbers: tuple[int, ...]
    words: str


def named_pictures(words: str, count: int) -> NamedPictures | None:
    """Which of `count` pictures the words name; None: none, or one that is not there."""
    found = _found(words, count)
    if any(not 1 <= number <= count for _span, number in found):
        return None
    numbers = tuple(dict.fromkeys(number for _span, number in found))
    if numbers:
        return NamedPictures(numbers, _reworded(words, found, numbers))
    return NamedPictures(tuple(range(1, count + 1)), _left(words, _ALL)) if _ALL.search(words) else None


_Span = tuple[int, int]


def _found(words: str, count: int) -> list[tuple[_Span, int]]:
    """The numbers that the words name, with their places, in order; of those that overlap the first rule's."""
    found: list[tuple[_Span, int]] = []
    for pattern in _NAMED:
        for match in pattern.finditer(words):
            if len(found) == _MOST_PLACES:
                return []
            if all(match.end() <= begin or match.start() >= end for (begin, end), _number in found):
                found.append((match.span(), _number_of(match["n"], count)))
    if found:
        taken = [span for span, _number in found]
        more = [(match.span("n"), int(match["n"])) for match in _FURTHER.finditer(words)]
        found += [(at, number) for at, number in more if all(at[1] <= begin or at[0] >= end for begin, end in taken)]
    return sorted(found)


def _number_of(named: str, count: int) -> int:
    named = named.lower()
    if named in _ORDINALS:
        return _ORDINALS.index(named) + 1
    if named in _DIGITS:
        return _DIGITS.index(named) + 1
    if named in {_LAST, "最后"}:
        return count
    return 2 if named == "两" else int(re.sub(r"\D", "", named))


def _reworded(words: str, found: list[tuple[_Span, int]], numbers: tuple[int, ...]) -> str:
    """The words for the named pictures alone: a single one is "it"; several are numbered anew."""
    is_chinese = not words.isascii()
    for (begin, end), number in reversed(found):
        new = ("它" if is_chinese else "it") if len(numbers) == 1 else _numbered(numbers.index(number) + 1, is_chinese)
        before, after = words[:begin], words[end:]
        if not before.strip() and len(numbers) == 1 and (not after.strip() or after.lstrip()[0] in ",:;，：；、"):
            words = after.lstrip().lstrip(",:;，：；、").lstrip()
        else:
            words = f"{before}{new}{after}"
    return "" if _NOTHING_ELSE.fullmatch(words) else words


def _numbered(number: int, is_chinese: bool) -> str:
    return f"图{number}" if is_chinese else f"picture {number}"


def _left(words: str, named: re.Pattern[str]) -> str:
    """The words, or nothing where they only name pictures."""
    return "" if _NOTHING_ELSE.fullmatch(named.sub("", words)) else words
