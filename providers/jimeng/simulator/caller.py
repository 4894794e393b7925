"""The callbacks of the simulated service: calls to `callback_url` when a task has ended."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiohttp import ClientError, ClientSession

from providers.jimeng.simulator.faults import Fault, take
from providers.jimeng.simulator.tasks import Task

CLOCK_CHECK_SECONDS = 0.05
"""Time between checks of a clock that tests advance."""


class Caller:
    """Makes the callbacks. `announcement` gives the body. `record` gets each call: body, HTTP status, milliseconds."""

    def __init__(
        self,
        faults: list[Fault],
        announcement: Callable[[Task], Awaitable[dict[str, object]]],
        record: Callable[[str, int, float], None],
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._faults = faults
        self._announcement = announcement
        self._record = record
        self._clock = clock
        self._sleep = sleep
        self._tasks: set[asyncio.Task[None]] = set()
        self.session: ClientSession | None = None

    def taken(self, task: Task) -> None:
        """The service has accepted a task: plan its callback."""
        if task.callback_url:
            waiting = asyncio.create_task(self._announce(task, task.callback_url))
            self._tasks.add(waiting)
            waiting.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Cancel all callbacks."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _announce(self, task: Task, url: str) -> None:
        fault = take(self._faults, "call", own=True)
        kind = fault.kind if fault else ""
        if kind == "early":
            await self._post(task, url)
        while (left := task.finished - self._clock()) > 0:
            await self._sleep(left if self._clock is time.monotonic else min(left, CLOCK_CHECK_SECONDS))
        if kind == "drop":
            return
        if fault and kind == "delay":
            await self._sleep(fault.seconds)
        for _ in range(2 if kind == "twice" else 1):
            await self._post(task, url)

    async def _post(self, task: Task, url: str) -> None:
        assert self.session  # noqa: S101 (set by the server's start)
        body = json.dumps(await self._announcement(task), ensure_ascii=False)
        started, status = time.perf_counter(), 0
        # The document mentions no retry.
        with suppress(ClientError, TimeoutError):
            headers = {"Content-Type": "application/json"}
            async with self.session.post(url, data=body.encode(), headers=headers) as response:
                status = response.status
        self._record(body, status, (time.perf_counter() - started) * 1000)
