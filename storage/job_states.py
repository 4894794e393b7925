"""The states of jobs and tasks, and the allowed moves between them: `JOB_MOVES` and `TASK_MOVES`.

`move_job` and `move_task` build the only statements that write `state`. `bot/README.md` shows both tables as diagrams.
"""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Update, literal_column, update

from storage.schema import jobs, tasks

_S = TypeVar("_S", bound=StrEnum)


class JobState(StrEnum):
    """The states of a job: one request's life."""

    # Its references are fetched and checked, and its tasks are planned.
    PREPARING = "preparing"
    # Its tasks wait, are submitted, or run.
    WORKING = "working"
    # All its tasks have ended, with pictures: they are being sent.
    DELIVERING = "delivering"
    # The album has arrived.
    DELIVERED = "delivered"
    # It failed; the person is not told yet.
    FAILING = "failing"
    # It failed, and the person is told.
    FAILED = "failed"
    # The person has cancelled it, and is not told yet that it ends.
    CANCELLING = "cancelling"
    # It is cancelled, and the person is told; paid pictures are kept for the history when they are ready.
    KEEPING = "keeping"
    # It is cancelled, and no picture is left to keep.
    CANCELLED = "cancelled"
    # It is not known whether a submit was accepted, so the person decides; the person is not told yet.
    INTERRUPTING = "interrupting"
    # It is not known whether a submit was accepted, and the person is told.
    INTERRUPTED = "interrupted"


class TaskState(StrEnum):
    """The states of a task: one paid submission of a job."""

    # It waits for a free slot of its provider.
    QUEUED = "queued"
    # The submit is under way: it may be paid, and has no ticket yet.
    SUBMITTING = "submitting"
    # The service works on it; its ticket is stored.
    RUNNING = "running"
    # Its pictures are stored.
    DONE = "done"
    # It ended without pictures.
    FAILED = "failed"
    # It took too long and is no longer polled; its ticket may still be good.
    OVERDUE = "overdue"
    # It was cancelled before the service accepted it.
    CANCELLED = "cancelled"
    # It is not known whether the service accepted it.
    INTERRUPTED = "interrupted"


OPEN = (JobState.PREPARING, JobState.WORKING, JobState.DELIVERING)
"""Pictures are being made or sent."""
NOT_READY = (JobState.PREPARING, JobState.WORKING)
"""Pictures are being made: the job can be cancelled, reworded, or go to another provider."""
ENDING = (JobState.FAILING, JobState.CANCELLING, JobState.KEEPING, JobState.INTERRUPTING)
"""It has ended without an album; the person is still to be told, or pictures are still to be kept."""
CLOSED = (JobState.DELIVERED, JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED)
"""Nothing is left to do."""
FAILED_STATES = (JobState.FAILING, JobState.FAILED)
CANCELLED_STATES = (JobState.CANCELLING, JobState.KEEPING, JobState.CANCELLED)
INTERRUPTED_STATES = (JobState.INTERRUPTING, JobState.INTERRUPTED)
WITHOUT_RESULT = (*FAILED_STATES, *CANCELLED_STATES)
CLOSED_AS = {
    JobState.DELIVERING: JobState.DELIVERED,
    JobState.FAILING: JobState.FAILED,
    JobState.KEEPING: JobState.CANCELLED,
    JobState.INTERRUPTING: JobState.INTERRUPTED,
}
"""The states in which the last step is done, and the closed states to which they lead."""

ACTIVE = (TaskState.SUBMITTING, TaskState.RUNNING)
UNFINISHED = (TaskState.QUEUED, *ACTIVE)
MAY_BE_PAID = (*ACTIVE, TaskState.DONE, TaskState.OVERDUE, TaskState.INTERRUPTED)
"""The task is paid, or may be."""

# An ended job is reopened: its tasks are polled, or its pictures sent.
_REOPENED = (JobState.WORKING, JobState.DELIVERING)

