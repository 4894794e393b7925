"""A send that can be withdrawn while it waits for room: something better has come meanwhile."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

JOBS_REMEMBERED = 1000
_withdrawal: ContextVar["Withdrawal | None"] = ContextVar("withdrawal", default=None)


class Withdrawal:
    """Withdraws a send. It does nothing once the send has its room: then it is made."""

    def __init__(self) -> None:
        self._waiting: asyncio.Task[Any] | None = None

    @contextmanager
    def offered(self) -> Iterator[None]:
        """The send made inside, in an asyncio task of its own, can be withdrawn."""
        token = _withdrawal.set(self)
        try:
            yield
        finally:
            _withdrawal.reset(token)

    @contextmanager
    def waits(self) -> Iterator[None]:
        """The send waits inside."""
        self._waiting = asyncio.current_task()
        try:
            yield
        finally:
            self._waiting = None

    def withdraw(self) -> bool:
        """Cancel the asyncio task of a send that waits. Returns whether there is one."""
        return self._waiting is not None and self._waiting.cancel()


@contextmanager
def waiting() -> Iterator[None]:
    """A send waits for room inside: it can be withdrawn, if its sender offers that."""
    withdrawal = _withdrawal.get()
    if withdrawal is None:
        yield
    else:
        with withdrawal.waits():
            yield


class Withdrawn:
    """The jobs whose first text was withdrawn. If one can't be delivered, it needs a message after all."""

    def __init__(self) -> None:
        self._ids: dict[int, None] = {}

    def __contains__(self, job_id: int) -> bool:
        return job_id in self._ids

    def note(self, job_id: int) -> None:
        """Remember a job. The oldest are forgotten: most have been delivered at once."""
        self._ids[job_id] = None
        if len(self._ids) > JOBS_REMEMBERED:
            del self._ids[next(iter(self._ids))]

    def forget(self, job_id: int) -> None:
        """Forget a job: it has its message."""
        self._ids.pop(job_id, None)
