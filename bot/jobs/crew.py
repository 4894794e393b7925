"""This process among the others that share the database: signs of life, and taking over what a dead one left."""

import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.jobs.retry import Sleep
from storage.database import StoreError
from storage.outage_log import Outage
from storage.records import Worker
from storage.store import Store
from storage.store_errors import briefly

log = logging.getLogger(__name__)

BEAT = 2.0
QUICK = 0.5
"""Seconds after which a worker without a line that shows no sign of life is looked at again: then it is dead."""
LEASE = 10.0
"""Seconds without a sign of life after which a worker is dead though its line is up: it hangs."""


@dataclass(slots=True)
class _Seen:
    heartbeat: int
    since: float
    absent: bool = False


class Crew:
    """One worker. `adopt` is called when there may be work whose worker is gone; `buried` when this one has been taken
    for dead: it has another id then, and its work is others'. `clock`: monotonic seconds.

    `heirs` are called when this one has buried another: whoever buries does not hear of it as the others do.
    """

    def __init__(
        self,
        store: Store,
        adopt: Callable[[], Awaitable[None]],
        buried: Callable[[], Awaitable[None]],
        *,
        wall: Callable[[], float],
        clock: Callable[[], float],
        sleep: Sleep,
    ) -> None:
        self.id = 0
        self.heirs: list[Callable[[], None]] = []
        self._store = store
        self._adopt = adopt
        self._buried = buried
        self._wall = wall
        self._clock = clock
        self._sleep = sleep
        self._seen: dict[int, _Seen] = {}
        self._lived = 0.0

    async def join(self) -> None:
        """Become a worker. Raises `UnusableStoreError`."""
        now = self._clock()
        self.id = await self._store.workers.join(self._wall())
        self._lived = now

    async def look(self) -> None:
        """Give a sign of life, bury the dead, and take over what they have left."""
        began = self._clock()
        others = await self._store.workers.heartbeat(self.id)
        if others is None:
            log.warning("worker %d was taken for dead; others have its work", self.id)
            await self.join()
            await self._buried()
            return
        self._lived, now = began, self._clock()
        known, self._seen = self._seen, {}
        for worker in others:
            if self._is_dead(worker, known.get(worker.id), now) and await self._store.workers.evict(worker):
                log.warning("worker %d is gone; its work is taken over", worker.id)
                self._seen.pop(worker.id, None)
                for inherit in self.heirs:
                    inherit()
        await self._adopt()

    async def run(self) -> None:
        """Live on. (Where there can be no other process there is nothing to do.)"""
        outage = Outage(log, "no sign of life could be given")
        while not self._store.database.backend.alone:
            await self._sleep(QUICK if any(seen.absent for seen in self._seen.values()) else BEAT)
            try:
                await self.look()
            except StoreError as error:
                outage.lasts(error)
            else:
                outage.ends()

    async def leave(self) -> None:
        """End as a worker: the others go on with what is left."""
        if self.id:
            try:
                await self._store.workers.leave(self.id)
            except StoreError as error:
                # They find out by themselves.
                log.warning("nobody could be told that this worker ends: %s", briefly(error))

    @property
    def is_alive(self) -> bool:
        """False: this one may have been taken for dead, and finds out when it looks next."""
        return self._store.database.backend.alone or self._clock() - self._lived < LEASE

    @property
    def size(self) -> int:
        """How many workers live, as far as this one knows."""
        return 1 + len(self._seen)

    def pick(self) -> int:
        """A worker for the next job, any of those alive."""
        return random.choice([self.id, *self._seen])  # noqa: S311 - nothing secret

    def _is_dead(self, worker: Worker, seen: _Seen | None, now: float) -> bool:
        if self._store.database.backend.alone:
            return True
        if seen is None or seen.heartbeat != worker.heartbeat:
            self._seen[worker.id] = _Seen(worker.heartbeat, now, absent=not worker.present)
            return False
        self._seen[worker.id] = seen
        silent = now - seen.since
        if not worker.present and seen.absent and silent >= QUICK:
            return True
        seen.absent = not worker.present
        return silent >= LEASE
