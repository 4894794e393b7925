"""The options a person may set, declared once: flags, help text and keyboards are made from these models."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from math import log
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from providers.errors import Sentence


def N_(words: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a text for translation that is shown later: an option's description or its allowed values."""
    return words


class Options(BaseModel):
    """The base of every provider's options model: frozen, unknown names are errors.

    Every field has a default, a `description` (English, one line, in `N_(…)` so that it is translated) and
    either bounds that can be read off its type (`Literal`, `ge`/`le`) or
    `json_schema_extra={"allowed": N_("…"), "examples": ["16:9", …]}` that describes them.
    The field's name is the flag's name: `ar` is typed `--ar`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


OptionsT = TypeVar("OptionsT", bound=Options)
MOST_BUTTONS = 16
"""The most numbers that each get a button."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One option as a person sees it. `allowed` is a short text; `choices` are the values with a button, if any."""

    name: str
    description: str
    allowed: str
    choices: tuple[str, ...]
    default: str


def flags(options: type[Options]) -> tuple[Flag, ...]:
    """The flags of an options model, in the order of its fields."""
    return _flags(options)


def nearest_shape(shapes: Iterable[str], size: tuple[int, int]) -> str:
    """The shape nearest to a picture of `size` (pixels), among those like "16:9"; "auto" where there are none."""
    ratios = {shape: int(wide) / int(high) for shape in shapes for wide, _colon, high in [shape.partition(":")] if high}
    return min(ratios, key=lambda shape: abs(log(ratios[shape]) - log(size[0] / size[1])), default="auto")


def wrong(template: str, **values: object) -> PydanticCustomError:
    """An error to raise from a model validator, for options that can't be combined.

    `template` is a sentence for the person with `str.format` fields, translated like a `Sentence`.
    """
    return PydanticCustomError("sentence", "{sentence}", {"sentence": template, **values})


@cache
def _flags(options: type[Options]) -> tuple[Flag, ...]:
    return tuple(_flag(name, field) for name, field in options.model_fields.items())


def _flag(name: str, field: FieldInfo) -> Flag:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    listed = () if get_origin(field.annotation) is Literal else _listed(extra.get("examples"))
    choices = tuple(str(value) for value in listed) or tuple(_literals(field.annotation)) or tuple(_few(field))
    allowed = str(extra.get("allowed") or _allowed(field) or ", ".join(choices))
    default = "" if field.default is None else str(field.default)
    return Flag(name, field.description or "", allowed, choices, default)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _literals(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from (str(value) for value in get_args(annotation))
    elif get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from _literals(part)


def _few(field: FieldInfo) -> Iterator[str]:
    """The whole numbers of a small range."""
    low, high = _bounds(field)
    if field.annotation is int and low is not None and high is not None and high - low < MOST_BUTTONS:
        yield from map(str, range(low, high + 1))


def _bounds(field: FieldInfo) -> tuple[Any, Any]:
    low = next((rule.ge for rule in field.metadata if isinstance(rule, Ge)), None)
    high = next((rule.le for rule in field.metadata if isinstance(rule, Le)), None)
    return low, high


def _allowed(field: FieldInfo) -> str:
    low, high = _bounds(field)
    parts = [f"{low}–{high}"] if low is not None and high is not None else []
    return ", ".join([*parts, *_literals(field.annotation)])


def explained(error: ValidationError) -> Sentence | None:
    """The first sentence of `wrong` in a validation error; None where there is none."""
    return next(filter(None, map(sentence_of, error.errors(include_url=False))), None)


def sentence_of(problem: ErrorDetails) -> Sentence | None:
    """The sentence of `wrong` in one of a validation error's details."""
    if problem["type"] != "sentence":
        return None
    values = dict(problem["ctx"])
    return Sentence(str(values.pop("sentence")), values)
