"""The wait that a service asks for, in a header or in the JSON of its answer."""

import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

MOST_WORDS = 2000
"""Characters of a message in which a wait is looked for."""

_IN_WORDS = re.compile(
    r"\b(?:resets|available|try again|retry) (?:in|after) ~?(?:([0-9]{1,4})h ?)?(?:([0-9]{1,4})m ?)?"
    r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?(ms|s|secs?|seconds?)\b",
    re.IGNORECASE,
)
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)s")


def retry_after(headers: Mapping[str, str], spoken: object = None) -> float | None:
    """Seconds that a service asks to wait; None where it asks for none, or the value makes no sense.

    `headers` (case-insensitive) go first, then `spoken`, the answer's parsed JSON.
    """
    seconds = _of_headers(headers)
    return next(_of_json(spoken), None) if seconds is None else seconds


def _of_headers(headers: Mapping[str, str]) -> float | None:
    """A number or a date (RFC 9110, 10.2.3), compared with the service's own clock, or milliseconds."""
    if (milliseconds := _number(headers.get("Retry-After-Ms", ""))) is not None:
        return milliseconds / 1000
    value = headers.get("Retry-After", "")
    if (seconds := _number(value)) is not None:
        return seconds
    until, now = _time(value), _time(headers.get("Date", ""))
    return None if until is None else max(0.0, until - (time.time() if now is None else now))


def _of_json(spoken: object) -> Iterator[float]:
    """Every wait in an answer, the exact ones first."""
    first = spoken[0] if isinstance(spoken, list) and spoken else spoken
    answer = first if isinstance(first, dict) else {}
    inner = answer.get("error")
    error = inner if isinstance(inner, dict) else {}
    for given in (answer.get("retry_after"), error.get("retry_after")):
        if not isinstance(given, bool) and (seconds := _number(str(given))) is not None:
            yield seconds
    yield from _of_google(error.get("details"))
    for words in (answer.get("detail"), answer.get("message"), error.get("message"), inner):
        if isinstance(words, str) and (found := _IN_WORDS.search(words[:MOST_WORDS])):
            yield _seconds(*found.groups())


def _seconds(hours: str | None, minutes: str | None, number: str, unit: str) -> float:
    whole = 3600 * int(hours or 0) + 60 * int(minutes or 0)
    return whole + float(number) / (1000 if unit.lower() == "ms" else 1)


def _of_google(details: object) -> Iterator[float]:
    """Google's RetryInfo: `{"@type": "…RetryInfo", "retryDelay": "53s"}` among the details of an error."""
    for one in details if isinstance(details, list) else ():
        given = one.get("retryDelay") if isinstance(one, dict) else None
        if isinstance(given, str) and (found := _DURATION.fullmatch(given)):
            yield float(found[1])


def _number(text: str) -> float | None:
    """A number that is not negative, or None; infinite where it has too many digits."""
    return float(text) if re.fullmatch(r"\s*[0-9]+(\.[0-9]*)?\s*", text) else None


def _time(text: str) -> float | None:
    """Seconds since 1970 of an HTTP date; None where it is none."""
    try:
        when = parsedate_to_datetime(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
