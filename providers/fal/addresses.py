"""The three addresses of a request in fal's queue, and the ticket that holds them.

The service names them in its answer. Only their paths are kept, below the configured endpoint: the account's key is
never sent anywhere else, and a proxy stays in between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a request's state and result are read, and where it is cancelled."""

    status: str
    response: str
    cancel: str

    @classmethod
    def of(cls, endpoint: str, ticket: str) -> "Addresses":
        """The addresses of a ticket. Older tickets are app and request id: `fal-ai/flux/dev#764c…`."""
        if ticket.startswith("/"):
            status, response, cancel = (f"{endpoint}{path}" for path in ticket.split(" "))
            return cls(status, response, cancel)
        app, _mark, request_id = ticket.partition("#")
        return cls.of(endpoint, " ".join(_usual(app, request_id)))


def ticket_of(endpoint: str, app: str, request_id: str, given: Sequence[str]) -> str:
    """The ticket: the paths of the addresses `given` for status, response and cancel, or the usual ones for "" ."""
    usual = _usual(app, request_id)
    return " ".join(_path(endpoint, url) or path for url, path in zip(given, usual, strict=True))


def _usual(app: str, request_id: str) -> tuple[str, str, str]:
    """The documented paths. They have only the first two parts of an app's name."""
    base = f"/{'/'.join(app.split('/')[:2])}/requests/{request_id}"
    return f"{base}/status", base, f"{base}/cancel"


def _path(endpoint: str, url: str) -> str:
    """The path and query of an address, below the endpoint's own path; "" where it can't be used."""
    try:
        parts = urlsplit(url)
        prefix = urlsplit(endpoint).path.rstrip("/")
    except ValueError:
        return ""
    path = parts.path.removeprefix(prefix) if prefix and parts.path.startswith(f"{prefix}/") else parts.path
    whole = f"{path}?{parts.query}" if parts.query else path
    is_good = whole.startswith("/") and whole.isascii() and whole.isprintable() and " " not in whole
    return whole if is_good else ""
