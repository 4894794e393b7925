"""How people get in, and what those hear who are not: the first admin, invitations, strangers, and people banned."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.telegram import ChatMessage, Person
from bot.settings import AccessSettings
from storage.access_records import Member
from tests.support.app_harness import AppHarness, open_app_harness
from tests.support.bot_steps import refuse

ANN = AccessSettings(admins=frozenset({510_000_001}))


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    """Ann is the admin by the configuration; nobody else may use the bot."""
    async with open_app_harness(tmp_path, access=ANN) as harness:
        yield harness


@pytest.fixture
async def unused(tmp_path: Path) -> AsyncIterator[AppHarness]:
    """A new bot of which nothing is configured."""
    async with open_app_harness(tmp_path, access=AccessSettings()) as harness:
        yield harness


def texts(harness: AppHarness, who: Person) -> list[str]:
    return [message.text for message in harness.answers(who.chat)]


async def opened(harness: AppHarness, page: str = "", who: Person | None = None) -> ChatMessage:
    """An admin (Ann) sends /admin; returns the menu."""
    asked = await harness.say(f"/admin {page}".strip(), who=who)
    await harness.taken_in()
    return next(one for one in harness.answers(asked.chat) if one.id > asked.id)


async def invited(harness: AppHarness, button: str) -> tuple[ChatMessage, str]:
    """Ann makes an invitation; returns the page, and what its link sends."""
    page = await opened(harness, "invite")
    await harness.press(page, button)
    letter = await harness.shown("?start=")
    return page, "/start " + letter.text.partition("?start=")[2]


# the first admin


async def test_the_first_start_makes_the_admin_and_the_second_does_not(unused: AppHarness) -> None:
    await unused.say("a cat", who=unused.bob)
    await unused.shown("Nobody runs this bot yet", unused.bob.chat)
    await unused.say("/start")
    told = await unused.shown("You are the admin")
    assert "/admin invite" in told.text
    # This one was told before to send it.
    await unused.say("/start", who=unused.bob)
    await unused.shown("invitation-only", unused.bob.chat)
    await unused.made("a fox")
    assert [task.prompt for task in unused.tasks] == ["a fox"]
    assert "People" in (await opened(unused)).buttons[0]
    await unused.restart()
    assert unused.app.access.admins() == {unused.ann.id}


async def test_of_two_who_start_at_once_one_becomes_the_admin(unused: AppHarness) -> None:
    people = (unused.ann, unused.bob, unused.ming)
    await asyncio.gather(*(unused.say("/start", who=who) for who in people))
    await unused.quiet()
    admins = unused.app.access.admins()
    assert len(admins) == 1
    for who in people:
        assert (len(texts(unused, who)) == 2) == (who.id in admins)


async def test_a_forwarded_start_makes_no_admin(unused: AppHarness) -> None:
    post = await unused.say("/start", who=unused.bob, chat=unused.group)
    unused.telegram.forward(unused.ann, post)
    await unused.quiet()
    assert unused.app.access.admins() == set()
    assert texts(unused, unused.ann) == ["Nobody runs this bot yet. If it is yours, send /start."]


async def test_a_bot_that_was_used_falls_to_nobody(unused: AppHarness, caplog: pytest.LogCaptureFixture) -> None:
    await unused.restart()
    assert "the first person who sends it /start becomes its admin" in caplog.text
    await unused.app.store.users.speak(unused.ming.id, "zh")
    await unused.restart()
    assert "this bot has no admin" in caplog.text
    await unused.say("/start", who=unused.bob)
    await unused.shown("invitation-only", unused.bob.chat)
    assert unused.app.access.admins() == set()


# invitations


async def test_an_invitation_for_one_lets_in_one(harness: AppHarness) -> None:
    page, link = await invited(harness, "1 person")
    assert "0/1" in page.text
    await harness.say(link, who=harness.bob)
    await harness.shown("You're in", harness.bob.chat)
    await harness.shown("Hi! Tell me", harness.bob.chat)
    await harness.made("a fox", who=harness.bob)
    assert [task.prompt for task in harness.tasks] == ["a fox"]
    await harness.say(link, who=harness.bob)
    await harness.shown("nothing of the invitation was used up", harness.bob.chat)
    await harness.say(link, who=harness.ming)
    await harness.shown("这个邀请", harness.ming.chat)
    assert not harness.app.access.may_use(harness.ming.id)
    await harness.restart()
    await harness.made("an owl", who=harness.bob)
    assert len(harness.tasks) == 2


async def test_an_invitation_is_taken_back(harness: AppHarness) -> None:
    page, link = await invited(harness, "any number")
    # The database has a hash of it; whoever reads a backup can't use it.
    token = link.removeprefix("/start join-").encode()
    files = Path(harness.app.settings.storage.url.removeprefix("sqlite:///")).parent.glob("bot.db*")
    assert len(token) >= 22
    assert not any(token in file.read_bytes() for file in files)
    await harness.say(link, who=harness.bob)
    await harness.shown("You're in", harness.bob.chat)
    told = await harness.press(page, "#1")
    assert told.text.startswith("Taken back")
    await harness.say(link, who=harness.ming)
    await harness.quiet()
    assert not harness.app.access.may_use(harness.ming.id)
    assert harness.app.access.may_use(harness.bob.id), "who came by it stays"
    assert "Still open" not in page.text


# those who are not in


async def test_a_flood_of_strangers_is_told_once_each(harness: AppHarness) -> None:
    for _ in range(5):
        for who in (harness.bob, harness.ming):
            await harness.say("/start", who=who)
            await harness.say("a cat", who=who)
    await harness.quiet()
    assert [len(texts(harness, who)) for who in (harness.bob, harness.ming)] == [1, 1]
    assert str(harness.bob.id) in texts(harness, harness.bob)[0]
    # Their own data stays theirs, however little that is.
    await harness.say("/forget", who=harness.bob)
    await harness.press(await harness.shown("Erase everything", harness.bob.chat), "Erase everything", harness.bob)
    await harness.shown("I've erased everything", harness.bob.chat)
    assert await harness.app.store.users.name(harness.bob.id) is None
    assert harness.tasks == []


async def test_admins_see_strangers_and_let_them_in(harness: AppHarness) -> None:
    await harness.say("hello", who=harness.ming)
    await harness.taken_in()
    page = await opened(harness, "people")
    await harness.press(page, next(one for one in page.buttons if "小明" in one))
    await harness.press(page, "✅ Let in")
    await harness.shown("你可以使用这个机器人", harness.ming.chat)
    await harness.made("一只狐狸", who=harness.ming)
    assert len(harness.tasks) == 1
    await harness.press(page, "Take access back")
    await harness.say("一只猫", who=harness.ming)
    await harness.quiet()
    assert len(harness.tasks) == 1


async def test_what_a_ban_stops_and_what_goes_on(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, access=ANN, concurrency=1) as harness:
        _page, link = await invited(harness, "any number")
        await harness.say(link, who=harness.bob)
        await harness.taken_in()
        result = await harness.made("a fox", who=harness.bob)
        harness.hold()
        await harness.say("an owl", who=harness.bob)
        await harness.all_submitted(2)
        await harness.say("a hare", who=harness.bob)
        await harness.taken_in()
        page = await opened(harness, "people")
        await harness.press(page, next(one for one in page.buttons if "Bob" in one))
        assert (await harness.press(page, "Ban")).text == "Banned. Cancelled: 1"
        # At once: words, presses, inline queries, invitations.
        told = await harness.press(result, "Again", harness.bob)
        assert told.alert
        assert told.text.startswith("You can't use this bot any more")
        query, results = await harness.telegram.results(harness.bob, "fox")
        await harness.taken_in()
        assert query.answer
        assert results == []
        await harness.say(link, who=harness.bob)
        await harness.shown("an admin has banned you", harness.bob.chat)
        await harness.say("a yak", who=harness.bob)
        told_too = await harness.shown("You can't use this bot any more", harness.bob.chat)
        assert "/export" in told_too.text, "he has pictures"
        # It was paid.
        harness.release()
        await harness.quiet()
        assert len(harness.album(harness.bob.chat)) == 2
        assert [task.prompt for task in harness.tasks] == ["a fox", "an owl"]
        assert any("an admin has banned you" in text for text in texts(harness, harness.bob))


async def test_forgetting_lifts_no_ban(harness: AppHarness) -> None:
    await harness.app.access.decide(harness.bob.id, "banned")
    await harness.say("/forget", who=harness.bob)
    await harness.press(await harness.shown("Erase everything", harness.bob.chat), "Erase everything", harness.bob)
    await harness.shown("I've erased everything", harness.bob.chat)
    await harness.restart()
    await harness.say("a fox", who=harness.bob)
    await harness.shown("You can't use this bot any more", harness.bob.chat)
    assert harness.app.access.person(harness.bob.id) == Member("banned")
    assert harness.tasks == []


async def test_a_banned_person_does_not_get_in_through_a_group(harness: AppHarness) -> None:
    await harness.app.access.decide_group(harness.group.id, "allowed", "Group")
    await harness.app.access.decide(harness.bob.id, "banned")
    result = await harness.made("/imagine a fox", chat=harness.group)
    await harness.say("/imagine an owl", chat=harness.group, who=harness.bob)
    assert (await harness.press(result, "Again", harness.bob)).alert
    await harness.quiet()
    assert [task.prompt for task in harness.tasks] == ["a fox"]
    assert harness.answers(harness.group) == [result], "nobody is put to shame"
    await harness.made("/imagine a hare", chat=harness.group, who=harness.ming)
    assert len(harness.tasks) == 2


async def test_strangers_who_are_answered_too_late_make_no_errors(
    harness: AppHarness, caplog: pytest.LogCaptureFixture
) -> None:
    result = await harness.made("/imagine a fox", chat=harness.group)
    for method in ("answerCallbackQuery", "answerInlineQuery"):
        refuse(harness, method, "Bad Request: query is too old and response timeout expired or query ID is invalid")
    harness.telegram.press(harness.bob, result, next(one for one in result.buttons if one.endswith("Again")))
    harness.telegram.inline(harness.bob, "fox")
    await harness.quiet()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
