"""The disk is full: from one moment on the bot's process can't write a byte of its database, at every step of a job."""

import asyncio
import resource
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage.store import Store
from tests.support.house import picture
from tests.support.scene import LONG, Scene, Seen

AGAIN = "🔁 Again"


@dataclass(frozen=True)
class Wanted:
    """What should come of a job when there is room again."""

    pictures: int = 1
    words: str = AGAIN


WANTED = {
    "full while references are fetched": Wanted(),
    "full while submitting": Wanted(),
    "full while queued": Wanted(),
    "full while running": Wanted(),
    "full while a picture is delivered": Wanted(),
    "full while three pictures are delivered": Wanted(3, "3 pictures"),
    "asked while it was full": Wanted(),
}


class Full(Scene):
    """Jobs at every step, and one that is asked for, while nothing can be written."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, WANTED, 2)
        self.seen: dict[str, Seen] = {}
        self.unfinished = -1
        self.refusals = 0

    async def play_all(self) -> None:
        async with self.open():
            single = self.hold("editMessageMedia", "full while a picture is delivered")
            three = self.hold("sendMediaGroup", "full while three pictures are delivered")
            for name in ("full while a picture is delivered", "full while three pictures are delivered"):
                await self.say(name, "--n auto")
            for gate in (single, three):
                await gate.reached()
            self.seconds = LONG
            await self.say("full while running")
            await self.asked_for("full while running")
            submit = self.hold_submit()
            await self.say("full while submitting")
            await submit.reached()
            await self.say("full while queued")
            await self.shown("full while queued", "⏳")
            fetch = self.hold("getFile")
            await self.say("full while references are fetched", "", picture())
            await fetch.reached()
            self.fill(full=True)
            await self.say("asked while it was full")
            for gate in (fetch, single, three, submit):
                gate.open()
            self.all_done()
            await self.bot.logged("updates can't be stored")
            await self.bot.logged("what Telegram has: the store did not take it")
            self.refusals = self.bot.log.count("did not take it")
            self.fill(full=False)
            for name, wanted in WANTED.items():
                await self.shown(name, wanted.words)
            self.bot.terminate()
            await self.end()
            self.seen = self.see()
            store = await Store.open(self.database)
            self.unfinished = len(await store.workers.adopt_jobs(0, {}, 0.0))
            await store.aclose()

    def fill(self, *, full: bool) -> None:
        """No file of the process may be written beyond this size; what may be written otherwise is not limited."""
        limit = 1 if full else resource.RLIM_INFINITY
        resource.prlimit(self.bot.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Full:
    async def play() -> Full:
        scene = Full(tmp_path_factory.mktemp("full"))
        await scene.play_all()
        return scene

    played = asyncio.run(play())
    print(f"\nthe store refused {played.refusals} steps")
    return played


@pytest.mark.parametrize("name", WANTED)
def test_nothing_is_lost_and_nothing_is_paid_twice(scene: Full, name: str) -> None:
    seen, wanted = scene.seen[name], WANTED[name]
    assert wanted.words in seen.words
    assert (seen.paid, seen.pictures, seen.doubles) == (1, wanted.pictures, 0)


def test_the_disk_was_full(scene: Full) -> None:
    assert scene.refusals >= 1


def test_nothing_is_left_to_do(scene: Full) -> None:
    assert scene.unfinished == 0


def test_the_process_lives_on(scene: Full) -> None:
    assert scene.codes == [0]
