"""The limit of all chats together: calls that wait for it go in the order in which they are due."""

import asyncio
import heapq
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from itertools import count

from bot.telegram.chat_limiter import ChatLimiter, Limit, Permit, ProgressShare

DELIVERY_PATIENCE_SECONDS = 3.0
"""Answers, and the first reactions to requests, go before deliveries that have waited for a shorter time than this.
Those that have waited longer go in their order, so that no flood of requests holds back what is paid."""
PROGRESS_FACTOR = 2 / 3
"""Progress may use a smaller share of the limit of all chats than of a chat's own."""


@dataclass(slots=True, order=True)
class _Waiting:
    """A call that waits. `is_over`: it has its room, or is given up; `woken`: it looks what to do."""

    due: float
    number: int
    permit: Permit = field(compare=False)
    is_over: bool = field(default=False, compare=False)
    woken: asyncio.Event = field(default_factory=asyncio.Event, compare=False)


class AllChats:
    """Counts the messages of all chats. `limit`: the present limit. Times are those of `clock`.

    One of the waiting calls sleeps until there is room and gives it to the first; the others sleep until they are
    woken: their number costs no processor time.
    """

    def __init__(
        self, limit: Callable[[], Limit], clock: Callable[[], float], sleep: Callable[[float], Awaitable[object]]
    ) -> None:
        self._limit = limit
        self._clock = clock
        self._sleep = sleep
        self._limiter = ChatLimiter(limit())
        self._waiting: list[_Waiting] = []
        self._numbers = count()
        self._is_served = False

    async def reserve(self, permit: Permit) -> None:
        """Wait for room for the call of a permit, and reserve it. The call that is due first goes first.

        Room is used up when a call leaves: between permit and call there is a step of the store, and calls that it held
        up may leave at once.
        """
        if self._first() is None and self._wait(permit) <= 0:
            self._give(permit)
            return
        call = _Waiting(permit.ask.due, next(self._numbers), permit)
        heapq.heappush(self._waiting, call)
        try:
            while not call.is_over:
                if self._is_served:
                    await call.woken.wait()
                    call.woken.clear()
                else:
                    await self._serve_until(call)
        finally:
            call.is_over = True
            self._let_serve()

    def has_room_for_progress(self, progress: ProgressShare) -> bool:
        """Whether progress may go now: no call waits, and a part of the limit is left to others."""
        share = replace(progress, share=progress.share * PROGRESS_FACTOR)
        return self._first() is None and self._current.has_room_for_progress(self._clock(), share)

    def take_for_progress(self) -> None:
        """Count a progress edit as sent now."""
        self._limiter.take(self._clock(), 1)

    @property
    def _current(self) -> ChatLimiter:
        self._limiter.limit = self._limit()
        return self._limiter

    def _wait(self, permit: Permit) -> float:
        return self._current.wait(self._clock(), permit.ask.messages)

    def _give(self, permit: Permit) -> None:
        permit.reserve(self._limiter, permit.ask.messages)

    async def _serve_until(self, call: _Waiting) -> None:
        """Give room to the waiting calls until this one is over; then the next one serves."""
        self._is_served = True
        try:
            while not call.is_over and (first := self._first()):
                seconds = self._wait(first.permit)
                if seconds <= 0:
                    self._give(first.permit)
                    first.is_over = True
                    first.woken.set()
                elif math.isfinite(seconds):
                    await self._sleep(seconds)
                else:
                    self._limiter.freed.clear()
                    await self._limiter.freed.wait()
        finally:
            self._is_served = False

    def _let_serve(self) -> None:
        """Wake the first call to serve, if none does: one that was woken to do so may have been cancelled."""
        if not self._is_served and (first := self._first()):
            first.woken.set()

    def _first(self) -> _Waiting | None:
        while self._waiting and self._waiting[0].is_over:
            heapq.heappop(self._waiting)
        return self._waiting[0] if self._waiting else None
