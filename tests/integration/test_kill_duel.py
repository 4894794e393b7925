"""Duels survive a crash at every step: each picture is paid once and arrives once, and every vote ends.

One process has a duel at each step and is killed (SIGKILL); the next one finishes them all.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.demo.bot_api.errors import DroppedError
from bot.demo.calls import Call
from storage.duel_records import DuelState
from storage.store import Store
from tests.support.gates import Gate
from tests.support.process_harness import LONG, QUICK, Outcome, ProcessHarness

START, SHOW, RESULT = "⚔️ Start", "🏁 Show the names", "Tap a letter"
QUESTION = "killed while the question is sent"
AGREED = "killed while Start is answered"
RUNNING = "killed while both run"
PARKED = "killed while one is ready"
ALBUM = "killed while the album is sent"
ASKED = "killed while the vote is sent"
VOTING = "killed in the vote"
TOLD = "killed while the result is told"
NAMES = (QUESTION, AGREED, RUNNING, PARKED, ALBUM, ASKED, VOTING, TOLD)


class DuelScenario(ProcessHarness):
    """A bot with two services, both played by the simulated Jimeng. `after`: the outcomes; `states`: of the duels."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, NAMES, 40)
        self.twin = "second"
        self.after: dict[str, Outcome] = {}
        self.states: list[DuelState] = []

    async def play_all(self) -> None:
        """Run the scenario."""
        async with self.open():
            held = [*await self._bring_to_the_end(), *await self._bring_to_the_beginning()]
            self.bot.kill()
            await self.end()
            for gate in held:
                gate.shut(DroppedError())
            self.all_done()
            await self.start()
            await self._finish()
            self.bot.terminate()
            await self.end()
            self.after = self.see()
        store = await Store.open(self.database)
        found = [await store.duels.get(number) for number in range(1, 2 * len(NAMES))]
        self.states = [one.state for one in found if one]
        await store.aclose()

    async def _bring_to_the_end(self) -> Sequence[Gate]:
        """Duels that vote, one whose album is being sent, one whose vote is, and one whose result is."""
        for name in (VOTING, TOLD):
            await self._begin(name)
            await self.shown(name, SHOW)
        await self.press(VOTING, "A")
        album, asked = self.hold("sendMediaGroup", ALBUM), self._hold_after_album(ASKED)
        told = self.hold("editMessageText", TOLD)
        for name in (ALBUM, ASKED):
            await self._begin(name)
        self.telegram.press(self.people[TOLD], self.answers(TOLD)[-1], SHOW)
        for gate in (album, asked, told):
            await gate.reached()
        return album, asked, told

    async def _bring_to_the_beginning(self) -> Sequence[Gate]:
        """Duels of which both pictures, or one, are being made, and those that are about to begin."""
        seconds = iter([QUICK])
        self.jimeng.queue.durations = lambda _: next(seconds, LONG)
        await self._begin(PARKED)
        await self.shown(PARKED, "1 of 2 ready")
        await self._begin(RUNNING)
        await self.asked_for(RUNNING)
        await self.telegram.until(lambda: self._polled(RUNNING) == 2, 20)
        question = self.hold("sendMessage", QUESTION)
        await self.write(QUESTION, f"/duel {QUESTION}")
        await self.write(AGREED, f"/duel {AGREED}")
        await self.shown(AGREED, START)
        agreed = self.hold("answerCallbackQuery")
        self.telegram.press(self.people[AGREED], self.answers(AGREED)[-1], START)
        for gate in (question, agreed):
            await gate.reached()
        await self.telegram.until(lambda: self._polled(AGREED) == 2, 20)
        return question, agreed

    async def _finish(self) -> None:
        self.jimeng.queue.durations = lambda _: QUICK
        await self.shown(QUESTION, START)
        await self.press(QUESTION, START)
        for name in NAMES:
            if name != TOLD:
                await self.shown(name, SHOW)
                await self.press(name, SHOW)
            await self.shown(name, RESULT)

    async def _begin(self, name: str) -> None:
        await self.write(name, f"/duel {name}")
        await self.shown(name, START)
        await self.press(name, START)

    def _polled(self, name: str) -> int:
        tasks, polls = self.jimeng.tasks, self.jimeng.polls
        return sum(bool(polls[task.id]) for task in tasks.values() if task.prompt == name)

    def _hold_after_album(self, name: str) -> Gate:
        """Hold the message below the album in this chat."""
        gate, chat = self.gates.new(), self.people[name].chat.id

        def listen(call: Call) -> None:
            if call.name == "sendMediaGroup" and call.request["chat_id"] == str(chat):
                self.telegram.play({"kind": "delay", "method": "sendMessage", "chat": chat, "seconds": gate.seconds})

        self.telegram.calls.listen(listen)
        return gate


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> DuelScenario:
    async def play() -> DuelScenario:
        scenario = DuelScenario(tmp_path_factory.mktemp("duels"))
        await scenario.play_all()
        return scenario

    return asyncio.run(play())


@pytest.mark.parametrize("name", NAMES)
def test_each_picture_is_paid_once_and_arrives_once(scenario: DuelScenario, name: str) -> None:
    after = scenario.after[name]
    assert (after.paid, after.pictures, after.doubles) == (2, 2, 0)
    assert RESULT in after.words


def test_the_vote_before_the_crash_counts(scenario: DuelScenario) -> None:
    assert "wins with picture A" in scenario.after[VOTING].words


def test_every_duel_is_closed(scenario: DuelScenario) -> None:
    assert set(scenario.states) == {DuelState.CLOSED}
    assert len(scenario.states) == len(NAMES)


def test_processes_end_as_told_and_do_not_stumble(scenario: DuelScenario) -> None:
    assert scenario.codes == [-9, 0]
    lines = [line for log in scenario.logs for line in log.splitlines()]
    assert [line for line in lines if "Traceback" in line or " ERROR " in line] == []
