"""A job whose pictures have words of their own survives kills at each of its steps: each of the words is paid once."""

import asyncio
from pathlib import Path

from bot.demo.bot_api.errors import DroppedError
from tests.support.process_harness import LONG, QUICK, ProcessHarness

WORDS = "{red, blue} fox in {snow, rain}"
FOUR = ["red fox in snow", "red fox in rain", "blue fox in snow", "blue fox in rain"]


async def _play(harness: ProcessHarness) -> None:
    async with harness.open():
        await harness.say(WORDS)
        question = await harness.shown(WORDS, "4 pictures, ¥0.80: make them?")
        # A chat's messages are handled in their order: the question is stored by now.
        await harness.write(WORDS, "/usage")
        await harness.shown(WORDS, "this month")
        await _kill(harness)
        harness.seconds = LONG
        press = harness.telegram.press(harness.people[WORDS], question, "✅ Make")
        await harness.telegram.until(lambda: press.answer)
        # Two places: the others wait.
        await harness.taken(*FOUR[:2])
        for words in FOUR[:2]:
            await harness.asked_for(words)
        await _kill(harness)
        album = harness.hold("sendMediaGroup")
        harness.all_done()
        harness.seconds = QUICK
        await album.reached()
        harness.bot.kill()
        await harness.end()
        album.shut(DroppedError())
        await harness.start()
        await harness.shown(WORDS, "✅ 4 pictures")
        harness.bot.terminate()
        await harness.end()


async def _kill(harness: ProcessHarness) -> None:
    harness.bot.kill()
    await harness.end()
    await harness.start()


def test_each_of_the_words_is_paid_once_and_comes_once(tmp_path: Path) -> None:
    async def play() -> ProcessHarness:
        harness = ProcessHarness(tmp_path, [WORDS], 2)
        await _play(harness)
        return harness

    played = asyncio.run(play())
    assert played.jimeng.submits == dict.fromkeys(FOUR, 1)
    outcome = played.see()[WORDS]
    assert (outcome.pictures, outcome.doubles) == (4, 0)
    captions = [one.text.splitlines()[0] for one in played.answers(WORDS) if one.photo]
    assert captions == FOUR
    assert played.codes == [-9, -9, -9, 0]
    lines = [line for log in played.logs for line in log.splitlines()]
    assert [line for line in lines if "Traceback" in line or " ERROR " in line] == []
