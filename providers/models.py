"""The table of a service's models, one row for each: all that depends on the model reads its row.

Limits belong to a model, not to a service. Options, refusals, `/models`, help, keyboards, "Larger" and the service's
simulator read the same row.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model, model_validator

from providers.errors import InvalidRequestError, Sentence
from providers.options import N_, Flag, OptionsT, wrong

NEAR_END = timedelta(days=60)
"""So long before its end a model is named by `check`."""


@dataclass(frozen=True, slots=True)
class ReferenceLimits:
    """Limits of a model's references: `size` in bytes, `side` in pixels, `ratio`: least and most width/height.

    `by_url`: the service fetches references from their `url`. Without it, the bot publishes none for this service.
    """

    count: int
    size: int
    side: int
    ratio: tuple[float, float]
    media_types: frozenset[str] = frozenset({"image/jpeg", "image/png", "image/webp"})
    by_url: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model. A provider whose models differ in more inherits from it and adds its columns.

    `name`: the value of the option `model`, which most services know it by. `title`: the name people see, by default
    `name`. `prompt_length` in characters. `references`: None where it takes none; `reference_field`: their name in the
    service's request, where the models of a service differ. `pictures`: the most of one task, `series`: the most of a
    matching series, `together`: the most references and pictures of one task. `choices`: for each option that some
    models don't take, or not with every value, the values that this model takes besides the option's default; none:
    it doesn't have the option. `priced_by`: the unit of the service's bill. `ends`: the day from which the service
    refuses it; `successor`: the name of the model that the service recommends instead. `least_references`: it works
    from no fewer. `by_default`: whether it is offered where the operator's setting `models` doesn't name any.
    """

    name: str
    title: str = ""
    prompt_length: int = 2000
    references: ReferenceLimits | None = None
    reference_field: str = ""
    pictures: int = 1
    series: int = 1
    together: int | None = None
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    streams: bool = False
    cancels: bool = False
    priced_by: Literal["picture", "megapixel", "token", "second", "nothing"] = "picture"
    ends: date | None = None
    successor: str = ""
    least_references: int = 0
    by_default: bool = True

    @property
    def called(self) -> str:
        """The name for people."""
        return self.title or self.name

    def has_ended(self, day: date) -> bool:
        """Whether the service has shut the model down."""
        return self.ends is not None and self.ends <= day


class ModelLimits(BaseModel):
    """An operator's corrections of a row: `[providers.<name>.limits."<model>"]`. What is left out stays.

    Some limits of the tables are known from third parties only, and an operator may use models that no table has.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    like: str | None = Field(None, description="the known model that this one behaves like")
    title: str | None = Field(None, description="the name that people see")
    references: int | None = Field(None, ge=0, description="the most references")
    reference_field: str | None = Field(None, description="the references' name in the service's request")
    pictures: int | None = Field(None, ge=1, description="the most pictures of one task")
    series: int | None = Field(None, ge=1, description="the most pictures of a matching series")
    prompt_length: int | None = Field(None, ge=1, description="the most characters of a prompt")
    choices: Mapping[str, tuple[str, ...]] = Field({}, description="the values of options, such as ar and size")
    ends: date | Literal["never"] | None = Field(None, description="the day of its end, or never")
    successor: str | None = Field(None, description="the model to use instead")


def today() -> date:
    """The day at the services: in UTC."""
    return datetime.now(UTC).date()


ModelT = TypeVar("ModelT", bound=Model)
PLAIN = frozenset({"title", "reference_field", "pictures", "series", "prompt_length", "successor"})
"""The columns that a correction replaces as they are."""


class ModelTable(Generic[ModelT]):
    """The known models of a service. `unknown`: the row of a model that is not among them, with any name."""

    def __init__(self, rows: Sequence[ModelT], unknown: ModelT) -> None:
        self._rows = {row.name: row for row in rows}
        self._unknown = unknown

    def __iter__(self) -> Iterator[ModelT]:
        return iter(self._rows.values())

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __getitem__(self, name: str) -> ModelT:
        """The row of a model. Raises `KeyError`."""
        return self._rows[name]

    @property
    def current(self) -> tuple[str, ...]:
        """The models whose end is not known, in the table's order: the default of the setting `models`."""
        return tuple(row.name for row in self if row.ends is None and row.by_default)

    def of(self, names: Iterable[str], limits: Mapping[str, ModelLimits]) -> dict[str, ModelT]:
        """The rows of these models, corrected by the operator's `limits`."""
        return {name: self._corrected(name, limits.get(name, ModelLimits())) for name in names}

    def _corrected(self, name: str, limits: ModelLimits) -> ModelT:
        row = replace(self._rows.get(limits.like or name, self._unknown), name=name)
        given = limits.model_dump(include=set(PLAIN), exclude_none=True)
        if limits.like:
            given = {"title": "", "ends": None, "successor": ""} | given
        if limits.references is not None:
            given["references"] = _with_count(row.references or self._unknown.references, limits.references)
        if limits.ends is not None:
            given["ends"] = None if limits.ends == "never" else limits.ends
        return replace(row, **given, choices={**row.choices, **limits.choices})


