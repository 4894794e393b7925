"""`/admin`: groups that the bot is added to, let in, asked about and told to leave."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.chat import groups
from bot.demo.telegram import Chat, Person
from bot.handlers.admin.group_question import MOST_UNDECIDED
from bot.settings import LimitsSettings
from storage.access_records import KnownGroup
from tests.support.admin_menu import BY_INVITATION, labelled, opened, texts
from tests.support.app_harness import AppHarness, open_app_harness
from tests.support.bot_steps import press


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path, access=BY_INVITATION, limits=LimitsSettings(daily=0)) as harness:
        yield harness


def founded(harness: AppHarness, by: Person, type_: str = "supergroup") -> Chat:
    """A person adds the bot to a new group, in which Ann is not."""
    others = {"channel": []}.get(type_, [harness.bob, harness.ming])
    world = harness.telegram.world
    group = (
        world.add_channel("Foxes & Owls", by, admins=(by,))
        if type_ == "channel"
        else world.add_group("Foxes & Owls", by, *others, admins=(by,), type_="supergroup")
    )
    group.bot = "left"
    groups.set_bot_status(world, group, "administrator", by)
    return group


async def test_a_group_to_which_an_admin_adds_the_bot_is_let_in(harness: AppHarness) -> None:
    group = founded(harness, harness.ann)
    await harness.shown("Write /imagine", group)
    assert harness.app.access.is_open_to(group.id)
    await harness.made("/imagine a fox", chat=group, who=harness.bob)
    assert len(harness.tasks) == 1


async def test_the_admins_are_asked_about_another_group(harness: AppHarness) -> None:
    await harness.app.access.decide(harness.ming.id, "admin")
    harness.telegram.set_bot(harness.ann.chat, "kicked")
    group = founded(harness, harness.bob)
    question = await harness.shown("Foxes & Owls", harness.ming.chat)
    assert question.buttons == ["✅ Allow", "🚪 Leave"], "his language is not known: he has never written"
    await harness.shown("I've asked whoever runs me", group)
    await harness.say("/imagine a fox", chat=group, who=harness.bob)
    await harness.shown("isn't open to this group", group)
    count = len(harness.answers(group))
    # Once a group, however often it is added.
    for status in ("left", "member") * 2:
        groups.set_bot_status(harness.telegram.world, group, status, harness.bob)
    await harness.quiet()
    assert (len(harness.answers(group)), len(harness.answers(harness.ming.chat))) == (count, 1)
    told = await harness.press(question, "Allow", harness.ming)
    assert told.text == "现在群里每个人都可以用我了。"
    await harness.telegram.until(lambda: len(harness.answers(group)) == count + 1)
    await harness.made("/imagine an owl", chat=group, who=harness.bob)
    assert [task.prompt for task in harness.tasks] == ["an owl"]


async def test_a_group_that_the_bot_is_told_to_leave(harness: AppHarness) -> None:
    group = founded(harness, harness.bob)
    question = await harness.shown("May everyone there use me?")
    told = await harness.press(question, "Leave")
    assert told.text == "I've left."
    assert group.bot == "left"
    await harness.quiet()
    said = texts(harness, group)
    # Somebody adds it again: it goes without a word. Who was let in does not get in there, either.
    groups.set_bot_status(harness.telegram.world, group, "member", harness.bob)
    await harness.say("/imagine a fox", chat=group, who=harness.ming)
    await harness.telegram.until(lambda: group.bot == "left")
    await harness.quiet()
    assert (texts(harness, group), harness.tasks) == (said, [])
    assert await harness.app.store.members.groups() == [KnownGroup(group.id, "Foxes & Owls", "left")]
    page = await opened(harness, "groups")
    await press(harness, page, labelled(page, "Foxes & Owls"))
    await press(harness, page, "✅ Allow")
    groups.set_bot_status(harness.telegram.world, group, "member", harness.bob)
    await harness.telegram.until(lambda: len(texts(harness, group)) == len(said) + 1)


async def test_leaving_is_asked_and_cancels_what_waits(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, access=BY_INVITATION, concurrency=1) as harness:
        group = founded(harness, harness.ann)
        harness.hold()
        await harness.say("/imagine a fox", chat=group)
        await harness.all_submitted(1)
        await harness.say("/imagine an owl", chat=group, who=harness.bob)
        await harness.taken_in()
        page = await opened(harness, "groups")
        await press(harness, page, labelled(page, "Foxes & Owls"))
        await press(harness, page, "🚪 Leave")
        assert page.text.startswith("Leave")
        assert (await press(harness, page, "Yes, leave")) == "I've left."
        harness.release()
        await harness.quiet()
        assert [task.prompt for task in harness.tasks] == ["a fox"]


async def test_a_flood_of_groups_does_not_fill_the_chat_of_the_admins(harness: AppHarness) -> None:
    for number in range(MOST_UNDECIDED):
        await harness.app.access.ask_about_group(-1000 - number, "Foxes")
    group = founded(harness, harness.bob)
    await harness.shown("isn't open to this group yet", group)
    assert harness.answers() == []
    page = await opened(harness, "groups")
    assert page.buttons[0].startswith("❔")
    await harness.app.access.decide_group(-1000, "left", "Foxes")
    await harness.app.access.decide_group(-1001, "left", "Foxes")
    founded(harness, harness.bob)
    await harness.shown("May everyone there use me?")


async def test_a_channel_is_asked_about_and_hears_nothing(harness: AppHarness) -> None:
    channel = founded(harness, harness.bob, "channel")
    question = await harness.shown("May everyone there use me?")
    await harness.press(question, "Allow")
    await harness.quiet()
    assert harness.app.access.is_open_to(channel.id)
    assert harness.answers(channel) == []


async def test_a_group_that_becomes_a_supergroup_stays_let_in(harness: AppHarness) -> None:
    old = harness.telegram.world.add_group("Old", harness.bob, harness.ming, admins=(harness.bob,), type_="group")
    await harness.app.access.decide_group(old.id, "allowed", "Old")
    new = groups.migrate(harness.telegram.world, old)
    await harness.taken_in()
    await harness.made("/imagine a fox", chat=new, who=harness.bob)
    assert len(harness.tasks) == 1
    # A button that was made before the move is about the same group.
    page = await opened(harness, "groups")
    await harness.forge(page, f"adm|groups||g{old.id}")
    await harness.telegram.until(lambda: str(new.id) in page.text)
    assert harness.answers(harness.ann.chat) == [page], "nobody is asked about it"
