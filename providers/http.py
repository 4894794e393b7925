"""HTTP calls to services: timeouts, bounded reading, and the meaning of each transport fault.

The question behind every fault is about money: can the service have taken the request? There are two cases.

- It certainly did not (no name, refused, no TLS, no connection in time): `ProviderUnavailableError`, retry later.
- It may have (the connection broke; the answer never came, was incomplete, or is a gateway's page). For a call that
  pays (`paying=True`) this is `OutcomeUnknownError`. For a query it is `ProviderUnavailableError`: repeating it costs
  nothing.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
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

from providers.errors import (
    InvalidRequestError,
    MisconfiguredError,
    OutcomeUnknownError,
    ProviderBusyError,
    ProviderError,
    ProviderUnavailableError,
    Sentence,
)
from providers.proxies import ProxyFailedError
from providers.retry_after import retry_after

# The connect limit is below the total, so the total can only run out after the request was sent.
QUERY_TIMEOUT = ClientTimeout(total=30, connect=10)
SUBMIT_TIMEOUT = ClientTimeout(total=120, connect=10)
"""For a call that uploads up to 10 MB: at 100 KB/s that alone takes 100 s."""

MOST_STREAM_EVENTS = 10_000
"""The most events of one stream."""

TOO_LATE_OR_EARLY = frozenset({408, 425})
"""Statuses that may be a gateway's, sent while the service already has the request."""

PROXY_REFUSES_LOGIN = 407
"""The status by which an HTTP proxy refuses a user name and password, or asks for them."""

UNREACHABLE_RETRY_SECONDS = 5.0
"""The delay before a service that could not be reached is tried again."""

_NOT_REACHED = (
    ClientConnectorError,  # DNS, refused, TLS and certificate faults are subclasses
    ConnectionTimeoutError,
    ClientHttpProxyError,
    ServerFingerprintMismatch,
    InvalidURL,
    NonHttpUrlClientError,
)
_TOO_BIG = Sentence("The request is too big for the image service. Send fewer or smaller pictures.")


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer: `status`, `headers` (case-insensitive), `body` within the caller's limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def retry_after(self) -> float | None:
        """Seconds that the headers ask to wait, see `providers.retry_after`."""
        return retry_after(self.headers)


async def call(
    session: ClientSession,
    method: str,
    url: str,
    *,
    paying: bool,
    data: bytes | FormData | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: ClientTimeout = QUERY_TIMEOUT,
    most: int = 1 << 20,
) -> Answer:
    """Send one request; return its answer of at most `most` bytes, whatever the status. No redirects are followed.

    Query values in `url` must already be encoded. `paying`: the service may charge for this call.
    Raises `ProviderBusyError` (nothing was taken). When the answer is lost, raises `OutcomeUnknownError` if paying,
    else `ProviderBusyError`.
    """
    if session.closed:
        raise ProviderBusyError(detail="the HTTP session is closed")
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
        raise ProviderUnavailableError(retry_after=UNREACHABLE_RETRY_SECONDS, detail=_say(error)) from error
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
    timeout: ClientTimeout = SUBMIT_TIMEOUT,
    most: int = 64 << 20,
) -> AsyncGenerator[Answer | ServerEvent, None]:
    """Send one paying POST that is answered by server-sent events (https://html.spec.whatwg.org, 9.2).

    Yields the events, or one `Answer` where the service answers in another form (an error). `most`: bytes in total.
    Raises `ProviderBusyError` (nothing was taken) or `OutcomeUnknownError`, also when the stream breaks off.
    """
    if session.closed:
        raise ProviderBusyError(detail="the HTTP session is closed")
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
        raise ProviderUnavailableError(retry_after=UNREACHABLE_RETRY_SECONDS, detail=_say(error)) from error
    except (ClientError, TimeoutError, OSError, _TooLongError) as error:
        raise OutcomeUnknownError(detail=_say(error)) from error


async def _events(response: ClientResponse, most: int) -> AsyncGenerator[ServerEvent, None]:
    """Read the events by chunks: a preview is longer than aiohttp's limit for a line."""
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
                if count > MOST_STREAM_EVENTS:
                    response.close()
                    raise _TooLongError(f"the stream has more than {MOST_STREAM_EVENTS} events")


def lost(detail: str, *, paying: bool) -> ProviderError:
    """The error for a missing or incomplete answer: the service may have taken the request."""
    return OutcomeUnknownError(detail=detail) if paying else ProviderUnavailableError(detail=detail)


def unreadable(answer: Answer, *, paying: bool) -> ProviderError:
    """The error for an answer that is not the service's own JSON but a gateway's, a proxy's or a firewall's.

    3xx and 4xx: the request did not reach the service (413: too big). 408, 425, 502 and 504: it may have. So may a 503:
    some gateways (Envoy) send it also when the service breaks off in mid-request. Only with `Retry-After` does it mean
    "not now". 2xx and other 5xx: unknown.
    """
    detail = f"HTTP {answer.status}, not JSON: {answer.body[:200]!r}"
    if answer.status in TOO_LATE_OR_EARLY and paying:
        return lost(detail, paying=True)
    if answer.status in TOO_LATE_OR_EARLY | {429} or (answer.status == 503 and answer.retry_after is not None):
        return ProviderBusyError(retry_after=answer.retry_after, detail=detail)
    if answer.status == 413:
        return InvalidRequestError(_TOO_BIG, detail=detail)
    if answer.status == PROXY_REFUSES_LOGIN:
        # From a proxy that fetches an http address; for an https one it refuses the connection.
        return ProviderUnavailableError(retry_after=UNREACHABLE_RETRY_SECONDS, detail="the proxy refuses the password")
    if 300 <= answer.status < 500:
        advice = f"the service's address answers HTTP {answer.status}, not as the service does: check the endpoint"
        return MisconfiguredError(advice, detail=detail)
    return lost(detail, paying=paying)


class _TooLongError(Exception):
    pass


def _in_pieces(data: bytes | FormData | None) -> BytesIO | FormData | None:
    """A body that is sent in pieces; bytes are sent at once, which blocks the event loop."""
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
    # A proxy's failure is a sentence for the operator.
    return str(error) if isinstance(error, ProxyFailedError) else f"{type(error).__name__}: {error}"
