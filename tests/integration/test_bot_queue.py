"""`/queue`: a person's own requests, with buttons that cancel and reorder them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.demo.bot_api.model import ChatMessage
from bot.demo.chat import groups
from bot.demo.chat.drafts import stop_draft
from bot.settings import AccessSettings, LimitsSettings
from bot.telegram.callback_data import QueueCallback
from tests.support.app_harness import AppHarness, open_app_harness, picture
from tests.support.bot_steps import press, prompts

CHARGED = "Cancelled. What was already being drawn is charged anyway; you'll find it in /history when it's ready."


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    """Two are drawn at a time, and a person has seven requests at most."""
    async with open_app_harness(tmp_path, concurrency=2, limits=LimitsSettings(waiting=7)) as harness:
        yield harness


async def crowd(harness: AppHarness, count: int) -> None:
    """Ann's requests, of which two are being drawn."""
    harness.hold()
    for number in range(1, count + 1):
        await harness.say(f"fox {number}")
    await harness.taken_in()
    await harness.all_submitted(2)
    await harness.telegram.until(lambda: sum("⏳" in one.text for one in harness.answers()) == count - 2)


async def page_of(harness: AppHarness) -> ChatMessage:
    await harness.say("/queue")
    await harness.taken_in()
    return await harness.shown("Your queue")


async def test_a_page_shows_what_waits_and_what_runs(harness: AppHarness) -> None:
    await crowd(harness, 3)
    await harness.say("/imagine an owl <b> --n 4", chat=harness.group)
    await harness.shown("⏳", harness.group)
    await harness.say("somebody else's", who=harness.bob)
    page = await page_of(harness)
    entries = page.text.split("\n\n")[1:]
    assert len(entries) == 4
    assert entries[0].startswith("1. fox 1\nJimeng\n🎨 Drawing…")
    assert entries[0].endswith("What is being drawn is charged even if you cancel.")
    assert entries[2].startswith("3. fox 3\nJimeng\n⏳ ")
    assert entries[3].startswith("4. an owl <b>\nJimeng · Picture club\n⏳ ")
    assert "charged" not in entries[3]
    assert page.buttons == [
        "✖️ Cancel 1",
        "✖️ Cancel 2",
        "✖️ Cancel 3",
        "✖️ Cancel 4",
        "⏫ 4 first",
        "Cancel all",
        "🔄 Refresh",
    ]
    harness.release()
    await harness.quiet()
    await press(harness, page, "Refresh")
    assert page.text.endswith("Your queue is empty.")
    assert page.buttons == ["🔄 Refresh"]


async def test_cancelling_says_whether_it_is_charged(harness: AppHarness) -> None:
    await crowd(harness, 3)
    page = await page_of(harness)
    answer = await harness.press(page, "Cancel 3")
    assert (answer.alert, answer.text) == (True, "Cancelled. Nothing was charged.")
    answer = await harness.press(page, "Cancel 1")
    assert (answer.alert, answer.text) == (True, CHARGED)
    assert "fox 3" not in page.text
    await harness.say("somebody else's", who=harness.bob)
    await harness.taken_in()
    (other,) = await harness.app.store.own_queues.of(harness.bob.id)
    for do in ("cancel", "first"):
        forged = await harness.forge(page, QueueCallback(do=do, job=other.job.id).pack())
        assert forged.text.startswith("Too late"), "nobody touches what is somebody else's"
    answer = await harness.press(page, "Cancel 1")
    assert answer.text == CHARGED
    harness.release()
    await harness.quiet()
    assert sorted(prompts(harness)) == ["fox 1", "fox 2", "somebody else's"]


async def test_the_last_one_is_put_first(harness: AppHarness) -> None:
    await crowd(harness, 5)
    await harness.say("somebody else's", who=harness.bob)
    await harness.shown("⏳", harness.bob.chat)
    page = await page_of(harness)
    assert await press(harness, page, "5 first") == "It's now first among your requests."
    assert [one.split("\n")[0] for one in page.text.split("\n\n")[3:]] == ["3. fox 5", "4. fox 3", "5. fox 4"]
    harness.release()
    await harness.quiet()
    # Of those that are claimed together any may arrive at the service first.
    claimed = text("SELECT jobs.prompt FROM tasks JOIN jobs ON jobs.id = tasks.job_id ORDER BY tasks.begun_at")
    order = [row[0] for row in await harness.app.store.database.fetch(claimed)]
    assert set(order[2:4]) == {"fox 5", "somebody else's"}, "others are not passed over"


async def test_all_are_cancelled_after_a_question(harness: AppHarness) -> None:
    await crowd(harness, 7)
    page = await page_of(harness)
    assert "6." not in page.text
    await press(harness, page, "2/2 ›")
    assert "6. fox 6" in page.text
    await press(harness, page, "Cancel all")
    assert page.text.startswith("Cancel all 7 of your requests?\nWhat is already being drawn is charged anyway")
    await press(harness, page, "Back")
    await press(harness, page, "Cancel all")
    assert await press(harness, page, "Yes, cancel them") == "Cancelled: 7"
    assert "Your queue is empty." in page.text
    harness.release()
    await harness.quiet()
    assert sorted(prompts(harness)) == ["fox 1", "fox 2"]
    told = [one.text.removeprefix("✖️ ") for one in harness.answers()]
    assert told.count("Cancelled. Nothing was charged.") == 5
    assert told.count(CHARGED) == 2


