"""pydantic's errors in words for somebody who writes a configuration file."""

from collections.abc import Mapping
from typing import Any, get_args

from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

NUMBER, WHOLE, TEXT, DAY = "a number", "a whole number", "text in quotes", "a day such as 2027-01-31"
LIST, TABLE, SWITCH, ADDRESS = 'a list such as ["a", "b"]', "a table", "true or false", "an address (https://…)"

KINDS = {
    "bool": SWITCH,
    "bytes": TEXT,
    "dataclass": TABLE,
    "date": DAY,
    "datetime": DAY,
    "decimal": NUMBER,
    "dict": TABLE,
    "finite": NUMBER,
    "float": NUMBER,
    "frozen": LIST,
    "int": WHOLE,
    "iterable": LIST,
    "list": LIST,
    "mapping": TABLE,
    "model": TABLE,
    "set": LIST,
    "string": TEXT,
    "tuple": LIST,
    "url": ADDRESS,
}
"""By the first word of an error's type: `int_parsing`, `int_type` and `int_from_float` all want a whole number."""
OTHERWISE = "can't be used as it is written"
BOUNDS = {
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "string_pattern_mismatch": OTHERWISE,
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "too_long": "must have at most {max_length} entries",
    "too_short": "must have at least {min_length} entries",
}
EMPTY = {"string_too_short", "too_short"}
"""With a least length of 1."""
OWN = {"value_error", "assertion_error"}
TYPES = frozenset(get_args(ErrorType))


def reason(fault: ErrorDetails) -> str:
    """The fault as the end of a sentence that begins with the key: "must be a whole number"."""
    kind, context = fault["type"], fault.get("ctx", {})
    if kind in OWN:
        return str(context.get("error", OTHERWISE))
    if kind not in TYPES:
        # A validator of ours has chosen the words.
        return fault["msg"]
    return _bound(kind, context) or _kind(kind)


def _bound(kind: str, context: Mapping[str, Any]) -> str:
    if kind in EMPTY and context.get("min_length") == 1:
        return "must not be empty"
    return BOUNDS[kind].format_map(context) if kind in BOUNDS else ""


def _kind(kind: str) -> str:
    wanted = KINDS.get(kind.split("_", maxsplit=1)[0])
    return f"must be {wanted}" if wanted else OTHERWISE
