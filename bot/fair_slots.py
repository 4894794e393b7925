"""Slots of a shared resource, given out fairly among the keys that wait for one."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from itertools import count

KEYS_REMEMBERED = 1000
"""The most keys whose last turn is remembered."""


class Slot:
    """One held slot. `leave` gives it back before its block ends."""

    def __init__(self, slots: "FairSlots", key: Hashable) -> None:
        self._slots = slots
        self._key = key
        self._timer: asyncio.TimerHandle | None = None
        self._held = True
        self._slow = False
        self._start_timer()

    def leave(self) -> None:
        """Give the slot back. Further calls do nothing."""
        if not self._held:
            return
        self._held = False
        if self._timer:
            self._timer.cancel()
        self._slots._release(self._key, slow=self._slow)  # noqa: SLF001 - one unit

    def step_aside(self) -> None:
        """Move to the slow lane now, or as soon as it has a place."""
        if self._held and not self._slow:
            if self._timer:
                self._timer.cancel()
            self._change_lane()

    def _start_timer(self) -> None:
        if self._slots.slow_after is not None:
            self._timer = asyncio.get_running_loop().call_later(self._slots.slow_after, self._change_lane)

    def _change_lane(self) -> None:
        if self._slots._move(self._key):  # noqa: SLF001
            self._slow = True
        else:
            self._start_timer()


class FairSlots:
    """At most `most` slots at a time. The next one goes to the key that holds the fewest; among equals, to the one with
    the oldest last turn. Waiters with the same key are served in their order.

    A slot held for more than `slow_after` seconds moves to a slow lane with `slow_most` places, so that slow holders do
    not block others. With a slow lane, no key holds more than a quarter of all places, nor the last quick one.
    """

    def __init__(self, most: int, *, slow_after: float | None = None, slow_most: int = 0) -> None:
        self.most = most
        self.slow_after = slow_after
        self.slow_most = slow_most
        self._held: Counter[Hashable] = Counter()
        self._slow: Counter[Hashable] = Counter()
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}
        self._served: dict[Hashable, int] = {}
        self._turns = count(1)

    @asynccontextmanager
    async def slot(self, key: Hashable) -> AsyncIterator[Slot]:
        """Wait for a slot and hold it for the block."""
        await self._acquire(key)
        slot = Slot(self, key)
        try:
            yield slot
        finally:
            slot.leave()

    @property
    def is_idle(self) -> bool:
        """Whether no slot is held and no key waits."""
        return not self._held and not self._waiting and not self._slow

    @property
    def slow(self) -> int:
        """The number of slots in the slow lane."""
        return self._slow.total()

    async def _acquire(self, key: Hashable) -> None:
        if not self._waiting and self._held.total() < self.most and self._may_have(key):
            self._serve(key)
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(waiter)
        self._fill()
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                self._remove_waiter(key, waiter)
            else:
                # The slot had been given already.
                self._release(key)
            raise

    def _release(self, key: Hashable, *, slow: bool = False) -> None:
        lane = self._slow if slow else self._held
        lane[key] -= 1
        if not lane[key]:
            del lane[key]
        self._fill()

    def _move(self, key: Hashable) -> bool:
        """Move a slot to the slow lane. False: the lane is full."""
        if self.slow >= self.slow_most:
            return False
        self._slow[key] += 1
        self._release(key)
        return True

    def _may_have(self, key: Hashable) -> bool:
        """Whether a key may hold one more slot."""
        if not self.slow_most:
            return True
        quick, each = self._held[key], (self.most + self.slow_most) // 4
        return quick < max(1, self.most - 1) and quick + self._slow[key] < max(1, each)

    def _fill(self) -> None:
        while self._held.total() < self.most and (able := [key for key in self._waiting if self._may_have(key)]):
            key = min(able, key=lambda one: (self._held[one], self._served.get(one, 0)))
            waiter = self._waiting[key][0]
            self._remove_waiter(key, waiter)
            if not waiter.cancelled():
                self._serve(key)
                waiter.set_result(None)

    def _remove_waiter(self, key: Hashable, waiter: "asyncio.Future[None]") -> None:
        waiters = self._waiting.get(key, deque())
        if waiter in waiters:
            waiters.remove(waiter)
        if not waiters:
            self._waiting.pop(key, None)

    def _serve(self, key: Hashable) -> None:
        self._held[key] += 1
        # The latest key is last, so that the oldest can be dropped.
        self._served.pop(key, None)
        self._served[key] = next(self._turns)
        if len(self._served) > KEYS_REMEMBERED:
            del self._served[next(iter(self._served))]
