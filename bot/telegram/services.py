"""What people call the image services, and what they have made."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from providers.registry import AnyProvider
from storage.records import Job

Providers = Mapping[str, AnyProvider]


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
