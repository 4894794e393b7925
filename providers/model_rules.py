"""The refusals that a row of a table of models gives, and the options that it offers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, create_model, model_validator

from providers.errors import InvalidRequestError, Sentence
from providers.models import NEAR_END, Model, ModelTable, today
from providers.options import N_, Flag, Options, OptionsT, wrong


def ended(row: Model, others: Iterable[Model], day: date) -> Sentence:
    """The sentence about a model that was shut down. `others`: the models that the operator has set up."""
    left = [other.name for other in others if not other.has_ended(day)]
    instead = row.successor if row.successor in left or not left else left[0]
    values: dict[str, object] = {"model": row.called, "date": str(row.ends), "instead": instead}
    if left:
        return Sentence("{model} was shut down on {date}. Use --model {instead}.", values)
    if not instead:
        return Sentence("{model} was shut down on {date}. Ask whoever runs this bot to set up another model.", values)
    words = N_("{model} was shut down on {date}. Ask whoever runs this bot to set up another model, such as {instead}.")
    return Sentence(words, values)


def not_taken(row: Model, options: BaseModel, others: Iterable[Model]) -> Sentence | None:
    """The sentence about an option that this model doesn't take; None where it takes all."""
    for name, allowed in row.choices.items():
        asked = getattr(options, name, None)
        if asked == type(options).model_fields[name].default or str(asked) in allowed:
            continue
        return _not_taken(row, name, str(asked), others)
    return None


def _not_taken(row: Model, name: str, asked: str, others: Iterable[Model]) -> Sentence:
    allowed = row.choices[name]
    other = _first(others, lambda one: asked in one.choices.get(name, (asked,)))
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
    return tuple(_narrowed(flag, row) for flag in offered if row.taken(flag.name) != ())


def _narrowed(flag: Flag, row: Model) -> Flag:
    taken = row.taken(flag.name)
    choices = tuple(choice for choice in flag.choices if taken and (choice in taken or choice == flag.default))
    return replace(flag, choices=choices, allowed=", ".join(choices)) if choices else flag


def offering(
    options: type[OptionsT], names: Sequence[str], table: ModelTable[Any] | None, rows: Mapping[str, Model]
) -> type[OptionsT]:
    """A subclass of `options` that offers these models, the first one that has not ended as the default.

    It refuses, each with its sentence, a model of the `table` that was shut down and is not offered any more, and
    options that the chosen model doesn't take by its row.
    """
    live = next((name for name, row in rows.items() if not row.has_ended(today())), names[0])
    made: type[OptionsT] = _offering(_Offered(options, tuple(names), live, table, repr(rows), rows))
    return made


@dataclass(frozen=True, slots=True)
class _Offered:
    """The models on offer. Making their class takes 8 ms, so accounts with the same models share one."""

    options: type[Options]
    names: tuple[str, ...]
    live: str
    table: ModelTable[Any] | None
    described: str
    rows: Mapping[str, Model] = field(compare=False)

    def offered(self, name: object) -> object:
        """The name of a model that is offered."""
        table, rows = self.table, self.rows
        row = table[name] if table and isinstance(name, str) and name in table and name not in rows else None
        if row and row.has_ended(today()):
            sentence = ended(row, rows.values(), today())
            raise wrong(sentence.template, **sentence.values)
        return name

    def taken(self, given: Any) -> Any:
        """Options that their model takes."""
        row = self.rows.get(given.model)
        if row and (sentence := not_taken(row, given, self.rows.values())):
            raise wrong(sentence.template, **sentence.values)
        return given


@lru_cache(maxsize=64)
def _offering(what: _Offered) -> Any:
    def taken(given: Any) -> Any:
        return what.taken(given)

    choice: Any = Annotated[Literal[what.names], BeforeValidator(what.offered)]
    description = what.options.model_fields["model"].description
    fields: dict[str, Any] = {"model": (choice, Field(what.live, description=description))}
    validators: dict[str, Any] = {"taken_by_model": model_validator(mode="after")(taken)}
    return create_model(what.options.__name__, __base__=what.options, __validators__=validators, **fields)


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
    other = _first(others, lambda one: one.references is not None and count <= one.references.count)
    values = {"count": count, "most": most, "model": row.called} | ({"other": other} if other else {})
    raise InvalidRequestError(_too_many(values))


def _too_few(row: Model, count: int, others: Iterable[Model]) -> Sentence:
    other = _first(others, lambda one: one.least_references <= count)
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
    return f" (successor: {row.successor})" if row.successor else ""


def _first(others: Iterable[Model], is_good: Callable[[Model], bool]) -> str:
    """The name of the first model to recommend instead, "" for none."""
    return next((one.name for one in others if is_good(one) and not one.has_ended(today())), "")
