"""The names of providers and models for people, and what can be done with a provider's pictures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiogram.utils.i18n import gettext as _
from pydantic import ValidationError

from bot.telegram.formatting import bracketed
from providers.model_rules import narrowed
from providers.models import today
from providers.options import Flag, Options, flags
from providers.registry import AnyProvider
from storage.ledger import ASSISTANT
from storage.pictures import Picture
from storage.records import Job

Providers = Mapping[str, AnyProvider]
SHAPE = "ar"
"""The aspect ratio's option name; every provider that has this option calls it so."""
ENLARGED = "🔍"
"""The style name that marks a request for a larger picture."""
STYLE = "style"
"""The bot's own option that names a style."""


def title(providers: Providers, name: str) -> str:
    """A provider's name for people; with the configured name if two are of one service. A removed provider has only
    the configured name."""
    provider = providers.get(name)
    if provider is None:
        return _("✨ Help with words") if name == ASSISTANT else name
    twins = [other for other in providers.values() if other.title == provider.title]
    return brand(provider) if len(twins) == 1 else bracketed(brand(provider), name)


def brand(provider: AnyProvider) -> str:
    """The service's own name in the current language: "Jimeng", "即梦"."""
    return _(provider.title)


@dataclass(frozen=True, slots=True)
class UsedModel:
    """The model that made pictures: a provider, by its `name`, and the options that selected the model. `provider`:
    None if it was removed; `options`: None also if an older version stored options that this one no longer knows."""

    name: str
    provider: AnyProvider | None = None
    options: Options | None = None


def model_of_job(providers: Providers, job: Job) -> UsedModel:
    """The model that a job was made with."""
    return read_model(providers, job.provider, job.options)


def read_model(providers: Providers, name: str, stored: Mapping[str, Any]) -> UsedModel:
    """The model of this provider with options as they were stored; they are validated here."""
    provider = providers.get(name)
    if provider is None:
        return UsedModel(name)
    try:
        return UsedModel(name, provider, provider.Options.model_validate(stored))
    except ValidationError:
        return UsedModel(name, provider)


def model_name(used: UsedModel) -> str:
    """The name of a model for people: "Jimeng 4.6"."""
    provider = used.provider
    if provider is None:
        return used.name
    if used.options is None:
        return brand(provider)
    return _(provider.model_name(used.options)).replace(provider.title, brand(provider), 1)


@dataclass(frozen=True, slots=True)
class Offer:
    """The actions that a provider offers for a job's picture. `shapes`: the aspect ratios to choose from; `references`:
    whether it takes pictures; `enlarges`: whether it can make a larger picture from a smaller one."""

    shapes: tuple[str, ...] = ()
    references: bool = False
    enlarges: bool = False


def offer(used: UsedModel) -> Offer:
    """The actions that a model offers; none if its provider was removed."""
    provider, options = used.provider, used.options
    if provider is None or options is None:
        return Offer()
    shapes = next((flag.choices for flag in flags_of(provider, options) if flag.name == SHAPE), ())
    references = provider.reference_limits(options) is not None
    # Another model may make it larger.
    larger = _larger(provider, options, (1, 1))
    enlarges = larger is not None and larger != options and provider.reference_limits(larger) is not None
    return Offer(shapes, references, enlarges)


def flags_of(provider: AnyProvider, options: Options) -> tuple[Flag, ...]:
    """The flags that the model takes which these options select, with its values."""
    return narrowed(flags(provider.Options), provider.model(options))


def chosen_options(provider: AnyProvider, saved: Mapping[str, Any]) -> Options:
    """A provider's options with the model of some saved settings, where it is still offered."""
    given = {name: value for name, value in still_valid(provider, saved).items() if name == "model"}
    try:
        options: Options = provider.Options.model_validate(given)
    except ValidationError:
        options = provider.Options()
    return options


def still_valid(provider: AnyProvider, saved: Mapping[str, Any]) -> dict[str, Any]:
    """Saved settings without a model that was shut down since: the default one takes its place."""
    row = provider.rows.get(saved.get("model", ""))
    has_ended = row is not None and row.has_ended(today())
    return {name: value for name, value in saved.items() if name != "model" or not has_ended}


def redrawn(used: UsedModel, stored: Mapping[str, Any]) -> dict[str, Any] | None:
    """Of a job's options those that draw anew, where its model only enlarges; None where they do so as they are."""
    if used.provider is None or used.options is None or used.provider.model(used.options).has_prompt:
        return None
    return {name: value for name, value in stored.items() if name != "size"}


def enlarged(used: UsedModel, picture: Picture) -> dict[str, Any] | None:
    """The options for making a model's picture again as large as its provider can; None if it can't."""
    if used.provider is None or not offer(used).enlarges:
        return None
    larger = _larger(used.provider, used.options, (picture.width or 1, picture.height or 1))
    return larger.model_dump(mode="json", exclude_unset=True) if larger is not None else None


def _larger(provider: AnyProvider, options: Any, size: tuple[int, int]) -> Options | None:
    try:
        larger: Options | None = provider.enlarged(options, size)
    except ValidationError:
        # The picture is narrower than the service allows, or the operator's limits leave no such size.
        return None
    return larger
