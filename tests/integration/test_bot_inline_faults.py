"""Pictures made in any chat where somebody is not let in, forges something, or Telegram fails."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.bot_api.inline_messages import register
from bot.demo.telegram import Drop, Flood, GatewayPage, Refusal
from bot.settings import AccessSettings
from bot.telegram.inline_buttons import InlineCallback
from storage.job_states import JobState
from tests.support.app_harness import AppHarness
from tests.support.inline_chat import chosen, offered, opened, says


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with opened(tmp_path) as harness:
        yield harness


async def test_who_has_never_started_the_bot_is_led_to_it(harness: AppHarness) -> None:
    harness.bob.chat.bot = "left"
    query, results = await harness.telegram.results(harness.bob, "a fox", harness.group)
    assert results == []
    assert query.answer
    assert query.answer.button == {"text": "Start me first to draw here", "start_parameter": "inline"}
    await harness.say("/start inline", who=harness.bob)
    hello = await harness.shown("Now I can send you your pictures", harness.bob.chat)
    assert hello.buttons == ["↩️ Choose a chat"]
    message = await chosen(harness, "a  fox", who=harness.bob)
    await says(harness, message, "Make one like it")
    assert len(harness.album(harness.bob.chat)) == 1


async def test_nothing_is_made_for_a_person_who_has_blocked_the_bot(harness: AppHarness) -> None:
    query, results = await harness.telegram.results(harness.ann, "a fox", harness.group)
    harness.ann.chat.bot = "kicked"
    message = harness.telegram.choose(harness.ann, query, results[0])
    await says(harness, message, "I can't write to you in private yet")
    assert message.buttons == ["1. Open our chat", "2. Draw it"]
    assert harness.tasks == []
    harness.ann.chat.bot = "member"
    await harness.press(message, "Draw it")
    await says(harness, message, "Make one like it")


async def test_a_picture_is_kept_where_the_bot_was_blocked_meanwhile(harness: AppHarness) -> None:
    harness.hold()
    message = await chosen(harness, "a fox")
    await harness.all_submitted(1)
    harness.ann.chat.bot = "kicked"
    harness.release()
    await says(harness, message, "It's ready, but I can't send it to you in private")
    assert message.buttons == ["1. Open our chat", "2. Send"]
    assert "I still can't write to you" in (await harness.press(message, "Send")).text
    harness.ann.chat.bot = "member"
    for task in harness.tasks:
        harness.jimeng.forget(task.id)
    assert (await harness.press(message, "Send")).text == "Looking…"
    await says(harness, message, "Make one like it")
    assert len(harness.album()) == 1
    assert harness.jimeng.submits.total() == 1


async def test_a_deleted_message_leaves_the_picture_in_private(harness: AppHarness) -> None:
    harness.hold()
    message = await chosen(harness, "a fox")
    await harness.all_submitted(1)
    harness.telegram.delete(harness.ann, message)
    harness.release()
    await harness.ended()
    assert len(harness.album()) == 1
    # How it ended is told in private then.
    harness.jimeng.queue.durations = lambda _: 1000.0
    other = await chosen(harness, "a forbidden owl")
    harness.telegram.delete(harness.ann, other)
    await harness.ended("refused this prompt")


async def test_faults_of_telegram_repeat_only_the_edit(harness: AppHarness) -> None:
    for fault in (Drop(method="editMessageMedia", applied=True), GatewayPage(method="editMessageMedia", times=2)):
        harness.telegram.play(fault)
    message = await chosen(harness, "a fox")
    await says(harness, message, "Make one like it")
    assert len(harness.album()) == 1
    assert len(harness.tasks) == 1
    harness.telegram.play(Refusal(method="editMessageMedia", code=400, description="Bad Request: MESSAGE_ID_INVALID"))
    await chosen(harness, "an owl")
    await harness.quiet()
    assert len(harness.album()) == 2
    job = await harness.app.store.jobs.get(2)
    assert job
    assert job.state is JobState.DELIVERED


async def test_a_flood_limit_delays_the_message_and_nothing_else(harness: AppHarness) -> None:
    harness.telegram.play(Flood(method="editMessageText", retry_after=30, times=2))
    harness.telegram.play(Flood(method="editMessageMedia", retry_after=30))
    message = await chosen(harness, "a fox")
    await harness.shown("🔁 Again")
    await says(harness, message, "Make one like it")
    assert len(harness.album()) == 1


async def test_forged_presses_change_nothing(harness: AppHarness) -> None:
    harness.hold()
    mine = await chosen(harness, "a fox")
    await harness.all_submitted(1)
    theirs = await chosen(harness, "an owl", who=harness.bob)
    await harness.all_submitted(2)
    for data in ("j:cancel:1", "j:again:1", "k:make:1", "p:delete-surely:1", "nonsense"):
        answer = await harness.forge(mine, data)
        assert (answer.text, answer.alert) == ("", False)
    # One's own job, from another's message.
    for do in ("cancel", "again", "look"):
        answer = await harness.forge(theirs, InlineCallback(do=do, id=1).pack())
        assert "don't remember" in answer.text
    harness.release()
    await harness.quiet()
    assert len(harness.tasks) == 2
    assert "a fox" in mine.text
    assert "an owl" in theirs.text


async def test_a_forged_choice_shows_nobodys_words(harness: AppHarness) -> None:
    theirs = await offered(harness, "a secret fox")
    own = await chosen(harness, "an owl", who=harness.bob)
    told = next(one for one in harness.telegram.world.updates.sent if "chosen_inline_result" in one)
    await harness.quiet()
    register(harness.telegram.world, own)
    forged = {**told["chosen_inline_result"], "result_id": theirs.id, "inline_message_id": own.inline_id}
    harness.telegram.world.updates.push("chosen_inline_result", forged)
    await harness.quiet()
    assert [task.prompt for task in harness.tasks] == ["an owl", "an owl"]


async def test_strangers_get_no_offer_and_can_begin_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path, access=AccessSettings(users=frozenset({510_000_001}))) as harness:
        _query, results = await harness.telegram.results(harness.bob, "a fox", harness.group)
        assert results == []
        assert (await offered(harness, "a fox")).title == "🎨 Make it"
        _query, results = await harness.telegram.results(harness.ann, "an owl", harness.group)
        sent = harness.telegram.world.post(
            harness.group, harness.bob, via=harness.telegram.bot_user, text="x", keyboard=results[0].keyboard
        )
        register(harness.telegram.world, sent)
        assert "invitation-only" in (await harness.press(sent, "Draw it", who=harness.bob)).text
        assert harness.tasks == []
