"""Addresses in a provider's settings: the type `Address`, and the host and port of a value."""

import re
from typing import Annotated

from pydantic import AfterValidator
from yarl import URL


def _web_address(value: str) -> str:
    if not re.match("https?://.", value):
        raise ValueError("must be an address that starts with https:// (or http://)")
    return value.rstrip("/")


Address = Annotated[str, AfterValidator(_web_address)]
"""A service's address as a setting. A slash at its end is removed."""


def origin(value: object) -> tuple[str, int] | None:
    """Host and port of a setting's value; None when it is no http(s) address."""
    try:
        address = URL(value) if isinstance(value, str) else URL()
    except ValueError:
        return None
    is_web = address.scheme in {"http", "https"}
    return (address.host, address.port) if is_web and address.host and address.port else None
