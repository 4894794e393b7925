"""What the flags found in a prompt mean: the options of a provider's model and the bot's own.

Two steps, because `--provider` decides which options model the others are read by: `scan` finds the flags by their
looks, `read` gives them their meaning. `parse` does both where the model is known. A flag given twice: the last one
counts, so that a pasted prompt is changed by adding to it. All that is wrong is told at once.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.handlers.foreign_flags import instead
from bot.handlers.prompt_flag_scan import Scan, Typed, scan
from bot.telegram.flag_names import known_names, spellings
from providers.errors import Sentence
from providers.options import Flag, Options, flags

__all__ = ["FlagError", "Parsed", "Scan", "parse", "read", "scan", "shortened"]

OptionsT = TypeVar("OptionsT", bound=Options)
MOST_TOLD = 8
"""Wrong flags that are explained in one answer."""


class FlagError(Exception):
    """Flags that can't be used as typed. `sentences` say of each what is allowed; `sentence` is the first."""

    def __init__(self, *sentences: Sentence) -> None:
        self.sentences = sentences
        self.sentence = sentences[0]
        super().__init__("\n".join(map(str, sentences)))


@dataclass(frozen=True, slots=True)
class Parsed(Generic[OptionsT]):
    """The words, the provider's options, and the values of the bot's own flags (only those that were typed)."""

    prompt: str
    options: OptionsT
    extra: Mapping[str, str]


def parse(text: str, options: type[OptionsT], extra: Sequence[Flag] = ()) -> Parsed[OptionsT]:
    """Read a prompt by one options model and the bot's own flags. Raises `FlagError`."""
    return read(scan(text, known_names((*flags(options), *extra))), options, extra)


def read(
    found: Scan,
    options: type[OptionsT],
    extra: Sequence[Flag] = (),
    defaults: Mapping[str, object] = MappingProxyType({}),
    wrong: Sequence[Sentence] = (),
) -> Parsed[OptionsT]:
    """Give the flags their meaning. Raises `FlagError` with what is allowed, for all of them.

    `extra`: the bot's own flags; one with `choices` takes only these. `defaults`: the person's saved settings; what is
    typed goes before them, and one that this model doesn't know or that doesn't go with what is typed is left out.
    `wrong`: what is known to be wrong already.
    """
    offered = {flag.name: flag for flag in (*flags(options), *extra)}
    last = {one.name: one for one in found.flags if one.name in offered}
    empty = [_missing(offered[one.name], one) for one in last.values() if not one.value]
    typed = {name: one for name, one in last.items() if one.value}
    own, refused = _choices([flag for flag in extra if flag.name in typed], typed)
    values, unfit = _values(
        options, {name: one for name, one in typed.items() if name in options.model_fields}, offered
    )
    if refused:
        # Of another service nobody knows what it takes.
        unfit = []
    strange = [one for one in found.flags if one.name not in offered and not (refused and one.is_known)]
    if problems := [*_strange(strange, offered), *empty, *refused, *unfit, *wrong]:
        raise FlagError(*{str(one): one for one in problems[:MOST_TOLD]}.values())
    for name, value in defaults.items():
        if name in options.model_fields and name not in values:
            with suppress(ValidationError):
                options.model_validate({**values, name: value})
                values[name] = value
    return Parsed(found.prompt, options.model_validate(values), own)


def shortened(typed: str) -> str:
    """What was typed, as a sentence has room for it."""
    return typed if len(typed) <= 40 else f"{typed[:39]}…"


def _strange(found: Sequence[Typed], offered: Mapping[str, Flag]) -> list[Sentence]:
    """About flags that are not there: those that people know from elsewhere, misspelled ones, and others."""
    ways = [instead(one.name, one.written, offered) for one in found]
    told = [way or _unknown(one, offered) for one, way in zip(found, ways, strict=True)][: MOST_TOLD - 1]
    every = Sentence("You can use {flags}.", {"flags": ", ".join(f"--{each}" for each in offered)})
    return told if all(ways) else [*told, every]


