"""Parsing of untrusted JSON: its size is bounded, and every fault in it is a `ValueError`."""

from typing import Any

from pydantic_core import from_json

MOST_PARTS = 100_000
"""Objects, lists and their items in one text. 64 MB of `[],[],…` would take 1.3 GB; a base64 picture is one."""
UNCOUNTED_BYTES = 1 << 18
"""The parts of a text up to this length are not counted."""


def read_json(text: bytes) -> Any:
    """Parse a JSON text. It may be nested 200 deep (the parser's limit).

    Raises `ValueError`: it is no JSON or not UTF-8, holds half a surrogate or a number such as NaN, is nested too deep
    or has too many parts.
    """
    if len(text) > UNCOUNTED_BYTES and sum(map(text.count, (b"[", b"{", b","))) > MOST_PARTS:
        raise ValueError(f"more than {MOST_PARTS} parts")
    return from_json(text, allow_inf_nan=False, cache_strings="none")