JOB_MOVES: Mapping[JobState, Collection[JobState]] = {
    # An edited prompt and another provider move it to itself. A backup interrupts it.
    JobState.PREPARING: (
        JobState.PREPARING,
        JobState.WORKING,
        JobState.FAILING,
        JobState.CANCELLING,
        JobState.INTERRUPTING,
    ),
    JobState.WORKING: (
        JobState.PREPARING,
        JobState.DELIVERING,
        JobState.FAILING,
        JobState.CANCELLING,
        JobState.INTERRUPTING,
    ),
    JobState.DELIVERING: (JobState.DELIVERED, JobState.FAILING),
    JobState.DELIVERED: _REOPENED,
    JobState.FAILING: (JobState.FAILED, *_REOPENED),
    JobState.FAILED: _REOPENED,
    # Erasing a person closes it at once: nobody is told.
    JobState.CANCELLING: (JobState.KEEPING, JobState.CANCELLED, *_REOPENED),
    JobState.KEEPING: (JobState.CANCELLED, *_REOPENED),
    # A lost ticket that is found moves it back.
    JobState.CANCELLED: (JobState.KEEPING, *_REOPENED),
    # Erasing a person cancels it: nobody can decide any longer.
    JobState.INTERRUPTING: (JobState.INTERRUPTED, JobState.CANCELLED, *_REOPENED),
    JobState.INTERRUPTED: (JobState.CANCELLED, *_REOPENED),
}

TASK_MOVES: Mapping[TaskState, Collection[TaskState]] = {
    # A task that was put back with its ticket runs at once: it is not submitted again. A backup interrupts it. Where a
    # budget has no room for it, it fails.
    TaskState.QUEUED: (
        TaskState.SUBMITTING,
        TaskState.RUNNING,
        TaskState.FAILED,
        TaskState.CANCELLED,
        TaskState.INTERRUPTED,
    ),
    TaskState.SUBMITTING: (
        TaskState.QUEUED,
        TaskState.RUNNING,
        TaskState.DONE,
        TaskState.FAILED,
        TaskState.OVERDUE,
        TaskState.CANCELLED,
        TaskState.INTERRUPTED,
    ),
    # Storing a ticket again moves it to itself: the first answer of the store was lost.
    TaskState.RUNNING: (
        TaskState.RUNNING,
        TaskState.QUEUED,
        TaskState.DONE,
        TaskState.FAILED,
        TaskState.OVERDUE,
        TaskState.INTERRUPTED,
    ),
    # Its pictures are stored, and must not be stored twice.
    TaskState.DONE: (),
    # A lost ticket that is found moves this one and those below back.
    TaskState.FAILED: (TaskState.RUNNING,),
    # Its ticket is erased with its person, and without it the task can't be looked for.
    TaskState.OVERDUE: (TaskState.RUNNING, TaskState.FAILED),
    TaskState.CANCELLED: (TaskState.RUNNING,),
    TaskState.INTERRUPTED: (TaskState.RUNNING,),
}

IS_OPEN: ColumnElement[bool] = jobs.c.state.not_in([literal_column(f"'{state}'") for state in CLOSED])
"""SQL condition on `jobs`: whether something is left to do for the job.

The states are literals in the statement, so that both databases use the index `ix_jobs_open`.
"""


class MoveNotAllowedError(ValueError):
    """The table of moves does not allow this one."""


def move_job(which: ColumnElement[bool], before: Collection[JobState], to: JobState, **values: Any) -> Update:
    """The statement that moves jobs to `to` if they are in one of the states `before`, and sets `values`.

    Raises `MoveNotAllowedError` if the table does not allow a move from one of these states.
    """
    _check(JOB_MOVES, before, to)
    return update(jobs).where(which, is_in(jobs.c.state, before)).values(state=to, **values)


def move_task(which: ColumnElement[bool], before: Collection[TaskState], to: TaskState, **values: Any) -> Update:
    """The same for tasks."""
    _check(TASK_MOVES, before, to)
    return update(tasks).where(which, is_in(tasks.c.state, before)).values(state=to, **values)


def _check(moves: Mapping[_S, Collection[_S]], before: Collection[_S], to: _S) -> None:
    if wrong := [state.value for state in before if to not in moves[state]]:
        raise MoveNotAllowedError(f"no move from {' or '.join(wrong)} to {to}")


def is_in(column: ColumnElement[str], states: Iterable[StrEnum]) -> ColumnElement[bool]:
    """SQL condition: whether the column has one of these states.

    They are literals of the statement, so that both databases use the indexes of some states.
    """
    return column.in_([literal_column(f"'{state}'") for state in states])
