"""Cancelling a job, within a transaction."""

from storage import notifications
from storage.connection import Transaction
from storage.job_statements import ANY_BEGUN, CANCEL_JOB, CANCEL_WAITING_TASKS
from storage.job_states import NOT_READY, TaskState
from storage.records import ErrorMessage, Job
from storage.rows import LOCK_TASKS, change_job, lock_job


async def cancel_job(
    connection: Transaction,
    job_id: int,
    now: float,
    free: ErrorMessage,
    paid: ErrorMessage,
    *,
    only_unstarted: bool = False,
) -> Job | None:
    """See `Jobs.cancel`."""
    job = await lock_job(connection, job_id)
    if job is None or job.state not in NOT_READY:
        return None
    own = {"job_id": job_id}
    if only_unstarted:
        rows = (await connection.execute(LOCK_TASKS, own)).all()
        if any(row.state != TaskState.QUEUED for row in rows):
            return None
    await connection.execute(CANCEL_WAITING_TASKS, {**own, "now": now})
    # Read after the move: a task that was claimed at this very moment is seen.
    error_message = paid if (await connection.execute(ANY_BEGUN, own)).first() else free
    connection.notify(notifications.QUEUE)
    return await change_job(connection, CANCEL_JOB, {**own, "message": dict(error_message)})
