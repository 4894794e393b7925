"""Pictures made in any chat: a message of inline mode shows progress and becomes the picture."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.demo.bot_api.inline_messages import register
from bot.demo.bot_api.model import InlineResult
from bot.demo.telegram import Chat, ChatMessage, Drop, Flood, GatewayPage, Person, Refusal
from bot.settings import AccessSettings, LimitsSettings
from bot.telegram.inline_buttons import InlineCallback, OfferCallback
from storage.job_states import JobState
from tests.support.app_harness import AppHarness, open_app_harness


@asynccontextmanager
async def opened(folder: Path, **how: object) -> AsyncIterator[AppHarness]:
    """A bot that hears which results are chosen, and is in no group."""
    async with open_app_harness(folder, **how) as harness:  # type: ignore[arg-type]
        harness.telegram.bot_user.feedback = True
        harness.group.bot = "left"
        yield harness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with opened(tmp_path) as harness:
        yield harness


async def offered(harness: AppHarness, words: str, who: Person | None = None, chat: Chat | None = None) -> InlineResult:
    _query, results = await harness.telegram.results(who or harness.ann, words, chat or harness.group)
    return results[0]


async def chosen(harness: AppHarness, words: str, who: Person | None = None, chat: Chat | None = None) -> ChatMessage:
    """Type words after the bot's name in a group that the bot is not in, and send what it offers."""
    query, results = await harness.telegram.results(who or harness.ann, words, chat or harness.group)
    sent = harness.telegram.choose(who or harness.ann, query, results[0])
    await harness.taken_in()
    return sent


async def says(harness: AppHarness, message: ChatMessage, words: str) -> None:
    """Wait until a message has these words, or such a button."""
    await harness.telegram.until(lambda: words in "\n".join([message.text, *message.buttons]))
    await harness.quiet()


async def test_the_message_becomes_the_picture_that_came_in_private_first(harness: AppHarness) -> None:
    harness.hold()
    message = await chosen(harness, "a red <fox> --ar 16:9")
    assert message.via is harness.telegram.bot_user
    await says_soon(harness, message, "Drawing…")
    assert message.text.startswith("a red <fox>\n")
    assert message.buttons == ["Cancel"]
    harness.release()
    await says(harness, message, "Make one like it")
    assert (message.text, message.photo is not None) == ("a red <fox>", True)
    (private,) = harness.album()
    assert private.photo
    assert message.photo
    assert message.photo.largest.unique_id == private.photo.largest.unique_id
    assert "🔁 Again" in private.buttons
    # Few edits: it was taken, it is next, it is drawn, it is there.
    assert len(harness.called("editMessageText", "editMessageMedia")) <= 4
    assert len(harness.tasks) == 1
    (button,) = (button for row in message.keyboard or [] for button in row)
    assert button["switch_inline_query_current_chat"] == "a red <fox>"


async def says_soon(harness: AppHarness, message: ChatMessage, words: str) -> None:
    """The same while the job goes on."""
    await harness.telegram.until(lambda: words in "\n".join([message.text, *message.buttons]))
    await harness.taken_in()


async def test_without_feedback_the_button_begins_it_however_often_it_is_pressed(harness: AppHarness) -> None:
    harness.telegram.bot_user.feedback = False
    message = await chosen(harness, "a fox")
    assert message.text == "a fox\nIf it doesn't begin by itself, tap the button."
    assert harness.tasks == []
    # Others can't begin it, and a restart forgets nothing.
    refused = await harness.press(message, "Draw it", who=harness.bob)
    assert refused.alert
    await harness.restart()
    harness.hold()
    assert (await harness.press(message, "Draw it")).text == "On its way."
    await harness.forge(message, OfferCallback(offer=(await offered(harness, "a fox")).id[5:]).pack())
    harness.release()
    await says(harness, message, "Make one like it")
    assert len(harness.tasks) == 1
    feedback = await harness.app.store.inline_offers.feedback()
    assert (feedback.chosen, feedback.pressed) == (0, 1)


async def test_a_choice_that_telegram_tells_twice_is_one_picture(harness: AppHarness) -> None:
    harness.hold()
    message = await chosen(harness, "a fox")
    # As another update: Telegram tells it anew, or the button was pressed at the same moment.
    told = next(one for one in harness.telegram.world.updates.sent if "chosen_inline_result" in one)
    harness.telegram.world.updates.push("chosen_inline_result", told["chosen_inline_result"])
    await harness.forge(message, OfferCallback(offer=told["chosen_inline_result"]["result_id"][5:]).pack())
    harness.release()
    await says(harness, message, "Make one like it")
    assert len(harness.tasks) == 1


async def test_several_pictures(harness: AppHarness) -> None:
    message = await chosen(harness, "a fox --n 3")
    await says(harness, message, "Picture 1 of 3. Ann has all of them in private.")
    assert len(harness.album()) == 3
    assert message.photo
    first = harness.album()[0].photo
    assert first
    assert message.photo.largest.unique_id == first.largest.unique_id


async def test_only_the_person_who_asked_cancels_it(harness: AppHarness) -> None:
    harness.hold()
    message = await chosen(harness, "a fox")
    await harness.all_submitted(1)
    await says_soon(harness, message, "Cancel")
    assert "Only the person" in (await harness.press(message, "Cancel", who=harness.bob)).text
    assert (await harness.press(message, "Cancel")).text == "Cancelled"
    await says_soon(harness, message, "✖️ Cancelled.")
    assert message.buttons == ["🔁 Try again"]
    harness.release()
    await harness.quiet()
    assert harness.answers() == []
    again = await harness.press(message, "Try again")
    assert again.text == "One more time!"
    await says(harness, message, "Make one like it")
    assert len(harness.tasks) == 2


