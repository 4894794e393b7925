"""What one person may ask for: so many requests waiting, so many a day."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.settings import AccessSettings, LimitsSettings
from tests.support.house import House, open_house, picture


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Two requests at once, three a day."""
    async with open_house(tmp_path, limits=LimitsSettings(waiting=2, daily=3)) as house:
        yield house


async def test_as_many_as_one_person_may_have_waiting(house: House) -> None:
    house.hold()
    await house.say("one")
    await house.say("two")
    asked = await house.say("three")
    told = await house.shown("You've reached your limit: 2 at a time")
    assert told.reply_to == asked.id
    await house.say("somebody else's", who=house.bob)
    await house.all_submitted(3)
    house.release()
    await house.ended(chat=house.bob.chat)
    await house.say("three, after all")
    await house.quiet()
    assert {task.prompt for task in house.tasks} == {"one", "two", "somebody else's", "three, after all"}


async def test_the_pictures_of_a_request_too_many_are_kept(house: House) -> None:
    house.hold()
    await house.say("one")
    await house.say("two")
    await house.say("with a picture", picture(201))
    told = await house.shown("at a time. Try again when one is done.")
    house.release()
    await house.quiet()
    await house.say("with a picture", reply_to=told.id)
    await house.quiet()
    assert len(house.tasks[-1].references) == 1


async def test_as_many_as_one_person_may_make_a_day(house: House) -> None:
    for prompt in ("one", "two", "three"):
        made = await house.made(prompt)
    answer = await house.press(made, "Again")
    assert "You've reached your limit: 3 in 24 hours" in answer.text
    assert answer.alert
    await house.say("four")
    await house.shown("You've reached your limit: 3 in 24 hours")
    assert len(house.tasks) == 3


async def test_what_came_to_nothing_does_not_count(tmp_path: Path) -> None:
    async with open_house(tmp_path, limits=LimitsSettings(daily=3), concurrency=1) as house:
        house.hold()
        await house.say("bob's", who=house.bob)
        await house.all_submitted(1)
        for number in range(4):
            asked = await house.say(f"number {number}")
            status = await house.telegram.until(
                lambda: next((one for one in house.answers() if one.reply_to == asked.id), None)  # noqa: B023
            )
            await house.press(status, "Cancel")
            await house.telegram.until(lambda: "Cancelled" in status.text)  # noqa: B023
        await house.say("five")
        await house.taken_in()
        house.release()
        await house.ended()
        assert house.tasks[-1].prompt == "five"


async def test_what_was_cancelled_when_it_was_paid_counts(house: House) -> None:
    house.hold()
    for number in range(3):
        await house.say(f"number {number}")
        await house.all_submitted(number + 1)
        await house.press(await house.shown("Cancel"), "Cancel")
        await house.shown("Cancelled")
    await house.say("four")
    await house.shown("You've reached your limit: 3 in 24 hours")
    house.release()
    await house.quiet()
    await house.say("/forget")
    await house.press(await house.shown("Erase everything"), "Erase everything")
    await house.shown("start afresh")
    await house.say("five")
    await house.shown("You've reached your limit: 3 in 24 hours")
    assert len(house.tasks) == 3


async def test_it_is_said_in_chinese(house: House) -> None:
    house.hold()
    for prompt in ("一", "二", "三"):
        await house.say(prompt, who=house.ming)
    await house.shown("你已有 2 个请求在排队", house.ming.chat)


async def test_admins_may_ask_for_more(tmp_path: Path) -> None:
    access = AccessSettings(admins=frozenset({510_000_001}))
    async with open_house(tmp_path, access=access, limits=LimitsSettings(waiting=1, daily=1)) as house:
        house.hold()
        await house.say("one")
        await house.say("two")
        await house.all_submitted(2)


async def test_no_limit(tmp_path: Path) -> None:
    async with open_house(tmp_path, limits=LimitsSettings(waiting=0, daily=0)) as house:
        for number in range(3):
            await house.say(f"number {number}")
        await house.quiet()
        assert len(house.tasks) == 3
