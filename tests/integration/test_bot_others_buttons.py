"""Others press Again and Variations on somebody's picture: each press is a request of their own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.telegram import ChatMessage
from bot.settings import LimitsSettings
from tests.support.app_harness import AppHarness, open_app_harness, picture, picture_info


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def _made(harness: AppHarness, prompt: str = "/imagine a fox", **how: object) -> ChatMessage:
    await harness.say(prompt, chat=harness.group, **how)  # type: ignore[arg-type]
    return await harness.ended(chat=harness.group)


async def test_again_by_another_person_is_theirs(harness: AppHarness) -> None:
    result = await _made(harness)
    assert (await harness.press(result, "Again", harness.ming)).text == "再来一次！"
    await harness.quiet()
    theirs = harness.album(harness.group)[-1]
    assert theirs is not result
    assert "给 小明" in theirs.text
    assert theirs.reply_to == result.id, "the prompt is Ann's"
    jobs = [job for number in (1, 2) if (job := await harness.app.store.jobs.get(number))]
    assert [(job.user_id, job.language) for job in jobs] == [(harness.ann.id, "en"), (harness.ming.id, "zh")]
    # What is theirs has its owner's buttons only.
    assert (await harness.press(theirs, "修改", harness.ann)).alert


async def test_a_variation_by_another_person_begins_from_the_picture(harness: AppHarness) -> None:
    sides = iter([210, 220, 230])
    harness.draw = lambda *of: picture(next(sides), 200)
    result = await _made(harness, "/imagine foxes --n 2")
    await harness.press(result, "Variations", harness.bob)
    await harness.press(result, "2", harness.bob)
    await harness.quiet()
    assert [len(task.references) for task in harness.tasks] == [0, 0, 1, 1]
    second = harness.album(harness.group)[1].photo
    assert second
    assert picture_info(harness.tasks[2].references[0])[1] == second.largest.width
    assert "for Bob" in harness.answers(harness.group)[-1].text


async def test_the_buttons_stay_in_the_language_of_the_person_who_asked(harness: AppHarness) -> None:
    result = await _made(harness, "/imagine foxes --n 2")
    await harness.press(result, "Variations", harness.ming)
    await harness.press(result, "2", harness.ming)
    assert "🎲 Variations" in result.buttons
    assert result.text == "✅ 2 pictures · for Ann"


async def test_it_counts_for_whoever_presses(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, limits=LimitsSettings(daily=1)) as harness:
        result = await _made(harness)
        told = await harness.press(result, "Again")
        assert told.text == "You've reached your limit: 1 in 24 hours. Try again later."
        await harness.press(result, "Again", harness.bob)
        await harness.quiet()
        assert (await harness.press(harness.album(harness.group)[-1], "Again", harness.bob)).alert
        assert len(harness.tasks) == 2


async def test_photos_of_the_chat_go_along_and_others_stay_private(harness: AppHarness) -> None:
    with_photo = await harness.made("/imagine on the beach", picture(300), chat=harness.group)
    await harness.press(with_photo, "Again", harness.bob)
    await harness.quiet()
    assert [len(task.references) for task in harness.tasks] == [1, 1]
    # Ann works from a picture that only her private chat shows.
    private = await harness.made("a castle")
    from_private = await harness.made("/imagine in the snow", chat=harness.group, external=private)
    told = await harness.press(from_private, "Again", harness.bob)
    assert (told.alert, told.text) == (True, "Its photos aren't in this chat. Make your own with /imagine.")
    assert not (await harness.press(from_private, "Again")).alert
    await harness.press(from_private, "Variations", harness.bob)
    await harness.quiet()
    assert len(harness.tasks) == 6


async def test_a_deleted_picture_is_nobodys_reference(harness: AppHarness) -> None:
    first = await _made(harness)
    await harness.press(first, "Edit")
    second = await harness.made("in the snow", chat=harness.group, reply_to=harness.answers(harness.group)[-1])
    await harness.press(first, "🗑")
    await harness.press(first, "Delete")
    assert (await harness.press(second, "Again", harness.bob)).alert
    assert len(harness.tasks) == 2


async def test_a_failed_request_is_its_owners(harness: AppHarness) -> None:
    await harness.say("/imagine something forbidden", chat=harness.group)
    failed = await harness.ended("Change the words", chat=harness.group)
    for do in ("again", "vary"):
        assert (await harness.forge(failed, f"j:{do}:1", harness.bob)).alert
    await harness.quiet()
    assert not harness.tasks


async def test_only_where_the_picture_is_shown(harness: AppHarness) -> None:
    private = await harness.made("a castle")
    in_group = await _made(harness)
    for press in ("j:again:1", "p:vary:1"):
        assert (await harness.forge(in_group, press, harness.bob)).alert
    assert (await harness.forge(private, "j:again:2", harness.bob)).alert
    await harness.quiet()
    assert len(harness.tasks) == 2
