"""Caches slow steps of the bot's start, for all bots that the tests start in this process."""

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
    """Within it, started bots look up entry points and the handlers' parameters only once."""
    aware = SimpleNamespace(**{**vars(inspect), "signature": _signature})
    with cached_sessions(), patch.object(registry, "entry_points", _installed), patch.object(handler, "inspect", aware):
        yield


@contextmanager
def cached_sessions() -> Iterator[None]:
    """Make aiogram's sessions cheap: it waits a quarter of a second after each close, and reads all certificates for
    each session, which takes as long as the rest of a bot's start."""
    with (
        patch.object(aiohttp, "asyncio", _WITHOUT_PAUSE),
        patch.object(ssl, "create_default_context", return_value=_certificates()),
    ):
        yield


async def _no_pause(_seconds: float) -> None:
    """Replaces aiogram's only sleep."""


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
    """Functions with the same code have the same parameters; aiogram inspects hundreds of them for each bot."""
    if not isinstance(of, FunctionType):
        return inspect.signature(of, **how)
    if of.__code__ not in _signatures:
        _signatures[of.__code__] = inspect.signature(of, **how)
    return _signatures[of.__code__]
