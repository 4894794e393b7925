"""Tasks whose tickets were lost are made whole again when the service calls: the call brings the ticket along.

A process that is killed between the answer to a submit and the store leaves a task of which nobody knows whether it
is paid. Only the service knows the address that it calls, but nothing is believed before it was asked. It may call only
once: its call is stored before it is answered, and a process that ends leaves what it has not yet asked to the next.
"""

import asyncio
import logging
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from bot.background import Background
from bot.jobs.component import Component
from bot.jobs.context import JobContext
from bot.jobs.request_builder import RequestBuilder
from bot.log_subject import Subject
from providers.errors import ContentRefusedError, MisconfiguredError, ProviderBusyError, ProviderError
from storage.database import StoreError
from storage.job_states import JobState, TaskState
from storage.records import Task

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""Between looks at a task whose submit may still be answered, and at a job that is being delivered."""
CONFIRM_SECONDS = 600.0
"""How long the service is asked whether it knows a ticket, while it is out of order; then so long a pause is made."""
SEARCHES_OF_A_TASK = 3
"""At most so many tickets of one task are looked for at a time. A false one does not keep the true one out."""


class LostTickets(Component):
    """Finds tickets again."""

    def __init__(self, context: JobContext, requests: RequestBuilder) -> None:
        self._context = context
        self._store = context.store
        self._providers = context.providers
        self._requests = requests
        self._background = Background()
        self._searches: set[tuple[int, str]] = set()

    async def find(self, task_id: int, ticket: str) -> None:
        """A call at the address of this task, which has no ticket, has named one. Raises `StoreError`: the ticket is
        not stored, and the service has to call again."""
        search = (task_id, ticket)
        if search in self._searches or sum(one == task_id for one, _ in self._searches) >= SEARCHES_OF_A_TASK:
            return
        self._searches.add(search)
        try:
            await self._store.lost_tickets.announced(task_id, ticket, self._context.worker.id)
        except BaseException:
            self._searches.discard(search)
            raise
        self._spawn(task_id, ticket)

    async def resume(self) -> None:
        """Take up the tickets that workers which are gone were told of. Raises `StoreError`."""
        for task_id, ticket in await self._store.lost_tickets.recover(self._context.worker.id):
            if (task_id, ticket) not in self._searches:
                self._searches.add((task_id, ticket))
                self._spawn(task_id, ticket)

    async def aclose(self) -> None:
        """The next start goes on."""
        await self._background.aclose()

    def _spawn(self, task_id: int, ticket: str) -> None:
        self._background.spawn(self._find(task_id, ticket), f"find the ticket of task {task_id}", Subject(task=task_id))

    async def _find(self, task_id: int, ticket: str) -> None:
        try:
            await self._search(task_id, ticket)
        finally:
            self._searches.discard((task_id, ticket))

    async def _search(self, task_id: int, ticket: str) -> None:
        is_known: bool | None = None
        while task := await self._undecided(task_id):
            if task.provider not in self._providers:
                # Once it is set up again, a start goes on with it.
                return
            if is_known is None:
                is_known = await self._is_confirmed(task, ticket)
            if is_known is False or (is_known and await self._is_taken_up(task_id, ticket)):
                break
            # Its job may be in delivery.
            await self._context.sleep(LOOK_SECONDS if is_known else CONFIRM_SECONDS)
        forget = self._store.lost_tickets.forget
        await self._context.until_stored(
            lambda: forget(task_id, ticket), f"forgetting the announced ticket of task {task_id}"
        )

    async def _undecided(self, task_id: int) -> Task | None:
        """The task, once its submit is over, if it has come to no ticket. None: it needs none."""
        while True:
            task = await self._context.until_stored(lambda: self._store.tasks.get(task_id), f"reading task {task_id}")
            if task is None or task.ticket or task.state is TaskState.DONE:
                return None
            job = await self._context.until_stored(
                partial(self._store.jobs.get, task.job_id), f"reading job {task.job_id}"
            )
            if job is None:
                return None
            if task.state is not TaskState.SUBMITTING and job.state is not JobState.DELIVERING:
                return task
            await self._context.sleep(LOOK_SECONDS)

    async def _is_confirmed(self, task: Task, ticket: str) -> bool | None:
        """Whether the service knows the ticket, and no other task has it. None: nobody can tell at present."""
        try:
            if await self._store.lost_tickets.is_taken(task.provider, ticket):
                log.warning("a call for task %d named the ticket of another task; ignored", task.id)
                return False
            async with asyncio.timeout(CONFIRM_SECONDS):
                return await self._is_known(task, ticket)
        except ContentRefusedError:
            # It is this task's end, and known to be.
            return True
        except (ProviderBusyError, MisconfiguredError, TimeoutError, StoreError) as error:
            log.warning("the service can't be asked about the ticket that a call named for task %d: %r", task.id, error)
            return None
        except ProviderError as error:
            log.warning("a call for task %d named a ticket that the service does not know: %r", task.id, error)
            return False

    async def _is_known(self, task: Task, ticket: str) -> bool:
        provider = self._providers[task.provider]
        job, references = await self._store.jobs.with_references(task.job_id)
        if job is None:
            return False
        request = await self._requests.of_task(job, replace(task, ticket=ticket), references, provider)
        async with aclosing(provider.imagine(replace(request, callback=None), ticket)) as events:
            async for _event in events:
                return True
        return False

    async def _is_taken_up(self, task_id: int, ticket: str) -> bool:
        store = self._store.lost_tickets.found
        step = f"storing the ticket of task {task_id}"
        found = await self._context.until_stored(
            lambda: store(task_id, ticket, self._context.clock(), worker_id=self._context.worker.id), step
        )
        if found is None:
            return False
        log.info("task %d of job %d has its ticket again: %s", task_id, found.id, ticket)
        self._context.wake(found.id)
        return True
