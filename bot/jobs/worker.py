"""This process among the others that share the database: its signs of life, its fence, and who else lives."""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from storage.database import StoreError
from storage.records import Job
from storage.records import Worker as Row
from storage.store import Store
from storage.store_errors import describe_error

log = logging.getLogger(__name__)

QUICK_SECONDS = 0.5
"""Seconds after which a worker without a line that shows no sign of life is looked at again: then it is dead."""
LEASE_SECONDS = 10.0
"""Seconds without a sign of life after which a worker is dead though its line is up: it hangs."""


@dataclass(slots=True)
class _Seen:
    heartbeat: int
    since: float
    absent: bool = False


class Worker:
    """One worker: it owns jobs, and with them their tasks.

    `shares`: whether jobs that are submitted here may go to any worker, or stay here; `clock`: monotonic seconds.
    """

    def __init__(self, store: Store, *, shares: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self.id = 0
        self._store = store
        self._shares = shares
        self._clock = clock
        self._seen: dict[int, _Seen] = {}
        self._lived = 0.0

    # the fence

    def owns(self, job: Job) -> bool:
        """The fence, the one answer to "is it still mine?". Ask it of a job that was just read from the store.

        In SQL the same question is `storage.rows.owned_by`.
        """
        return self.id != 0 and job.worker_id == self.id

    def may_show(self, job: Job) -> bool:
        """The fence for progress, which is shown of a job as it was read some time ago.

        False also when others may have evicted this worker without its knowing.
        """
        return self.is_alive and self.owns(job)

    @property
    def is_alive(self) -> bool:
        """False: the others may have evicted this worker, and it finds out with its next beat."""
        return self._store.database.backend.alone or self._clock() - self._lived < LEASE_SECONDS

    # the others

    @property
    def size(self) -> int:
        """How many workers live, as far as this one knows."""
        return 1 + len(self._seen)

    @property
    def has_doubts(self) -> bool:
        """Whether another worker may be dead, so that the next beat should come soon."""
        return any(seen.absent for seen in self._seen.values())

    def pick(self) -> int:
        """The worker for the next job: this one, or any of those alive."""
        if not self._shares:
            return self.id
        return random.choice([self.id, *self._seen])  # noqa: S311 - nothing secret

    # life

    async def join(self) -> None:
        """Become a worker. Raises `UnusableStoreError`."""
        now = self._clock()
        self.id = await self._store.workers.join(self._store.clock())
        self._lived = now

    async def heartbeat(self) -> bool:
        """Give a sign of life, and evict the dead: nobody owns their jobs from then on.

        False: the others have evicted this worker. It has another id now, and owns nothing.
        """
        began = self._clock()
        others = await self._store.workers.heartbeat(self.id)
        if others is None:
            log.warning("worker %d was taken for dead; others have its work", self.id)
            await self.join()
            return False
        self._lived, now = began, self._clock()
        known, self._seen = self._seen, {}
        for worker in others:
            if self._is_dead(worker, known.get(worker.id), now) and await self._store.workers.evict(worker):
                log.warning("worker %d is gone; its work is taken over", worker.id)
                self._seen.pop(worker.id, None)
        return True

    async def leave(self) -> None:
        """End as a worker: nobody owns its jobs from then on."""
        if self.id:
            try:
                await self._store.workers.leave(self.id)
            except StoreError as error:
                # The others find out by themselves.
                log.warning(
                    "worker %d could not say that it ends: %s; the others will find out", self.id, describe_error(error)
                )

    def _is_dead(self, worker: Row, seen: _Seen | None, now: float) -> bool:
        if self._store.database.backend.alone:
            return True
        if seen is None or seen.heartbeat != worker.heartbeat:
            self._seen[worker.id] = _Seen(worker.heartbeat, now, absent=not worker.present)
            return False
        self._seen[worker.id] = seen
        silent = now - seen.since
        if not worker.present and seen.absent and silent >= QUICK_SECONDS:
            return True
        seen.absent = not worker.present
        return silent >= LEASE_SECONDS
