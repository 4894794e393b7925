"""A scenario in which the store refuses all changes for a while: jobs at every step must survive it."""

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage.store import Store
from tests.support.app_harness import picture
from tests.support.gates import Gate
from tests.support.process_harness import LONG, Outcome, ProcessHarness

AGAIN = "🔁 Again"
REFUSED = "failed in the store"


@dataclass(frozen=True)
class Expected:
    """The expected outcome of a job once the store works again."""

    pictures: int = 1
    words: str = AGAIN


EXPECTED = {
    "while references are fetched": Expected(),
    "while submitting": Expected(),
    "while queued": Expected(),
    "while running": Expected(),
    "while a picture is delivered": Expected(),
    "while three pictures are delivered": Expected(3, "3 pictures"),
    "asked meanwhile": Expected(),
}


class Outage(ProcessHarness):
    """A subclass makes the store fail; `refusals`: how many steps it refused."""

    def __init__(self, folder: Path, database: str = "") -> None:
        super().__init__(folder, EXPECTED, 2, database)
        self.seen: dict[str, Outcome] = {}
        self.unfinished = -1
        self.refusals = 0

    @abstractmethod
    async def fail(self) -> None:
        """Make the store refuse everything from now on."""

    @abstractmethod
    async def recover(self) -> None:
        """Let the store work again."""

    async def play_all(self) -> None:
        async with self.open():
            gates = await self._bring_to_every_step()
            await self.fail()
            await self.say("asked meanwhile")
            for gate in gates:
                gate.open()
            self.all_done()
            for step in ("what Telegram has", " of task ", " job "):
                await self.bot.logged(step)
            await self.bot.logged(REFUSED, times=5)
            await self.recover()
            for name, wanted in EXPECTED.items():
                await self.shown(name, wanted.words)
            self.bot.terminate()
            await self.end()
            self.refusals = self.bot.log.count(REFUSED)
            self.seen = self.see()
            store = await Store.open(self.database)
            self.unfinished = len(await store.workers.recover_jobs(0, {}, 0.0))
            await store.aclose()

    async def _bring_to_every_step(self) -> list[Gate]:
        single = self.hold("editMessageMedia", "while a picture is delivered")
        three = self.hold("sendMediaGroup", "while three pictures are delivered")
        for name in ("while a picture is delivered", "while three pictures are delivered"):
            await self.say(name, "--n auto")
        for gate in (single, three):
            await gate.reached()
        self.seconds = LONG
        await self.say("while running")
        await self.asked_for("while running")
        submit = self.hold_submit()
        await self.say("while submitting")
        await submit.reached()
        await self.say("while queued")
        await self.shown("while queued", "⏳")
        fetch = self.hold("getFile")
        await self.say("while references are fetched", "", picture())
        await fetch.reached()
        return [fetch, single, three, submit]


class OutageMatrix:
    """The tests; a subclass has the fixture `process_harness`."""

    @pytest.mark.parametrize("name", EXPECTED)
    def test_nothing_is_lost_and_nothing_is_paid_twice(self, process_harness: Outage, name: str) -> None:
        seen, wanted = process_harness.seen[name], EXPECTED[name]
        assert wanted.words in seen.words
        assert (seen.paid, seen.pictures, seen.doubles) == (1, wanted.pictures, 0)

    def test_it_was_an_outage(self, process_harness: Outage) -> None:
        assert process_harness.refusals >= 5

    def test_nothing_is_left_to_do(self, process_harness: Outage) -> None:
        assert process_harness.unfinished == 0

    def test_the_process_lives_on(self, process_harness: Outage) -> None:
        assert process_harness.codes == [0]
