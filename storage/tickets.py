"""Tickets are stored at once: they stand for money, and without its ticket a task that was paid can't be found again.

They go before all else that waits to be written. Those that come while others are being stored are stored together, in
one statement, which is one transaction.
"""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text, update

from storage.database import Database, StoreError, Unstorable
from storage.records import JobState, TaskState, TicketKept
from storage.rows import locked, moved, whose
from storage.schema import jobs, tasks
from storage.texts import clean

MOST = 100
"""Tickets that are stored together."""

# Of tasks that are being submitted, and that nobody else holds: a job can't be interrupted for such a task meanwhile.
# The others are seen to one by one. It is not known to the planner how few these are; the indices are.
_POSTGRES = text("""
    WITH given AS (
        SELECT * FROM json_to_recordset(CAST(:tickets AS json))
            AS given (id bigint, ticket text, submitted_at float)
    ), free AS (
        SELECT tasks.id, tasks.job_id FROM tasks JOIN jobs ON jobs.id = tasks.job_id
            WHERE tasks.id IN (SELECT id FROM given) AND tasks.state = 'submitting' AND jobs.state <> 'interrupted'
            ORDER BY tasks.id FOR NO KEY UPDATE OF tasks SKIP LOCKED
    )
    UPDATE tasks SET state = 'running', ticket = given.ticket, submitted_at = given.submitted_at,
            trouble = NULL, finished_at = NULL
        FROM given JOIN free ON free.id = given.id JOIN jobs ON jobs.id = free.job_id
        WHERE tasks.id = given.id
        RETURNING tasks.id, jobs.state, jobs.worker_id
""")
_SQLITE = text("""
    UPDATE tasks SET state = 'running', ticket = given.value ->> 'ticket',
            submitted_at = given.value ->> 'submitted_at', trouble = NULL, finished_at = NULL
        FROM json_each(:tickets) AS given
        WHERE tasks.id = given.value ->> 'id' AND tasks.state = 'submitting'
            AND (SELECT state FROM jobs WHERE jobs.id = tasks.job_id) <> 'interrupted'
        RETURNING id, (SELECT state FROM jobs WHERE jobs.id = tasks.job_id),
            (SELECT worker_id FROM jobs WHERE jobs.id = tasks.job_id)
""")


@dataclass(slots=True, eq=False)
class _Ticket:
    """What is to be stored, and then what came of it: `kept`; an error; or neither, where it is seen to alone.
    `worker_id`: who has it in its hands."""

    task_id: int
    ticket: str
    submitted_at: float
    worker_id: int
    is_tried: bool = False
    kept: TicketKept | None = None
    error: StoreError | None = None


class Tickets:
    """The tickets of one database's tasks, on their way into it."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._waiting: list[_Ticket] = []
        self._storing = asyncio.Lock()
        self._statement = _SQLITE if database.backend.one_writer else _POSTGRES

    async def keep(self, task_id: int, ticket: str, now: float, worker_id: int) -> TicketKept:
        """Store it. Raises `StoreError`."""
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
        return new.kept or await self._alone(new)

    async def _store_waiting(self) -> None:
        # Those whose answers have arrived at this moment come along.
        await asyncio.sleep(0)
        together, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        try:
            found = await self._store(together)
        except Unstorable:
            # One of them; the others must not suffer for it.
            found = {}
        except StoreError as error:
            for one in together:
                one.error = error
            found = {}
        except BaseException:
            # Whoever is next stores them, once more if need be.
            self._waiting[:0] = together
            raise
        for one in together:
            one.is_tried, one.kept = True, found.get(one.task_id)

    async def _store(self, together: list[_Ticket]) -> dict[int, TicketKept]:
        """Those that are stored now, by their tasks."""
        given = [{"id": one.task_id, "ticket": one.ticket, "submitted_at": one.submitted_at} for one in together]
        async with self._db.at_once() as connection:
            rows = await connection.execute(self._statement, {"tickets": json.dumps(clean(given))})
            return {row[0]: TicketKept(row[1] != JobState.CANCELLED, row[2]) for row in rows}

    async def _alone(self, one: _Ticket) -> TicketKept:
        """Store it when whoever holds its task is done; a task that was given up, and its job, live on.

        The job's owner may be another by now, and goes on with the task: it is notified. A job whose owner is gone is
        this worker's.
        """
        async with self._db.write() as connection:
            taken = update(tasks).where(tasks.c.id == one.task_id)
            values = {"ticket": one.ticket, "submitted_at": one.submitted_at}
            values |= {"state": TaskState.RUNNING, "trouble": None, "finished_at": None}
            job_id = (await connection.execute(taken.values(values).returning(tasks.c.job_id))).scalar_one()
            job = await locked(connection, job_id)
            if job is None:
                return TicketKept(is_wanted=False, worker_id=None)
            again: dict[str, Any] = {"worker_id": whose(one.worker_id)}
            if job.state is JobState.INTERRUPTED:
                again |= {"state": JobState.WORKING, "trouble": None, "finished_at": None}
            job = await moved(connection, update(jobs).where(jobs.c.id == job_id).values(again)) or job
            return TicketKept(job.state is not JobState.CANCELLED, job.worker_id)
