"""Two processes on one database: when one is killed or hangs, the other recovers its jobs by their tickets, once.

A process that hangs reads the services' answers when it wakes, long after the other has recovered its jobs.
"""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import asyncpg
import pytest
from aiohttp.web import HTTPServiceUnavailable

from bot.demo.bot_api.errors import DroppedError
from storage.postgres_pool import NAMED_LOCK_SPACE
from storage.store import Store
from tests.support import postgres
from tests.support.app_harness import picture
from tests.support.bot_process import STANDING_BY, BotProcess
from tests.support.process_harness import LONG, QUICK, Outcome, ProcessHarness

AGAIN, UNKNOWN = "🔁 Again", "can't tell whether"
WAITS = "SELECT true FROM pg_stat_activity WHERE application_name = $1 AND wait_event = 'advisory'"
# 5 to 13 s on an idle machine; this one runs other tests meanwhile.
RECOVERED_WITHIN_SECONDS = 30.0


@dataclass(frozen=True)
class Expected:
    """The expected result of a job. `words`: in the bot's last message."""

    paid: int = 1
    pictures: int = 1
    words: str = AGAIN
    doubles: int = 0


LATER = "asked when the first was gone"
TAKEN = "submitting, and the service took it"
EXPECTED = {
    "running": Expected(),
    "running, cancelled before": Expected(1, 0, "/history"),
    "fetching three pictures": Expected(1, 3, "3 pictures"),
    "between two albums of 12 pictures": Expected(1, 12, "12 pictures"),
    # Telegram can't be asked whether it has an album, so it is sent again.
    "sending three pictures, and Telegram took them": Expected(1, 3, "3 pictures", doubles=3),
    "fetching references": Expected(),
    "submitting": Expected(0, 0, UNKNOWN),
    TAKEN: Expected(1, 0, UNKNOWN),
    "queued": Expected(),
    "answering /start": Expected(0, 0, "Hi! Tell me"),
    "photos arrive": Expected(),
    LATER: Expected(),
}
# The first process had the ticket after all.
WOKEN = {**EXPECTED, TAKEN: Expected()}


class Takeover(ProcessHarness):
    """The first process has jobs at every step when it ends `how`; the second runs beside it. `seconds_taken`: until
    all were answered, and a new request as well.
    """

    second: BotProcess
    before: dict[str, Outcome]

    def __init__(self, folder: Path, database: str, how: Literal["killed", "hanging"]) -> None:
        super().__init__(folder, EXPECTED, 4, database)
        self.how = how
        self.seconds_taken = self.seconds_to_notice = 0.0
        self.seen: dict[str, Outcome] = {}
        self.unfinished = -1

    async def play_all(self) -> None:
        async with self.open():
            await self.bring_to_every_step()
            self.second = await self.new_process(STANDING_BY)
            try:
                await self.end_the_first()
                if self.how == "hanging":
                    await self.wake_the_first()
                self.second.terminate()
                self.codes.append(await self.second.gone())
                self.logs.append(self.second.log)
            finally:
                await self.second.aclose()
            self.seen = self.see()
            store = await Store.open(self.database)
            self.unfinished = len(await store.workers.recover_jobs(0, {}, 0.0))
            await store.aclose()

    async def bring_to_every_step(self) -> None:
        three = self.hold("sendMediaGroup", "sending three pictures, and Telegram took them")
        twelve = self.hold_second_album("between two albums of 12 pictures")
        cancelled = "running, cancelled before"
        self.seconds = LONG
        await self.say("running")
        await self.say(cancelled)
        await self.taken("running", cancelled)
        self.seconds = QUICK
        await self.say("between two albums of 12 pictures", "--n auto")
        await self.say("sending three pictures, and Telegram took them", "--n auto")
        fetch = self.hold("getFile")
        await self.say("fetching references", "", picture())
        for gate in (three, twelve, fetch):
            await gate.reached()
        download = self.hold_service("picture")
        await self.say("fetching three pictures", "--n auto")
        await download.reached()
        for name in ("running", cancelled):
            await self.asked_for(name)
        await self.press(cancelled, "Cancel")
        await self.shown(cancelled, "/history")
        # The last slots are taken by tasks that the service does not answer.
        self.submit, taken = self.hold_submit(), self.hold_submit()
        await self.say("submitting")
        await self.submit.reached()
        await self.say(TAKEN)
        await taken.reached()
        await self.say("queued")
        await self.shown("queued", "⏳")
        hello = self.hold("sendMessage", "answering /start")
        await self.write("answering /start", "/start")
        await hello.reached()
        self.lost, self.done = [twelve, fetch], [three, download, taken]
        # A process that hangs would notice a lost answer when it wakes, and apologise.
        (self.lost if self.how == "killed" else self.done).append(hello)

    async def end_the_first(self) -> None:
        began = time.monotonic()
        if self.how == "killed":
            await self.photos_arrive()
            self.bot.kill()
            await self.end()
        else:
            await self.hang_within_a_transaction()
        self.submit.shut(HTTPServiceUnavailable())
        for gate in self.lost:
            gate.shut(DroppedError())
        for gate in self.done:
            gate.open()
        await self.second.logged("its work is taken over", RECOVERED_WITHIN_SECONDS)
        self.seconds_to_notice = time.monotonic() - began
        self.seconds = QUICK
        self.all_done()
        await self.say(LATER)
        for name, wanted in EXPECTED.items():
            await self.shown(name, wanted.words)
        self.seconds_taken = time.monotonic() - began
        self.before = self.see()

    async def photos_arrive(self) -> None:
        await self.say("photos arrive", "", picture(), picture(colour="red"))
        await self.all_taken_in()

    async def hang_within_a_transaction(self) -> None:
        """The first process holds the lock for claims: it stops between two statements."""
        server = await asyncpg.connect(self.database)
        key = (NAMED_LOCK_SPACE, "provider jimeng")
        try:
            await server.execute("SELECT pg_advisory_lock($1, hashtext($2))", *key)
            await self.photos_arrive()
            first = await server.fetchval("SELECT session FROM workers ORDER BY id LIMIT 1")
            async with asyncio.timeout(20):
                while not await server.fetchval(WAITS, first):  # noqa: ASYNC110 - the server has no events
                    await asyncio.sleep(0.01)
            self.bot.hang()
            await server.execute("SELECT pg_advisory_unlock($1, hashtext($2))", *key)
        finally:
            await server.close()

    async def wake_the_first(self) -> None:
        """The first process finds out that it was evicted."""
        self.bot.wake()
        await self.bot.logged("was taken for dead")
        await self.bot.logged("is restored")
        await self.shown(TAKEN, WOKEN[TAKEN].words)
        # Time in which it could do something wrong.
        await asyncio.sleep(1)
        self.bot.terminate()
        await self.end()


