"""Slots of a resource that many share, given in turns between those who want some."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from itertools import count

KEYS_REMEMBERED = 1000


class Slot:
    """One slot that is held. `leave` gives it back before its block ends."""

    def __init__(self, slots: "FairSlots", key: Hashable) -> None:
        self._slots = slots
        self._key = key
        self._timer: asyncio.TimerHandle | None = None
        self._held = True
        self._slow = False
        self._hurry()

    def leave(self) -> None:
        """Give the slot back; once is enough."""
        if not self._held:
            return
        self._held = False
        if self._timer:
            self._timer.cancel()
        self._slots._release(self._key, slow=self._slow)  # noqa: SLF001 - the two are one

    def step_aside(self) -> None:
        """Go on in the lane of the slow ones from now, or as soon as it has a place."""
        if self._held and not self._slow:
            if self._timer:
                self._timer.cancel()
            self._change_lane()

    def _hurry(self) -> None:
        if self._slots.slow_after is not None:
            self._timer = asyncio.get_running_loop().call_later(self._slots.slow_after, self._change_lane)

    def _change_lane(self) -> None:
        if self._slots._move(self._key):  # noqa: SLF001
            self._slow = True
        else:
            self._hurry()


class FairSlots:
    """At most `most` slots at a time. The next one goes to the key that holds the fewest, of these to the one that has
    waited longest since its last turn; waiters with the same key go first come, first served.

    A slot that is held for more than `slow_after` seconds moves to a lane of its own with `slow_most` places: the slow
    ones do not keep the others waiting. Then no key holds more than a quarter of all places, nor the last quick one.
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
        """Whether nobody holds a slot or waits for one."""
        return not self._held and not self._waiting and not self._slow

    @property
    def slow(self) -> int:
        """How many are in the lane of the slow ones."""
        return self._slow.total()

    async def _acquire(self, key: Hashable) -> None:
        if not self._waiting and self._held.total() < self.most and self._may_have(key):
            self._serve(key)
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(turn)
        self._fill()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._leave_line(key, turn)
            else:
                # The turn had come already.
                self._release(key)
            raise

    def _release(self, key: Hashable, *, slow: bool = False) -> None:
        lane = self._slow if slow else self._held
        lane[key] -= 1
        if not lane[key]:
            del lane[key]
        self._fill()

    def _move(self, key: Hashable) -> bool:
        """A slot becomes one of the slow ones. False: there is no place for it."""
        if self.slow >= self.slow_most:
            return False
        self._slow[key] += 1
        self._release(key)
        return True

    def _may_have(self, key: Hashable) -> bool:
        """Whether a key may hold one more."""
        if not self.slow_most:
            return True
        quick, each = self._held[key], (self.most + self.slow_most) // 4
        return quick < max(1, self.most - 1) and quick + self._slow[key] < max(1, each)

    def _fill(self) -> None:
        while self._held.total() < self.most and (able := [key for key in self._waiting if self._may_have(key)]):
            key = min(able, key=lambda one: (self._held[one], self._served.get(one, 0)))
            turn = self._waiting[key][0]
            self._leave_line(key, turn)
            if not turn.cancelled():
                self._serve(key)
                turn.set_result(None)

    def _leave_line(self, key: Hashable, turn: "asyncio.Future[None]") -> None:
        line = self._waiting.get(key, deque())
        if turn in line:
            line.remove(turn)
        if not line:
            self._waiting.pop(key, None)

    def _serve(self, key: Hashable) -> None:
        self._held[key] += 1
        # The latest stand last, so that the oldest can be forgotten.
        self._served.pop(key, None)
        self._served[key] = next(self._turns)
        if len(self._served) > KEYS_REMEMBERED:
            del self._served[next(iter(self._served))]