def _with_count(limits: ReferenceLimits | None, count: int) -> ReferenceLimits | None:
    usual = limits or ReferenceLimits(count=1, size=4 << 20, side=4096, ratio=(1 / 3, 3))
    return replace(usual, count=count) if count else None


def ended(row: Model, others: Iterable[Model], day: date) -> Sentence:
    """The sentence about a model that was shut down. `others`: the models that the operator has set up."""
    left = [other.name for other in others if not other.has_ended(day)]
    instead = row.successor if row.successor in left or not left else left[0]
    values: dict[str, object] = {"model": row.called, "date": str(row.ends), "instead": instead}
    if left:
        return Sentence("{model} was shut down on {date}. Use --model {instead}.", values)
    if not instead:
        return Sentence("{model} was shut down on {date}. Whoever runs this bot must set up another model.", values)
    words = N_("{model} was shut down on {date}. Whoever runs this bot must set up another model, such as {instead}.")
    return Sentence(words, values)


def not_taken(row: Model, options: BaseModel, others: Iterable[Model]) -> Sentence | None:
    """The sentence about an option that this model doesn't take; None where it takes all."""
    for name, allowed in row.choices.items():
        asked = getattr(options, name, None)
        if asked == type(options).model_fields[name].default or str(asked) in allowed:
            continue
        other = next((one.name for one in others if str(asked) in one.choices.get(name, (str(asked),))), "")
        return _not_taken(row, name, str(asked), allowed, other)
    return None


def _not_taken(row: Model, name: str, asked: str, allowed: tuple[str, ...], other: str) -> Sentence:
    values: dict[str, object] = {"model": row.called, "use": f"--{name}"}
    values |= {"value": asked, "allowed": ", ".join(allowed)} if allowed else {}
    values |= {"other": other} if other else {}
    match bool(allowed), bool(other):
        case True, True:
            words = N_("{model} can't do {use} {value}, only: {allowed}. --model {other} can.")
        case True, False:
            words = N_("{model} can't do {use} {value}, only: {allowed}.")
        case False, True:
            words = N_("{model} has no {use}. Leave it out, or use --model {other}.")
        case _:
            words = N_("{model} has no {use}. Leave it out.")
    return Sentence(words, values)


def narrowed(offered: Iterable[Flag], row: Model) -> tuple[Flag, ...]:
    """The flags that this model takes, with the values that it takes."""
    return tuple(_narrowed(flag, row) for flag in offered if row.choices.get(flag.name, flag.name))


def _narrowed(flag: Flag, row: Model) -> Flag:
    taken = row.choices.get(flag.name)
    choices = tuple(choice for choice in flag.choices if taken and (choice in taken or choice == flag.default))
    return replace(flag, choices=choices, allowed=", ".join(choices)) if choices else flag


