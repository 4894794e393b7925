"""Whether a provider's calls arrive is known after a restart, and forgotten when the bot's address changes."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.jobs.calls import Calls
from bot.jobs.context import JobContext
from bot.jobs.ports import NOWHERE, Addresses
from bot.jobs.worker import Worker
from providers.base import ProviderSettings
from storage.store import Store
from tests.support.fakes import FakeProvider, RecordingNotifier


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(f"sqlite:///{tmp_path}/bot.db")
    yield store
    await store.aclose()


def at(public: str) -> Callable[[int], str | None]:
    return lambda task_id: f"{public}/callbacks/{task_id}"


def calls_at(store: Store, address: Callable[[int], str | None]) -> Calls:
    providers = {name: FakeProvider(ProviderSettings()) for name in ("jimeng", "other")}
    addresses = Addresses(NOWHERE.references, address)
    return Calls(JobContext(store, providers, RecordingNotifier(store), Worker(store), addresses))


async def expects(store: Store, public: str, provider: str = "jimeng") -> bool:
    """Whether a process that starts there waits for calls."""
    calls = calls_at(store, at(public))
    await calls.open()
    callback = calls.callback(7, provider)
    assert callback
    assert callback.url == f"{public}/callbacks/7"
    return callback.is_expected()


async def test_calls_are_expected_where_one_has_come(store: Store) -> None:
    assert not await expects(store, "https://bot.example")
    calls = calls_at(store, at("https://bot.example"))
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
    calls = calls_at(store, lambda _id: None)
    await calls.open()
    assert calls.callback(1, "jimeng") is None