def _unknown(typed: Typed, offered: Mapping[str, Flag]) -> Sentence:
    name, names = shortened(typed.written), sorted(name for each in offered for name in spellings(each))
    # Chinese names have two or three characters, of which the first is more often right.
    cutoff = 0.6
    if not name.isascii():
        names, cutoff = [one for one in names if one[0] == name[0]], 0.5
    if close := get_close_matches(typed.written, names, n=1, cutoff=cutoff):
        return Sentence("There is no --{name}. Did you mean --{close}?", {"name": name, "close": close[0]})
    return Sentence("There is no --{name}.", {"name": name})


def _missing(flag: Flag, typed: Typed) -> Sentence:
    return Sentence("--{name} needs a value: {allowed}.", {"name": typed.written, "allowed": flag.allowed})


def _refused(flag: Flag, typed: Typed) -> Sentence:
    return Sentence(
        "--{name} takes {allowed}, not “{value}”.",
        {"name": typed.written, "allowed": flag.allowed, "value": shortened(typed.value)},
    )


def _choices(own: Sequence[Flag], typed: Mapping[str, Typed]) -> tuple[dict[str, str], list[Sentence]]:
    """The values of the bot's own flags, and what is wrong with the others."""
    values: dict[str, str] = {}
    wrong = []
    for flag in own:
        value = typed[flag.name].value
        choice = next((one for one in flag.choices if one.lower() == value.lower()), "" if flag.choices else value)
        if choice:
            values[flag.name] = choice
        else:
            wrong.append(_refused(flag, typed[flag.name]))
    return values, wrong


def _values(
    options: type[Options], typed: Mapping[str, Typed], offered: Mapping[str, Flag]
) -> tuple[dict[str, object], list[Sentence]]:
    """What was typed, as the model takes it, and what is wrong with the rest; with that left out, the others may still
    not go together."""
    values = {name: _meant(options, name, one.value) for name, one in typed.items()}
    wrong: list[Sentence] = []
    while problems := _problems(options, values):
        wrong += [_sentence(problem, typed.get(name), offered) for name, problem in problems.items()]
        left = {name: value for name, value in values.items() if name not in problems}
        if len(left) == len(values):
            break
        values = left
    return values, wrong


def _problems(options: type[Options], values: Mapping[str, object]) -> dict[str, ErrorDetails]:
    """What a model says against values, by the name of each; "" is about several."""
    try:
        options.model_validate(values)
    except ValidationError as error:
        found: dict[str, ErrorDetails] = {}
        for problem in error.errors(include_url=False):
            found.setdefault(str(problem["loc"][0]) if problem["loc"] else "", problem)
        return found
    return {}


def _meant(options: type[Options], name: str, value: str) -> object:
    """A value as it stands, if the model takes it, else as it was meant (`4K`, `0,5`, `16x9`)."""
    annotation = options.model_fields[name].annotation
    lower = re.sub(r"(?<=\d),(?=\d)", ".", value.lower())
    same = (literal for literal in _literals(annotation) if str(literal).lower() == lower)
    between = (re.sub(r"(?<=\d)[:x/](?=\d)", sign, lower) for sign in ":x")
    forms: list[object] = [value, *same, lower, *between]
    return next((form for form in forms if name not in _problems(options, {name: form})), value)


def _literals(annotation: Any) -> Iterator[object]:
    for part in get_args(annotation):
        if get_origin(annotation) is Literal:
            yield part
        else:
            yield from _literals(part)


def _sentence(problem: ErrorDetails, typed: Typed | None, offered: Mapping[str, Flag]) -> Sentence:
    if problem["type"] == "sentence":
        values = dict(problem["ctx"])
        return Sentence(str(values.pop("sentence")), values)
    if typed:
        return _refused(offered[typed.name], typed)
    return Sentence("These options don't go together.")
