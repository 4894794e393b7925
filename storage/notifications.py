"""What the processes of one database tell each other: short topics that only say where to look. A lost one costs time,
never a job: who takes over or comes back looks at everything."""

from typing import NamedTuple

QUEUE = "queue"
"""A task waits, or a place has become free."""
ORPHANS = "orphans"
"""The worker of some jobs, tasks or updates is gone."""


JOB, CALL, INBOX = "job", "call", "inbox"
"""Kinds of topics that are about one job, one task, and one worker's updates."""


class Topic(NamedTuple):
    """A topic taken apart; `subject` and `worker_id` are 0 where there are none."""

    kind: str
    subject: int = 0
    worker_id: int = 0


def job(job_id: int, worker_id: int | None) -> str:
    """A job has changed, whose worker this is."""
    return f"{JOB} {job_id} {worker_id or 0}"


def call(task_id: int) -> str:
    """The service has announced the end of a task."""
    return f"{CALL} {task_id}"


def inbox(worker_id: int) -> str:
    """An update has come for this worker."""
    return f"{INBOX} 0 {worker_id}"


def parse(topic: str) -> Topic:
    """A topic as it was heard."""
    kind, *numbers = topic.split()
    return Topic(kind, *map(int, numbers))
