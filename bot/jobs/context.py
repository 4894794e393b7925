"""The context of every part of the engine: the store, the providers, the notifier, this worker, time, and `wake`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.jobs.ports import NOWHERE, Addresses, AdminNotifier, Alone, Companions, JobNotifier, Untold
from bot.jobs.retry import STORE_DELAYS, Sleep, T, until_stored
from bot.jobs.worker import Worker
from bot.metrics import Metrics
from providers.base import Provider
from providers.money import Money
from storage.money import NO_BUDGETS, BudgetRules
from storage.records import Job
from storage.store import Store


class WokenJobs:
    """The jobs that the reconciler has to read again, each once however often it was woken."""

    def __init__(self) -> None:
        self._ids: dict[int, Job | None] = {}
        self._all = False
        self._any = asyncio.Event()

    def add(self, job_id: int, known: Job | None = None) -> None:
        """Something of this job was stored, or a step of it has ended. `known`: the job as the step has stored it."""
        # Of two that are known nobody can tell which is newer.
        self._ids[job_id] = None if job_id in self._ids else known
        self._any.set()

    def add_all(self) -> None:
        """Jobs may have changed without a word."""
        self._all = True
        self._any.set()

    async def take(self) -> tuple[dict[int, Job | None], bool]:
        """Wait for woken jobs. Returns them by id, as far as they are known, and whether all others have to be read as
        well."""
        await self._any.wait()
        taken = self._ids, self._all
        self._ids, self._all = {}, False
        self._any.clear()
        return taken

    def __contains__(self, job_id: int) -> bool:
        return job_id in self._ids

    def __len__(self) -> int:
        return len(self._ids) + self._all


async def _nothing() -> None:
    pass


@dataclass(slots=True, eq=False)
class JobContext:
    """The context that the parts of one engine share.

    `addresses`: where services reach this process; `sleep`: waits for so many seconds; `companions`: what may still
    join a request before it is paid; `budgets`: those of the configuration; `confirm`: the prices above which people
    are asked first; `refresh`: what has to be done before budgets are asked; `admins`: who is told how the services do;
    `woken`: what `wake` fills and the reconciler empties; `queue_changed`: set when a task waits or a slot is free,
    cleared by the scheduler; `metrics`: the figures
    of this process.
    """

    store: Store
    providers: Mapping[str, Provider[Any, Any]]
    notifier: JobNotifier
    worker: Worker
    addresses: Addresses = NOWHERE
    sleep: Sleep = asyncio.sleep
    companions: Companions = field(default_factory=Alone)
    budgets: BudgetRules = NO_BUDGETS
    confirm: Sequence[Money] = ()
    refresh: Callable[[], Awaitable[None]] = _nothing
    admins: AdminNotifier = field(default_factory=Untold)
    woken: WokenJobs = field(default_factory=WokenJobs)
    queue_changed: asyncio.Event = field(default_factory=asyncio.Event)
    metrics: Metrics = field(default_factory=Metrics)

    def clock(self) -> float:
        """Seconds since 1970, the same for all workers."""
        return self.store.clock()

    def wake(self, job_id: int, known: Job | None = None) -> None:
        """Have this job go on: a step of it was stored, and its stored state asks for the next one.

        `known`: the job as this worker has just stored it; else it is read. A job of another worker is left alone; the
        store has notified that one.
        """
        self.woken.add(job_id, known)

    def is_mine(self, job: Job) -> bool:
        """Whether this worker owns a job that was just read: see `Worker.owns`."""
        return self.worker.owns(job)

    async def until_stored(
        self, step: Callable[[], Awaitable[T]], name: str, delays: Sequence[float] = STORE_DELAYS
    ) -> T:
        """Repeat a step in the store until the store takes it; `name` names it in the log. Raises
        `UnstorableValueError`.
        """
        return await until_stored(step, name, self.sleep, delays)
