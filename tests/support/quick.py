"""What a bot does at each start, done once for all the bots that the tests start in this process."""

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

from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.dispatcher.event import handler
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from providers import registry
from storage import postgres, sqlite


@contextmanager
def quick_start() -> Iterator[None]:
    """Bots that are started here look once for what is installed, and once at the handlers' parameters."""
    aware = SimpleNamespace(**{**vars(inspect), "signature": _signature})
    with quick_sessions(), patch.object(registry, "entry_points", _installed), patch.object(handler, "inspect", aware):
        yield


@contextmanager
def quick_sessions() -> Iterator[None]:
    """aiogram waits a quarter of a second after each close of a session, and reads all certificates anew for each,
    which takes as long as all else of a bot's start."""
    with (
        patch.object(AiohttpSession, "close", _close_at_once),
        patch.object(ssl, "create_default_context", return_value=_certificates()),
    ):
        yield


@contextmanager
def quick_statements() -> Iterator[None]:
    """A statement that one database has compiled is known to all: else each test would compile all that it needs."""
    known: dict[tuple[str, ...], tuple[Any, Any]] = {}

    def create(url: Any, **how: Any) -> AsyncEngine:
        engine = create_async_engine(url, **how)
        own = engine.sync_engine
        kind = (own.dialect.name, str(how.get("isolation_level")))
        # One that was never connected doesn't know yet what the database can do.
        if kind in known and known[kind][0].server_version_info:
            own.dialect, own._compiled_cache = known[kind]
            own.pool._dialect = own.dialect
        else:
            known[kind] = own.dialect, own._compiled_cache
        return engine

    with patch.object(sqlite, "create_async_engine", create), patch.object(postgres, "create_async_engine", create):
        yield


async def _close_at_once(session: AiohttpSession) -> None:
    if session._session is not None:
        await session._session.close()


@cache
def _certificates() -> ssl.SSLContext:
    return ssl.create_default_context()


def _installed(group: str) -> EntryPoints:
    return _found(group, tuple(sys.path))


@cache
def _found(group: str, _path: tuple[str, ...]) -> EntryPoints:
    return entry_points(group=group)


_signatures: dict[object, inspect.Signature] = {}


def _signature(of: Callable[..., object]) -> inspect.Signature:
    """Functions of one code have the same parameters; aiogram looks at hundreds of them for each bot."""
    if not isinstance(of, FunctionType):
        return inspect.signature(of)
    if of.__code__ not in _signatures:
        _signatures[of.__code__] = inspect.signature(of)
    return _signatures[of.__code__]
