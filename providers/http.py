"""One place for timeouts, for bounded reading, and for saying what a fault on the way to a service means.

The question behind every fault is about money: can the service have taken the request? Two cases are told apart.

- It certainly did not (no name, refused, no TLS, no connection in time): `Unavailable`, ask again later.
- It may have (the connection broke, the answer never came, came in pieces, or is a gateway's page): for a call that
  pays (`paying=True`) that is `OutcomeUnknown`, for a question it is `Unavailable`: asking again costs nothing.
"""

import re
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from io import BytesIO

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientHttpProxyError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    FormData,
    InvalidURL,
    NonHttpUrlClientError,
    ServerFingerprintMismatch,
)
from yarl import URL

from providers.errors import Busy, InvalidRequest, Misconfigured, OutcomeUnknown, ProviderError, Sentence, Unavailable

# A connect limit below the total makes sure that the total can only run out after the request has left.
QUESTION = ClientTimeout(total=30, connect=10)
SUBMIT = ClientTimeout(total=120, connect=10)
"""For a call that carries up to 10 MB upwards: at 100 KB/s that alone takes 100 s."""

MOST_EVENTS = 10_000
"""Events of one stream."""

RETRY = 5.0
"""Seconds after which a service that could not be reached is worth another try."""

_NOT_REACHED = (
    ClientConnectorError,  # DNS, refused, TLS and certificate faults are kinds of it
    ConnectionTimeoutError,
    ClientHttpProxyError,
    ServerFingerprintMismatch,
    InvalidURL,
    NonHttpUrlClientError,
)
_TOO_BIG = Sentence("The request is too big for the image service. Send fewer or smaller pictures.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, read whole: `status`, `headers` (case-insensitive), `body` within the caller's bound."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def retry_after(self) -> float | None:
        """Seconds that the service asks to wait; None where it doesn't, or says what makes no sense.

        As a number or as a date (RFC 9110, 10.2.3), which is read by the service's own clock, or in milliseconds.
        """
        if (milliseconds := _number(self.headers.get("Retry-After-Ms", ""))) is not None:
            return milliseconds / 1000
        value = self.headers.get("Retry-After", "")
        if (seconds := _number(value)) is not None:
            return seconds
        until, now = _time(value), _time(self.headers.get("Date", ""))
        return None if until is None else max(0.0, until - (time.time() if now is None else now))


def _number(text: str) -> float | None:
    """A number that is not negative; infinite where it has too many digits."""
    return float(text) if re.fullmatch(r"\s*[0-9]+(\.[0-9]*)?\s*", text) else None


def _time(text: str) -> float | None:
    """Seconds since 1970 of a date as HTTP writes it."""
    try:
        when = parsedate_to_datetime(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


async def call(
    session: ClientSession,
    method: str,
    url: str,
    *,
    paying: bool,
    data: bytes | FormData | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: ClientTimeout = QUESTION,
    most: int = 1 << 20,
) -> Answer:
    """One request with its answer of at most `most` bytes, whatever the status; redirects are not followed.

    Query values in `url` must already be encoded. `paying`: the service may charge for this call.
    Raises `Busy` (nothing was taken) or, when the answer is lost, `OutcomeUnknown` if paying and `Busy` if not.
    """
    if session.closed:
        raise Busy(detail="the HTTP session is closed")
    try:
        async with session.request(
            method,
            URL(url, encoded=True),
            data=_in_pieces(data),
            headers=headers,
            timeout=timeout,
            allow_redirects=False,
            raise_for_status=False,
        ) as response:
            return Answer(response.status, response.headers, await _read(response, most))
    except _NOT_REACHED as error:
        raise Unavailable(retry_after=RETRY, detail=_say(error)) from error
    except (ClientError, TimeoutError, OSError, _TooLongError) as error:
        raise lost(_say(error), paying=paying) from error


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event of a stream of server-sent events: its `data`."""

    data: str


async def stream(
    session: ClientSession,
    url: str,
    *,
    data: bytes | FormData,
    headers: Mapping[str, str] | None = None,
    timeout: ClientTimeout = SUBMIT,
    most: int = 64 << 20,
) -> AsyncGenerator[Answer | ServerEvent, None]:
    """One paying POST whose answer comes as server-sent events (https://html.spec.whatwg.org, 9.2).

    Yields the events, or one `Answer` where the service answers otherwise (an error). `most`: bytes of all together.
    Raises `Busy` (nothing was taken) or `OutcomeUnknown`, also when the stream breaks off.
    """
    if session.closed:
        raise Busy(detail="the HTTP session is closed")
    try:
        async with session.post(
            URL(url, encoded=True),
            data=_in_pieces(data),
            headers=headers,
            timeout=timeout,
            allow_redirects=False,
            raise_for_status=False,
        ) as response:
            if response.status != 200 or response.content_type != "text/event-stream":
                yield Answer(response.status, response.headers, await _read(response, most))
                return
            async for event in _events(response, most):
                yield event
    except _NOT_REACHED as error:
        raise Unavailable(retry_after=RETRY, detail=_say(error)) from error
    except (ClientError, TimeoutError, OSError, _TooLongError) as error:
        raise OutcomeUnknown(detail=_say(error)) from error


async def _events(response: ClientResponse, most: int) -> AsyncGenerator[ServerEvent, None]:
    """Lines come in pieces of any size: a preview is longer than what the reader takes for a line."""
    rest, lines, size, count = bytearray(), list[str](), 0, 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > most:
            response.close()
            raise _TooLongError(f"the stream is longer than {most} bytes")
        rest += chunk
        *whole, last = rest.split(b"\n") if b"\n" in chunk else [rest]
        rest = bytearray(last)
        for line in whole:
            text = line.decode("utf-8", "replace").rstrip("\r")
            if text.startswith("data:"):
                lines.append(text[5:].removeprefix(" "))
            elif not text and lines:
                yield ServerEvent("\n".join(lines))
                lines, count = [], count + 1
                if count > MOST_EVENTS:
                    response.close()
                    raise _TooLongError(f"the stream has more than {MOST_EVENTS} events")


def lost(detail: str, *, paying: bool) -> ProviderError:
    """The error for an answer that never came whole: the request may have been taken."""
    return OutcomeUnknown(detail=detail) if paying else Unavailable(detail=detail)


def unreadable(answer: Answer, *, paying: bool) -> ProviderError:
    """The error for an answer that is not the service's own JSON: a gateway, a proxy or a firewall spoke.

    3xx and 4xx: the request was turned away before the service (408: it never came whole; 413: too big). 502 and 504:
    it may have gone through. So may a 503: some gateways (Envoy) say it also when a service breaks off in mid-request;
    only with `Retry-After` is it a plain "not now". 2xx and other 5xx: not known.
    """
    detail = f"HTTP {answer.status}, not JSON: {answer.body[:200]!r}"
    if answer.status in {408, 425, 429} or (answer.status == 503 and answer.retry_after is not None):
        return Busy(retry_after=answer.retry_after, detail=detail)
    if answer.status == 413:
        return InvalidRequest(_TOO_BIG, detail=detail)
    if 300 <= answer.status < 500:
        advice = f"the service's address answers HTTP {answer.status}, not as the service does: check the endpoint"
        return Misconfigured(advice, detail=detail)
    return lost(detail, paying=paying)


class _TooLongError(Exception):
    pass


def _in_pieces(data: bytes | FormData | None) -> BytesIO | FormData | None:
    """A body that goes out in pieces; bytes would hold the loop up."""
    return BytesIO(data) if isinstance(data, bytes) else data


async def _read(response: ClientResponse, most: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > most:
            response.close()
            raise _TooLongError(f"the answer is longer than {most} bytes")
    return bytes(body)


def _say(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
