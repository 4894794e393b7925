"""References in a service's request: most fields take a list of addresses, a few take one address."""

from collections.abc import Sequence
from dataclasses import replace

from providers.models import Model, ReferenceLimits

SINGLE = frozenset({"image", "image_url", "image_prompt", "input_image"})
"""The fields that take one address. Services that host many models know these names."""


def in_field(field: str, addresses: Sequence[str]) -> list[str] | str:
    """The value of a field for references, of which there is at least one."""
    return addresses[0] if field in SINGLE else list(addresses)


def limits_of_field(row: Model) -> ReferenceLimits | None:
    """A row's limits of references; one at most where its field takes one address."""
    if row.references and row.reference_field in SINGLE:
        return replace(row.references, count=1)
    return row.references
