"""Addresses in settings: where a service is, and which hosts are the operator's own."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from yarl import URL

Address = Annotated[str, StringConstraints(pattern="^https?://.+"), AfterValidator(lambda address: address.rstrip("/"))]
"""A setting that says where a service is; a slash at its end is left out."""


def origin(value: object) -> tuple[str, int] | None:
    """Host and port, where a setting's value is an address."""
    try:
        address = URL(value) if isinstance(value, str) else URL()
    except ValueError:
        return None
    is_web = address.scheme in {"http", "https"}
    return (address.host, address.port) if is_web and address.host and address.port else None
