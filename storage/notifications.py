"""The topics of notifications between the processes of one database. A topic only says where to look: a lost one costs
time, never a job, since recovery and a restored connection read everything."""

from typing import NamedTuple

QUEUE = "queue"
"""A task waits, or a slot has become free. With a worker: the slot is for a task of this one."""
ORPHANS = "orphans"
"""The worker of some jobs or updates is gone: any process can recover its work."""

ACCESS = "access"
"""Somebody was let in or kept out."""

FOR_ALL = (ORPHANS, ACCESS)
"""The topics that also the process receives that sends them."""

JOB, CALL, INBOX = "job", "call", "inbox"
"""Kinds of topics: about one job, one task, and the updates of one worker."""


class Topic(NamedTuple):
    """A parsed topic; `subject` and `worker_id` are 0 where there are none."""

    kind: str
    subject: int = 0
    worker_id: int = 0


def job(job_id: int, worker_id: int | None) -> str:
    """The topic of a changed job of this worker."""
    return f"{JOB} {job_id} {worker_id or 0}"


def queue(worker_id: int) -> str:
    """The topic of a free slot for a task of this worker."""
    return f"{QUEUE} 0 {worker_id}"


def call(task_id: int) -> str:
    """The topic of a task whose end the service has announced."""
    return f"{CALL} {task_id}"


def inbox(worker_id: int) -> str:
    """The topic of an update for this worker."""
    return f"{INBOX} 0 {worker_id}"


def parse(topic: str) -> Topic:
    """Parse a topic as it was received."""
    kind, *numbers = topic.split()
    return Topic(kind, *map(int, numbers))
