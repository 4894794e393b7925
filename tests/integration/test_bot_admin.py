"""`/admin`: who may open and press it, and the pages of people, groups and invitations."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.telegram import ChatMessage, Flood, Person
from bot.settings import LimitsSettings
from storage.access_records import Member
from storage.quota import Quota
from tests.support.admin_menu import ANN, BY_INVITATION, MING, labelled, opened
from tests.support.app_harness import AppHarness, open_app_harness
from tests.support.bot_steps import press


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path, access=BY_INVITATION, limits=LimitsSettings(daily=0)) as harness:
        yield harness


async def persons_page(harness: AppHarness, name: str) -> ChatMessage:
    """Ann's menu with the page of a person who was seen."""
    page = await opened(harness, "people")
    await press(harness, page, next(one for one in page.buttons if name in one))
    return page


# who may


async def test_others_get_the_answer_to_an_unknown_command(harness: AppHarness) -> None:
    for command in ("/admin", "/admin people", "/nonsense"):
        assert (await opened(harness, who=harness.ming)).text == "我不认识这个命令。发送 /help 看看我能做什么。", (
            command
        )
    await harness.say("/admin", chat=harness.group)
    await harness.say("/admin", chat=harness.group, who=harness.ming)
    await harness.quiet()
    assert harness.answers(harness.group) == []


async def test_a_forged_press_of_somebody_else_changes_nothing(harness: AppHarness) -> None:
    settings = await harness.say("/settings", who=harness.ming)
    page = await harness.shown("设置", settings.chat)
    before = page.text
    for data in (f"adm|people|admin|u{MING}", "adm|people||l0", "adm|invitations|new|0", "adm|groups|leave|g-5"):
        told = await harness.forge(page, data, harness.ming)
        assert told.alert
        assert told.text == "只有这个机器人的管理员可以用。"
    # Nor does a press by an admin of a button that the message never had.
    await harness.forge(await opened(harness), f"adm|people|ban|u{MING}", there=False)
    assert not harness.app.access.is_admin(harness.ming.id)
    assert harness.app.access.may_use(harness.ming.id)
    assert await harness.app.store.invitations.all() == []
    assert page.text == before


async def test_forged_keys_break_nothing(harness: AppHarness) -> None:
    page = await opened(harness)
    for data in (
        "adm|people||u",
        "adm|people||u99999999999999999999999",
        "adm|people||zzz",
        "adm|people||l-5",
        "adm|people||l999",
        "adm|people|ban|l0",
        "adm|people|nonsense|u5",
        "adm|people|w|u5=x",
        "adm|people||w٣",
        "adm|groups||g5",
        "adm|groups||q-5",
        "adm|groups|nonsense|g-5",
        "adm|groups|leave|g",
        "adm|invitations|new|7",
        "adm|invitations|drop|x",
        "adm|elsewhere|do|it",
        "adm||do|it",
    ):
        assert not (await harness.forge(page, data)).alert, data
    assert await harness.app.store.invitations.all() == []
    assert harness.app.access.person(5) in {Member(), Member(waiting=0)}


async def test_a_forwarded_command_opens_nothing(harness: AppHarness) -> None:
    written = await harness.say("/admin", chat=harness.group, who=harness.bob)
    harness.telegram.forward(harness.ann, written)
    await harness.quiet()
    assert not any("🛠" in message.text for message in harness.answers())


async def test_an_admin_who_is_none_any_more_while_the_menu_is_open(harness: AppHarness) -> None:
    await harness.app.access.decide(harness.ming.id, "admin")
    page = await opened(harness, "invite", harness.ming)
    assert not (await harness.press(page, "1 人", harness.ming)).alert
    mings = await persons_page(harness, "小明")
    await press(harness, mings, "No admin any more")
    for label in ("5 人", "‹ 返回"):
        assert (await harness.press(page, label, harness.ming)).text == "只有这个机器人的管理员可以用。"
    assert len(await harness.app.store.invitations.all()) == 1
    # They may still use the bot.
    await harness.made("一只狐狸", who=harness.ming)
    assert len(harness.tasks) == 1


