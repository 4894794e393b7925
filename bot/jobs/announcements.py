"""Calls of services, each at the address of one task: whoever watches the task asks the service how it does."""

import logging

from bot.jobs.calls import LATE_SECONDS, Calls
from bot.jobs.component import Component
from bot.jobs.context import JobContext
from bot.jobs.lost_tickets import LostTickets
from bot.jobs.progress import ProgressTracker, TaskRun
from storage import notifications
from storage.job_states import ACTIVE, TaskState
from storage.records import Task

log = logging.getLogger(__name__)

LOOK_SECONDS = 3.0
"""For so long calls about a task that is not watched here are not looked into again."""
MOST_LOOKS = 1000
"""Tasks of which is known when calls about them were last looked into."""


class Announcements(Component):
    """What calls lead to. Nothing is believed of them but that now is a good time to ask."""

    def __init__(self, context: JobContext, progress: ProgressTracker, calls: Calls, lost: LostTickets) -> None:
        self._context = context
        self._progress = progress
        self._calls = calls
        self._lost = lost
        self._looks: dict[int, float] = {}

    def on_notification(self, topic: notifications.Topic) -> None:
        """Another process has got a call about a task."""
        if topic.kind == notifications.CALL and (run := self._progress.runs.get(topic.subject)):
            self._calls.heard(run.task.provider)
            _call(run)

    async def take(self, task_id: int, body: bytes) -> None:
        """A service has called. Raises `ValueError` when that is not how it calls, and `StoreError`."""
        run = self._progress.runs.get(task_id)
        if run:
            ticket, provider = run.ticket, run.task.provider
            announced = self._context.providers[provider].called_back(body)
            if _is_about(task_id, ticket, announced):
                _call(run)
                await self._calls.arrived(provider)
            if not ticket and announced:
                await self._lost.find(task_id, announced)
        elif self._is_worth_a_look(task_id):
            # At once: those that come meanwhile are not looked into.
            self._looks[task_id] = self._context.clock()
            try:
                await self._look(task_id, body)
            except BaseException:
                # It comes again.
                self._looks.pop(task_id, None)
                raise

    async def _look(self, task_id: int, body: bytes) -> None:
        task = await self._context.store.tasks.get(task_id)
        if task and task.provider in self._context.providers:
            await self._take(task, self._context.providers[task.provider].called_back(body))

    async def _take(self, task: Task, announced: str | None) -> None:
        if task.ticket is None:
            if announced and task.state is not TaskState.DONE:
                await self._lost.find(task.id, announced)
        elif not _is_about(task.id, task.ticket, announced):
            return
        elif task.state in ACTIVE:
            await self._context.store.tasks.announce(task.id)
            await self._calls.arrived(task.provider)
        elif self._context.clock() - (task.finished_at or 0.0) < LATE_SECONDS:
            # It was asked for a moment before.
            await self._calls.arrived(task.provider)

    def _is_worth_a_look(self, task_id: int) -> bool:
        since = self._context.clock() - LOOK_SECONDS
        if len(self._looks) >= MOST_LOOKS:
            self._looks = {known: at for known, at in self._looks.items() if at > since}
        return not since < self._looks.get(task_id, 0.0) <= self._context.clock()


def _call(run: TaskRun) -> None:
    if run.callback:
        run.callback.call()


def _is_about(task_id: int, ticket: str | None, announced: str | None) -> bool:
    is_so = not ticket or announced in {None, ticket}
    if not is_so:
        log.warning("a call for task %d is about another ticket; ignored", task_id)
    return is_so
