"""`CrashScenario` and `KillMatrix`: the real bot as a process, killed at each step of a job's life, on any database.

One scenario has several jobs, each in its own chat. They are brought to different steps, the process is killed
(SIGKILL), and another one starts on the same database; later the same happens with SIGTERM. The simulators hold the
calls at the exact moments. Each test of `KillMatrix` checks one job of the scenario.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp.web import HTTPServiceUnavailable

from bot.demo.bot_api.errors import DroppedError
from providers.jimeng.simulator import Fault
from storage.history import HistoryFilter
from storage.records import Job
from storage.store import Store
from tests.support.app_harness import picture, picture_info
from tests.support.books import Sums, counted, written
from tests.support.gates import Gate
from tests.support.process_harness import LONG, QUICK, Outcome, ProcessHarness, nothing

PLACES = 4
PRICE = 2000
"""Of one picture, in ten-thousandths of ¥1."""
UNKNOWN = "can't tell whether"
RETRY, AGAIN = "🔁 Try again", "🔁 Again"


@dataclass(frozen=True)
class Expected:
    """The expected outcome of a job. `words`: in the bot's last message before anybody presses a button.

    `retried`: the number of paid tasks after one press of "Try again".
    """

    paid: int = 1
    pictures: int = 1
    words: str = AGAIN
    retried: int | None = None


TAKEN = "killed while submitting, after the service took it"
EXPECTED = {
    "killed while /start is answered": Expected(0, 0, "Hi! Tell me"),
    "killed while photos arrive": Expected(),
    "killed while references are fetched": Expected(),
    "killed while queued": Expected(),
    "killed while submitting, before the service took it": Expected(0, 0, UNKNOWN, retried=1),
    TAKEN: Expected(1, 0, UNKNOWN, retried=2),
    "killed while running": Expected(),
    "killed while running, cancelled before": Expected(1, 0, "/history"),
    "killed while a picture is delivered": Expected(),
    "killed while three pictures are delivered": Expected(1, 3, "3 pictures"),
    "killed between two albums of 12 pictures": Expected(1, 12, "12 pictures"),
    "killed when a forbidden prompt was refused": Expected(0, 0, "refused this prompt"),
    "killed after everything": Expected(),
    "heard nothing of a submit": Expected(1, 0, UNKNOWN, retried=2),
    "heard nothing of a result": Expected(),
    "stopped while running": Expected(),
    "stopped while submitting": Expected(),
    "stopped while three pictures are delivered": Expected(1, 3, "3 pictures"),
    "stopped while the service is busy": Expected(),
    "stopped while photos arrive": Expected(),
}


class CrashScenario(ProcessHarness):
    """One scenario for all jobs.

    `before`: the outcomes before anybody pressed "Try again"; `after`: those at the end; `unfinished` (jobs) and `kept`
    (the picture of a cancelled job): from the bot's database.
    """

    held: Sequence[Gate]
    applied: Gate

    def __init__(self, folder: Path, database: str = "") -> None:
        super().__init__(folder, EXPECTED, PLACES, database)
        self.before: dict[str, Outcome] = {}
        self.after: dict[str, Outcome] = {}
        self.unfinished: list[Job] = []
        self.kept: bytes | None = None
        self.ledger = self.counted = Sums()

    async def play_all(self) -> None:
        """Run the whole scenario on one database."""
        async with self.open():
            await self.bring_to_every_step()
            await self.fill_all_places_and_kill()
            await self.start()
            await self.everybody_has_an_answer("killed")
            await self.hear_nothing_and_try_again()
            await self.bring_to_some_steps_and_stop()
            await self.start()
            await self.everybody_has_an_answer("stopped")
            self.bot.terminate()
            await self.end()
            self.after = self.see()
            await self.look_into_the_store()

    async def bring_to_every_step(self) -> None:
        """Two tasks that take long, a job that is done, three that are being delivered, one that waits for a photo."""
        single = self.hold("editMessageMedia", "killed while a picture is delivered")
        three = self.hold("sendMediaGroup", "killed while three pictures are delivered")
        twelve = self.hold_second_album("killed between two albums of 12 pictures")
        cancelled = "killed while running, cancelled before"
        self.seconds = LONG
        await self.say("killed while running")
        await self.say(cancelled)
        await self.taken("killed while running", cancelled)
        self.seconds = QUICK
        await self.say("killed between two albums of 12 pictures", "--n auto")
        await self.say("killed after everything")
        await self.taken("killed between two albums of 12 pictures", "killed after everything")
        # These get slots when those are done; one more delivery could not begin beside the three held ones.
        await self.say("killed while three pictures are delivered", "--n auto")
        await self.say("killed while a picture is delivered")
        fetch = self.hold("getFile")
        await self.say("killed while references are fetched", "", picture())
        for gate in (single, three, twelve, fetch):
            await gate.reached()
        await self.shown("killed after everything", AGAIN)
        for name in ("killed while running", cancelled):
            await self.asked_for(name)
        await self.press(cancelled, "Cancel")
        await self.shown(cancelled, "/history")
        self.held = (three, twelve, fetch)
        self.applied = single

    async def fill_all_places_and_kill(self) -> None:
        """Kill the process at the moment the service accepts a task."""
        before, refused = self.hold_submit(), self.hold_submit()
        await self.say("killed while submitting, before the service took it")
        await before.reached()
        await self.say("killed when a forbidden prompt was refused")
        await refused.reached()
        for name in (TAKEN, "killed while queued"):
            await self.say(name)
            await self.shown(name, "⏳")
        hello = self.hold("sendMessage", "killed while /start is answered")
        await self.write("killed while /start is answered", "/start")
        await hello.reached()
        await self.say("killed while photos arrive", "", picture(), picture(colour="red"))
        await self.all_taken_in()
        self.held = (*self.held, hello)
        self.on_submit = lambda prompt, status: self.bot.kill() if (prompt, status) == (TAKEN, 200) else None
        refused.open()
        await self.end()
        self.on_submit = nothing
        before.shut(HTTPServiceUnavailable())
        for gate in self.held:
            gate.shut(DroppedError())
        # Telegram carries this call out, but its answer is lost.
        self.applied.open()
        self.all_done()

    async def everybody_has_an_answer(self, how: str) -> None:
        """Wait until every job of this kind has come to its end."""
        names = [name for name in EXPECTED if name.startswith(how)]
        for name in names:
            await self.shown(name, EXPECTED[name].words)
        self.before |= self.see(*names)

    async def hear_nothing_and_try_again(self) -> None:
        """Lost answers, presses of "Try again", and a service that asks to slow down."""
        self.play("lost", "submit")
        await self.say("heard nothing of a submit")
        await self.shown("heard nothing of a submit", UNKNOWN)
        self.before |= self.see("heard nothing of a submit")
        self.play("code", "submit")
        self.play("lost", "result", times=PLACES)
        again = [name for name, wanted in EXPECTED.items() if wanted.retried]
        for name in again:
            await self.press(name, RETRY)
        await self.say("heard nothing of a result")
        for name in (*again, "heard nothing of a result"):
            await self.shown(name, AGAIN)
        self.before |= self.see("heard nothing of a result")

    async def bring_to_some_steps_and_stop(self) -> None:
        """SIGTERM: calls under way are completed, everything else waits for the next process."""
        album = self.hold("sendMediaGroup")
        self.seconds = LONG
        await self.say("stopped while running")
        await self.taken("stopped while running")
        self.seconds = QUICK
        await self.say("stopped while three pictures are delivered", "--n auto")
        await album.reached()
        await self.asked_for("stopped while running")
        submit = self.hold_submit()
        await self.say("stopped while submitting")
        await submit.reached()
        await self._meet_a_busy_service("stopped while the service is busy")
        await self.say("stopped while photos arrive", "", picture(), picture(colour="red"))
        await self.all_taken_in()
        self.bot.terminate()
        await self.bot.logged("SIGTERM")
        album.open()
        submit.open()
        await self.end()
        self.all_done()

    async def _meet_a_busy_service(self, name: str) -> None:
        refused = asyncio.Event()
        self.on_submit = lambda _prompt, status: refused.set() if status == 429 else None
        self.jimeng.faults.append(Fault(kind="code", action="submit", code=50430))
        await self.say(name)
        async with asyncio.timeout(20):
            await refused.wait()

    async def look_into_the_store(self) -> None:
        """Read the bot's database at the end."""
        store = await Store.open(self.database)
        self.unfinished = await store.workers.recover_jobs(0, {}, 0.0)
        cancelled = self.people["killed while running, cancelled before"]
        newest = await store.history.page(HistoryFilter(cancelled.id))
        self.kept = await store.pictures.data(newest.picture.id) if newest else None
        self.ledger, self.counted = await written(store), await counted(store)
        await store.aclose()


