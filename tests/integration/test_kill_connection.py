"""The server cuts the connection to the database repeatedly, at every step of a job."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from storage.store import Store
from tests.support import postgres
from tests.support.app_harness import picture
from tests.support.process_harness import LONG, Outcome, ProcessHarness

AGAIN = "🔁 Again"
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"


@dataclass(frozen=True)
class Expected:
    """The expected result of a job, whenever the connection was cut."""

    pictures: int = 1
    words: str = AGAIN


EXPECTED = {
    "cut while references are fetched": Expected(),
    "cut while queued": Expected(),
    "cut while submitting": Expected(),
    "cut while running": Expected(),
    "cut while a picture is delivered": Expected(),
    "cut while three pictures are delivered": Expected(3, "3 pictures"),
    **{f"cut all the time, number {number}": Expected() for number in range(6)},
}
STEADY = [name for name in EXPECTED if "all the time" not in name]


class Cut(ProcessHarness):
    """Every step is cut once while it is held; then several jobs run under continuous cuts."""

    def __init__(self, folder: Path, database: str) -> None:
        super().__init__(folder, EXPECTED, 3, database)
        self.cuts = 0
        self.seen: dict[str, Outcome] = {}
        self.unfinished = -1

    async def play_all(self) -> None:
        async with self.open():
            await self.cut_every_step()
            async with self.cutting():
                for name in EXPECTED:
                    if name not in STEADY:
                        await self.say(name)
                        await asyncio.sleep(0.2)
            for name, wanted in EXPECTED.items():
                await self.shown(name, wanted.words)
            self.bot.terminate()
            await self.end()
            self.seen = self.see()
            store = await Store.open(self.database)
            self.unfinished = len(await store.workers.recover_jobs(0, {}, 0.0))
            await store.aclose()

    async def cut_every_step(self) -> None:
        single = self.hold("editMessageMedia", "cut while a picture is delivered")
        three = self.hold("sendMediaGroup", "cut while three pictures are delivered")
        for name in ("cut while a picture is delivered", "cut while three pictures are delivered"):
            await self.say(name, "--n auto")
        for gate in (single, three):
            await gate.reached()
        self.seconds = LONG
        await self.say("cut while running")
        await self.asked_for("cut while running")
        submit = self.hold_submit()
        await self.say("cut while submitting")
        await submit.reached()
        second = self.hold_submit()
        await self.say("cut while queued")
        await second.reached()
        fetch = self.hold("getFile")
        await self.say("cut while references are fetched", "", picture())
        await fetch.reached()
        await self.cut()
        for gate in (fetch, single, three, submit, second):
            gate.open()
            await self.cut()
        self.all_done()
        for name in STEADY:
            await self.shown(name, EXPECTED[name].words)

    async def cut(self) -> None:
        """The server ends all sessions of the bot."""
        server, _, name = self.database.rpartition("/")
        other = await asyncpg.connect(f"{server}/postgres")
        try:
            self.cuts += len(await other.fetch(CUT, name))
        finally:
            other.terminate()

    @asynccontextmanager
    async def cutting(self) -> AsyncIterator[None]:
        """Cut the connection every 0.1 s during the block."""

        async def cut() -> None:
            while True:
                await self.cut()
                await asyncio.sleep(0.1)

        cutter = asyncio.create_task(cut())
        yield
        cutter.cancel()
        await asyncio.wait({cutter})


@pytest.fixture(scope="module")
def process_harness(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: postgres.Server, postgres_template: str
) -> Cut:
    async def play() -> Cut:
        process_harness = Cut(
            tmp_path_factory.mktemp("cut"), postgres_server.url(postgres_server.database(postgres_template))
        )
        await process_harness.play_all()
        return process_harness

    played = asyncio.run(play())
    print(f"\n{played.cuts} sessions were cut")
    return played


@pytest.mark.parametrize("name", EXPECTED)
def test_nothing_is_lost_and_nothing_is_paid_twice(process_harness: Cut, name: str) -> None:
    seen, wanted = process_harness.seen[name], EXPECTED[name]
    assert wanted.words in seen.words
    assert (seen.paid, seen.pictures, seen.doubles) == (1, wanted.pictures, 0)


def test_it_was_cut_often(process_harness: Cut) -> None:
    assert process_harness.cuts > 30


def test_nothing_is_left_to_do(process_harness: Cut) -> None:
    assert process_harness.unfinished == 0


def test_the_process_lives_on(process_harness: Cut) -> None:
    assert process_harness.codes == [0]
