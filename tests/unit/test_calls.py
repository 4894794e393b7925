"""The bot remembers over restarts whether a provider's callbacks arrive, and forgets it when its address changes."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.jobs.calls import Calls
from storage.store import Store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(f"sqlite:///{tmp_path}/bot.db")
    yield store
    await store.aclose()


def at(public: str) -> Callable[[int], str | None]:
    return lambda task_id: f"{public}/callbacks/{task_id}"


async def expects(store: Store, public: str, provider: str = "jimeng") -> bool:
    """Whether a process started with this address relies on callbacks."""
    calls = Calls(store, at(public))
    await calls.load(["jimeng", "other"])
    callback = calls.callback(7, provider)
    assert callback
    assert callback.url == f"{public}/callbacks/7"
    return callback.is_expected()


async def test_calls_are_expected_where_one_has_come(store: Store) -> None:
    assert not await expects(store, "https://bot.example")
    calls = Calls(store, at("https://bot.example"))
    callback = calls.callback(1, "jimeng")
    await calls.arrived("jimeng")
    assert callback
    assert callback.is_expected(), "also by who watches already"
    assert await expects(store, "https://bot.example")
    assert not await expects(store, "https://bot.example", "other")
    assert not await expects(store, "https://new.example"), "nothing has arrived there yet"
    await calls.missed("jimeng")
    assert not callback.is_expected()
    assert not await expects(store, "https://bot.example")


async def test_without_an_address_there_are_no_callbacks(store: Store) -> None:
    calls = Calls(store, lambda _id: None)
    await calls.load(["jimeng"])
    assert calls.callback(1, "jimeng") is None
