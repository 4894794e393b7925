"""The table of a service's models, one row for each: all that depends on the model reads its row.

Limits belong to a model, not to a service. Options, refusals, `/models`, help, keyboards, "Larger" and the service's
simulator read the same row.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

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
    `has_prompt`: it reads a prompt; one that doesn't only enlarges pictures, by a value of the option `size`.
    `languages`: those in which it wants prompts ("en", "zh"), first the one to translate into; none: any will do.
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
    has_prompt: bool = True
    languages: tuple[str, ...] = ()

    @property
    def called(self) -> str:
        """The name for people."""
        return self.title or self.name

    def taken(self, option: str) -> tuple[str, ...] | None:
        """The values of an option that are offered for this model; None: all of the option's."""
        return self.choices.get(option)

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
    reference_bytes: int | None = Field(None, ge=1, description="the most bytes of a reference")
    reference_side: int | None = Field(None, ge=1, description="the most pixels of a reference's side")
    reference_field: str | None = Field(None, description="the references' name in the service's request")
    pictures: int | None = Field(None, ge=1, description="the most pictures of one task")
    series: int | None = Field(None, ge=1, description="the most pictures of a matching series")
    prompt_length: int | None = Field(None, ge=1, description="the most characters of a prompt")
    choices: Mapping[str, tuple[str, ...]] = Field({}, description="the values of options, such as ar and size")
    languages: tuple[str, ...] | None = Field(None, description="of prompts, first the one to translate into")
    ends: date | Literal["never"] | None = Field(None, description="the day of its end, or never")
    successor: str | None = Field(None, description="the model to use instead")


def today() -> date:
    """The day at the services: in UTC."""
    return datetime.now(UTC).date()


ModelT = TypeVar("ModelT", bound=Model)
PLAIN = frozenset({"title", "reference_field", "pictures", "series", "prompt_length", "languages", "successor"})
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
        references = _references(row.references, self._unknown.references, limits)
        if limits.ends is not None:
            given["ends"] = None if limits.ends == "never" else limits.ends
        return replace(row, **given, references=references, choices={**row.choices, **limits.choices})


def _references(
    known: ReferenceLimits | None, usual: ReferenceLimits | None, limits: ModelLimits
) -> ReferenceLimits | None:
    """The limits of a row's references, corrected. A model that is said to take some has the `usual` ones."""
    if limits.references == 0 or (known is None and limits.references is None):
        return None
    found = known or usual or ReferenceLimits(count=1, size=4 << 20, side=4096, ratio=(1 / 3, 3))
    return replace(
        found,
        count=limits.references or found.count,
        size=limits.reference_bytes or found.size,
        side=limits.reference_side or found.side,
    )


def widest(rows: Iterable[Model], declared: Any) -> dict[str, Any]:
    """The widest limits of some models, as fields of `Capabilities`; `declared`: those of the service itself.

    A model that has been shut down counts only where all have.
    """
    known = list(rows)
    listed = [row for row in known if not row.has_ended(today())] or known
    limits = [row.references for row in listed if row.references]
    return {
        "prompt_length": max(row.prompt_length for row in listed),
        "pictures": max(declared.pictures, *(max(row.pictures, row.series) for row in listed)),
        "references": max(limits, key=lambda one: one.count) if limits else None,
        "streams": declared.streams or any(row.streams for row in listed),
        "cancels": declared.cancels or any(row.cancels for row in listed),
    }
