"""JSON that others have written: what it may hold is bounded, and whatever is wrong with it is a `ValueError`."""

from typing import Any

from pydantic_core import from_json

MOST_PARTS = 100_000
"""Objects, lists and their items in one text. 64 MB of `[],[],…` would take 1.3 GB; pictures in base64 are one each."""
MOST_BYTES_UNCOUNTED = 1 << 18
"""Of a text so short the parts need no counting."""


def read_json(text: bytes) -> Any:
    """What a JSON text says. It may be nested 200 deep (that is the parser's limit).

    Raises `ValueError`: it is no JSON or not UTF-8, has half a surrogate or a number such as NaN, is nested too deep or
    has too many parts.
    """
    if len(text) > MOST_BYTES_UNCOUNTED and sum(map(text.count, (b"[", b"{", b","))) > MOST_PARTS:
        raise ValueError(f"more than {MOST_PARTS} parts")
    return from_json(text, allow_inf_nan=False, cache_strings="none")