def _table(scenario: CrashScenario) -> str:
    head = f"{'':56}{'paid':>5}{'+ by press':>11}{'pictures':>9}{'doubles':>8}  last words"
    rows = [
        f"{name:56}{scenario.before[name].paid:>5}{after.paid - scenario.before[name].paid:>11}{after.pictures:>9}"
        f"{after.doubles:>8}  {scenario.before[name].words.splitlines()[0][:50]}"
        for name, after in scenario.after.items()
    ]
    return "\n".join(["", head, *rows])


def play(folder: Path, database: str = "") -> CrashScenario:
    """Run the scenario and print the outcome of each job."""

    async def play() -> CrashScenario:
        scenario = CrashScenario(folder, database)
        await scenario.play_all()
        return scenario

    played = asyncio.run(play())
    print(_table(played))
    return played


class KillMatrix:
    """The tests; a subclass has the fixture `scenario`."""

    @pytest.mark.parametrize("name", EXPECTED)
    def test_nothing_is_lost_and_nothing_is_paid_twice(self, scenario: CrashScenario, name: str) -> None:
        wanted, before, after = EXPECTED[name], scenario.before[name], scenario.after[name]
        assert wanted.words in before.words
        assert (before.paid, before.pictures) == (wanted.paid, wanted.pictures)
        if wanted.retried:
            assert (after.paid, after.pictures) == (wanted.retried, 1), "one press, one new task, one picture"
        else:
            assert after == before, "nothing happens later"
        assert after.doubles == 0, "every picture came once"

    def test_what_was_paid_for_a_cancelled_job_is_kept(self, scenario: CrashScenario) -> None:
        assert scenario.kept
        assert picture_info(scenario.kept) == ("JPEG", 64, 64)

    def test_the_ledger_has_what_was_paid_or_may_have_been(self, scenario: CrashScenario) -> None:
        assert scenario.ledger == scenario.counted
        known = sum(after.pictures for after in scenario.after.values())
        total = sum(amount for (payer, _currency, _day), amount in scenario.ledger.items() if payer == "bot")
        # The pictures that were delivered, the one that was kept, and the submits of which nobody knows.
        unknown = sum(wanted.retried is not None for wanted in EXPECTED.values())
        assert total == PRICE * (known + 1 + unknown)

    def test_nothing_is_left_to_do(self, scenario: CrashScenario) -> None:
        assert scenario.unfinished == []

    def test_a_busy_service_is_nobodys_business(self, scenario: CrashScenario) -> None:
        error_message = ("busy", "slow down", "already working", "can't be reached")
        # Captions have the prompts.
        lines = [line for line in scenario.told.splitlines() if line not in EXPECTED]
        said = [line for line in lines if any(words in line for words in error_message)]
        assert not said, said

    def test_processes_end_as_told(self, scenario: CrashScenario) -> None:
        assert scenario.codes == [-9, 0, 0]

    def test_no_process_stumbles(self, scenario: CrashScenario) -> None:
        lines = [line for log in scenario.logs for line in log.splitlines()]
        assert [line for line in lines if "Traceback" in line or " ERROR " in line] == []
