"""Pictures made in any chat: a message of inline mode shows progress and becomes the picture."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.telegram import Refusal
from bot.settings import LimitsSettings
from bot.telegram.inline_buttons import OfferCallback
from tests.support.app_harness import AppHarness
from tests.support.inline_chat import chosen, offered, opened, says, says_soon


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with opened(tmp_path) as harness:
        yield harness


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
