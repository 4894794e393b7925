"""Tickets are stored at once: they stand for money, and without its ticket a task that was paid can't be found again.

They go before all else that waits to be written. Those that come while others are being stored are stored together, in
one statement, which is one transaction.
"""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Float,
    String,
    Text,
    and_,
    bindparam,
    cast,
    column,
    func,
    null,
    select,
    type_coerce,
)

from storage import notifications
from storage.column_types import clean
from storage.database import Database, StoreError, UnstorableValueError
from storage.job_states import CANCELLED_STATES, INTERRUPTED_STATES, JobState, TaskState, move_job, move_task
from storage.rows import locked
from storage.schema import jobs, tasks

NOT_DONE = tuple(state for state in TaskState if state is not TaskState.DONE)
MOST = 100
"""Tickets that are stored together."""


def _stored(which: ColumnElement[bool], ticket: Any, submitted_at: Any, worker_id: Any) -> Any:
    """The statement that stores the tickets of tasks that are being submitted; it returns their ids, and the states of
    their jobs."""
    values = {"ticket": ticket, "submitted_at": submitted_at, "worker_id": worker_id}
    ready = move_task(
        which, (TaskState.SUBMITTING,), TaskState.RUNNING, error_message=null(), finished_at=None, **values
    )
    return ready.returning(tasks.c.id, _JOB_STATE)


def _postgres() -> Any:
    columns = (("id", BigInteger), ("ticket", Text), ("submitted_at", Float), ("worker_id", BigInteger))
    rows = func.json_to_recordset(cast(_TICKETS, JSON)).table_valued(*(column(*one) for one in columns))
    given = rows.render_derived(name="given", with_types=True)
    # Only those that nobody else holds: a job can't be interrupted for such a task meanwhile. The others are seen to
    # one by one. It is not known to the planner how few these are; the indices are.
    free = (
        select(tasks.c.id)
        .join(jobs, jobs.c.id == tasks.c.job_id)
        .where(tasks.c.id.in_(select(given.c.id)), tasks.c.state == TaskState.SUBMITTING)
        .where(jobs.c.state.not_in(INTERRUPTED_STATES))
        .order_by(tasks.c.id)
        .with_for_update(key_share=True, of=tasks, skip_locked=True)
        .cte("free")
    )
    which = and_(tasks.c.id == given.c.id, given.c.id == free.c.id)
    return _stored(which, given.c.ticket, given.c.submitted_at, given.c.worker_id)


def _sqlite() -> Any:
    given = func.json_each(_TICKETS).table_valued("value", name="given")

    def part(name: str, of: Any) -> ColumnElement[Any]:
        return type_coerce(given.c.value.op("->>")(name), of)

    which = and_(tasks.c.id == part("id", BigInteger), _JOB_STATE.not_in(INTERRUPTED_STATES))
    return _stored(which, part("ticket", Text), part("submitted_at", Float), part("worker_id", BigInteger))


_TICKETS = bindparam("tickets", type_=String)
_JOB_STATE = select(jobs.c.state).where(jobs.c.id == tasks.c.job_id).scalar_subquery()
_POSTGRES, _SQLITE = _postgres(), _sqlite()


@dataclass(slots=True, eq=False)
class _Ticket:
    """What is to be stored, and then what came of it: the state of its job; an error; or neither, where it is seen to
    alone."""

    task_id: int
    ticket: str
    submitted_at: float
    worker_id: int
    is_tried: bool = False
    job_state: str | None = None
    error: StoreError | None = None


class Tickets:
    """The tickets of one database's tasks, on their way into it."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._waiting: list[_Ticket] = []
        self._storing = asyncio.Lock()
        self._statement = _SQLITE if database.backend.one_writer else _POSTGRES

    async def keep(self, task_id: int, ticket: str, now: float, worker_id: int) -> bool:
        """Store it. False: the task's job was cancelled meanwhile. Raises `StoreError`."""
        new = _Ticket(task_id, ticket, now, worker_id)
        self._waiting.append(new)
        try:
            async with self._storing:
                if not new.is_tried:
                    await self._store_waiting()
        except asyncio.CancelledError:
            if new in self._waiting:
                self._waiting.remove(new)
            raise
        if new.error:
            raise new.error
        if new.job_state is None:
            return await self._alone(new)
        return new.job_state not in CANCELLED_STATES

    async def _store_waiting(self) -> None:
        # Those whose answers have arrived at this moment come along.
        await asyncio.sleep(0)
        together, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        try:
            states = await self._store(together)
        except UnstorableValueError:
            # One of them; the others must not suffer for it.
            states = {}
        except StoreError as error:
            for one in together:
                one.error = error
            states = {}
        except BaseException:
            # Whoever is next stores them, once more if need be.
            self._waiting[:0] = together
            raise
        for one in together:
            one.is_tried, one.job_state = True, states.get(one.task_id)

    async def _store(self, together: list[_Ticket]) -> dict[int, str]:
        """The states of the jobs of those that are stored now."""
        given = [
            {"id": one.task_id, "ticket": one.ticket, "submitted_at": one.submitted_at, "worker_id": one.worker_id}
            for one in together
        ]
        async with self._db.at_once() as connection:
            rows = await connection.execute(self._statement, {"tickets": json.dumps(clean(given))})
            return {row[0]: row[1] for row in rows}

    async def _alone(self, one: _Ticket) -> bool:
        """Store it when whoever holds its task is done; a task that was given up, and its job, live on."""
        own = tasks.c.id == one.task_id
        async with self._db.write() as connection:
            values = {"ticket": one.ticket, "submitted_at": one.submitted_at, "worker_id": one.worker_id}
            ready = move_task(own, NOT_DONE, TaskState.RUNNING, error_message=None, finished_at=None, **values)
            await connection.execute(ready)
            # One that is done meanwhile was watched by another worker, and stays done.
            job_id = (await connection.execute(select(tasks.c.job_id).where(own))).scalar_one()
            job = await locked(connection, job_id)
            if job and job.state in INTERRUPTED_STATES:
                again = {"error_message": None, "finished_at": None}
                await connection.execute(move_job(jobs.c.id == job.id, INTERRUPTED_STATES, JobState.WORKING, **again))
                connection.notify(notifications.job(job.id, job.worker_id))
            return job is not None and job.state not in CANCELLED_STATES
