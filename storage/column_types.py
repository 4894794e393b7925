"""Column types that clean texts by the same rule for every database: `String`, `Text`, `JSON`.

PostgreSQL rejects NUL, SQLite accepts it; neither can encode a lone surrogate. Neither is meaningful text: a NUL is
removed, a lone surrogate becomes U+FFFD.
"""

import math
import re
from typing import Any

import sqlalchemy
from sqlalchemy import Dialect, TypeDecorator

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def clean(value: Any) -> Any:
    """The value without characters and numbers that a database rejects; lists and dictionaries are cleaned inside."""
    match value:
        case str():
            return UNSTORABLE.sub(_replacement, value) if UNSTORABLE.search(value) else value
        case float() if not math.isfinite(value):
            return None
        case list() | tuple():
            return [clean(one) for one in value]
        case dict():
            return {clean(key): clean(one) for key, one in value.items()}
    return value


def _replacement(found: re.Match[str]) -> str:
    return "" if found[0] == "\x00" else "\ufffd"


class String(TypeDecorator[str]):
    """A short text."""

    impl = sqlalchemy.String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        """Clean a value before it is stored."""
        return clean(value)


class Text(TypeDecorator[str]):
    """A text of any length."""

    impl = sqlalchemy.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        """Clean a value before it is stored."""
        return clean(value)


class JSON(TypeDecorator[Any]):
    """Any JSON value."""

    impl = sqlalchemy.JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Clean a value before it is stored."""
        return clean(value)
