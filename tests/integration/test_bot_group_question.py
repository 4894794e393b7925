"""The question to the admins about a group: each of them is asked, also about groups that the bot knew before."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.chat import groups
from bot.demo.telegram import Chat, Flood
from bot.handlers.admin import group_question
from bot.settings import AccessSettings
from tests.support.app_harness import AppHarness, open_app_harness

ADMINS = AccessSettings(admins=frozenset({510_000_001, 7_100_000_002}))
"""Ann, who is asked first, and 小明."""


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path, access=ADMINS) as harness:
        yield harness


def founded(harness: AppHarness) -> Chat:
    """Bob adds the bot to a new group."""
    world = harness.telegram.world
    group = world.add_group("Foxes", harness.bob, admins=(harness.bob,), type_="supergroup")
    group.bot = "left"
    groups.set_bot_status(world, group, "member", harness.bob)
    return group


async def test_an_admin_whose_chat_takes_nothing_now_delays_no_other(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_question, "ASK_SECONDS", 2.0)
    harness.telegram.play(Flood(method="sendMessage", chat=harness.ann.id, retry_after=3600))
    group = founded(harness)
    await harness.shown("Foxes", harness.ming.chat)
    await harness.shown("I've asked whoever runs me", group)
    assert harness.answers(harness.ann.chat) == []


async def test_the_admins_hear_of_a_group_in_which_the_bot_was_before(harness: AppHarness) -> None:
    await harness.say("/imagine a fox", chat=harness.group, who=harness.bob)
    question = await harness.shown("wants to use me in")
    await harness.shown("I've asked whoever runs me", harness.group)
    await harness.say("/imagine an owl", chat=harness.group, who=harness.ming)
    await harness.quiet()
    assert [one.text for one in harness.answers(harness.ann.chat)] == [question.text], "once a group"
    await harness.press(question, "Allow")
    await harness.made("/imagine a hare", chat=harness.group, who=harness.bob)
    assert "a fox" not in [task.prompt for task in harness.tasks]


async def test_a_group_is_not_asked_about_for_somebody_who_is_banned(harness: AppHarness) -> None:
    await harness.app.access.decide(harness.bob.id, "banned")
    await harness.say("/imagine a fox", chat=harness.group, who=harness.bob)
    await harness.say("hello", chat=harness.group, who=harness.bob)
    await harness.quiet()
    assert harness.answers() == harness.answers(harness.group) == []


async def test_a_banned_person_who_adds_the_bot_asks_nobody(harness: AppHarness) -> None:
    await harness.app.access.decide(harness.bob.id, "banned")
    group = founded(harness)
    await harness.telegram.until(lambda: group.bot == "left")
    await harness.quiet()
    assert harness.answers() == []
    assert [one.text for one in harness.answers(group) if one.text] == []
    # Somebody else may ask.
    groups.set_bot_status(
        harness.telegram.world, group, "member", harness.telegram.world.add_person(6, "Eve", "e", "en")
    )
    await harness.shown("has added me to")


async def test_a_group_that_came_before_the_first_admin_is_asked_about_later(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, access=AccessSettings()) as harness:
        group = founded(harness)
        await harness.shown("isn't open to this group yet", group)
        await harness.say("/start")
        await harness.shown("You are the admin")
        await harness.say("/imagine a fox", chat=group, who=harness.bob)
        await harness.shown("wants to use me in")
