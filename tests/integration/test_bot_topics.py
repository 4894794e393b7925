"""The settings of a forum's topics: prompt, then person, topic, group, configuration."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.bot_api.model import ChatMessage
from bot.demo.chat import groups
from storage.settings_records import TopicDefaults
from tests.support.app_harness import AppHarness, open_app_harness
from tests.support.bot_steps import press

MORE = {"access_key": "a", "secret_key": "b", "type": "jimeng"}


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    """Two services, which are paused: what is asked for can be read in the store."""
    async with open_app_harness(tmp_path, providers={"second": MORE}) as harness:
        for name in ("jimeng", "second"):
            await harness.app.store.provider_health.pause_by_admin(name, harness.ann.id)
        yield harness


async def page_of(harness: AppHarness, topic: int | None) -> ChatMessage:
    await harness.say("/settings", chat=harness.group, topic=topic)
    await harness.taken_in()
    page = await harness.shown("Settings of this group", harness.group)
    await press(harness, page, "For this topic")
    assert "Settings of this topic" in page.text
    return page


async def asked(harness: AppHarness, words: str, topic: int | None) -> tuple[str, object, str | None]:
    """Bob asks in a topic; returns the service, the shape and the style."""
    message = await harness.say(f"/imagine {words}", chat=harness.group, who=harness.bob, topic=topic)
    await harness.taken_in()
    job = await harness.app.store.jobs.asked_in(harness.group.id, message.id)
    assert job
    return job.provider, job.options.get("ar"), job.style["name"] if job.style else None


async def test_a_topic_has_defaults_of_its_own(harness: AppHarness) -> None:
    topic = groups.add_topic(harness.telegram.world, harness.group, "Manga")
    store = harness.app.store
    await store.chats.set_option(harness.group.id, "second", "ar", "1:1")
    await store.chats.set_option(harness.group.id, "jimeng", "ar", "1:1")
    page = await page_of(harness, topic)
    await press(harness, page, "Service")
    await press(harness, page, "Jimeng (second)")
    await press(harness, page, "Shape: 1:1")
    assert await press(harness, page, "16:9") == "Saved."
    await press(harness, page, "Style: none")
    await press(harness, page, "ink")
    assert {"Shape: 16:9", "Style: ink"} <= set(page.buttons)
    assert await asked(harness, "a fox", topic) == ("second", "16:9", "ink")
    # The other topics, the general one too, are as the group says.
    assert await asked(harness, "a hare", None) == ("jimeng", "1:1", None)
    # A prompt goes first, then the person's own settings.
    await store.users.set_option(harness.bob.id, "second", "ar", "3:2")
    assert await asked(harness, "an owl --style none", topic) == ("second", "3:2", None)
    await store.users.choose(harness.bob.id, "jimeng")
    assert await asked(harness, "a goat --ar 9:16 --style oil", topic) == ("jimeng", "9:16", "oil")


async def test_only_admins_set_it_and_one_press_takes_it_back(harness: AppHarness) -> None:
    topic = groups.add_topic(harness.telegram.world, harness.group, "Manga")
    topics, where = harness.app.store.topics, (harness.group.id, topic)
    page = await page_of(harness, topic)
    refused = await harness.press(page, "Style: none", harness.bob)
    assert (refused.alert, refused.text) == (True, "Only admins of this group can change its settings.")
    await press(harness, page, "Style: none")
    await press(harness, page, "clay")
    assert await topics.get(*where) == TopicDefaults(style="clay")
    assert await press(harness, page, "Same as the group") == "Saved."
    assert (await topics.get(*where)).is_empty
    assert "↺ Same as the group" not in page.buttons
    await press(harness, page, "Back")
    assert "Settings of this group" in page.text


async def test_the_general_topic_and_a_deleted_one(harness: AppHarness) -> None:
    world, group = harness.telegram.world, harness.group
    topic = groups.add_topic(world, group, "Manga")
    for where, style in ((None, "sketch"), (topic, "pixel")):
        page = await page_of(harness, where)
        await press(harness, page, "Style: none")
        await press(harness, page, style)
    assert (await asked(harness, "a fox", None))[2] == "sketch"
    groups.delete_topic(world, group, topic)
    # What is set for a topic that is gone holds nowhere else.
    assert (await asked(harness, "a hare", None))[2] == "sketch"
    other = groups.add_topic(world, group, "Photos")
    assert (await asked(harness, "an owl", other))[2] is None


async def test_a_group_without_topics_has_no_such_page(harness: AppHarness) -> None:
    await harness.say("/settings", chat=harness.group)
    await harness.taken_in()
    page = await harness.shown("Settings of this group", harness.group)
    assert not any("topic" in label for label in page.buttons)
