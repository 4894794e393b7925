"""The recorded calls of a simulator: requests and answers, without keys and base64."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from providers.json_reader import read_json

MAX_STRING_LENGTH = 200
"""A longer string is cut: pictures come as base64."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of `ms` milliseconds; `status` 0: the connection was broken. Headers, and so keys, are left out."""

    name: str
    status: int
    ms: float
    request: Any
    response: Any


async def recorded(name: str, ms: float, request: web.Request, response: web.StreamResponse | None) -> Call:
    """The record of a call that has ended; `response` None: the connection was broken."""
    sent = _summed(await request.read()) if request.content_type == "application/json" else request.content_type
    body = response.body if isinstance(response, web.Response) and response.content_type.endswith("json") else b""
    got = _summed(body) if isinstance(body, bytes) and body else response.content_type if response else None
    return Call(name, response.status if response is not None else 0, ms, sent, got)


def _summed(body: bytes) -> Any:
    try:
        return _shortened(read_json(body))
    except ValueError:
        return str(body[:MAX_STRING_LENGTH], "utf-8", "replace")


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shortened(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_shortened(one) for one in value]
    is_long = isinstance(value, str) and len(value) > MAX_STRING_LENGTH
    return f"{value[:40]}… ({len(value)} characters)" if is_long else value
