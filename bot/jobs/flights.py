"""Giving turns to waiting tasks, and following each that got one to its end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from bot.background import Background
from bot.jobs.outlook import Flight, Outlook
from bot.jobs.retry import Sleep
from bot.jobs.watch import Watcher
from providers.base import Provider
from storage.database import StoreError
from storage.outage_log import Outage
from storage.records import Limits, Task
from storage.store import Store

log = logging.getLogger(__name__)

# How many tasks may get their turns in one step: the others that share the database want some, too.
TURNS = 10
# How long the store is left alone when it refused to say what is next.
STORE_PAUSE = 2.0


class Flights:
    """The tasks that this process, `worker`, watches. `after(job_id)` is called when one of a job's has ended."""

    def __init__(
        self,
        store: Store,
        providers: Mapping[str, Provider[Any, Any]],
        outlook: Outlook,
        watcher: Watcher,
        after: Callable[[int], Awaitable[None]],
        *,
        worker: Callable[[], int],
        background: Background,
        clock: Callable[[], float],
        sleep: Sleep,
    ) -> None:
        self._store = store
        self._providers = providers
        self._outlook = outlook
        self._watcher = watcher
        self._after = after
        self._worker = worker
        self._background = background
        self._clock = clock
        self._sleep = sleep
        self._wake = asyncio.Event()
        self._turns: asyncio.Task[None] | None = None
        self._stopping = False
        self._in_doubt = False

    def start(self) -> None:
        """Give turns from now on."""
        self._turns = self._background.spawn(self._give_turns(), "turns")

    def wake(self) -> None:
        """There may be a turn to give."""
        self._wake.set()

    def doubt(self) -> None:
        """The store may have given this process tasks without its hearing of it."""
        self._in_doubt = True
        self._wake.set()

    async def land(self) -> None:
        """Give no more turns, and wait until leaving costs nothing: every task has ended or has its ticket stored."""
        self._stopping = True
        self._wake.set()
        if self._turns:
            # A turn that is being given comes to its task.
            await asyncio.wait({self._turns})
        for flight in list(self._outlook.flights.values()):
            await flight.safe.wait()

    def await_answers(self) -> bool:
        """Whether something is under way at a service that gives no tickets."""
        names = {flight.task.provider for flight in self._outlook.flights.values()}
        return any(not self._providers[name].capabilities.resumes for name in names)

    def follow(self, tasks: Iterable[Task]) -> None:
        """Watch these tasks, those that are not watched yet."""
        for task in tasks:
            if task.id in self._outlook.flights:
                continue
            if task.provider not in self._providers:
                log.warning("job %d waits until provider %s is set up again", task.job_id, task.provider)
                continue
            since = task.submitted_at if task.submitted_at is not None else self._clock()
            flight = self._outlook.flights[task.id] = Flight(task, since, task.ticket)
            if task.ticket:
                flight.safe.set()
            flight.watch = self._background.spawn(self._watch(flight), f"task {task.id}")

    def drop(self) -> None:
        """Others watch these now. What is being submitted comes to its ticket all the same."""
        for flight in list(self._outlook.flights.values()):
            if flight.safe.is_set() and flight.watch:
                flight.watch.cancel()

    async def cancel(self, job_id: int) -> None:
        """Tell the services that nobody wants the tasks of this job any more."""
        for flight in self._outlook.of_job(job_id):
            await self._watcher.cancel(flight)

    async def _watch(self, flight: Flight) -> None:
        await self._watcher.watch(flight)
        self._wake.set()
        await self._after(flight.task.job_id)

    async def _give_turns(self) -> None:
        outage = Outage(log, "turns can't be given")
        while not self._stopping:
            self._wake.clear()
            try:
                if self._in_doubt:
                    self._in_doubt = False
                    self.follow(await self._store.tasks.unknown_tasks(self._worker(), self._outlook.flights.keys()))
                awaited = await self._store.tasks.awaited()
                due = [await self._fill(name) for name in self._providers if name in awaited]
            except Exception as error:
                # Without turns nothing would ever be made again.
                if isinstance(error, StoreError):
                    outage.lasts(error)
                else:
                    log.exception("turns can't be given")
                self._in_doubt = True
                await self._sleep(STORE_PAUSE)
                continue
            outage.ends()
            wait = min((at for at in due if at is not None), default=None)
            try:
                async with asyncio.timeout(None if wait is None else max(0.01, wait - self._clock())):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _fill(self, name: str) -> float | None:
        """Give turns while there is room; returns when to look again if time alone will make room."""
        settings = self._providers[name].settings
        limits = Limits(settings.concurrency, settings.per_minute)
        while not self._stopping:
            now = self._clock()
            turns = await self._store.tasks.claim(name, limits, now, worker_id=self._worker(), most=TURNS)
            self.follow(turns.tasks)
            if not turns.tasks:
                return turns.due
        return None
