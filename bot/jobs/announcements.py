"""Calls of services, each at the address of one task: whoever watches the task asks the service how it does."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from bot.jobs.calls import LATE_SECONDS, Calls
from bot.jobs.lost_tickets import LostTickets
from bot.jobs.outlook import Flight, Outlook
from providers.base import Provider
from storage.job_states import ACTIVE, TaskState
from storage.records import Task
from storage.store import Store

log = logging.getLogger(__name__)

LOOK_SECONDS = 3.0
"""For so long calls about a task that is not watched here are not looked into again."""
MOST_LOOKS = 1000
"""Tasks of which is known when calls about them were last looked into."""


class Announcements:
    """What calls lead to. Nothing is believed of them but that now is a good time to ask."""

    def __init__(
        self,
        store: Store,
        providers: Mapping[str, Provider[Any, Any]],
        outlook: Outlook,
        calls: Calls,
        lost: LostTickets,
        *,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._providers = providers
        self._outlook = outlook
        self._calls = calls
        self._lost = lost
        self._clock = clock
        self._looks: dict[int, float] = {}

    def heard(self, task_id: int) -> None:
        """Another process has got a call about this task."""
        if flight := self._outlook.flights.get(task_id):
            self._calls.heard(flight.task.provider)
            _call(flight)

    async def take(self, task_id: int, body: bytes) -> None:
        """A service has called. Raises `ValueError` when that is not how it calls, and `StoreError`."""
        flight = self._outlook.flights.get(task_id)
        if flight:
            ticket, provider = flight.ticket, flight.task.provider
            announced = self._providers[provider].called_back(body)
            if _is_about(task_id, ticket, announced):
                _call(flight)
                await self._calls.arrived(provider)
            if not ticket and announced:
                await self._lost.find(task_id, announced)
        elif self._is_worth_a_look(task_id):
            # At once: those that come meanwhile are not looked into.
            self._looks[task_id] = self._clock()
            try:
                await self._look(task_id, body)
            except BaseException:
                # It comes again.
                self._looks.pop(task_id, None)
                raise

    async def _look(self, task_id: int, body: bytes) -> None:
        task = await self._store.tasks.get(task_id)
        if task and task.provider in self._providers:
            await self._take(task, self._providers[task.provider].called_back(body))

    async def _take(self, task: Task, announced: str | None) -> None:
        if task.ticket is None:
            if announced and task.state is not TaskState.DONE:
                await self._lost.find(task.id, announced)
        elif not _is_about(task.id, task.ticket, announced):
            return
        elif task.state in ACTIVE:
            await self._store.tasks.announce(task.id)
            await self._calls.arrived(task.provider)
        elif self._clock() - (task.finished_at or 0.0) < LATE_SECONDS:
            # It was asked for a moment before.
            await self._calls.arrived(task.provider)

    def _is_worth_a_look(self, task_id: int) -> bool:
        since = self._clock() - LOOK_SECONDS
        if len(self._looks) >= MOST_LOOKS:
            self._looks = {known: at for known, at in self._looks.items() if at > since}
        return not since < self._looks.get(task_id, 0.0) <= self._clock()


def _call(flight: Flight) -> None:
    if flight.callback:
        flight.callback.call()


def _is_about(task_id: int, ticket: str | None, announced: str | None) -> bool:
    is_so = not ticket or announced in {None, ticket}
    if not is_so:
        log.warning("a call for task %d is about another ticket; ignored", task_id)
    return is_so
