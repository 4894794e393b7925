"""Channels: requests by post, edits by reply, and readers who may not cause posts."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.settings import AccessSettings
from tests.support.app_harness import AppHarness, open_app_harness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def test_a_channel(harness: AppHarness) -> None:
    channel = harness.telegram.world.add_channel(
        "Pictures", harness.ann, admins=(harness.ann,), discussion=harness.group
    )
    await harness.say("/imagine a fox", chat=channel)
    result = await harness.ended(chat=channel)
    await harness.press(result, "Again")
    await harness.telegram.until(lambda: len(harness.tasks) == 2)
    await harness.quiet()
    # The copy that Telegram forwards into the discussion group is no request.
    assert harness.telegram.messages(harness.group)[0].text == "/imagine a fox"
    assert len(harness.tasks) == 2
    assert harness.answers(harness.group) == []


async def test_in_a_channel_an_edit_is_a_reply_with_the_command(harness: AppHarness) -> None:
    """Channels have no forced replies, and other posts are not meant for the bot."""
    channel = harness.telegram.world.add_channel("Pictures", harness.ann, harness.bob, admins=(harness.ann,))
    result = await harness.made("/imagine foxes --n 2", chat=channel)
    for label in ("Edit", "1"):
        told = await harness.press(result, label)
    assert (told.alert, told.text) == (True, "In a channel, reply to the picture with /imagine and your words.")
    assert result.buttons[0] == "🔁 Again"
    for picture_, count in ((harness.album(channel)[0], 1), (result, 2)):
        await harness.made("/imagine at night", chat=channel, reply_to=picture_)
        assert len(harness.tasks[-1].references) == count
    # Without words the way to ask is explained, as a question can't be replied to.
    await harness.say("/imagine", chat=channel, reply_to=result)
    await harness.shown("In a channel, reply to the picture", channel)


async def test_who_is_not_named_is_answered_in_the_language_of_the_words(harness: AppHarness) -> None:
    """Channel posts name no author, anonymous admins share one account, and not every app reports a language."""
    harness.ann.language_code = ""
    result = await harness.made("雪地里的狐狸")
    await harness.press(result, "再来一次")
    await harness.quiet()
    assert "🔁 再来一次" in harness.answers()[-1].buttons
    channel = harness.telegram.world.add_channel("Pictures", harness.ann, admins=(harness.ann,))
    harness.telegram.write_as_group(harness.ann, harness.group)
    for chat in (channel, harness.group):
        assert "🔁 再来一次" in (await harness.made("/imagine 雪地里的狐狸", chat=chat)).buttons
        assert "🔁 Again" in (await harness.made("/imagine a fox", chat=chat)).buttons
    assert "🔁 Again" in (await harness.made("/imagine 雪の中のキツネ", chat=channel)).buttons


async def test_readers_of_a_channel_make_nothing_appear_in_it(harness: AppHarness) -> None:
    channel = harness.telegram.world.add_channel("Pictures", harness.ann, harness.bob, admins=(harness.ann,))
    result = await harness.made(f"/imagine {'a fox in the snow ' * 20}", chat=channel)
    for label in ("Again", "Edit", "Shape", "☆", "Files", "Copy", "🗑"):
        assert (await harness.press(result, label, harness.bob)).alert, label
    await harness.quiet()
    assert harness.answers(channel) == [result]
    assert not (await harness.press(result, "Files")).alert
    await harness.quiet()
    assert harness.answers(channel)[-1].document


async def test_a_channel_is_on_no_list_of_people(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, access=AccessSettings(users=frozenset({510_000_001}))) as harness:
        channel = harness.telegram.world.add_channel("Pictures", harness.ann, admins=(harness.ann,))
        await harness.say("/imagine a fox", chat=channel)
        await harness.quiet()
        assert harness.tasks == []
