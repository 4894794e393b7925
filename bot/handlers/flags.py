"""Flags typed within a prompt: `a fox --ar 16:9 --n 4`, also as phones and Chinese keyboards type them.

Two steps, because `--provider` decides which options model the others are read by: `scan` finds the flags by their
looks, `read` gives them their meaning. `parse` does both where the model is known.

What counts as a flag:
- two or more dashes of any kind and a known name (`--ar`, `－－ａｒ`, `——ar`), even glued to the word before;
- one long dash and a known name at the start of a word (`—ar`: phones turn `--` into it). After Chinese, which writes
  no spaces, every place is the start of a word. `a cat — sleeping` and `a fox—size of a cat` stay words;
- two hyphens and an unknown name at the start of a word: it is found, so that `read` can say what was meant.
A value follows after spaces, `=` or `:` on the same line, in quotes if it has spaces. A flag given twice: the last one
counts, so that a pasted prompt is changed by adding to it.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin

from pydantic import ValidationError

from providers.errors import Sentence
from providers.options import Flag, Options, flags

OptionsT = TypeVar("OptionsT", bound=Options)

# Scripts written without spaces: a letter of these before a dash or after a value is a border between words.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u11ff\u1780-\u17ff\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff66-\uffdc\U00020000-\U0003ffff"
)
_LETTER = rf"[^\W_{_UNSPACED}]"

# One character for one, so that a place in the translated text is the same place in the person's own.
# Full-width commas and the like stay: they end a value, where the narrow ones may belong to it.
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F) if chr(wide - 0xFEE0) not in ",;!?()[]{}"}
_NARROW |= {
    ord(wide): ord(narrow)
    for narrow, wides in {"-": "‐‑‒−﹣", "–": "﹘", "—": "―─━⸺⸻", "x": "×✕✖⨯", ":": "∶﹕ː", "*": "∗﹡"}.items()
    for wide in wides
}

_NAME = re.compile(rf"(?<![-–—])(?P<dashes>[-–—]++)(?P<name>(?=\D){_LETTER}+(?:[-_]{_LETTER}+)*)")
_IN_VALUE = rf"(?:[^\W{_UNSPACED}]|[+./%#:*@&$~^|\\=]|-(?!-)|(?<=\d),(?=\d))"
_VALUE = re.compile(
    rf"""[^\S\n]*+(?:[=:][^\S\n]*+)?+(?:
        ["“”„‟«»「」『』](?P<double>[^"“”„‟«»「」『』\n]*)["“”„‟«»「」『』]
      | ['‘’‚‛](?P<single>[^'‘’‚‛\n]*)['‘’‚‛]
      | (?P<plain>{_IN_VALUE}*(?:{_LETTER}|[%+\#]))   # what ends a sentence doesn't end a value
      | (?P<unspaced>\w+)
    )""",
    re.VERBOSE,
)
_SPACES = "".join(each for each in map(chr, range(0x3001)) if each.isspace() and each != "\n")
_MARKS = ",.;:!?，。．、；：！？…"
_CLOSING = _MARKS + ")]}）】》」』”’"


class FlagError(Exception):
    """A flag that can't be used as typed. `sentence` says what is allowed."""

    def __init__(self, sentence: Sentence) -> None:
        self.sentence = sentence
        super().__init__(str(sentence))


@dataclass(frozen=True, slots=True)
class Scan:
    """A prompt without its flags, and the flags as (name, value) in the order typed; value "" where none follows.

    Names are in lower case with underscores, values as typed but with narrow letters.
    """

    prompt: str
    flags: tuple[tuple[str, str], ...]

    def value(self, name: str) -> str | None:
        """What was typed for this flag (the last time), None if it wasn't."""
        return dict(self.flags).get(name)


@dataclass(frozen=True, slots=True)
class Parsed(Generic[OptionsT]):
    """The words, the provider's options, and the values of the bot's own flags (only those that were typed)."""

    prompt: str
    options: OptionsT
    extra: Mapping[str, str]


def parse(text: str, options: type[OptionsT], extra: Sequence[Flag] = ()) -> Parsed[OptionsT]:
    """Read a prompt by one options model and the bot's own flags. Raises `FlagError`."""
    return read(scan(text, [flag.name for flag in (*flags(options), *extra)]), options, extra)


def scan(text: str, known: Collection[str]) -> Scan:
    """Find the flags in a prompt by their looks. `known`: the names of all flags of all providers and of the bot."""
    view = text.translate(_NARROW)
    found: list[tuple[str, str]] = []
    prompt, end, place = "", 0, 0
    while match := _NAME.search(view, place):
        place = match.end()
        name = match["name"].lower().replace("-", "_")
        if not _is_flag(match["dashes"], name in known, match.start() == end or _starts_word(view, match.start())):
            continue
        value = _VALUE.match(view, place)
        found.append((name, _value(value)))
        prompt = _join(prompt, text[end : match.start()], after_flag=len(found) > 1)
        end = place = value.end() if value else place
    return Scan(_join(prompt, text[end:], after_flag=bool(found)).strip(), tuple(found))


def read(
    found: Scan,
    options: type[OptionsT],
    extra: Sequence[Flag] = (),
    defaults: Mapping[str, object] = MappingProxyType({}),
) -> Parsed[OptionsT]:
    """Give the flags their meaning. Raises `FlagError` with what is allowed.

    `extra`: the bot's own flags; one with `choices` takes only these. `defaults`: the person's saved settings; what is
    typed goes before them, and one that this model doesn't know or that doesn't go with what is typed is left out.
    """
    offered = {flag.name: flag for flag in (*flags(options), *extra)}
    for name, typed_value in found.flags:
        if name not in offered:
            raise FlagError(_unknown(name, list(offered)))
        if not typed_value:
            raise FlagError(_missing(offered[name]))
    typed = dict(found.flags)
    own = {flag.name: _choice(flag, typed.pop(flag.name)) for flag in extra if flag.name in typed}
    values = _values(options, typed, offered)
    for name, value in defaults.items():
        if name in options.model_fields and name not in values:
            with suppress(ValidationError):
                options.model_validate({**values, name: value})
                values[name] = value
    return Parsed(found.prompt, options.model_validate(values), own)


def shortened(typed: str) -> str:
    """What was typed, as a sentence has room for it."""
    return typed if len(typed) <= 40 else f"{typed[:39]}…"


def _is_flag(dashes: str, known: bool, starts_word: bool) -> bool:
    hyphens = "—" not in dashes
    if len(dashes) == 1:
        return known and starts_word and dashes != "-"
    if known:
        return starts_word or hyphens
    return starts_word and hyphens and len(dashes) == 2


def _starts_word(view: str, place: int) -> bool:
    return place == 0 or re.match(_LETTER, view[place - 1]) is None


def _value(match: re.Match[str] | None) -> str:
    if match is None:
        return ""
    typed = next(group for group in match.groups() if group is not None)
    return re.sub(r"(?<=\d)\*(?=\d)", "x", typed.strip())


def _join(left: str, right: str, after_flag: bool) -> str:
    """Put together what stood around a flag, with no more space and punctuation than a sentence needs."""
    if not after_flag:
        return left + right
    before = left.rstrip(_SPACES)
    if before[-1:] in {"", "\n", *_MARKS}:
        right = right.lstrip(_MARKS)
    after = right.lstrip(_SPACES)
    spaced = len(before) + len(after) < len(left) + len(right)
    if not spaced or not before or before[-1] == "\n" or after[:1] in {"\n", *_CLOSING}:
        return before + after
    return f"{before} {after}"


def _unknown(name: str, offered: list[str]) -> Sentence:
    values = {"name": shortened(name), "flags": ", ".join(f"--{each}" for each in offered)}
    if close := get_close_matches(name, offered, n=1):
        return Sentence(
            "There is no --{name}. Did you mean --{close}? You can use {flags}.", {**values, "close": close[0]}
        )
    return Sentence("There is no --{name}. You can use {flags}.", values)


def _missing(flag: Flag) -> Sentence:
    return Sentence("--{name} needs a value: {allowed}.", {"name": flag.name, "allowed": flag.allowed})


def _refused(flag: Flag, value: str) -> Sentence:
    return Sentence(
        "--{name} takes {allowed}, not “{value}”.",
        {"name": flag.name, "allowed": flag.allowed, "value": shortened(value)},
    )


def _choice(flag: Flag, value: str) -> str:
    if not flag.choices:
        return value
    for choice in flag.choices:
        if choice.lower() == value.lower():
            return choice
    raise FlagError(_refused(flag, value))


def _values(options: type[Options], typed: Mapping[str, str], offered: Mapping[str, Flag]) -> dict[str, object]:
    """What was typed, as the model takes it: as it stands, else as it was meant (`4K`, `0,5`). Raises `FlagError`."""
    values: dict[str, object] = dict(typed)
    try:
        options.model_validate(values)
    except ValidationError as error:
        wrong = {str(problem["loc"][0]) for problem in error.errors() if problem["loc"]} & typed.keys()
        values |= {name: _meant(options.model_fields[name].annotation, typed[name]) for name in wrong}
    try:
        options.model_validate(values)
    except ValidationError as error:
        raise FlagError(_sentence(error, typed, offered)) from None
    return values


def _meant(annotation: Any, value: str) -> object:
    same = (literal for literal in _literals(annotation) if str(literal).lower() == value.lower())
    return next(same, re.sub(r"(?<=\d),(?=\d)", ".", value.lower()))


def _literals(annotation: Any) -> Iterator[object]:
    for part in get_args(annotation):
        if get_origin(annotation) is Literal:
            yield part
        else:
            yield from _literals(part)


def _sentence(error: ValidationError, typed: Mapping[str, str], offered: Mapping[str, Flag]) -> Sentence:
    problems = error.errors(include_url=False)
    for problem in problems:
        if problem["type"] == "sentence":
            values = dict(problem["ctx"])
            return Sentence(str(values.pop("sentence")), values)
    names = [str(problem["loc"][0]) for problem in problems if problem["loc"]]
    if name := next((name for name in names if name in typed), None):
        return _refused(offered[name], typed[name])
    return Sentence("These flags do not go together.")
