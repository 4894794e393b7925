"""What a bot does at each start, done once for all the bots that the tests start in this process."""

import asyncio
import inspect
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import EntryPoints, entry_points
from types import FunctionType, SimpleNamespace
from typing import Any
from unittest.mock import patch

from aiogram.client.session import aiohttp
from aiogram.dispatcher.event import handler

from providers import registry


@contextmanager
def cached_startup() -> Iterator[None]:
    """Bots that are started here look once for what is installed, and once at the handlers' parameters."""
    aware = SimpleNamespace(**{**vars(inspect), "signature": _signature})
    with cached_sessions(), patch.object(registry, "entry_points", _installed), patch.object(handler, "inspect", aware):
        yield


@contextmanager
def cached_sessions() -> Iterator[None]:
    """aiogram waits a quarter of a second after each close of a session, and reads all certificates anew for each,
    which takes as long as all else of a bot's start."""
    with (
        patch.object(aiohttp, "asyncio", _WITHOUT_PAUSE),
        patch.object(ssl, "create_default_context", return_value=_certificates()),
    ):
        yield


async def _no_pause(_seconds: float) -> None:
    """In the place of aiogram's only sleep."""


_WITHOUT_PAUSE = SimpleNamespace(**{**vars(asyncio), "sleep": _no_pause})


@cache
def _certificates() -> ssl.SSLContext:
    return ssl.create_default_context()


def _installed(group: str) -> EntryPoints:
    return _found(group, tuple(sys.path))


@cache
def _found(group: str, _path: tuple[str, ...]) -> EntryPoints:
    return entry_points(group=group)


_signatures: dict[object, inspect.Signature] = {}


def _signature(of: Callable[..., object], **how: Any) -> inspect.Signature:
    """Functions of one code have the same parameters; aiogram looks at hundreds of them for each bot."""
    if not isinstance(of, FunctionType):
        return inspect.signature(of, **how)
    if of.__code__ not in _signatures:
        _signatures[of.__code__] = inspect.signature(of, **how)
    return _signatures[of.__code__]
