"""What people call the image services, and what they have made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from providers.options import flags
from providers.registry import AnyProvider
from storage.records import Job

Providers = Mapping[str, AnyProvider]
SHAPE = "ar"
"""The option that every provider calls so, if it has one."""


def title(providers: Providers, name: str) -> str:
    """The name people see; of two accounts at one service also the operator's own. One that is gone: that alone."""
    provider = providers.get(name)
    if provider is None:
        return name
    twins = [other for other in providers.values() if other.title == provider.title]
    return provider.title if len(twins) == 1 else f"{provider.title} ({name})"


def maker(providers: Providers, job: Job) -> str:
    """What made a job's pictures: "Jimeng 4.6"."""
    return model(providers, job.provider, job.options)


def model(providers: Providers, name: str, options: Mapping[str, Any]) -> str:
    """What this provider makes pictures with when it is given these options: "Jimeng 4.6"."""
    provider = providers.get(name)
    if provider is None:
        return name
    try:
        return provider.model_name(provider.Options.model_validate(options))
    except ValidationError:
        # An older version stored options that this one no longer knows.
        return provider.title


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
    try:
        options = provider.Options.model_validate(job.options)
    except ValidationError:
        return Offer()
    shape = next((flag for flag in flags(provider.Options) if flag.name == SHAPE), None)
    references = provider.reference_limits(options) is not None
    enlarged = provider.enlarged(options, (1, 1)) if references else None
    return Offer(shape.choices if shape else (), references, enlarged is not None and enlarged != options)