@pytest.fixture(scope="module")
def both_played(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: postgres.Server, postgres_template: str
) -> dict[str, Takeover]:
    """Both ways to end, side by side: mostly they wait for the first process to be taken for dead."""

    async def play(how: Literal["killed", "hanging"]) -> Takeover:
        database = await asyncio.to_thread(postgres_server.database, postgres_template)
        process_harness = Takeover(tmp_path_factory.mktemp("scene"), postgres_server.url(database), how)
        await process_harness.play_all()
        return process_harness

    async def play_both() -> dict[str, Takeover]:
        killed, hanging = await asyncio.gather(play("killed"), play("hanging"))
        return {"killed": killed, "hanging": hanging}

    return asyncio.run(play_both())


@pytest.fixture(scope="module", params=["killed", "hanging"])
def process_harness(request: pytest.FixtureRequest, both_played: dict[str, Takeover]) -> Takeover:
    played = both_played[request.param]
    print(f"\nthe first process {played.how}: noticed after {played.seconds_to_notice:.1f} s, ", end="")
    print(f"all answered after {played.seconds_taken:.1f} s")
    for name, seen in played.seen.items():
        print(f"{name:48} paid {seen.paid}, pictures {seen.pictures:2}, doubles {seen.doubles}")
    return played


@pytest.mark.parametrize("name", EXPECTED)
def test_nothing_is_lost_and_nothing_is_paid_twice(process_harness: Takeover, name: str) -> None:
    wanted, seen = EXPECTED[name], process_harness.before[name]
    assert wanted.words in seen.words
    assert (seen.paid, seen.pictures, seen.doubles) == (wanted.paid, wanted.pictures, wanted.doubles)


@pytest.mark.parametrize("name", EXPECTED)
def test_who_wakes_does_nothing_twice(process_harness: Takeover, name: str) -> None:
    wanted, seen = (WOKEN if process_harness.how == "hanging" else EXPECTED)[name], process_harness.seen[name]
    assert wanted.words in seen.words
    assert (seen.paid, seen.pictures, seen.doubles) == (wanted.paid, wanted.pictures, wanted.doubles)


def test_it_is_taken_up_soon(process_harness: Takeover) -> None:
    assert process_harness.seconds_taken < RECOVERED_WITHIN_SECONDS


def test_nothing_is_left_to_do(process_harness: Takeover) -> None:
    assert process_harness.unfinished == 0


def test_processes_end_as_told(process_harness: Takeover) -> None:
    assert process_harness.codes == ([-9, 0] if process_harness.how == "killed" else [0, 0])


def test_no_process_stumbles(process_harness: Takeover) -> None:
    lines = [line for log in process_harness.logs for line in log.splitlines()]
    assert [line for line in lines if "Traceback" in line] == []
