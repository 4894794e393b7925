"""A picture made in any chat survives SIGKILL at each step: it is paid once, and comes once in private and there."""

from pathlib import Path

from bot.demo.bot_api.errors import DroppedError
from bot.demo.telegram import ChatMessage, InlineQuery, InlineResult
from tests.support.process_harness import LONG, QUICK, ProcessHarness

UNHEARD, BEGUN, PRESSED = "killed before it is read", "killed while it is begun", "killed before the press is read"
DRAWN, SENT = "killed while it is drawn", "killed while it is sent in private"
SHOWN, UNSHOWN = "killed when it was shown there", "killed before it was shown there"
STEPS = (UNHEARD, BEGUN, PRESSED, DRAWN, SENT, SHOWN, UNSHOWN)
SLOTS = 4


class InlineScenario(ProcessHarness):
    """People in a group that the bot is not in. `shown`: each one's message of inline mode."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, STEPS, SLOTS)
        self.telegram.bot_user.feedback = True
        self.telegram.group.bot = "left"
        self.telegram.group.members.extend(self.people.values())
        self.there: dict[str, ChatMessage] = {}

    async def offered(self, name: str) -> tuple[InlineQuery, InlineResult]:
        query, results = await self.telegram.results(self.people[name], name, self.telegram.group)
        return query, results[0]

    def choose(self, name: str, query: InlineQuery, result: InlineResult) -> ChatMessage:
        message = self.there[name] = self.telegram.choose(self.people[name], query, result)
        return message

    async def bring_to_every_step(self) -> None:
        before = [(name, *await self.offered(name)) for name in STEPS]
        self.telegram.play({"kind": "no_feedback"})
        pressed = self.choose(*before[STEPS.index(PRESSED)])
        self.seconds = LONG
        self.choose(*before[STEPS.index(DRAWN)])
        await self.asked_for(DRAWN)
        self.seconds = QUICK
        sent = self.hold("sendPhoto", SENT)
        self.choose(*before[STEPS.index(SENT)])
        await sent.reached()
        shown = self.hold("editMessageMedia")
        self.choose(*before[STEPS.index(SHOWN)])
        await shown.reached()
        unshown = self.hold("editMessageMedia")
        self.choose(*before[STEPS.index(UNSHOWN)])
        await unshown.reached()
        begun = self.hold("sendChatAction", BEGUN)
        self.choose(*before[STEPS.index(BEGUN)])
        await begun.reached()
        self.bot.kill()
        # Telegram keeps both for the next process.
        self.choose(*before[STEPS.index(UNHEARD)])
        self.telegram.press(self.people[PRESSED], pressed, "🎨 Draw it")
        await self.end()
        for gate in (sent, unshown, begun):
            gate.shut(DroppedError())
        # Telegram carries it out, but its answer is lost.
        shown.open()
        self.all_done()


async def test_a_picture_in_any_chat_survives_a_kill_at_each_step(tmp_path: Path) -> None:
    scenario = InlineScenario(tmp_path)
    async with scenario.open():
        await scenario.bring_to_every_step()
        await scenario.start()
        for name in STEPS:
            await scenario.telegram.until(lambda name=name: scenario.there[name].photo, 20)  # type: ignore[misc]
            assert scenario.there[name].text == name
        scenario.bot.terminate()
        await scenario.end()
    outcomes = scenario.see()
    assert {name: (one.paid, one.pictures, one.doubles) for name, one in outcomes.items()} == dict.fromkeys(
        STEPS, (1, 1, 0)
    )
    lines = [line for log in scenario.logs for line in log.splitlines()]
    assert [line for line in lines if "Traceback" in line or " ERROR " in line] == []
