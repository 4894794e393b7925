"""What the store hands out and takes in: plain frozen records and the states of a life.

A job: `draft → preparing → working → delivering → delivered | failed | cancelled | interrupted`.
A task, which is what is submitted and paid:
`queued → submitting → running → done | failed | overdue | cancelled | interrupted`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Trouble = Mapping[str, Any]
"""A sentence for a person: `{"template": str, "values": {str: …}}`."""


class JobState(StrEnum):
    """The states of a job."""

    DRAFT = "draft"
    PREPARING = "preparing"
    WORKING = "working"
    DELIVERING = "delivering"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


OPEN = (JobState.PREPARING, JobState.WORKING, JobState.DELIVERING)
TOLD = (JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED)
"""Ends without an album: the person is told in words, and only then the job is finished."""


class TaskState(StrEnum):
    """The states of a task."""

    QUEUED = "queued"
    SUBMITTING = "submitting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    # It took too long and is watched no longer; its ticket may still be good.
    OVERDUE = "overdue"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


ACTIVE = (TaskState.SUBMITTING, TaskState.RUNNING)
UNFINISHED = (TaskState.QUEUED, *ACTIVE)
BEGUN = (*ACTIVE, TaskState.DONE, TaskState.OVERDUE, TaskState.INTERRUPTED)
"""What is paid, or may be."""


@dataclass(frozen=True, slots=True)
class NewSource:
    """A reference as it arrives: Telegram's file id and the message that showed it."""

    file_id: str
    message_id: int


@dataclass(frozen=True, slots=True)
class NewJob:
    """What is known when a person asks. `origin` names the update, so that a repeated one makes no second job."""

    origin: str
    chat_id: int
    message_id: int
    user_id: int
    language: str
    provider: str
    prompt: str
    options: Mapping[str, Any]
    thread_id: int | None = None
    sources: tuple[NewSource, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """One request's life. `finished_at`: when all was done for it, the person's being told included."""

    id: int
    state: JobState
    chat_id: int
    thread_id: int | None
    origin: str
    message_id: int
    status_id: int | None
    user_id: int
    language: str
    provider: str
    prompt: str
    options: dict[str, Any]
    trouble: dict[str, Any] | None
    created_at: float
    finished_at: float | None


@dataclass(frozen=True, slots=True)
class Source:
    """A reference of a job; `media_type`, `width` and `height` are None until it is fetched and checked."""

    id: int
    job_id: int
    file_id: str
    message_id: int
    media_type: str | None
    width: int | None
    height: int | None
    size: int | None
    changes: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class CheckedSource:
    """A reference as the provider will get it. `changes`: sentences on what was done to it."""

    data: bytes
    media_type: str
    width: int
    height: int
    changes: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Task:
    """One submission. `submitted_at` is when its ticket was stored."""

    id: int
    job_id: int
    user_id: int
    provider: str
    state: TaskState
    ticket: str | None
    options: dict[str, Any]
    trouble: dict[str, Any] | None
    queued_at: float
    not_before: float
    submitted_at: float | None
    finished_at: float | None


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A result as the provider gives it: at `url`, or its bytes."""

    url: str | None = None
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A task in the queue, as fairness sees it."""

    task_id: int
    job_id: int
    user_id: int
    queued_at: float
    last_turn: float
