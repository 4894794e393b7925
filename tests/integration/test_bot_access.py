"""Who may use the bot: people and groups by invitation, and presses of others."""

from pathlib import Path

from bot.demo.chat import groups
from bot.settings import AccessSettings
from tests.support.app_harness import open_app_harness, picture

# permissions


async def test_people_who_are_not_invited(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, access=AccessSettings(users=frozenset({510_000_001}))) as harness:
        await harness.made("a fox")
        await harness.say("a cat", who=harness.bob)
        told = await harness.shown("invitation-only. Ask", harness.bob.chat)
        assert str(harness.bob.id) in told.text
        await harness.say("", picture(), picture(), picture(), who=harness.bob)
        await harness.quiet()
        # Once, not for every message.
        assert harness.answers(harness.bob.chat) == [told]
        assert [task.prompt for task in harness.tasks] == ["a fox"]


async def test_admins_may_always(tmp_path: Path) -> None:
    access = AccessSettings(users=frozenset({1}), admins=frozenset({510_000_001}))
    async with open_app_harness(tmp_path, access=access) as harness:
        await harness.made("a fox")
        assert len(harness.tasks) == 1


async def test_groups_that_are_not_listed(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, access=AccessSettings(open=True, chats=frozenset({-1}))) as harness:
        groups.set_bot_status(harness.telegram.world, harness.group, "administrator")
        await harness.say("hello everybody", chat=harness.group)
        await harness.say("/imagine@another_bot a cat", chat=harness.group)
        asked = await harness.say("/imagine a cat", chat=harness.group)
        told = await harness.shown("isn't open to this group", harness.group)
        assert told.reply_to == asked.id
        assert str(harness.group.id) in told.text
        await harness.quiet()
        assert len(harness.answers(harness.group)) == 1
        await harness.made("a fox")
        assert [task.prompt for task in harness.tasks] == ["a fox"]


async def test_groups_that_are_listed_are_open_to_their_members(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path) as other:
        group = other.group.id
    access = AccessSettings(chats=frozenset({group}), users=frozenset({510_000_001}))
    async with open_app_harness(tmp_path, access=access) as harness:
        await harness.made("/imagine a fox", chat=harness.group, who=harness.bob)
        assert len(harness.tasks) == 1
        result = harness.answers(harness.group)[-1]
        harness.telegram.press(harness.bob, result, "🔁 Again")
        await harness.quiet()
        assert len(harness.tasks) == 2


async def test_a_press_of_somebody_who_is_not_invited(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, access=AccessSettings(users=frozenset({510_000_001}))) as harness:
        result = await harness.made("/imagine a fox", chat=harness.group)
        told = await harness.press(result, "Files", harness.bob)
        assert told.alert
        assert told.text == "This bot is invitation-only."