async def test_a_refusal_is_said_there(harness: AppHarness) -> None:
    message = await chosen(harness, "a forbidden fox")
    await says(harness, message, "refused this prompt")
    # Other words are written in the input field, and make another message.
    assert message.buttons == ["✏️ Change the words"]
    assert (message.keyboard or [[{}]])[0][0]["switch_inline_query_current_chat"] == "a forbidden fox"
    assert harness.answers() == []


async def test_a_limit_is_said_there_and_the_button_stays(tmp_path: Path) -> None:
    async with opened(tmp_path, limits=LimitsSettings(waiting=1)) as harness:
        harness.hold()
        await harness.say("an owl")
        await harness.all_submitted(1)
        message = await chosen(harness, "a fox")
        await says_soon(harness, message, "⚠️ You've reached your limit")
        assert "reached your limit" in (await harness.press(message, "Draw it")).text
        harness.release()
        await harness.quiet()
        await harness.press(message, "Draw it")
        await says(harness, message, "Make one like it")
        assert len(harness.tasks) == 2


async def test_what_costs_much_is_asked_about_there(tmp_path: Path) -> None:
    async with opened(tmp_path, budgets={"confirm": ["0.5 CNY"]}) as harness:
        assert (await offered(harness, "an owl")).description == "an owl · 1 picture, ¥0.20"
        message = await chosen(harness, "a fox --n 3")
        await says(harness, message, "3 pictures, ¥0.60: make them?")
        assert message.buttons == ["✅ Make", "No"]
        assert "Only the person" in (await harness.press(message, "Make", who=harness.bob)).text
        other = await chosen(harness, "a cat --n 3")
        await says(harness, other, "make them?")
        make = next(button["callback_data"] for row in message.keyboard or [] for button in row)
        # The answer to one question is none to another.
        assert "has expired" in (await harness.forge(other, make)).text
        await harness.press(other, "No")
        await says(harness, other, "Not made. Nothing was charged.")
        assert harness.tasks == []
        await harness.press(message, "Make")
        await says(harness, message, "Picture 1 of 3")
        assert len(harness.tasks) == 3


async def test_words_with_choices_are_asked_about_there(harness: AppHarness) -> None:
    message = await chosen(harness, "a {red, blue} fox")
    await says(harness, message, "2 pictures, ¥0.40: make them?\n1. a red fox\n2. a blue fox")
    assert message.buttons == ["✅ Make", "No", "✍️ As written"]
    await harness.press(message, "Make")
    await says(harness, message, "Picture 1 of 2")
    assert message.text.startswith("a red fox\n")
    other = await chosen(harness, "a {red, blue} owl")
    await harness.press(other, "As written")
    await says(harness, other, "Make one like it")
    assert other.text == "a {red, blue} owl"
    assert len(harness.tasks) == 3


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


async def test_it_says_that_it_waits_for_a_paused_service(harness: AppHarness) -> None:
    await harness.app.parts.switch.pause("jimeng", harness.ann.id)
    message = await chosen(harness, "a fox")
    await says_soon(harness, message, "⏸")
    assert message.buttons == ["Cancel"]
    await harness.app.parts.switch.resume("jimeng", harness.ann.id)
    await says(harness, message, "Make one like it")


async def test_the_bots_own_edits_are_no_requests(harness: AppHarness) -> None:
    """In the private chat the bot sees the message, and hears of its own edits."""
    harness.hold()
    message = await chosen(harness, "a fox", chat=harness.ann.chat)
    await says_soon(harness, message, "Drawing…")
    assert any("edited_message" in one for one in harness.telegram.world.updates.sent)
    harness.release()
    await says(harness, message, "Make one like it")
    assert len(harness.tasks) == 1


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


async def test_wrong_flags_are_said_over_the_results(harness: AppHarness) -> None:
    query, results = await harness.telegram.results(harness.ann, "a fox --ar 9:0", harness.group)
    assert results == []
    assert query.answer
    assert query.answer.button
    assert "--ar" in query.answer.button["text"]
    assert len(query.answer.button["text"]) <= 64


async def test_whether_the_private_chat_is_open_is_not_asked_for_each_letter(harness: AppHarness) -> None:
    harness.telegram.play(Refusal(method="sendChatAction", code=500))
    for words in ("a f", "a fo", "a fox"):
        # Where Telegram does not answer, the offer is made all the same.
        assert (await offered(harness, words)).title == "🎨 Make it"
    assert [call.status for call in harness.called("sendChatAction")] == [500, 200]
    await chosen(harness, "an owl")
    await harness.quiet()
    assert len(harness.called("sendChatAction")) == 3, "it is asked once more before anything is paid"


async def test_it_goes_on_in_the_persons_language(harness: AppHarness) -> None:
    harness.hold()
    message = await chosen(harness, "一只狐狸", who=harness.ming)
    await harness.all_submitted(1)
    await harness.restart()
    harness.release()
    await harness.telegram.until(lambda: message.photo)
    await harness.quiet()
    assert message.text == "一只狐狸"
    assert len(harness.tasks) == 1
