"""Running tasks: from the submit, or from the ticket after a restart, to the end in the store."""

import logging
from collections.abc import KeysView, Sequence
from contextlib import aclosing
from typing import Any, cast

from bot.background import Background
from bot.jobs.bounds import bounded
from bot.jobs.component import STOP_SECONDS, Component
from bot.jobs.context import JobContext
from bot.jobs.ports import error_message
from bot.jobs.prices import cost_of
from bot.jobs.progress import ProgressTracker, TaskRun
from bot.jobs.request_builder import RequestBuilder
from bot.jobs.task_failures import OURS, TaskFailures
from bot.log_subject import Subject
from providers.base import Accepted, Event, Finished, ImageRequest, Provider
from providers.errors import (
    GenerationFailedError,
    InvalidRequestError,
    OutcomeUnknownError,
    ProviderError,
    Sentence,
    TaskTimeoutError,
)
from storage.database import StoreError, UnstorableValueError
from storage.job_states import TaskState
from storage.records import Job, NewPicture, Task, TicketKept

log = logging.getLogger(__name__)

OURS_PAID = Sentence("Something went wrong on my side. The picture may be ready all the same; look again.")
ANSWER_SECONDS = 60.0
"""How long a stop waits for tasks without a ticket: what is under way there is lost with the process."""


class NotOursError(Exception):
    """The task's job is another worker's, which goes on with it, or somebody has ended the task."""