async def test_who_has_too_many_gets_there_by_a_button(harness: AppHarness) -> None:
    await crowd(harness, 7)
    await harness.say("one too many")
    told = await harness.shown("at a time. Try again when one is done. /queue shows them.")
    await harness.press(told, "My queue")
    page = await harness.shown("Your queue")
    assert page is not told
    assert told.buttons == ["🚦 My queue"], "the answer stays as it is"
    await harness.say("/imagine one too many", chat=harness.group)
    told = await harness.shown("/queue shows them.", harness.group)
    assert [row[0]["url"] for row in told.keyboard or []] == ["https://t.me/imagine_demo_bot?start=queue"]
    await harness.say("/start queue")
    await harness.telegram.until(lambda: sum("Your queue" in one.text for one in harness.answers()) == 2)


async def test_who_may_ask_only_in_a_group_can_cancel_in_private(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, access=AccessSettings(users={510_000_001})) as harness:
        await harness.app.store.members.decide_group(harness.group.id, "allowed", "Picture club")
        harness.hold()
        await harness.say("/imagine a fox", chat=harness.group, who=harness.bob)
        await harness.all_submitted(1)
        await harness.say("a hare", who=harness.bob)
        await harness.shown("invitation-only", harness.bob.chat)
        await harness.say("/queue", who=harness.bob)
        page = await harness.shown("Your queue", harness.bob.chat)
        assert (await harness.press(page, "Cancel 1", harness.bob)).text == CHARGED
        harness.release()
        await harness.quiet()
        assert prompts(harness) == ["a fox"]


async def test_in_a_group_it_says_where(harness: AppHarness) -> None:
    groups.set_bot_status(harness.telegram.world, harness.group, "administrator")
    await harness.say("/imagine a fox", chat=harness.group, who=harness.bob)
    for _ in range(2):
        await harness.say("/queue", chat=harness.group, who=harness.bob)
        await harness.taken_in()
    await harness.quiet()
    shown = [one for one in harness.telegram.messages(harness.group) if one.only_for]
    assert [(one.text, one.only_for, one.buttons) for one in shown] == [
        ("Your queue is in our private chat:", harness.bob, ["🚦 My queue"])
    ], "the second menu replaces the first"


async def test_menus_replace_each_other_after_a_restart_and_for_each_person_alone(harness: AppHarness) -> None:
    groups.set_bot_status(harness.telegram.world, harness.group, "administrator")
    await harness.say("/queue", chat=harness.group, who=harness.bob)
    await harness.say("/export", chat=harness.group)
    await harness.quiet()
    await harness.restart()
    harness.telegram.play({"kind": "error", "method": "deleteEphemeralMessage", "code": 400, "description": "no"})
    await harness.say("/forget", chat=harness.group)
    await harness.quiet()
    await harness.say("/settings", chat=harness.group, who=harness.bob)
    await harness.quiet()
    await harness.say("/imagine", chat=harness.group, who=harness.bob)
    await harness.quiet()
    shown = [one for one in harness.telegram.messages(harness.group) if one.only_for]
    of_bob = [one.text for one in shown if one.only_for is harness.bob]
    assert of_bob[0] == "Your settings are in our private chat:"
    assert of_bob[1].startswith("Write what you want to see"), "an answer without buttons stays, and deletes no menu"
    assert len([one for one in shown if one.only_for is harness.ann]) == 2, "one that could not be deleted stays"


async def test_a_drafts_stop_cancels_its_job(harness: AppHarness) -> None:
    store = harness.app.store
    await store.users.show_drafts(harness.ann.id, True)
    harness.hold()
    await harness.say("a fox", picture(200))
    draft = await harness.telegram.until(lambda: harness.ann.chat.draft)
    await harness.all_submitted(1)
    assert draft.can_stop
    stop_draft(harness.telegram.world, harness.ann, harness.ann.chat, draft.id)
    told = await harness.shown(CHARGED)
    assert harness.ann.chat.draft is None
    assert told.reply_to
    await harness.say("a hare", who=harness.bob)
    await harness.all_submitted(2)
    job_id = (await store.own_queues.of(harness.bob.id))[0].job.id
    update = {"chat": {"id": harness.ann.id, "type": "private"}, "draft_id": job_id}
    harness.telegram.world.updates.push("stopped_message_generation", update)
    await harness.taken_in()
    assert await store.own_queues.of(harness.bob.id), "nobody stops the job of somebody else"
    harness.release()
    await harness.quiet()
    assert sorted(prompts(harness)) == ["a fox", "a hare"]
