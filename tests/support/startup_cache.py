"""Caches slow steps of the bot's start, for all bots that the tests start in this process."""

import asyncio
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import EntryPoints, entry_points
from types import FunctionType, SimpleNamespace
from typing import Any
from unittest.mock import patch

from aiogram.client.session import aiohttp
from aiogram.dispatcher.event.handler import CallableObject, HandlerObject
from aiogram.filters import Filter
from aiogram.types import Update

from providers import registry


@contextmanager
def cached_startup() -> Iterator[None]:
    """Bots that are started here look once for what is installed and once at the handlers' parameters; a filter that
    waits for nothing is called at once, not in a thread."""
    with (
        cached_sessions(),
        patch.object(registry, "entry_points", _installed),
        patch.object(CallableObject, "__post_init__", _look_once),
        patch.object(CallableObject, "call", _call),
        patch.object(HandlerObject, "__post_init__", _look_at_handler_once),
    ):
        yield
    # aiogram keeps the types of the last 128 updates. Another bot's updates have the same numbers, and to tell them
    # apart takes longer than to find the type.
    event_type: Any = vars(Update)["event_type"].fget
    event_type.cache_clear()


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


_looked_at: dict[object, tuple[bool, set[str], bool]] = {}
_look = CallableObject.__post_init__


def _look_once(self: CallableObject) -> None:
    """Functions with the same code have the same parameters, as have filters of the same class; aiogram inspects
    hundreds of them for each bot."""
    function = getattr(self.callback, "__func__", self.callback)
    kind: object
    if isinstance(function, FunctionType) and not hasattr(function, "__wrapped__"):
        kind = function.__code__, function is self.callback
    elif isinstance(function, Filter):
        kind = type(function)
    else:
        _look(self)
        return
    if kind not in _looked_at:
        _look(self)
        _looked_at[kind] = self.awaitable, self.params, self.varkw
    self.awaitable, self.params, self.varkw = _looked_at[kind]


_look_at_handler = HandlerObject.__post_init__


def _look_at_handler_once(self: HandlerObject) -> None:
    """aiogram makes a handler with an empty function for each of hundreds of observers. Flags and wrapped functions are
    attributes of a function: one without attributes has none."""
    if isinstance(self.callback, FunctionType) and not vars(self.callback):
        _look_once(self)
    else:
        _look_at_handler(self)


async def _call(self: CallableObject, *args: Any, **kwargs: Any) -> Any:
    given = kwargs if self.varkw else {name: kwargs[name] for name in self.params & kwargs.keys()}
    result = self.callback(*args, **given)
    return await result if self.awaitable else result
