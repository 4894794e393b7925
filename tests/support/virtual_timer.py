"""`VirtualTimer`: a loop's timer that a test moves on."""

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count


@dataclass(order=True)
class Call:
    at: float
    number: int
    callback: Callable[[], object] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


class VirtualTimer:
    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[Call] = []
        self.numbers = count()

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], object], /) -> Call:
        call = Call(self.now + delay, next(self.numbers), callback)
        heapq.heappush(self.calls, call)
        return call

    async def advance(self, to: float) -> None:
        while self.calls and self.calls[0].at <= to:
            call = heapq.heappop(self.calls)
            self.now = call.at
            if not call.cancelled:
                call.callback()
            await settle()
        self.now = to


async def settle() -> None:
    for _ in range(4):
        await asyncio.sleep(0)