def offering(
    options: type[OptionsT], names: Sequence[str], table: ModelTable[Any] | None, rows: Mapping[str, Model]
) -> type[OptionsT]:
    """A subclass of `options` that offers these models, the first one that has not ended as the default.

    It refuses, each with its sentence, a model of the `table` that was shut down and is not offered any more, and
    options that the chosen model doesn't take by its row.
    """

    def offered(name: object) -> object:
        row = table[name] if table and isinstance(name, str) and name in table and name not in rows else None
        if row and row.has_ended(today()):
            sentence = ended(row, rows.values(), today())
            raise wrong(sentence.template, **sentence.values)
        return name

    def taken(given: Any) -> Any:
        row = rows.get(given.model)
        if row and (sentence := not_taken(row, given, rows.values())):
            raise wrong(sentence.template, **sentence.values)
        return given

    live = next((name for name, row in rows.items() if not row.has_ended(today())), names[0])
    choice: Any = Annotated[Literal[tuple(names)], BeforeValidator(offered)]
    fields: dict[str, Any] = {"model": (choice, Field(live, description=options.model_fields["model"].description))}
    validators: dict[str, Any] = {"taken_by_model": model_validator(mode="after")(taken)}
    return create_model(options.__name__, __base__=options, __validators__=validators, **fields)


def refuse_together(row: Model, references: int, pictures: int) -> None:
    """Refuse more references and pictures than the model takes together. Raises `InvalidRequestError`."""
    most = row.together
    if most is None or references + pictures <= most:
        return
    values = {"count": references, "pictures": pictures, "most": most, "left": most - references}
    raise InvalidRequestError(
        Sentence(
            "References and new pictures together: at most {most}. With {count} references, ask for at most {left}.",
            values,
        )
    )


def refuse_references(row: Model, count: int, others: Iterable[Model]) -> None:
    """Refuse more references than the model takes, or fewer than it needs. Raises `InvalidRequestError`."""
    if count < row.least_references:
        raise InvalidRequestError(_too_few(row, count, others))
    most = row.references.count if row.references else 0
    if count <= most:
        return
    other = next((one.name for one in others if one.references and count <= one.references.count), "")
    values = {"count": count, "most": most, "model": row.called} | ({"other": other} if other else {})
    raise InvalidRequestError(_too_many(values))


def _too_few(row: Model, count: int, others: Iterable[Model]) -> Sentence:
    other = next((one.name for one in others if one.least_references <= count and not one.has_ended(today())), "")
    values = {"model": row.called} | ({"other": other} if other else {})
    if other:
        return Sentence("{model} works from pictures. Send one with your prompt, or use --model {other}.", values)
    return Sentence("{model} works from pictures. Send one with your prompt.", values)


def _too_many(values: dict[str, object]) -> Sentence:
    match bool(values["most"]), "other" in values:
        case True, True:
            words = N_(
                "You sent {count} pictures; {model} takes at most {most} as references. --model {other} takes more."
            )
        case True, False:
            words = N_("You sent {count} pictures; {model} takes at most {most} as references.")
        case False, True:
            words = N_("{model} works from words alone. For pictures as references use --model {other}.")
        case _:
            words = N_("{model} works from words alone. Send your prompt without pictures.")
    return Sentence(words, values)


def ends(rows: Iterable[Model], day: date) -> tuple[list[str], list[str]]:
    """Words for the operator: about the models that have been shut down, and about those that will be soon."""
    over = [f"{row.name} was shut down on {row.ends}{_instead(row)}" for row in rows if row.has_ended(day)]
    near = [
        f"{row.name} will be shut down on {row.ends}{_instead(row)}"
        for row in rows
        if row.ends and day < row.ends <= day + NEAR_END
    ]
    return over, near


def _instead(row: Model) -> str:
    return f"; its successor is {row.successor}" if row.successor else ""


def widest(rows: Iterable[Model], declared: Any) -> dict[str, Any]:
    """The widest limits of some models, as fields of `Capabilities`; `declared`: those of the service itself."""
    listed = list(rows)
    limits = [row.references for row in listed if row.references]
    return {
        "prompt_length": max(row.prompt_length for row in listed),
        "pictures": max(declared.pictures, *(max(row.pictures, row.series) for row in listed)),
        "references": max(limits, key=lambda one: one.count) if limits else None,
        "streams": declared.streams or any(row.streams for row in listed),
        "cancels": declared.cancels or any(row.cancels for row in listed),
    }
