"""Every operation of the store builds its statements once, on each database: called again, it compiles nothing."""

import inspect
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from storage.operations import Operations
from storage.store import Store
from tests.support.store_calls import ALL, Calls


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


@pytest.mark.parametrize("calls", ALL, ids=lambda calls: calls.__name__.strip("_"))
async def test_an_operation_that_is_called_again_compiles_nothing(store: Store, calls: Calls) -> None:
    statements = store.database.backend.statements
    await calls(store, 100)
    known = statements.compilations
    await calls(store, 300)
    assert statements.compilations == known


async def test_no_operation_is_left_out(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = {f"{kind.__name__}.{name}" for kind, name in _operations()}

    def noted(kind: type[Operations], name: str) -> None:
        real = getattr(kind, name)

        def operation(*args: Any, **kwargs: Any) -> Any:
            missing.discard(f"{kind.__name__}.{name}")
            return real(*args, **kwargs)

        monkeypatch.setattr(kind, name, operation)

    for kind, name in _operations():
        noted(kind, name)
    for number, calls in enumerate(ALL, start=1):
        await calls(store, number * 100)
    assert missing == set()


def _operations() -> Iterator[tuple[type[Operations], str]]:
    """The public operations of the store, with their classes."""
    for kind in Operations.__subclasses__():
        for name, method in list(vars(kind).items()):
            is_operation = inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method)
            if kind.__module__.startswith("storage.") and is_operation and not name.startswith("_"):
                yield kind, name
