"""Finds flags in a prompt by their form: `a fox --ar 16:9 -n 4`, also as phones and Chinese keyboards type them.

These count as flags:
- two or more dashes of any kind and a known name (`--ar`, `－－ａｒ`, `——ar`), even glued to the word before;
- one long dash and a known name at the start of a word (`—ar`: phones turn `--` into it). After Chinese, which writes
  no spaces, every place is the start of a word. `a cat — sleeping` and `a fox—size of a cat` stay words;
- one hyphen and a known name where a number or another value of that flag follows: `-n 4`, not `the -n suffix`;
- two hyphens and an unknown name at the start of a word: it is found, so that the person is told which flags exist.
In Chinese a name needs no space after it (`--比例16:9`); after long dashes, which are Chinese punctuation, it does.
A value follows after spaces, `=` or `:` on the same line, in quotes if it has spaces. Invisible characters are ignored;
digits of every script count.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from bot.handlers.foreign_flags import ALTERNATIVES, NEED_NO_NUMBER
from bot.telegram.flag_names import KnownFlag

# Scripts written without spaces: one of their letters before a dash or after a value ends a word.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u11ff\u1780-\u17ff\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff66-\uffdc\U00020000-\U0003ffff"
)
_LETTER = rf"[^\W_{_UNSPACED}]"

# Full-width commas and the like stay: they end a value, where the narrow ones may belong to it.
_NARROW = {chr(wide): chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F) if chr(wide - 0xFEE0) not in ",;!?()[]{}"}
_NARROW |= {
    wide: narrow
    for narrow, wides in {"-": "‐‑‒−﹣", "–": "﹘", "—": "―─━⸺⸻", "x": "×✕✖⨯", ":": "∶﹕ː", "*": "∗﹡"}.items()
    for wide in wides
}
_MODIFIERS = re.compile("[\u034f\u115f\u1160\u180b-\u180d\u180f\u20e3\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Invisible, but no format characters: variation selectors, fillers, the keycap frame."""
_UNSEEN = "\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\ufeff" + "".join(
    map(chr, (*range(0x202A, 0x202F), *range(0x2060, 0x2070)))
)
"""Format characters that don't change the letter or emoji before them."""

_NAME = re.compile(
    rf"""(?<![-–—])(?P<dashes>[-–—]++)
    (?P<name>(?=\D){_LETTER}+(?:[-_]{_LETTER}+)*|(?P<unspaced>(?:(?=[{_UNSPACED}])\w)+))""",
    re.VERBOSE,
)
_IN_VALUE = rf"(?:[^\W{_UNSPACED}]|[+./%#:*@&$~^|\\=]|-(?!-)|(?<=\d),(?=\d)|(?<=\d)比(?=\d))"
_VALUE = re.compile(
    rf"""[^\S\n]*+(?:[=:][^\S\n]*+)?+(?:
        ["“”„‟«»「」『』](?P<double>[^"“”„‟«»「」『』\n]*)["“”„‟«»「」『』]
      | ['‘’‚‛](?P<single>[^'‘’‚‛\n]*)['‘’‚‛]
      | (?P<plain>{_IN_VALUE}*(?:{_LETTER}|[%+\#]))   # punctuation that ends a sentence doesn't end a value
        (?:(?<=\d)[张張幅枚个個](?:图片?|照片)?(?!\w))?   # a number of pictures, with its Chinese measure word
      | (?P<unspaced>\w+)
    )""",
    re.VERBOSE,
)
_SET_OFF = re.compile(r"[\s=:]|\d")
_NUMBER = re.compile(r"[^\S\n]*+[=:]?+[^\S\n]*+[-+.]?\d")
_SPACES = "".join(each for each in map(chr, range(0x3001)) if each.isspace() and each != "\n")
_MARKS = ",.;:!?，。．、；：！？…"
_CLOSING = _MARKS + ")]}）】》」』”’"
_DANGLING = ",;:，、；：．。"
_LONGEST_NAME = 12
"""The longest name that is tried in a script without spaces, in characters."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A flag as it was found. `name`: its own, if it is known, else as typed; `value`: "" where none follows;
    `written`: the name as typed, in lower case."""

    name: str
    value: str
    written: str
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class Scan:
    """A prompt without its flags, and the flags in the order typed. Values are as typed but with narrow letters.
    `among`: a flag that stands among choices, as typed."""

    prompt: str
    flags: tuple[Typed, ...]
    among: str | None = None

    def value(self, name: str) -> str | None:
        """The value typed for this flag (the last one); None if it wasn't typed."""
        return next((one.value for one in reversed(self.flags) if one.name == name), None)


def scan(text: str, known: Mapping[str, KnownFlag]) -> Scan:
    """Find the flags in a prompt by their form. `known`: the flags of all providers and of the bot, by all names."""
    seen = [(index, _narrow(each)) for index, each in enumerate(text) if not _is_unseen(each)]
    view = "".join(each for _index, each in seen)
    places = [*(index for index, _each in seen), len(text)]
    found: list[Typed] = []
    prompt, kept_from, end, index = "", 0, 0, 0
    while match := _NAME.search(view, index):
        index = match.end()
        name, meant = _named(match, known)
        after = match.start("name") + len(name)
        begins = match.start() == end or _starts_word(view, match.start())
        if not _is_flag(view, match, after, meant, name=name, begins=begins):
            continue
        value = _VALUE.match(view, after)
        found.append(Typed(meant.name if meant else name.replace("-", "_"), _value(value), name, meant is not None))
        prompt = _join(prompt, text[kept_from : places[match.start()]], after_cut=len(found) > 1)
        end = index = value.end() if value else after
        kept_from = places[end]
    return Scan(_ended(prompt, text[kept_from:], was_cut=bool(found)), tuple(found))


