"""The one loop that reads a woken job and starts what its stored state asks for."""

import asyncio
import logging
from collections.abc import Sequence

from bot.background import Background
from bot.jobs.component import Component
from bot.jobs.context import JobContext
from bot.jobs.duels import Duels
from bot.jobs.finisher import JobFinisher
from bot.jobs.preparer import Preparer
from bot.jobs.task_runner import TaskRunner
from bot.log_subject import Subject
from storage import notifications
from storage.job_states import ENDING, NOT_READY, UNFINISHED, JobState, TaskState
from storage.records import Job, Task

log = logging.getLogger(__name__)

WITH_TASKS = (JobState.WORKING, JobState.CANCELLING, JobState.KEEPING)
"""The states in which the next step depends on the job's tasks."""


class Reconciler(Component):
    """Starts the steps of this worker's jobs. A step that runs is not started again; a job of another worker is left.

    A job may be woken any number of times, for any reason: its stored state decides. A reading may be old when it
    arrives: a step may have ended meanwhile. Each step wakes its job when it ends, so a job
    that was woken while it was read is read again before anything is started.
    """

    def __init__(
        self, context: JobContext, preparer: Preparer, runner: TaskRunner, finisher: JobFinisher, duels: Duels
    ) -> None:
        self._context = context
        self._store = context.store
        self._preparer = preparer
        self._runner = runner
        self._finisher = finisher
        self._duels = duels
        self._loop = Background()
        self._readings = Background()
        # The jobs that are being read; True: woken once more meanwhile.
        self._reading: dict[int, bool] = {}

    @property
    def is_idle(self) -> bool:
        """Whether no job is woken."""
        return not self._reading and not self._context.woken

    async def start(self) -> None:
        """Read woken jobs from now on."""
        self._loop.spawn(self._run(), "reconciler")

    def on_notification(self, topic: notifications.Topic) -> None:
        """Another process has changed a job."""
        is_mine = topic.worker_id == self._context.worker.id
        if topic.kind == notifications.JOB and (is_mine or topic.subject in self._job_ids()):
            self._context.wake(topic.subject)

    async def drain(self) -> None:
        """Wait until what is woken has been read."""
        while self._loop.running and not self.is_idle:
            await self._readings.drain()
            # The loop takes what is woken.
            await asyncio.sleep(0)

    async def aclose(self) -> None:
        """Start nothing more."""
        await self._loop.aclose()
        await self._readings.aclose()

    def _job_ids(self) -> set[int]:
        return {*self._runner.job_ids, *self._preparer.job_ids, *self._finisher.job_ids}

    async def _run(self) -> None:
        while True:
            ids, every = await self._context.woken.take()
            for job_id, known in ids.items():
                self._begin(job_id, known)
            if every:
                self._readings.spawn(self._begin_all(), "read all jobs")

    async def _begin_all(self) -> None:
        """Also those that are another worker's now, to leave them."""
        of_worker = self._store.workers.jobs_of
        found = await self._context.until_stored(lambda: of_worker(self._context.worker.id), "reading all jobs")
        for job_id in {*(job.id for job in found), *self._job_ids()}:
            self._begin(job_id)

    def _begin(self, job_id: int, known: Job | None = None) -> None:
        if job_id in self._reading:
            self._reading[job_id] = True
            return
        self._reading[job_id] = False
        name = f"the next step of job {job_id}"
        reading = self._readings.spawn(self._reconcile(job_id, known), name, Subject(job_id))
        reading.add_done_callback(lambda _: self._ended(job_id))

    def _ended(self, job_id: int) -> None:
        if self._reading.pop(job_id):
            self._context.wake(job_id)

    async def _reconcile(self, job_id: int, known: Job | None) -> None:
        # A known job that has tasks is read with them.
        job, tasks = (known, []) if known and known.state not in WITH_TASKS else await self._read(job_id)
        if job is None or (job.provider not in self._context.providers and job.state in NOT_READY):
            return
        log.debug("job %d is %s", job_id, job.state)
        if not self._context.is_mine(job):
            for part in (self._preparer, self._runner, self._finisher):
                part.leave(job_id)
        elif job.state is JobState.WORKING:
            await self._continue(job, tasks)
        elif job.state in WITH_TASKS:
            self._stop(job, tasks)
        else:
            self._start_step(job)
        if job.duel_id is not None and self._context.is_mine(job):
            self._duels.changed(job)

    def _is_outdated(self, job: Job) -> bool:
        """Whether something has happened to the job since it was read: then it is read again."""
        return self._reading[job.id] or job.id in self._context.woken

    def _start_step(self, job: Job) -> None:
        if self._is_outdated(job):
            return
        if job.state is JobState.PREPARING:
            self._finisher.reopened(job.id)
            self._preparer.prepare(job)
        elif job.duel_id is not None:
            # What becomes of it depends on the others: see below.
            return
        elif job.state is JobState.DELIVERING:
            self._finisher.deliver(job)
        elif job.state in ENDING:
            self._finisher.close(job)

    async def _continue(self, job: Job, tasks: Sequence[Task]) -> None:
        self._finisher.reopened(job.id)
        if tasks and not any(task.state in UNFINISHED for task in tasks):
            conclude = self._store.jobs.conclude
            concluded = await self._context.until_stored(lambda: conclude(job.id), f"concluding job {job.id}")
            if concluded:
                self._start_step(concluded)
            else:
                # It was cancelled at this moment, or the answer to this step was lost.
                self._context.wake(job.id)
            return
        self._runner.follow(job, tasks)
        if any(task.state is TaskState.QUEUED for task in tasks):
            self._context.queue_changed.set()

    def _stop(self, job: Job, tasks: Sequence[Task]) -> None:
        # A task that has ended meanwhile would be taken up, and its service be told again.
        if self._is_outdated(job):
            return
        self._runner.cancel(job, tasks)
        self._start_step(job)
        # A task that still runs ends later, and its pictures are kept then.
        if not any(task.state in UNFINISHED for task in tasks):
            self._finisher.keep(job)

    async def _read(self, job_id: int) -> tuple[Job | None, list[Task]]:
        with_tasks = self._store.jobs.with_tasks
        found = await self._context.until_stored(lambda: with_tasks(job_id), f"reading job {job_id}")
        return found or (None, [])
