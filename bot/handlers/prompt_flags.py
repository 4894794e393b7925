"""Reads the flags of a prompt: the options of a provider's model, and the bot's own.

There are two steps, because `--provider` decides which options model reads the others: `scan` finds the flags by their
form, `read` validates them. `parse` does both where the model is known. Of a flag given twice the last one counts, so a
pasted prompt is changed by adding to it. All errors are told at once.
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

from bot.handlers.foreign_flags import alternative_to
from bot.handlers.prompt_flag_scan import Scan, Typed, scan
from bot.telegram.flag_names import known_names, spellings
from providers.errors import Sentence
from providers.options import Flag, Options, flags, sentence_of

__all__ = ["FlagError", "Parsed", "Scan", "parse", "read", "scan", "shortened"]

OptionsT = TypeVar("OptionsT", bound=Options)
MAX_PROBLEMS_SHOWN = 8
"""At most so many wrong flags are explained in one answer."""


class FlagError(Exception):
    """Flags that can't be used as typed. `sentences` explain what each allows; `sentence` is the first."""

    def __init__(self, *sentences: Sentence) -> None:
        self.sentences = sentences
        self.sentence = sentences[0]
        super().__init__("\n".join(map(str, sentences)))


@dataclass(frozen=True, slots=True)
class Parsed(Generic[OptionsT]):
    """The prompt, the provider's options, and the values of the bot's own flags (only those that were typed)."""

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
    """Validate the flags. Raises `FlagError` about all wrong ones, with the allowed values.

    `extra`: the bot's own flags; one with `choices` takes only these. `defaults`: the person's saved settings; typed
    flags override them, and one that this model doesn't know or that conflicts with typed flags is left out. `wrong`:
    errors that are known already.
    """
    offered = {flag.name: flag for flag in (*flags(options), *extra)}
    last = {one.name: one for one in found.flags if one.name in offered}
    empty = [_missing(offered[one.name], one) for one in last.values() if not one.value]
    typed = {name: one for name, one in last.items() if one.value}
    own, refused = _choices([flag for flag in extra if flag.name in typed], typed)
    known, invalid = _validated(
        options, {name: one for name, one in typed.items() if name in options.model_fields}, offered
    )
    if refused:
        # The wrong flag may be the service: its options are unknown.
        invalid = []
    unknown = [one for one in found.flags if one.name not in offered and not (refused and one.is_known)]
    problems = [*_unknown_flags(unknown, offered), *empty, *refused, *invalid, *wrong]
    if problems or known is None:
        raise FlagError(*{str(one): one for one in problems[:MAX_PROBLEMS_SHOWN]}.values())
    return Parsed(found.prompt, _with_defaults(known, defaults), own)


def shortened(typed: str) -> str:
    """Typed text, cut for use in a sentence."""
    return typed if len(typed) <= 40 else f"{typed[:39]}…"


def _unknown_flags(found: Sequence[Typed], offered: Mapping[str, Flag]) -> list[Sentence]:
    """Sentences about unknown flags: those of other bots, misspelled ones, and others."""
    alternatives = [alternative_to(one.name, one.written, offered) for one in found]
    told = [known or _unknown_flag(one, offered) for one, known in zip(found, alternatives, strict=True)]
    told = told[: MAX_PROBLEMS_SHOWN - 1]
    every = Sentence("You can use {flags}.", {"flags": ", ".join(f"--{each}" for each in offered)})
    return told if all(alternatives) else [*told, every]


def _unknown_flag(typed: Typed, offered: Mapping[str, Flag]) -> Sentence:
    name, names = shortened(typed.written), sorted(name for each in offered for name in spellings(each))
    # Chinese names have two or three characters; the first one is usually right.
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
    """The values of the bot's own flags, and sentences about wrong ones."""
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


def _validated(
    options: type[OptionsT], typed: Mapping[str, Typed], offered: Mapping[str, Flag]
) -> tuple[OptionsT | None, list[Sentence]]:
    """The model of the typed values, and sentences about wrong ones. Without these, the others may still conflict, so
    the rest is validated again; None: they do."""
    with suppress(ValidationError):
        return options.model_validate({name: one.value for name, one in typed.items()}), []
    values = {name: _as_model_takes(options, name, one.value) for name, one in typed.items()}
    wrong: list[Sentence] = []
    while True:
        try:
            return options.model_validate(values), wrong
        except ValidationError as error:
            problems = _by_field(error)
        wrong += [_sentence(problem, typed.get(name), offered) for name, problem in problems.items()]
        left = {name: value for name, value in values.items() if name not in problems}
        if len(left) == len(values):
            return None, wrong
        values = left


def _with_defaults(known: OptionsT, defaults: Mapping[str, object]) -> OptionsT:
    """The options with those defaults added that go with the typed ones and with each other."""
    options, typed = type(known), known.model_fields_set
    # The model decides what else can be chosen.
    for name, value in sorted(defaults.items(), key=lambda default: default[0] != "model"):
        if name in options.model_fields and name not in typed:
            with suppress(ValidationError):
                known = options.model_validate({**known.model_dump(exclude_unset=True), name: value})
    return known


def _by_field(error: ValidationError) -> dict[str, ErrorDetails]:
    """A model's errors by field name; "" is about several fields."""
    found: dict[str, ErrorDetails] = {}
    for problem in error.errors(include_url=False):
        found.setdefault(str(problem["loc"][0]) if problem["loc"] else "", problem)
    return found


def _is_taken(options: type[Options], name: str, value: object) -> bool:
    try:
        options.model_validate({name: value})
    except ValidationError as error:
        return name not in _by_field(error)
    return True


def _as_model_takes(options: type[Options], name: str, value: str) -> object:
    """The value as typed, if the model takes it, else in the form that the model takes (`4K`, `0,5`, `16x9`)."""
    annotation = options.model_fields[name].annotation
    lower = re.sub(r"(?<=\d),(?=\d)", ".", value.lower())
    same = (literal for literal in _literals(annotation) if str(literal).lower() == lower)
    between = (re.sub(r"(?<=\d)[:x/](?=\d)", sign, lower) for sign in ":x")
    forms: list[object] = [value, *same, lower, *between]
    return next((form for form in forms if _is_taken(options, name, form)), value)


def _literals(annotation: Any) -> Iterator[object]:
    for part in get_args(annotation):
        if get_origin(annotation) is Literal:
            yield part
        else:
            yield from _literals(part)


def _sentence(problem: ErrorDetails, typed: Typed | None, offered: Mapping[str, Flag]) -> Sentence:
    if known := sentence_of(problem):
        return known
    if typed:
        return _refused(offered[typed.name], typed)
    return Sentence("These options don't go together.")