class TaskRunner(Component):
    """Runs tasks through their providers, each once, and stores each step."""

    def __init__(
        self, context: JobContext, requests: RequestBuilder, progress: ProgressTracker, failures: TaskFailures
    ) -> None:
        self._context = context
        self._store = context.store
        self._requests = requests
        self._progress = progress
        self._failures = failures
        self._background = Background()

    @property
    def task_ids(self) -> KeysView[int]:
        """The tasks that run here."""
        return self._progress.runs.keys()

    @property
    def job_ids(self) -> set[int]:
        """The jobs of which something waits or runs here."""
        return {*self._progress.jobs, *(run.task.job_id for run in self._progress.runs.values())}

    @property
    def is_idle(self) -> bool:
        """Whether no task runs here."""
        return not self._progress.runs

    @property
    def drain_seconds(self) -> float:
        """A stop waits longer while something is under way without a ticket: some services answer with the picture."""
        return STOP_SECONDS if all(run.safe.is_set() for run in self._progress.runs.values()) else ANSWER_SECONDS

    def follow(self, job: Job, tasks: Sequence[Task]) -> None:
        """Show how far a job is, and take up its tasks that the service works on and that do not run here yet."""
        self._progress.count(job, tasks)
        self._resume(tasks)

    def cancel(self, job: Job, tasks: Sequence[Task]) -> None:
        """Tell the services that nobody wants the tasks of this job any more, and follow those under way to their
        ends."""
        self._progress.close(job.id)
        self._resume(tasks)
        for run in self._progress.of_job(job.id):
            self._background.spawn(self._tell_service(run), f"cancel task {run.task.id}", _subject(run.task))

    def run(self, task: Task) -> None:
        """Submit a task that was just claimed, or poll one that has its ticket, unless it runs here."""
        if task.id in self._progress.runs:
            return
        if task.provider not in self._context.providers:
            log.warning("job %d waits until provider %s is set up again", task.job_id, task.provider)
            return
        since = task.submitted_at if task.submitted_at is not None else self._context.clock()
        run = self._progress.runs[task.id] = TaskRun(task, since, task.ticket, self._context.worker.id)
        if task.ticket:
            run.safe.set()
        run.work = self._background.spawn(self._run(run), f"task {task.id}", _subject(task))
        # Also where it is cancelled before it has begun.
        run.work.add_done_callback(lambda _: self._ended(run))

    def leave(self, job_id: int) -> None:
        """The job is another worker's. A task that is being submitted comes to its ticket all the same."""
        self._progress.close(job_id)
        for run in self._progress.of_job(job_id):
            if run.safe.is_set() and run.work:
                run.work.cancel()

    async def drain(self) -> None:
        """Wait until leaving costs nothing: every task has ended or has its ticket stored."""
        for run in list(self._progress.runs.values()):
            await run.safe.wait()

    async def aclose(self) -> None:
        """Leave all tasks to the next start."""
        await self._background.aclose()

    def _resume(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            if task.state is TaskState.RUNNING:
                self.run(task)

    def _ended(self, run: TaskRun) -> None:
        self._progress.runs.pop(run.task.id, None)
        run.safe.set()
        self._context.queue_changed.set()
        self._context.wake(run.task.job_id, run.job)

    async def _run(self, run: TaskRun) -> None:
        try:
            await self._try(run)
        except NotOursError:
            log.info("task %d of job %d is not this worker's any more", run.task.id, run.task.job_id)
            return
        except ProviderError as error:
            await self._failures.store(run, error)
        if run.callback and run.callback.is_missed:
            await self._callback_missed(run.task.provider)

    async def _callback_missed(self, provider: str) -> None:
        await self._requests.callback_missed(provider)
        for other in self._progress.runs.values():
            if other.task.provider == provider and other.callback:
                other.callback.wake()

    async def _try(self, run: TaskRun) -> None:
        provider, task = self._context.providers[run.task.provider], run.task
        request = await self._context.until_stored(
            lambda: self._request(run, provider), f"reading the request of task {task.id}"
        )
        run.options, run.callback, run.most = request.options, request.callback, provider.most_pictures(request)
        try:
            async with aclosing(provider.imagine(request, task.ticket)) as events:
                name = f"task {task.id} of job {task.job_id}"
                async for said in events:
                    event = bounded(said, run.most, name)
                    await self._note(run, event)
                    if isinstance(event, Finished):
                        return
        except OutcomeUnknownError as error:
            if run.ticket:
                raise _broken(run, error.detail) from error
            raise
        except (ProviderError, NotOursError):
            raise
        except UnstorableValueError as error:
            log.error("what task %d of job %d gave can never be stored: %s", task.id, task.job_id, error)  # noqa: TRY400
            raise _broken(run, str(error)) from error
        except Exception as error:
            # A provider may raise nothing else. If it does all the same, nobody knows what it did before.
            log.exception("provider %s broke its contract in task %d", task.provider, task.id)
            raise _broken(run, repr(error)) from error
        raise _broken(run, "the provider ended without a result")

    async def _request(self, run: TaskRun, provider: Provider[Any, Any]) -> ImageRequest[Any]:
        task = run.task
        job, references = await self._store.jobs.with_references(task.job_id)
        if job and not await self._is_ours(run, job):
            raise NotOursError
        try:
            return await self._requests.of_task(cast("Job", job), task, references, provider)
        except (StoreError, InvalidRequestError):
            raise
        except Exception as error:
            # An older version stored options that this one no longer knows, say. Nothing was submitted here.
            log.exception("task %d of job %d can't be built", task.id, task.job_id)
            if task.ticket:
                raise TaskTimeoutError(OURS_PAID, detail=repr(error)) from error
            raise GenerationFailedError(OURS, detail=repr(error), paid=False) from error

    async def _is_ours(self, run: TaskRun, job: Job) -> bool:
        """Asked right before the submit, or the first poll: this process may have stood still since the claim."""
        if not self._context.is_mine(job):
            return False
        if run.ticket is None and run.worker_id == self._context.worker.id:
            return True
        # It was read, or claimed, some time ago, and may have been ended or put back since.
        latest = await self._store.tasks.get(run.task.id)
        return latest is not None and latest.state is run.task.state

    async def _note(self, run: TaskRun, event: Event) -> None:
        match event:
            case Accepted(ticket):
                await self._accepted(run, ticket)
            case Finished():
                await self._finished(run, event)
            case _:
                run.note(event)

    async def _accepted(self, run: TaskRun, ticket: str) -> None:
        task, now = run.task, self._context.clock()
        log.info("task %d of job %d has the ticket %.100r", task.id, task.job_id, ticket)
        run.since, run.ticket = now, ticket
        kept = await self._context.until_stored(
            lambda: self._keep_ticket(run, ticket, now), f"storing the ticket of task {task.id}"
        )
        run.safe.set()
        self._failures.accepted(task.provider)
        if not kept.is_wanted:
            await self._tell_service(run)
        if kept.worker_id not in {None, self._context.worker.id}:
            raise NotOursError

    async def _keep_ticket(self, run: TaskRun, ticket: str, now: float) -> TicketKept:
        worker_id = self._context.worker.id
        try:
            return await self._store.tasks.accepted(run.task.id, ticket, now, worker_id=worker_id)
        except UnstorableValueError:
            # It is polled all the same. Should this process end meanwhile, nobody knows what became of it.
            log.exception("the ticket %r of task %d can never be stored", ticket, run.task.id)
            return TicketKept(is_wanted=True, worker_id=worker_id)

    async def _finished(self, run: TaskRun, event: Finished) -> None:
        task, now = run.task, self._context.clock()
        if not event.pictures:
            raise ValueError("a result without pictures")
        results = [NewPicture(picture.url, picture.data, picture.seed) for picture in event.pictures]
        cost = cost_of(run, self._context.providers[task.provider], len(results))
        seconds, finish = run.seconds(now), self._store.tasks.finish_task
        note = error_message(event.note) if event.note else None
        ended = await self._context.until_stored(
            lambda: finish(task.id, results, now, cost, seconds, note=note), f"storing the result of task {task.id}"
        )
        if ended:
            log.debug(
                "task %d of job %d has %d pictures after %.1f s", task.id, task.job_id, len(results), seconds or 0
            )
            self._context.metrics.task_done(task.provider, seconds)
            self._context.metrics.paid(task.provider, cost)
        if seconds is not None:
            self._progress.durations[task.provider].add(seconds, task.options)
        if ended and not ended.is_provider_failing:
            run.job = ended.job
        else:
            await self._failures.succeeded(task.provider)

    async def _tell_service(self, run: TaskRun) -> None:
        """Tell the service, once, that nobody wants this task any more."""
        if run.ticket is None or run.is_cancelled:
            return
        run.is_cancelled = True
        try:
            await self._context.providers[run.task.provider].cancel(run.ticket)
        except ProviderError as error:
            log.info("task %d was not cancelled at the service: %s", run.task.id, error.detail)


def _subject(task: Task) -> Subject:
    return Subject(task.job_id, task.id)


def _broken(run: TaskRun, detail: str) -> ProviderError:
    """The error for a provider's own fault: with a ticket the picture may still be fetched; without, nothing is
    known.
    """
    return TaskTimeoutError(OURS_PAID, detail=detail) if run.ticket else OutcomeUnknownError(detail=detail)
