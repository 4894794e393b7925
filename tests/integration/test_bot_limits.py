"""A person's limits: requests that wait at once, and requests a day."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.settings import AccessSettings, LimitsSettings
from tests.support.app_harness import AppHarness, open_app_harness, picture


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    """Two requests at once, three a day."""
    async with open_app_harness(tmp_path, limits=LimitsSettings(waiting=2, daily=3)) as harness:
        yield harness


async def test_as_many_as_one_person_may_have_waiting(harness: AppHarness) -> None:
    harness.hold()
    await harness.say("one")
    await harness.say("two")
    asked = await harness.say("three")
    told = await harness.shown("You've reached your limit: 2 at a time")
    assert told.reply_to == asked.id
    await harness.say("somebody else's", who=harness.bob)
    await harness.all_submitted(3)
    harness.release()
    await harness.ended(chat=harness.bob.chat)
    await harness.say("three, after all")
    await harness.quiet()
    assert {task.prompt for task in harness.tasks} == {"one", "two", "somebody else's", "three, after all"}


async def test_the_pictures_of_a_request_too_many_are_kept(harness: AppHarness) -> None:
    harness.hold()
    await harness.say("one")
    await harness.say("two")
    await harness.say("with a picture", picture(201))
    told = await harness.shown("at a time. Try again when one is done.")
    harness.release()
    await harness.quiet()
    await harness.say("with a picture", reply_to=told.id)
    await harness.quiet()
    assert len(harness.tasks[-1].references) == 1


async def test_as_many_as_one_person_may_make_a_day(harness: AppHarness) -> None:
    for prompt in ("one", "two", "three"):
        made = await harness.made(prompt)
    answer = await harness.press(made, "Again")
    assert "You've reached your limit: 3 in 24 hours" in answer.text
    assert answer.alert
    await harness.say("four")
    await harness.shown("You've reached your limit: 3 in 24 hours")
    assert len(harness.tasks) == 3


async def test_what_came_to_nothing_does_not_count(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, limits=LimitsSettings(daily=3), concurrency=1) as harness:
        harness.hold()
        await harness.say("bob's", who=harness.bob)
        await harness.all_submitted(1)
        for number in range(4):
            status = await harness.answer_to(await harness.say(f"number {number}"))
            await harness.press(status, "Cancel")
            await harness.telegram.until(lambda: "Cancelled" in status.text)  # noqa: B023
        await harness.say("five")
        await harness.taken_in()
        harness.release()
        await harness.ended()
        assert harness.tasks[-1].prompt == "five"


async def test_what_was_cancelled_when_it_was_paid_counts(harness: AppHarness) -> None:
    harness.hold()
    for number in range(3):
        status = await harness.answer_to(await harness.say(f"number {number}"))
        await harness.all_submitted(number + 1)
        await harness.press(status, "Cancel")
        await harness.telegram.until(lambda: "Cancelled" in status.text)  # noqa: B023
    await harness.say("four")
    await harness.shown("You've reached your limit: 3 in 24 hours")
    harness.release()
    await harness.quiet()
    await harness.say("/forget")
    await harness.press(await harness.shown("Erase everything"), "Erase everything")
    await harness.shown("start afresh")
    await harness.say("five")
    await harness.shown("You've reached your limit: 3 in 24 hours")
    assert len(harness.tasks) == 3


async def test_it_is_said_in_chinese(harness: AppHarness) -> None:
    harness.hold()
    for prompt in ("一", "二", "三"):
        await harness.say(prompt, who=harness.ming)
    await harness.shown("你已有 2 个请求在排队", harness.ming.chat)


async def test_admins_may_ask_for_more(tmp_path: Path) -> None:
    access = AccessSettings(open=True, admins=frozenset({510_000_001}))
    async with open_app_harness(tmp_path, access=access, limits=LimitsSettings(waiting=1, daily=1)) as harness:
        harness.hold()
        await harness.say("one")
        await harness.say("two")
        await harness.all_submitted(2)


async def test_no_limit(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, limits=LimitsSettings(waiting=0, daily=0)) as harness:
        for number in range(3):
            await harness.say(f"number {number}")
        await harness.quiet()
        assert len(harness.tasks) == 3
