"""Texts as every database keeps them, by the same rule on each.

PostgreSQL takes no NUL, and no encoding knows half of a surrogate pair; SQLite takes the one and not the other. Whoever
sent them meant neither: a NUL is left out, a lone half becomes U+FFFD.
"""

import math
import re
from typing import Any

import sqlalchemy
from sqlalchemy import Dialect, TypeDecorator

_NEVER = re.compile("[\x00\ud800-\udfff]")


def clean(value: Any) -> Any:
    """A text, or all texts within what JSON is made of, with nothing that a database refuses."""
    match value:
        case str():
            return _NEVER.sub(_instead, value) if _NEVER.search(value) else value
        case float() if not math.isfinite(value):
            return None
        case list() | tuple():
            return [clean(one) for one in value]
        case dict():
            return {clean(key): clean(one) for key, one in value.items()}
    return value


def _instead(found: re.Match[str]) -> str:
    return "" if found[0] == "\x00" else "\ufffd"


class String(TypeDecorator[str]):
    """A short text."""

    impl = sqlalchemy.String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        """On its way into the database."""
        return clean(value)


class Text(TypeDecorator[str]):
    """A text of any length."""

    impl = sqlalchemy.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        """On its way into the database."""
        return clean(value)


class JSON(TypeDecorator[Any]):
    """Anything that JSON can say."""

    impl = sqlalchemy.JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """On its way into the database."""
        return clean(value)
