"""The names of providers and models for people, and what can be done with a provider's pictures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiogram.utils.i18n import gettext as _
from pydantic import BaseModel, ValidationError

from providers.options import flags
from providers.registry import AnyProvider
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
        return name
    twins = [other for other in providers.values() if other.title == provider.title]
    return brand(provider) if len(twins) == 1 else f"{brand(provider)} ({name})"


def brand(provider: AnyProvider) -> str:
    """The service's own name in the current language: "Jimeng", "即梦"."""
    return _(provider.title)


def model_of_job(providers: Providers, job: Job) -> str:
    """The model that made a job's pictures: "Jimeng 4.6"."""
    return model(providers, job.provider, job.options)


def model(providers: Providers, name: str, options: Mapping[str, Any]) -> str:
    """The model that this provider uses with these options: "Jimeng 4.6"."""
    provider = providers.get(name)
    if provider is None:
        return name
    known = _read(provider, options)
    return brand(provider) if known is None else provider.model_name(known).replace(provider.title, brand(provider), 1)


@dataclass(frozen=True, slots=True)
class Offer:
    """The actions that a provider offers for a job's picture. `shapes`: the aspect ratios to choose from; `references`:
    whether it takes pictures; `enlarges`: whether it can make a larger picture from a smaller one."""

    shapes: tuple[str, ...] = ()
    references: bool = False
    enlarges: bool = False


def offer(providers: Providers, job: Job) -> Offer:
    """The actions that a job's provider offers; none if it was removed."""
    provider = providers.get(job.provider)
    if provider is None:
        return Offer()
    options = _read(provider, job.options)
    if options is None:
        return Offer()
    shape = next((flag for flag in flags(provider.Options) if flag.name == SHAPE), None)
    references = provider.reference_limits(options) is not None
    enlarged = provider.enlarged(options, (1, 1)) if references else None
    return Offer(shape.choices if shape else (), references, enlarged is not None and enlarged != options)


def enlarged(providers: Providers, job: Job, picture: Picture) -> dict[str, Any] | None:
    """The options for making a job's picture again as large as the provider can; None if it can't."""
    provider = providers.get(job.provider)
    options = _read(provider, job.options) if provider else None
    if provider is None or options is None or not offer(providers, job).enlarges:
        return None
    try:
        larger = provider.enlarged(options, (picture.width or 1, picture.height or 1))
    except ValidationError:
        # The picture is narrower than the service allows.
        return None
    return larger.model_dump(mode="json", exclude_unset=True) if larger is not None else None


def _read(provider: AnyProvider, options: Mapping[str, Any]) -> BaseModel | None:
    """Stored options as a model; None: an older version stored options that this one no longer knows."""
    try:
        known: BaseModel = provider.Options.model_validate(options)
    except ValidationError:
        return None
    return known
