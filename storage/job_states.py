"""The states of jobs and tasks, and who may go where: `JOB_MOVES` and `TASK_MOVES`.

`move_job` and `move_task` build the only statements that write `state`. `bot/README.md` shows both tables as diagrams.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Update, literal_column, update

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
    # It came to nothing; the person is not told yet.
    FAILING = "failing"
    # It came to nothing, and the person knows.
    FAILED = "failed"
    # The person wants it no more; the person is not told yet that it ends.
    CANCELLING = "cancelling"
    # It is cancelled, and the person knows; pictures that are paid are kept for the history when they are ready.
    KEEPING = "keeping"
    # It is cancelled, and nothing is left to keep.
    CANCELLED = "cancelled"
    # Nobody knows whether a submit was taken, so the person decides; the person is not told yet.
    INTERRUPTING = "interrupting"
    # Nobody knows whether a submit was taken, and the person knows that.
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
    # It took too long and is watched no longer; its ticket may still be good.
    OVERDUE = "overdue"
    # It was cancelled before the service took it.
    CANCELLED = "cancelled"
    # Nobody knows whether the service took it.
    INTERRUPTED = "interrupted"


OPEN = (JobState.PREPARING, JobState.WORKING, JobState.DELIVERING)
"""Something is being made or sent."""
NOT_READY = (JobState.PREPARING, JobState.WORKING)
"""Something is being made: it can be cancelled, reworded, or go to another provider."""
ENDING = (JobState.FAILING, JobState.CANCELLING, JobState.KEEPING, JobState.INTERRUPTING)
"""It has ended without an album, and something is left to tell or to keep."""
CLOSED = (JobState.DELIVERED, JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED)
"""Nothing is left to do or to tell."""
FAILED_STATES = (JobState.FAILING, JobState.FAILED)
CANCELLED_STATES = (JobState.CANCELLING, JobState.KEEPING, JobState.CANCELLED)
INTERRUPTED_STATES = (JobState.INTERRUPTING, JobState.INTERRUPTED)
FOR_NOTHING = (*FAILED_STATES, *CANCELLED_STATES)
CLOSED_AS = {
    JobState.DELIVERING: JobState.DELIVERED,
    JobState.FAILING: JobState.FAILED,
    JobState.KEEPING: JobState.CANCELLED,
    JobState.INTERRUPTING: JobState.INTERRUPTED,
}
"""The states in which the last step is done, and those to which it leads."""

ACTIVE = (TaskState.SUBMITTING, TaskState.RUNNING)
UNFINISHED = (TaskState.QUEUED, *ACTIVE)
BEGUN = (*ACTIVE, TaskState.DONE, TaskState.OVERDUE, TaskState.INTERRUPTED)
"""It is paid, or may be."""

# An ended job is taken up again: its tasks are watched, or its pictures sent.
_AGAIN = (JobState.WORKING, JobState.DELIVERING)

JOB_MOVES: Mapping[JobState, Collection[JobState]] = {
    # Other words and another provider move it to itself. A backup interrupts it.
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
    JobState.DELIVERED: _AGAIN,
    JobState.FAILING: (JobState.FAILED, *_AGAIN),
    JobState.FAILED: _AGAIN,
    # Erasing a person ends it at once: there is nobody to tell.
    JobState.CANCELLING: (JobState.KEEPING, JobState.CANCELLED, *_AGAIN),
    JobState.KEEPING: (JobState.CANCELLED, *_AGAIN),
    # A lost ticket that is found moves it back.
    JobState.CANCELLED: (JobState.KEEPING, *_AGAIN),
    # Erasing a person cancels it: nobody can decide any more.
    JobState.INTERRUPTING: (JobState.INTERRUPTED, JobState.CANCELLED, *_AGAIN),
    JobState.INTERRUPTED: (JobState.CANCELLED, *_AGAIN),
}

TASK_MOVES: Mapping[TaskState, Collection[TaskState]] = {
    # One that was put back with its ticket runs at once: it is not submitted again. A backup interrupts it.
    TaskState.QUEUED: (TaskState.SUBMITTING, TaskState.RUNNING, TaskState.CANCELLED, TaskState.INTERRUPTED),
    TaskState.SUBMITTING: (
        TaskState.QUEUED,
        TaskState.RUNNING,
        TaskState.DONE,
        TaskState.FAILED,
        TaskState.OVERDUE,
        TaskState.CANCELLED,
        TaskState.INTERRUPTED,
    ),
    # A ticket that is stored once more moves it to itself: the first answer of the store was lost.
    TaskState.RUNNING: (
        TaskState.RUNNING,
        TaskState.QUEUED,
        TaskState.DONE,
        TaskState.FAILED,
        TaskState.OVERDUE,
        TaskState.INTERRUPTED,
    ),
    # Its pictures are there: nothing may bring them twice.
    TaskState.DONE: (),
    # A ticket that comes to light moves this one and those below back.
    TaskState.FAILED: (TaskState.RUNNING,),
    # Without its ticket, which is erased with its person, nobody can look for it again.
    TaskState.OVERDUE: (TaskState.RUNNING, TaskState.FAILED),
    TaskState.CANCELLED: (TaskState.RUNNING,),
    TaskState.INTERRUPTED: (TaskState.RUNNING,),
}

IS_OPEN: ColumnElement[bool] = jobs.c.state.not_in([literal_column(f"'{state}'") for state in CLOSED])
"""Of a row of `jobs` in a question: whether something is left to do for it.

The states stand in the statement itself: so both databases know that the index `ix_jobs_open` has all such rows.
"""


class MoveNotAllowedError(ValueError):
    """The table does not allow this move."""


def move_job(which: ColumnElement[bool], before: Collection[JobState], to: JobState, **values: Any) -> Update:
    """The statement that moves those jobs to `to` that are in one of the states `before`, and sets `values`.

    Raises `MoveNotAllowedError` if the table doesn't allow a move from one of them.
    """
    _check(JOB_MOVES, before, to)
    return update(jobs).where(which, _is_in(jobs.c.state, before)).values(state=to, **values)


def move_task(which: ColumnElement[bool], before: Collection[TaskState], to: TaskState, **values: Any) -> Update:
    """The same for tasks."""
    _check(TASK_MOVES, before, to)
    return update(tasks).where(which, _is_in(tasks.c.state, before)).values(state=to, **values)


def _check(moves: Mapping[_S, Collection[_S]], before: Collection[_S], to: _S) -> None:
    if wrong := [state.value for state in before if to not in moves[state]]:
        raise MoveNotAllowedError(f"no move from {' or '.join(wrong)} to {to}")


def _is_in(column: Column[str], states: Collection[StrEnum]) -> ColumnElement[bool]:
    if len(states) == 1:
        return column == next(iter(states))
    return column.in_(states)
