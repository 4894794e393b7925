"""Storing tickets without delay: a ticket stands for money, and without it a paid task can't be found again.

Tickets go before all other writes. Those that arrive while others are being stored are stored together, in one
statement, which is one transaction.
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
    update,
)

from storage.column_types import clean
from storage.connection import Transaction
from storage.database import Database, StoreError, UnstorableValueError
from storage.job_states import CANCELLED_STATES, INTERRUPTED_STATES, JobState, TaskState, is_in, move_job, move_task
from storage.ledger import reserve_again
from storage.operations import Operations, writes
from storage.records import TicketKept
from storage.rows import change_job, living_worker_or, lock_job
from storage.schema import jobs, tasks
from storage.task_statements import RESERVED_AGAIN, TASK

ALL_BUT_DONE = tuple(state for state in TaskState if state is not TaskState.DONE)
TICKETS_AT_ONCE = 100
"""Tickets stored by one statement."""


def _stored(which: ColumnElement[bool], ticket: Any, submitted_at: Any) -> Any:
    """The statement that stores the tickets of submitting tasks; it returns their ids, and the states and workers of
    their jobs."""
    values = {"ticket": ticket, "submitted_at": submitted_at}
    ready = move_task(
        which, (TaskState.SUBMITTING,), TaskState.RUNNING, error_message=null(), finished_at=None, **values
    )
    return ready.returning(tasks.c.id, _JOB_STATE, _JOB_WORKER)


def _postgres() -> Any:
    columns = (("id", BigInteger), ("ticket", Text), ("submitted_at", Float))
    rows = func.json_to_recordset(cast(_TICKETS, JSON)).table_valued(*(column(*one) for one in columns))
    given = rows.render_derived(name="given", with_types=True)
    # Only tasks that no other transaction has locked: their jobs can't be interrupted meanwhile. The others are stored
    # one by one. The planner does not know how few rows are given, so each step selects by an indexed id.
    free = (
        select(tasks.c.id)
        .join(jobs, jobs.c.id == tasks.c.job_id)
        .where(tasks.c.id.in_(select(given.c.id)), tasks.c.state == TaskState.SUBMITTING)
        .where(~is_in(jobs.c.state, INTERRUPTED_STATES))
        .order_by(tasks.c.id)
        .with_for_update(key_share=True, of=tasks, skip_locked=True)
        .cte("free")
    )
    which = and_(tasks.c.id == given.c.id, given.c.id == free.c.id)
    return _stored(which, given.c.ticket, given.c.submitted_at)


def _sqlite() -> Any:
    given = func.json_each(_TICKETS).table_valued("value", name="given")

    def part(name: str, of: Any) -> ColumnElement[Any]:
        return type_coerce(given.c.value.op("->>")(name), of)

    which = and_(tasks.c.id == part("id", BigInteger), ~is_in(_JOB_STATE, INTERRUPTED_STATES))
    return _stored(which, part("ticket", Text), part("submitted_at", Float))


_TICKETS = bindparam("tickets", type_=String)
_JOB_STATE = select(jobs.c.state).where(jobs.c.id == tasks.c.job_id).scalar_subquery()
_JOB_WORKER = select(jobs.c.worker_id).where(jobs.c.id == tasks.c.job_id).scalar_subquery()
_POSTGRES, _SQLITE = _postgres(), _sqlite()

_STORE_ALONE = move_task(
    tasks.c.id == bindparam("task_id"),
    ALL_BUT_DONE,
    TaskState.RUNNING,
    ticket=bindparam("ticket"),
    submitted_at=bindparam("submitted_at"),
    error_message=None,
    finished_at=None,
    **RESERVED_AGAIN,
)
_JOB_OF_TASK = select(tasks.c.job_id).where(tasks.c.id == bindparam("task_id"))
_OWN_JOB, _OWNED = jobs.c.id == bindparam("job_id"), {"worker_id": living_worker_or(bindparam("owner"))}
_TAKE_OVER = update(jobs).where(_OWN_JOB).values(_OWNED).returning(jobs)
_REOPEN = move_job(
    _OWN_JOB, INTERRUPTED_STATES, JobState.WORKING, error_message=None, finished_at=None, **_OWNED
).returning(jobs)


@dataclass(slots=True, eq=False)
class _Ticket:
    """A ticket to store, and then the result: `kept`, an error, or neither if it must be stored alone. `worker_id`: the
    worker that has read it."""

    task_id: int
    ticket: str
    submitted_at: float
    worker_id: int
    is_tried: bool = False
    kept: TicketKept | None = None
    error: StoreError | None = None


class Tickets(Operations):
    """Stores the tickets of one database's tasks, in batches."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._waiting: list[_Ticket] = []
        self._storing = asyncio.Lock()
        self._statement = _SQLITE if database.backend.single_writer else _POSTGRES

    async def keep(self, task_id: int, ticket: str, now: float, worker_id: int) -> TicketKept:
        """Store a ticket. Raises `StoreError`."""
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
        return new.kept or await self._store_alone(new)

    async def _store_waiting(self) -> None:
        # Other answers that have arrived at this moment join the batch.
        await asyncio.sleep(0)
        together, self._waiting = self._waiting[:TICKETS_AT_ONCE], self._waiting[TICKETS_AT_ONCE:]
        try:
            found = await self._store(together)
        except UnstorableValueError:
            # One of them is unstorable: each is stored alone.
            found = {}
        except StoreError as error:
            for one in together:
                one.error = error
            found = {}
        except BaseException:
            # The next caller stores them, again if need be.
            self._waiting[:0] = together
            raise
        for one in together:
            one.is_tried, one.kept = True, found.get(one.task_id)

    async def _store(self, together: list[_Ticket]) -> dict[int, TicketKept]:
        """Store a batch; returns those that were stored, by task id."""
        given = [{"id": one.task_id, "ticket": one.ticket, "submitted_at": one.submitted_at} for one in together]
        rows = await self._db.execute(self._statement, {"tickets": json.dumps(clean(given))}, urgent=True)
        return {row[0]: TicketKept(row[1] not in CANCELLED_STATES, row[2]) for row in rows}

    @writes
    async def _store_alone(self, connection: Transaction, one: _Ticket) -> TicketKept:
        """Store a ticket when its task is no longer locked; a task that had ended runs again, and its job is open.

        Another worker may own the job by now, and goes on with the task: it is notified. If the owner is gone, this
        worker becomes the owner.
        """
        own = {"task_id": one.task_id, "ticket": one.ticket, "submitted_at": one.submitted_at}
        # The job is locked before its task, as everywhere: else two steps could wait for each other.
        job_id = (await connection.execute(_JOB_OF_TASK, own)).scalar_one()
        job = await lock_job(connection, job_id)
        task = (await connection.execute(TASK, own)).mappings().one()
        # A task that is done was polled by another worker meanwhile, and stays done.
        is_running = (await connection.execute(_STORE_ALONE, {**own, "now": one.submitted_at})).rowcount
        if job is None:
            return TicketKept(is_wanted=False, worker_id=None)
        if is_running:
            await reserve_again(connection, job, task, one.submitted_at)
        # A living worker owns the job from here on; if it was interrupted, it is open again.
        change = _REOPEN if job.state in INTERRUPTED_STATES else _TAKE_OVER
        job = await change_job(connection, change, {"job_id": job_id, "owner": one.worker_id}) or job
        return TicketKept(job.state not in CANCELLED_STATES, job.worker_id)