async def test_admins_have_the_command_in_their_menu(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, access=BY_INVITATION, tells=True) as harness:
        world = harness.telegram.world

        def commands(who: Person, language: str = "") -> list[str]:
            return [one["command"] for one in world.bot.commands.get((f"chat:{who.id}", language), [])]

        # The default language comes last.
        await harness.telegram.until(lambda: "admin" in commands(harness.ann))
        assert commands(harness.ann, "zh")[-1] == "admin"
        assert commands(harness.ming) == []
        await harness.say("hello", who=harness.ming)
        await harness.quiet()
        page = await persons_page(harness, "小明")
        await press(harness, page, "Make admin")
        await press(harness, page, "Yes, make them an admin")
        assert commands(harness.ming, "zh")[-1] == "admin"
        await press(harness, page, "No admin any more")
        assert commands(harness.ming, "zh") == commands(harness.ming) == []
        # No press waits for Telegram to take commands again.
        harness.telegram.play(Flood(method="setMyCommands", retry_after=3600))
        await press(harness, page, "Make admin")
        await press(harness, page, "Yes, make them an admin")
        assert commands(harness.ming, "zh") == []
        assert harness.app.access.is_admin(harness.ming.id)


# people


async def test_a_person_is_given_limits_of_their_own(harness: AppHarness) -> None:
    await harness.say("你好", who=harness.ming)
    await harness.quiet()
    page = await persons_page(harness, "小明")
    assert "✅ Let in by the configuration" in page.text
    assert labelled(page, "At once") == "At once: 10"
    assert labelled(page, "In 24 hours") == "In 24 hours: no limit"
    await press(harness, page, "At once: 10")
    assert page.buttons[0] == "✓ usual: 10"
    await press(harness, page, "30")
    await press(harness, page, "In 24 hours: no limit")
    await press(harness, page, "5")
    assert harness.app.access.quota(harness.ming.id) == Quota(30, 5)
    await press(harness, page, "At once: 30")
    await press(harness, page, "usual: 10")
    await harness.restart()
    await harness.app.access.refresh()
    assert harness.app.access.quota(harness.ming.id) == Quota(10, 5)
    assert "💰 Budget" in page.buttons


async def test_nobody_bans_an_admin_of_the_configuration_or_themselves(harness: AppHarness) -> None:
    page = await opened(harness, "people")
    told = await harness.forge(page, f"adm|people|ban|u{ANN}")
    assert told.text == "Another admin has to do this."
    await harness.app.access.decide(harness.bob.id, "admin")
    bobs = await opened(harness, "people", harness.bob)
    told = await harness.forge(bobs, f"adm|people|ban|u{ANN}", harness.bob)
    assert told.text == "The configuration makes this person an admin."
    told = await harness.forge(bobs, f"adm|people|demote|u{harness.bob.id}", harness.bob)
    assert told.text == "Another admin has to do this."
    assert harness.app.access.admins() == {ANN, harness.bob.id}


async def test_names_break_no_page(harness: AppHarness) -> None:
    names = ["</b><a href='https://evil'>x", "\u202egnp.xof", "   ", "a" * 200]
    for number, name in enumerate(names):
        person = harness.telegram.world.add_person(600_000_000 + number, name, f"p{number}", "en")
        await harness.say("hello", who=person)
    await harness.quiet()
    page = await opened(harness, "people")
    assert any("600000002" in one for one in page.buttons), "nothing can be seen of that name"
    for number in range(len(names)):
        await harness.forge(page, f"adm|people||u60000000{number}")
        await harness.telegram.until(lambda: f"60000000{number}" in page.text)  # noqa: B023
    await harness.forge(page, "adm|people||k600000000")
    await harness.telegram.until(lambda: page.text.startswith("Make"))
    assert "</b><a href=" in page.text


async def test_long_lists_have_pages(harness: AppHarness) -> None:
    for number in range(17):
        at = harness.app.store.clock() - 3600 * (20 - number)
        await harness.app.store.people.seen(700_000_000 + number, f"Fox {number:02}", "en", at)
    page = await opened(harness, "people")
    assert [one for one in page.buttons if "Fox 16" in one]
    await press(harness, page, "2/3 ›")
    await press(harness, page, "3/3 ›")
    assert labelled(page, "Fox 00").startswith("▫️")
    assert not [one for one in page.buttons if "Fox 16" in one]
    await press(harness, page, "‹ 2/3")
    await press(harness, page, "‹ Back")
    assert page.buttons[0].endswith("People")
