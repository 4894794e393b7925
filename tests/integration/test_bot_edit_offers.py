"""Edits of requests that have begun: the bot offers another job, which is taken once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.settings import LimitsSettings
from tests.support.app_harness import AppHarness, open_app_harness, picture
from tests.support.bot_steps import edit, edited, widths


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def test_in_a_channel(harness: AppHarness) -> None:
    channel = harness.telegram.world.add_channel("Foxes", harness.ann, admins=(harness.ann,))
    harness.hold()
    post = await harness.say("/imagine a fox", chat=channel)
    await harness.all_submitted(1)
    await edited(harness, post, "/imagine a red fox")
    offer = await harness.shown("Shall I make it again", channel)
    await harness.press(offer, "Make it again")
    harness.release()
    await harness.quiet()
    assert [task.prompt for task in harness.tasks] == ["a fox", "a red fox"]


async def test_an_offer_in_a_channel_speaks_the_language_of_the_words(harness: AppHarness) -> None:
    channel = harness.telegram.world.add_channel("狐狸", harness.ann, admins=(harness.ann,))
    post = await harness.made("/imagine 一只红色的狐狸在雪地里", chat=channel)
    asked = channel.find(post.reply_to or 0)
    assert asked
    await edited(harness, asked, "/imagine 一只蓝色的狐狸在雪地里")
    await harness.shown("要按新的文字再画一次吗", channel)


async def test_an_anonymous_admin_who_takes_an_offer_is_not_named(harness: AppHarness) -> None:
    asked = await harness.say("/imagine a fox", chat=harness.group, anonymous=True)
    await harness.ended(chat=harness.group)
    edit(harness, asked, "/imagine a cat")
    await harness.press(await harness.shown("Shall I make it again", harness.group), "Make it again")
    await harness.quiet()
    assert [task.prompt for task in harness.tasks] == ["a fox", "a cat"]
    assert not any("Ann" in one.text for one in harness.answers(harness.group))


async def test_what_has_begun_is_offered_again_with_the_new_words(harness: AppHarness) -> None:
    harness.hold()
    asked = await harness.say("a read fox", picture(201))
    await harness.all_submitted(1)
    await edited(harness, asked, "a red fox")
    offer = await harness.shown("Shall I make it again")
    assert offer.reply_to == asked.id
    # Further edits change the offer without another message.
    since = harness.now
    await edited(harness, asked, "a red fox --n 2")
    assert not harness.called("sendMessage", since=since)
    assert offer.edited is None
    assert sum("Shall I" in one.text for one in harness.answers()) == 1
    assert len(harness.tasks) == 1
    await harness.press(offer, "Make it again")
    await harness.all_submitted(3)
    harness.release()
    await harness.quiet()
    assert [task.prompt for task in harness.tasks] == ["a read fox", "a red fox", "a red fox"]
    assert widths(harness) == [201]
    assert offer.buttons == []


async def test_an_offer_is_taken_once(harness: AppHarness) -> None:
    asked = await harness.say("a read fox")
    await harness.ended()
    await edited(harness, asked, "a red fox")
    offer = await harness.shown("Shall I make it again")
    data = offer.keyboard[0][0]["callback_data"] if offer.keyboard else ""
    await harness.restart()
    assert (await harness.press(offer, "Make it again")).text == "The new words are on their way."
    assert (await harness.forge(offer, data)).alert
    await harness.quiet()
    assert [task.prompt for task in harness.tasks] == ["a read fox", "a red fox"]
    # The next edit applies to the latest job.
    await edited(harness, asked, "a blue fox")
    await harness.telegram.until(lambda: offer.buttons)
    await harness.press(offer, "Make it again")
    await harness.quiet()
    assert [task.prompt for task in harness.tasks][-1] == "a blue fox"


async def test_words_that_are_changed_back_take_the_offer_back(harness: AppHarness) -> None:
    asked = await harness.say("a fox")
    await harness.ended()
    await edited(harness, asked, "a cat")
    offer = await harness.shown("Shall I make it again")
    await edited(harness, asked, "a fox")
    assert harness.ann.chat.find(offer.id) is None
    await edited(harness, asked, "a hare")
    assert (await harness.shown("Shall I make it again")).id != offer.id
    assert len(harness.tasks) == 1


async def test_somebody_elses_offer_can_not_be_taken(harness: AppHarness) -> None:
    asked = await harness.say("/imagine a fox", chat=harness.group)
    await harness.ended(chat=harness.group)
    await edited(harness, asked, "/imagine a cat")
    offer = await harness.shown("Shall I make it again", harness.group)
    assert (await harness.press(offer, "Make it again", harness.bob)).alert
    assert len(harness.tasks) == 1


async def test_limits_hold_for_an_offer(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, limits=LimitsSettings(daily=1)) as harness:
        asked = await harness.say("a fox")
        await harness.ended()
        await edited(harness, asked, "a cat")
        offer = await harness.shown("Shall I make it again")
        assert "You've reached your limit" in (await harness.press(offer, "Make it again")).text
        assert len(harness.tasks) == 1
        assert offer.buttons


async def test_wrong_words_of_what_has_ended_are_explained(harness: AppHarness) -> None:
    asked = await harness.say("a fox")
    await harness.ended()
    await edited(harness, asked, "a cat --ar 9:1")
    told = await harness.shown("from 1:3 to 3:1")
    assert "stays as it was" not in told.text


async def test_an_album_with_a_command_that_is_touched_is_not_offered_again(harness: AppHarness) -> None:
    files = [picture(201), picture(202)]
    album = await harness.telegram.send(harness.ann, harness.group, text="/imagine cats", files=files)
    await harness.quiet()
    await edited(harness, album[0], "/imagine cats")
    await harness.quiet()
    assert not any("Shall I make it again" in one.text for one in harness.answers(harness.group))
