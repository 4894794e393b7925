"""The subject of log lines: the job, the task and the update that the present step is about."""

import asyncio
from collections.abc import Coroutine
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass, replace
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Subject:
    """The ids of a step's job, task and update; None: it has none, or it is not known."""

    job: int | None = None
    task: int | None = None
    update: int | None = None


NOTHING = Subject()
_subject: ContextVar[Subject] = ContextVar("subject", default=NOTHING)


def present() -> Subject:
    """The subject of log lines that are written here."""
    return _subject.get()


def spawn(work: Coroutine[Any, Any, T], name: str, subject: Subject) -> tuple[asyncio.Task[T], Context]:
    """Start an asyncio task whose log lines are about `subject`; returns it with its context."""
    context = copy_context()
    # A loop that is started within a job's step serves other jobs, too: so nothing is inherited.
    if _subject.get() != subject:
        context.run(_subject.set, subject)
    return asyncio.create_task(work, name=name, context=context), context


def note_job(job_id: int) -> None:
    """From now on the log lines of this asyncio task are about this job."""
    _subject.set(replace(_subject.get(), job=job_id))
