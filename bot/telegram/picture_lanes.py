"""Work in a thread, one piece at a time, in turns between people."""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")


class Lane:
    """One thread with its queue. Whoever has waiting work gets a turn before anybody gets a second one."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        # The order is that of the turns.
        self._waiting: dict[Hashable, deque[tuple[asyncio.Future[Any], Callable[[], Any]]]] = {}
        self._is_busy = False
        self._is_closed = False

    async def run(self, person: Hashable, work: Callable[[], ResultT]) -> ResultT:
        """The result of `work`, or what it raises. Raises `RuntimeError` once the lane is closed."""
        if self._is_closed:
            raise RuntimeError("the lane is closed")
        future: asyncio.Future[ResultT] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(person, deque()).append((future, work))
        self._next()
        return await future

    async def aclose(self) -> None:
        """Drop what waits and let what runs come to its end."""
        self._is_closed = True
        for queue in self._waiting.values():
            for future, _work in queue:
                future.cancel()
        self._waiting.clear()
        await asyncio.to_thread(self._pool.shutdown)

    def _next(self) -> None:
        while self._waiting and not self._is_busy:
            person = next(iter(self._waiting))
            queue = self._waiting.pop(person)
            future, work = queue.popleft()
            if queue:
                self._waiting[person] = queue
            if not future.done():
                self._is_busy = True
                running = asyncio.get_running_loop().run_in_executor(self._pool, work)
                running.add_done_callback(partial(self._finish, person, future))

    def _finish(self, person: Hashable, future: asyncio.Future[Any], running: asyncio.Future[Any]) -> None:
        self._is_busy = False
        error = running.exception()
        # A cancelled one is not waited for any more.
        if not future.done():
            if error:
                future.set_exception(error)
            else:
                future.set_result(running.result())
        if person in self._waiting:
            self._waiting[person] = self._waiting.pop(person)
        self._next()