def without_name(text: str, name: str) -> str:
    """A text without the bot's own name (`@name`), wherever and however often it occurs."""
    kept, *others = re.split(rf"(?<![A-Za-z0-9_])@{re.escape(name)}(?![A-Za-z0-9_])", text, flags=re.IGNORECASE)
    for other in others:
        kept = _join(kept, other, after_cut=True)
    return _without_dangling(kept, others[-1]) if others else kept.strip()


def _is_unseen(each: str) -> bool:
    return not each.isascii() and (unicodedata.category(each) == "Cf" or _MODIFIERS.match(each) is not None)


@lru_cache(maxsize=4096)
def _narrow(each: str) -> str:
    """The narrow form of a character; one for one, so that indexes stay."""
    return str(unicodedata.decimal(each, "")) or _NARROW.get(each, each)


def _named(match: re.Match[str], known: Mapping[str, KnownFlag]) -> tuple[str, KnownFlag | None]:
    """The name as typed, and the flag it means. In a script without spaces the longest known name counts; the rest is
    its value."""
    name = match["name"].lower()
    if match["unspaced"]:
        starts = (name[:length] for length in range(min(len(name), _LONGEST_NAME), 0, -1))
        name = next((start for start in starts if start in known), name)
    return name, known.get(name) or known.get(name.replace("-", "_"))


def _is_flag(view: str, match: re.Match[str], after: int, meant: KnownFlag | None, *, name: str, begins: bool) -> bool:
    dashes = match["dashes"]
    # Chinese writes "——" where others write " – ".
    is_chinese = match["unspaced"] is not None
    is_prose = is_chinese and (after < match.end() or not _SET_OFF.match(view, after))
    if dashes == "-":
        return _is_after_one_hyphen(view, match.start(), after, meant, name=name)
    if meant and (len(dashes) == 1 or "—" in dashes):
        return begins and not is_prose
    if meant:
        return True
    has_number = _NUMBER.match(view, after) is not None
    is_apart = _stands_apart(view, match.start())
    if name in ALTERNATIVES and (len(dashes) == 1 or "—" in dashes):
        return begins and (has_number or (name in NEED_NO_NUMBER and is_apart))
    hyphens = "—" not in dashes and len(dashes) == 2
    return begins and hyphens and (not is_chinese or is_apart or has_number)


def _is_after_one_hyphen(view: str, start: int, after: int, meant: KnownFlag | None, *, name: str) -> bool:
    """`-n 4`, `-n auto`; not `the -n suffix` and not `anime -style drawing`."""
    if not _starts_word(view, start):
        return False
    if meant is None:
        return name in ALTERNATIVES and _NUMBER.match(view, after) is not None
    value = _VALUE.match(view, after)
    typed = _value(value)
    is_quoted = value is not None and value.lastgroup in {"double", "single"}
    return bool(typed) and (is_quoted or typed.lower() in meant.values or any(each.isdecimal() for each in typed))


def _starts_word(view: str, index: int) -> bool:
    return index == 0 or re.match(_LETTER, view[index - 1]) is None


def _stands_apart(view: str, index: int) -> bool:
    """Whether no letter or digit precedes the index, also in scripts without spaces."""
    return index == 0 or not view[index - 1].isalnum()


def _value(match: re.Match[str] | None) -> str:
    if match is None:
        return ""
    typed = next(group for group in match.groups() if group is not None)
    return re.sub(r"(?<=\d)比(?=\d)", ":", re.sub(r"(?<=\d)\*(?=\d)", "x", typed.strip()))


def _join(left: str, right: str, *, after_cut: bool) -> str:
    """Join the text around a flag, without superfluous spaces and punctuation."""
    if not after_cut:
        return left + right
    before = left.rstrip(_SPACES + _UNSEEN)
    if before[-1:] in {"", "\n", *_MARKS}:
        right = right.lstrip(_MARKS)
    after = right.lstrip(_SPACES + _UNSEEN)
    spaced = len(before) + len(after) < len(left) + len(right)
    if not spaced or not before or before[-1] == "\n" or after[:1] in {"\n", *_CLOSING}:
        return before + after
    return f"{before} {after}"


def _ended(prompt: str, rest: str, *, was_cut: bool) -> str:
    """The prompt with the text after its last flag; at the end no comma is left."""
    whole = _join(prompt, rest, after_cut=was_cut)
    return _without_dangling(whole, rest) if was_cut else whole.strip()


def _without_dangling(prompt: str, rest: str) -> str:
    """A prompt without commas and the full stop at its end, if nothing else followed the last cut (`rest`)."""
    prompt = prompt.strip()
    while prompt and not rest.strip(_SPACES + _UNSEEN + _MARKS + "\n"):
        shorter = prompt.rstrip(_DANGLING).rstrip()
        if shorter.endswith(".") and not shorter.endswith(".."):
            shorter = shorter[:-1]
        if shorter == prompt:
            break
        prompt = shorter
    return prompt
