"""Steps of jobs that run in the background, at most one of a kind for each job."""

import asyncio
from collections.abc import Callable, Coroutine, KeysView
from functools import partial
from typing import Any

from bot.background import Background
from bot.jobs.context import JobContext
from bot.log_subject import Subject
from storage.database import StoreError, UnstorableValueError
from storage.records import Job


class JobSteps:
    """Steps of one kind, `name`. When a step has ended, its job is woken; a step returns the job if it has just stored
    it, else None.

    Not when it has failed with an error that nobody thought of, which is logged: it would only do so again and again.
    """

    def __init__(self, context: JobContext, name: str) -> None:
        self._context = context
        self._name = name
        self._background = Background()
        self._running: dict[int, asyncio.Task[Job | None]] = {}
        # Jobs of which the step was to start again while it ran: what it has stored may be out of date when it ends.
        self._again: set[int] = set()

    @property
    def job_ids(self) -> KeysView[int]:
        """The jobs of which a step runs."""
        return self._running.keys()

    def start(self, job_id: int, step: Callable[[], Coroutine[Any, Any, Job | None]]) -> None:
        """Run this step, unless one runs: the job is read again afterwards."""
        if job_id in self._running:
            self._again.add(job_id)
            return
        running = self._background.spawn(step(), f"{self._name} job {job_id}", Subject(job_id))
        self._running[job_id] = running
        # Also where it is cancelled before it has begun.
        running.add_done_callback(partial(self._ended, job_id))

    def leave(self, job_id: int) -> None:
        """The job is another worker's: its step is not ended here."""
        if running := self._running.get(job_id):
            running.cancel()

    async def drain(self) -> None:
        """Wait until no step runs."""
        await self._background.drain()

    async def aclose(self) -> None:
        """Cancel all steps."""
        await self._background.aclose()

    def _ended(self, job_id: int, step: asyncio.Task[Job | None]) -> None:
        self._running.pop(job_id, None)
        is_old = job_id in self._again
        self._again.discard(job_id)
        error = None if step.cancelled() else step.exception()
        if error is None or (isinstance(error, StoreError) and not isinstance(error, UnstorableValueError)):
            self._context.wake(job_id, None if error or step.cancelled() or is_old else step.result())
