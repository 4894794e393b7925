"""Claiming waiting tasks as slots become free, in the fair order over all workers; each worker starts its own."""

import asyncio
import logging

from bot.background import Background
from bot.jobs.component import Component
from bot.jobs.context import JobContext
from bot.jobs.over_budget import OverBudget
from bot.jobs.task_runner import TaskRunner
from storage import notifications
from storage.backend import EVERYTHING
from storage.database import StoreError
from storage.outage_log import Outage
from storage.records import Limits

log = logging.getLogger(__name__)

CLAIMED_AT_ONCE = 10
"""How many tasks are claimed in one step: the others that share the database want some, too."""
STORE_RETRY_SECONDS = 2.0
"""How long the store is left alone when it refused to say what is next."""


class TaskScheduler(Component):
    """Claims tasks and has them run."""

    def __init__(self, context: JobContext, runner: TaskRunner, over_budget: OverBudget) -> None:
        self._context = context
        self._store = context.store
        self._runner = runner
        self._over_budget = over_budget
        self._background = Background()
        self._loop: asyncio.Task[None] | None = None
        self._stopping = False
        self._may_own_unknown_tasks = False

    async def start(self) -> None:
        """Claim tasks from now on."""
        self._loop = self._background.spawn(self._run(), "scheduler")

    def on_notification(self, topic: notifications.Topic) -> None:
        """A task waits, a slot is free, or a worker is gone whose tasks were first."""
        is_for_all = topic.kind in {notifications.QUEUE, notifications.ORPHANS, EVERYTHING} and not topic.worker_id
        if is_for_all or (topic.kind == notifications.QUEUE and topic.worker_id == self._context.worker.id):
            self._context.queue_changed.set()

    async def drain(self) -> None:
        """Claim nothing more. A task that is being claimed is started."""
        self._stopping = True
        self._context.queue_changed.set()
        if self._loop:
            await asyncio.wait({self._loop})

    async def aclose(self) -> None:
        """Claim nothing more."""
        await self._background.aclose()

    async def _run(self) -> None:
        outage = Outage(log, "tasks can't be claimed")
        changed = self._context.queue_changed
        while not self._stopping:
            changed.clear()
            try:
                due = await self._claim_all()
            except Exception as error:
                # Without claims nothing would ever be made again.
                if isinstance(error, StoreError):
                    outage.lasts(error)
                else:
                    log.exception("claiming tasks failed; retrying in %.0f s", STORE_RETRY_SECONDS)
                self._may_own_unknown_tasks = True
                await self._context.sleep(STORE_RETRY_SECONDS)
                continue
            outage.ends()
            try:
                async with asyncio.timeout(None if due is None else max(0.01, due - self._context.clock())):
                    await changed.wait()
            except TimeoutError:
                continue

    async def _claim_all(self) -> float | None:
        """Claim all that can begin now; returns when time alone frees a slot, if it does. Raises `StoreError`."""
        if self._may_own_unknown_tasks:
            # The store may have given this worker tasks without its hearing of it. Those without a ticket were never
            # submitted; the others are found by the reconciler.
            await self._store.tasks.requeue_unsubmitted(self._context.worker.id, self._runner.task_ids)
            self._context.woken.add_all()
            self._may_own_unknown_tasks = False
        awaited = await self._store.tasks.awaited()
        await self._context.refresh()
        due = [await self._claim(name) for name in self._context.providers if name in awaited]
        return min((at for at in due if at is not None), default=None)

    async def _claim(self, name: str) -> float | None:
        settings = self._context.providers[name].settings
        limits = Limits(settings.concurrency, settings.per_minute)
        claim, worker_id = self._store.tasks.claim, self._context.worker.id
        while not self._stopping:
            turns = await claim(
                name,
                limits,
                self._context.clock(),
                worker_id=worker_id,
                most=CLAIMED_AT_ONCE,
                budgets=self._context.budgets,
            )
            for task in turns.tasks:
                log.debug("task %d of job %d is claimed for %s", task.id, task.job_id, name)
                self._runner.run(task)
            for refused in turns.refused:
                # Its end lets the next ones go first.
                await self._over_budget.end(refused)
            if not turns.has_more:
                return turns.due
        return None
