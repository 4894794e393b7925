"""The disk is full: the bot's process can't write to its database any more, at every step of a job."""

import asyncio
import resource

import pytest

from tests.support.store_outage import Outage, OutageMatrix


class Full(Outage):
    """The system refuses to let the process's files grow."""

    async def fail(self) -> None:
        self._limit(1)

    async def recover(self) -> None:
        await self.bot.logged("updates can't be stored")
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        """Limit the size of files that the process writes, in bytes."""
        resource.prlimit(self.bot.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.fixture(scope="module")
def process_harness(tmp_path_factory: pytest.TempPathFactory) -> Full:
    async def play() -> Full:
        process_harness = Full(tmp_path_factory.mktemp("full"))
        await process_harness.play_all()
        return process_harness

    return asyncio.run(play())


class TestFullDisk(OutageMatrix):
    """SQLite."""
