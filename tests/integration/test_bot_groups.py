"""Groups: the settings that admins choose, the queue, notices and quiet mode."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.demo.chat import groups
from bot.demo.telegram import ChatMessage, Delay
from bot.handlers.request_service import RequestService
from storage.settings_records import ChatRules, Preferences
from tests.support.app_harness import AppHarness, open_app_harness, picture
from tests.support.bot_steps import press


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def page_of(harness: AppHarness, **how: Any) -> ChatMessage:
    await harness.say("/settings", chat=harness.group, **how)
    await harness.taken_in()
    return await harness.shown("Settings of this group", harness.group)


async def hears(harness: AppHarness, words: str, ask: str = "/imagine an owl", **how: Any) -> ChatMessage:
    """Bob asks in the group; returns the answer with these words."""
    await harness.say(ask, chat=harness.group, **{"who": harness.bob, **how})
    return await harness.shown(words, harness.group)


async def test_an_admin_sets_what_holds_and_nobody_else(harness: AppHarness) -> None:
    page = await page_of(harness, anonymous=True)
    refused = await harness.press(page, "Shape: automatic", harness.bob)
    assert (refused.alert, refused.text) == (True, "Only admins of this group can change its settings.")
    await press(harness, page, "Shape: automatic")
    assert await press(harness, page, "16:9") == "Saved."
    assert "Shape: 16:9" in page.buttons
    await harness.made("/imagine a fox", chat=harness.group, who=harness.bob)
    await harness.app.store.users.set_option(harness.bob.id, "jimeng", "ar", "1:1")
    await harness.made("/imagine a hare", chat=harness.group, who=harness.bob)
    await harness.made("/imagine an owl --ar 9:16", chat=harness.group, who=harness.bob)
    await harness.made("a goat")
    wide, own, typed, private = [(submit.get("width", 1), submit.get("height", 1)) for submit in harness.submitted()]
    assert wide[0] > wide[1]
    assert own[0] == own[1], "a person's own settings override the group's"
    assert typed[0] < typed[1]
    assert private[0] == private[1]
    (row,) = [row for row in page.keyboard or [] if "url" in row[0]]
    assert row[0]["url"] == "https://t.me/imagine_demo_bot?start=settings"


async def test_who_may_ask_and_a_pause(harness: AppHarness) -> None:
    made = await harness.made("/imagine a fox", chat=harness.group, who=harness.bob)
    page = await page_of(harness)
    await press(harness, page, "Pause")
    assert "I'm paused" in page.text
    await hears(harness, "The admins have paused me here.")
    for label in ("Again", "Edit"):
        told = await harness.press(made, label, harness.bob)
        assert (told.alert, told.text) == (True, "The admins have paused me here.")
    await press(harness, page, "Resume")
    await press(harness, page, "Who can use me: everyone")
    await hears(harness, "In this group only admins can ask")
    await harness.made("/imagine a hare", chat=harness.group, anonymous=True)
    assert (await harness.press(made, "Again", harness.bob)).alert
    await harness.quiet()
    assert [submit["prompt"] for submit in harness.submitted()] == ["a fox", "a hare"]
    # Telegram can't show this notice to one person only, so everybody sees it.
    assert len([one for one in harness.answers(harness.group) if "only admins can ask" in one.text]) == 1


async def test_the_groups_service_is_for_who_has_chosen_none(tmp_path: Path) -> None:
    more = {"access_key": "a", "secret_key": "b", "type": "jimeng"}
    async with open_app_harness(tmp_path, providers={"second": more}) as harness:
        page = await page_of(harness)
        await press(harness, page, "Service")
        await press(harness, page, "Jimeng (second)")
        assert "Service: Jimeng (second)" in page.text
        rules = await harness.app.store.chats.rules(harness.group.id)
        requests: RequestService = harness.app.dispatcher.workflow_data["requests"]
        assert requests.service_of(Preferences(), rules) == "second"
        assert requests.service_of(Preferences(provider="jimeng"), rules) == "jimeng"


async def test_one_topic_only(harness: AppHarness) -> None:
    topic = groups.add_topic(harness.telegram.world, harness.group, "Pictures")
    page = await page_of(harness, topic=topic)
    await press(harness, page, "Only in this topic: off")
    told = await hears(harness, "In this group I only work in one topic.")
    address = f"https://t.me/c/{str(harness.group.id)[4:]}/{topic}"
    assert [mark["url"] for mark in told.entities if mark["type"] == "text_link"] == [address]
    made = await harness.made("/imagine an owl", chat=harness.group, who=harness.bob, topic=topic)
    assert made.topic == topic
    elsewhere = await page_of(harness)
    await press(harness, elsewhere, "Only in this topic: off")
    assert await harness.app.store.chats.rules(harness.group.id) == ChatRules(thread_id=1)
    await press(harness, elsewhere, "Only in this topic: on")
    assert await harness.app.store.chats.rules(harness.group.id) == ChatRules()


async def test_the_queue_is_seen_and_cleared(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, concurrency=1) as harness:
        harness.hold()
        for words in ("a fox", "a <b> hare", "an owl"):
            await harness.say(f"/imagine {words}", chat=harness.group, who=harness.bob)
            await harness.taken_in()
        await harness.say("a goat")
        await harness.all_submitted(1)
        await harness.taken_in()
        page = await page_of(harness)
        await press(harness, page, "Queue: 3")
        first, *others = page.text.splitlines()[2:]
        assert first == "1. Bob: a fox · 🎨 drawing"
        assert others == ["2. Bob: a <b> hare · ⏳ waiting", "3. Bob: an owl · ⏳ waiting"]
        await press(harness, page, "Clear the queue")
        assert (await harness.press(page, "Yes, cancel them", harness.bob)).alert
        assert await press(harness, page, "Yes, cancel them") == "Cancelled: 2"
        assert page.text.splitlines()[2:] == [first]
        harness.release()
        await harness.quiet()
        told = [one for one in harness.answers(harness.group) if "A group admin cancelled" in one.text]
        assert len(told) == 2
        assert [submit["prompt"] for submit in harness.submitted()] == ["a fox", "a goat"]


async def test_quiet(harness: AppHarness) -> None:
    page = await page_of(harness)
    await press(harness, page, "Quiet: off")
    since = harness.now
    harness.hold()
    harness.learn(10, 10, 10)
    await harness.say("/imagine foxes --n 2", chat=harness.group, who=harness.bob)
    status = await harness.shown("Cancel", harness.group)
    await harness.say("a hare")
    await harness.telegram.until(lambda: str(harness.ann.id) in edits(harness, since))
    assert str(harness.group.id) not in edits(harness, since)
    assert status.buttons == ["Cancel"]
    harness.release()
    await harness.ended(chat=harness.group)
    sent = [
        call.request
        for call in harness.called("sendMessage", "sendMediaGroup", since=since)
        if str(call.request["chat_id"]) == str(harness.group.id)
    ]
    assert len(sent) == 3
    assert all(request["disable_notification"] for request in sent)


async def test_of_two_presses_at_once_both_are_shown(harness: AppHarness) -> None:
    page = await page_of(harness)
    harness.telegram.play(Delay(method="editMessageText", seconds=0.1))
    presses = [harness.telegram.press(harness.ann, page, label) for label in ("Quiet: off", "Who can use me: everyone")]
    await harness.telegram.until(lambda: all(press.answer for press in presses))
    await harness.quiet()
    assert page.buttons[:2] == ["Who can use me: admins only", "Quiet: on"]


def edits(harness: AppHarness, since: int) -> list[str]:
    """The chats in which a message was edited."""
    return [str(call.request["chat_id"]) for call in harness.called("editMessageText", since=since)]


async def test_the_job_of_an_anonymous_admin_is_all_admins(harness: AppHarness) -> None:
    made = await harness.made("/imagine a fox", chat=harness.group, anonymous=True)
    assert (await harness.press(made, "Shape", harness.bob)).alert
    assert not (await harness.press(made, "Again")).alert
    await harness.quiet()
    assert len(harness.tasks) == 2
    # The new job belongs to the group again, and the admin who pressed is not named.
    assert (await harness.press(harness.answers(harness.group)[-1], "Shape", harness.bob)).alert
    assert not any("Ann" in one.text for one in harness.answers(harness.group))


async def test_notices_are_for_one_where_telegram_can_do_that(harness: AppHarness) -> None:
    since = harness.now
    await hears(harness, "There is no --colour", "/imagine a fox --colour red", reply_to=None)
    await harness.quiet()
    calls = harness.called("sendMessage", since=since)
    assert calls[0].request["ephemeral_message_parameters"]["receiver_user_id"] == harness.bob.id
    # The author behind a group's name is unknown, and a question about pictures is visible to everybody.
    since = harness.now
    await hears(harness, "There is no --shade", "/imagine a fox --shade red", who=harness.ann, anonymous=True)
    await harness.say("/imagine", picture(3), chat=harness.group, who=harness.bob)
    await harness.shown("What should I make of it?", harness.group)
    assert not any(
        "ephemeral_message_parameters" in call.request for call in harness.called("sendMessage", since=since)
    )


async def test_files_where_none_may_be_sent(harness: AppHarness) -> None:
    result = await harness.made("/imagine a fox", chat=harness.group)
    words = "Bad Request: not enough rights to send documents to the chat"
    harness.telegram.play({"kind": "error", "method": "sendDocument", "code": 400, "description": words})
    await harness.press(result, "Files")
    await harness.shown("I can't send files in this chat, but", harness.group)


async def test_ones_own_settings_are_not_shown_in_a_group(harness: AppHarness) -> None:
    await harness.say("/start settings", chat=harness.group, who=harness.bob)
    await harness.shown("Hi! Tell me", harness.group)
    assert not any("Your settings" in one.text for one in harness.answers(harness.group))


async def test_the_page_explains_its_buttons(harness: AppHarness) -> None:
    page = await page_of(harness)
    for button in ("Who can use me", "Quiet", "Replies", "Pause"):
        assert any(line.startswith(f"{button}: ") for line in page.text.splitlines()), button
    assert "Only in this topic" not in page.text
    groups.add_topic(harness.telegram.world, harness.group, "Pictures")
    page = await page_of(harness)
    assert "Only in this topic: " in page.text
