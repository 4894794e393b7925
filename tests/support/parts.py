"""An engine for tests, wired as in the product."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from bot.engine_wiring import EngineParts, wire_engine
from bot.jobs.context import JobContext
from bot.jobs.ports import NOWHERE, Addresses, JobNotifier
from bot.jobs.retry import Sleep
from bot.jobs.worker import Worker
from providers.base import Provider
from storage.store import Store


def engine_parts(
    store: Store,
    providers: Mapping[str, Provider[Any, Any]],
    notifier: JobNotifier,
    *,
    addresses: Addresses = NOWHERE,
    sleep: Sleep = asyncio.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> EngineParts:
    """An engine that is not open yet. `monotonic`: the clock of its lease."""
    worker = Worker(store, clock=monotonic)
    return wire_engine(JobContext(store, providers, notifier, worker, addresses, sleep))
