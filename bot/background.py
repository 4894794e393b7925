"""One owner for background tasks: they are named, their failures are logged, and they end with the bot."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from bot import log_subject
from bot.log_subject import NOTHING, Subject

T = TypeVar("T")
log = logging.getLogger(__name__)


class Background:
    """Runs coroutines as background tasks. `aclose` cancels the remaining ones and waits for their end."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, T], name: str, subject: Subject = NOTHING) -> asyncio.Task[T]:
        """Start `work`; a failure is logged under `name`. `subject`: what its log lines are about."""
        task, context = log_subject.spawn(work, name, subject)
        self._tasks.add(task)
        task.add_done_callback(self._ended, context=context)
        return task

    @property
    def running(self) -> list[str]:
        """The names of what has not ended."""
        return [task.get_name() for task in self._tasks]

    async def drain(self) -> None:
        """Wait until all tasks have ended by themselves."""
        while self._tasks:
            ended, _ = await asyncio.wait(self._tasks)
            self._tasks -= ended

    async def aclose(self) -> None:
        """Cancel all tasks and wait for their end."""
        while tasks := list(self._tasks):
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            # Gathering ended tasks doesn't let `_ended` run: without this line the loop would never end.
            self._tasks.difference_update(tasks)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("%s failed", task.get_name(), exc_info=error)
