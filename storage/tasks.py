"""The queue: tasks are queued, claimed in fair turns, and followed to their end."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, and_, case, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from storage.database import Database
from storage.records import ACTIVE, JobState, NewPicture, Task, TaskState, Trouble, Waiting
from storage.schema import jobs, people, pictures, sources, tasks


class Tasks:
    """The tasks of one database. Times are handed in, in seconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def queue(
        self, job_id: int, parts: Sequence[Mapping[str, Any]], prepared: Sequence[int], since: float
    ) -> bool:
        """Put the tasks of a prepared job (the options of each) into the queue.

        `prepared`: the ids of the references that were looked at; `since`: when their wait began. False, and nothing is
        done, when the job is no longer being prepared or another reference has joined meanwhile.
        """
        async with self._db.write() as connection:
            row = (await connection.execute(select(jobs).where(jobs.c.id == job_id))).mappings().one()
            known = select(sources.c.id).where(sources.c.job_id == job_id)
            ids = set((await connection.execute(known)).scalars())
            if row["state"] != JobState.PREPARING or ids != set(prepared):
                return False
            common = {"job_id": job_id, "user_id": row["user_id"], "provider": row["provider"], "queued_at": since}
            values = [{**common, "state": TaskState.QUEUED, "options": dict(options)} for options in parts]
            await connection.execute(insert(tasks), values)
            await connection.execute(update(jobs).where(jobs.c.id == job_id).values(state=JobState.WORKING))
            return True

    async def claim(self, provider: str, at_once: int, now: float) -> Task | None:
        """Give the next task its turn, when fewer than `at_once` are under way: it is `submitting` from here on.

        (One that was put back with a ticket is `running`: it is not submitted again.)
        Among waiting people the one with the fewest tasks under way is next, then the one whose wait (since their
        task was queued or since their last turn, whichever is later) is the longest.
        """
        async with self._db.write() as connection:
            active = select(func.count()).where(tasks.c.provider == provider, tasks.c.state.in_(ACTIVE))
            if (await connection.execute(active)).scalar_one() >= at_once:
                return None
            task_id = (await connection.execute(_next_task(provider, now))).scalar()
            if task_id is None:
                return None
            state = case((tasks.c.ticket.is_(None), TaskState.SUBMITTING), else_=TaskState.RUNNING)
            begun = update(tasks).where(tasks.c.id == task_id).values(state=state).returning(tasks)
            task = _task((await connection.execute(begun)).mappings().one())
            turn = upsert(people).values(id=task.user_id, last_turn=now)
            await connection.execute(turn.on_conflict_do_update(index_elements=[people.c.id], set_={"last_turn": now}))
            return task

    async def next_due(self, provider: str) -> float | None:
        """When the earliest waiting task may go; None when none waits."""
        async with self._db.read() as connection:
            query = select(func.min(tasks.c.not_before)).where(
                tasks.c.provider == provider, tasks.c.state == TaskState.QUEUED
            )
            due: float | None = (await connection.execute(query)).scalar()
            return due

    async def accepted(self, task_id: int, ticket: str, now: float) -> None:
        """The service has the task; from here on it can be taken up again."""
        await self._update_task(task_id, state=TaskState.RUNNING, ticket=ticket, submitted_at=now)

    async def put_back(self, task_id: int, not_before: float) -> None:
        """The service was busy and nothing was paid: the task waits again, unless its job was cancelled meanwhile."""
        async with self._db.write() as connection:
            job_id = select(tasks.c.job_id).where(tasks.c.id == task_id, tasks.c.ticket.is_(None)).scalar_subquery()
            cancelled = select(jobs.c.state == JobState.CANCELLED).where(jobs.c.id == job_id)
            state = TaskState.CANCELLED if (await connection.execute(cancelled)).scalar() else TaskState.QUEUED
            change = update(tasks).where(tasks.c.id == task_id).values(state=state, not_before=not_before)
            await connection.execute(change)

    async def finish_task(self, task_id: int, results: Sequence[NewPicture], now: float) -> None:
        """The task is done: its pictures are stored with it, in one step."""
        async with self._db.write() as connection:
            done = update(tasks).where(tasks.c.id == task_id, tasks.c.state.in_(ACTIVE))
            row = (
                await connection.execute(done.values(state=TaskState.DONE, finished_at=now).returning(tasks.c.job_id))
            ).first()
            if row is None:
                return
            job = (await connection.execute(select(jobs).where(jobs.c.id == row.job_id))).mappings().one()
            common = {"job_id": job["id"], "task_id": task_id, "user_id": job["user_id"], "chat_id": job["chat_id"]}
            values = [{**common, "url": one.url, "data": one.data, "created_at": now} for one in results]
            await connection.execute(insert(pictures), values)

    async def end_task(self, task_id: int, state: TaskState, trouble: Trouble, now: float) -> None:
        """The task ended without pictures."""
        await self._update_task(task_id, state=state, trouble=dict(trouble), finished_at=now)

    async def watch_again(self, job_id: int) -> bool:
        """Take up the overdue tasks of a job. False when there are none."""
        lost = and_(tasks.c.job_id == job_id, tasks.c.state == TaskState.OVERDUE)
        values = {"state": TaskState.RUNNING, "trouble": None, "finished_at": None}
        async with self._db.write() as connection:
            return bool((await connection.execute(update(tasks).where(lost).values(values))).rowcount)

    async def interrupt_lost(self, trouble: Trouble, now: float) -> list[int]:
        """At the start: tasks whose submit was cut off by a crash. Returns their jobs' ids."""
        async with self._db.write() as connection:
            change = update(tasks).where(tasks.c.state == TaskState.SUBMITTING)
            values = {"state": TaskState.INTERRUPTED, "trouble": dict(trouble), "finished_at": now}
            rows = await connection.execute(change.values(values).returning(tasks.c.job_id))
            return sorted({row.job_id for row in rows})

    async def of_job(self, job_id: int) -> list[Task]:
        """The tasks of a job, in order."""
        async with self._db.read() as connection:
            query = select(tasks).where(tasks.c.job_id == job_id).order_by(tasks.c.id)
            return [_task(row) for row in (await connection.execute(query)).mappings()]

    async def running(self) -> list[Task]:
        """All tasks that the services work on."""
        async with self._db.read() as connection:
            query = select(tasks).where(tasks.c.state == TaskState.RUNNING).order_by(tasks.c.id)
            return [_task(row) for row in (await connection.execute(query)).mappings()]

    async def waiting(self, provider: str) -> list[Waiting]:
        """The queue of a provider, in no particular order."""
        columns = (tasks.c.id, tasks.c.job_id, tasks.c.user_id, tasks.c.queued_at, _last_turn())
        async with self._db.read() as connection:
            query = (
                select(*columns)
                .outerjoin(people, people.c.id == tasks.c.user_id)
                .where(tasks.c.provider == provider, tasks.c.state == TaskState.QUEUED)
            )
            return [Waiting(*row) for row in await connection.execute(query)]

    async def durations(self, provider: str, most: int = 200) -> list[float]:
        """How many seconds the latest tasks took from submit to result, oldest first."""
        async with self._db.read() as connection:
            query = (
                select(tasks.c.finished_at - tasks.c.submitted_at)
                .where(tasks.c.provider == provider, tasks.c.finished_at.is_not(None))
                .where(tasks.c.state == TaskState.DONE, tasks.c.submitted_at.is_not(None))
                .order_by(tasks.c.finished_at.desc())
                .limit(most)
            )
            return list((await connection.execute(query)).scalars())[::-1]

    async def _update_task(self, task_id: int, **values: object) -> None:
        async with self._db.write() as connection:
            await connection.execute(update(tasks).where(tasks.c.id == task_id).values(values))


def _last_turn() -> Any:
    return func.coalesce(people.c.last_turn, 0.0)


def _next_task(provider: str, now: float) -> Any:
    active = (
        select(tasks.c.user_id, func.count().label("count"))
        .where(tasks.c.provider == provider, tasks.c.state.in_(ACTIVE))
        .group_by(tasks.c.user_id)
        .subquery()
    )
    waits_since = case((tasks.c.queued_at > _last_turn(), tasks.c.queued_at), else_=_last_turn())
    return (
        select(tasks.c.id)
        .outerjoin(people, people.c.id == tasks.c.user_id)
        .outerjoin(active, active.c.user_id == tasks.c.user_id)
        .where(tasks.c.provider == provider, tasks.c.state == TaskState.QUEUED, tasks.c.not_before <= now)
        .order_by(func.coalesce(active.c.count, 0), waits_since, tasks.c.id)
        .limit(1)
    )


def _task(row: RowMapping) -> Task:
    return Task(**{**row, "state": TaskState(row["state"])})
