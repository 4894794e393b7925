"""What people call the image services, and what they have made."""

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
"""The option that every provider calls so, if it has one."""
ENLARGED = "🔍"
"""The style that a larger picture is asked for with."""
STYLE = "style"
"""The option of the bot's own that names a style."""


def title(providers: Providers, name: str) -> str:
    """The name people see; of two accounts at one service also the operator's own. One that is gone: that alone."""
    provider = providers.get(name)
    if provider is None:
        return name
    twins = [other for other in providers.values() if other.title == provider.title]
    return brand(provider) if len(twins) == 1 else f"{brand(provider)} ({name})"


def brand(provider: AnyProvider) -> str:
    """What the service calls itself in the language at hand: "Jimeng", "即梦"."""
    return _(provider.title)


def maker(providers: Providers, job: Job) -> str:
    """What made a job's pictures: "Jimeng 4.6"."""
    return model(providers, job.provider, job.options)


def model(providers: Providers, name: str, options: Mapping[str, Any]) -> str:
    """What this provider makes pictures with when it is given these options: "Jimeng 4.6"."""
    provider = providers.get(name)
    if provider is None:
        return name
    known = _read(provider, options)
    return brand(provider) if known is None else provider.model_name(known).replace(provider.title, brand(provider), 1)


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be done with a picture of a job. `shapes`: those to choose from; `references`: whether the service takes
    pictures; `enlarges`: whether it can make one as large as it can, from a smaller one."""

    shapes: tuple[str, ...] = ()
    references: bool = False
    enlarges: bool = False


def offer(providers: Providers, job: Job) -> Offer:
    """What the provider of a job offers; nothing where it is gone."""
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
    """The options for making a picture of a job anew as large as its service can; None where it can't."""
    provider = providers.get(job.provider)
    options = _read(provider, job.options) if provider else None
    if provider is None or options is None or not offer(providers, job).enlarges:
        return None
    try:
        larger = provider.enlarged(options, (picture.width or 1, picture.height or 1))
    except ValidationError:
        # It is thinner than what the service draws.
        return None
    return larger.model_dump(mode="json", exclude_unset=True) if larger is not None else None


def _read(provider: AnyProvider, options: Mapping[str, Any]) -> BaseModel | None:
    """None: an older version stored options that this one no longer knows."""
    try:
        known: BaseModel = provider.Options.model_validate(options)
    except ValidationError:
        return None
    return known
