"""The buttons under a result that keep or delete pictures, every button after a restart, and forged presses."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.bot_api.faults import Refusal
from tests.support.app_harness import AppHarness, open_app_harness

STRANGER = "Only whoever asked for the picture can use this. Again and Variations are for everyone."


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def test_favourites(harness: AppHarness) -> None:
    result = await harness.made("foxes --n 3")
    await harness.press(result, "☆")
    assert (await harness.press(result, "2")).text == "⭐ Added to favourites."
    assert "⭐" in result.buttons
    await harness.press(result, "⭐")
    assert result.buttons == ["1", "⭐2", "3", "‹ Back"]
    assert (await harness.press(result, "⭐2")).text == "Removed from favourites."
    assert "☆" in result.buttons


async def test_delete_one_and_then_all(harness: AppHarness) -> None:
    result = await harness.made("foxes --n 3")
    first, _second, third = harness.album()
    await harness.press(result, "🗑")
    assert (await harness.press(result, "2")).text == "Delete it here and from your history?"
    await harness.press(result, "Keep")
    await harness.press(result, "🗑")
    await harness.press(result, "2")
    assert (await harness.press(result, "Delete")).text == "Deleted."
    assert harness.album() == [first, third]
    await harness.press(result, "🗑")
    assert result.buttons == ["1", "2", "All", "‹ Back"]
    await harness.press(result, "All")
    await harness.press(result, "Delete")
    assert harness.answers() == []
    await harness.say("/history")
    await harness.shown("You haven't made any pictures yet")


async def test_an_admin_deletes_from_the_chat_and_not_from_the_history(harness: AppHarness) -> None:
    await harness.say("/imagine a fox", chat=harness.group, who=harness.bob)
    result = await harness.ended(chat=harness.group)
    await harness.press(result, "🗑", harness.ann)
    await harness.press(result, "Delete", harness.ann)
    assert harness.album(harness.group) == []
    await harness.say("/history", who=harness.bob)
    assert (await harness.shown("1 of 1", harness.bob.chat)).photo


async def test_what_is_older_than_two_days_leaves_the_history_at_least(harness: AppHarness) -> None:
    result = await harness.made("a fox")
    words = "Bad Request: message can't be deleted for everyone"
    harness.telegram.faults.play(Refusal(method="deleteMessage", code=400, description=words))
    await harness.press(result, "🗑")
    told = await harness.press(result, "Delete")
    assert told.alert
    assert told.text == "Telegram only lets me delete messages less than two days old."
    await harness.say("/history")
    await harness.shown("You haven't made any pictures yet")


async def test_strangers_hear_why_not(harness: AppHarness) -> None:
    await harness.say("/imagine a fox", chat=harness.group)
    result = await harness.ended(chat=harness.group)
    for label in ("Edit", "Shape", "Style", "Larger", "☆"):
        told = await harness.press(result, label, harness.bob)
        assert (told.alert, told.text) == (True, STRANGER)
    told = await harness.press(result, "🗑", harness.bob)
    assert (told.alert, told.text) == (True, "Only the person who asked for it, or an admin, can delete it.")
    await harness.quiet()
    assert len(harness.tasks) == 1


async def test_every_button_of_a_picture_works_after_a_restart(harness: AppHarness) -> None:
    words = "a fox in the snow " * 20
    result = await harness.made(words)
    await harness.restart()
    before = result.buttons
    for label, said in (
        ("Again", "One more time!"),
        ("Variations", "Variations are on their way."),
        ("Larger", "A larger one is on its way."),
        ("Shape", "Which shape?"),
        ("1:1", "As 1:1: on its way."),
        ("Style", "Which style?"),
        ("ink", "As ink: on its way."),
        ("Style", "Which style?"),
        ("Back", ""),
        ("☆", "⭐ Added to favourites."),
        ("⭐", "Removed from favourites."),
        ("🗑", "Delete it here and from your history?"),
        ("Keep", ""),
    ):
        told = await harness.press(result, label)
        assert (told.text, told.alert) == (said, False), label
    assert result.buttons == before
    await harness.quiet()
    assert len(harness.tasks) == 6
    assert (await harness.press(result, "Files")).text == "Sending the originals…"
    await harness.quiet()
    assert harness.answers()[-1].document
    assert (await harness.press(result, "Copy")).text == "Tap the text to copy it."
    assert harness.answers()[-1].text == words.strip()
    assert (await harness.press(result, "Edit")).text == ""
    question = await harness.shown("What should I make of it?")
    await harness.restart()
    await harness.made("with a hat", reply_to=question)
    assert len(harness.tasks[-1].references) == 1
    await harness.press(result, "🗑")
    await harness.restart()
    assert (await harness.press(result, "Delete")).text == "Deleted."
    assert result not in harness.answers()


async def test_every_button_of_an_album_works_after_a_restart(harness: AppHarness) -> None:
    result = await harness.made("foxes --n 3")
    await harness.restart()
    for label, number, said in (
        ("Variations", "3", "Variations are on their way."),
        ("Larger", "2", "A larger one is on its way."),
        ("☆", "2", "⭐ Added to favourites."),
        ("⭐", "⭐2", "Removed from favourites."),
        ("Edit", "2", ""),
        ("Edit", "All", ""),
        ("Edit", "Back", ""),
        ("🗑", "Back", ""),
    ):
        before = result.buttons
        told = await harness.press(result, label)
        assert (told.text, told.alert) == ("Which picture?", False)
        told = await harness.press(result, number)
        assert (told.text, told.alert) == (said, False), label
        assert result.buttons[:6] == before[:6]
    assert len([one for one in harness.answers() if "What should I make of it?" in one.text]) == 2
    await harness.quiet()
    assert [len(task.references) for task in harness.tasks] == [0, 0, 0, 1, 1, 1, 1]
    for labels in (("🗑", "1", "Delete"), ("🗑", "All", "Delete")):
        for label in labels:
            told = await harness.press(result, label)
        assert (told.text, told.alert) == ("Deleted.", False)
    assert result not in harness.answers()


async def test_copy_of_a_short_and_of_a_long_prompt(harness: AppHarness) -> None:
    result = await harness.made("a fox")
    (copy,) = [button for row in result.keyboard or [] for button in row if button["text"] == "📋 Copy"]
    assert copy["copy_text"] == {"text": "a fox"}
    words = "a <b>fox</b> in the snow " * 20
    result = await harness.made(words)
    assert (await harness.press(result, "Copy")).text == "Tap the text to copy it."
    shown = harness.answers()[-1]
    assert shown.text == words.strip()
    assert [mark["type"] for mark in shown.entities] == ["code"]


async def test_nobody_sees_anothers_words_by_a_forged_press(harness: AppHarness) -> None:
    """Not even by an admin: a prompt stays in the chat of its job."""
    await harness.made("foxes, top secret --n 2")
    theirs = await harness.made("an owl", who=harness.bob)
    talk = harness.telegram.world.add_group("Bob's", harness.bob, admins=(harness.bob,), type_="supergroup")
    in_group = await harness.made("/imagine a hare", chat=talk, who=harness.bob)
    for message in (theirs, in_group):
        for data in ("j:back:1", "p:delete:1", "p:delete-surely:1", "j:delete:1", "j:delete-all:1", "j:words:1"):
            assert (await harness.forge(message, data, harness.bob)).alert, data
            assert "secret" not in str(message.keyboard)
    assert len(harness.album()) == 2


async def test_what_is_gone_already_keeps_nothing_from_being_deleted(harness: AppHarness) -> None:
    result = await harness.made("foxes --n 3")
    harness.telegram.delete(harness.ann, harness.album()[0])
    await harness.press(result, "🗑")
    await harness.press(result, "All")
    assert (await harness.press(result, "Delete")).text == "Deleted."
    assert harness.answers() == []


async def test_what_no_handler_knows_is_answered(harness: AppHarness) -> None:
    result = await harness.made("a fox")
    for data in ("j:again:99999999999999999999", "h:open:-1", "j:nothing:1", "what is this", "s|set|.language|klingon"):
        assert (await harness.forge(result, data)).text, data
    assert (await harness.app.store.users.preferences(harness.ann.id)).language is None


async def test_nobody_changes_anothers_message_by_a_forged_press(harness: AppHarness) -> None:
    await harness.made("a fox", who=harness.bob)
    result = await harness.made("/imagine an owl", chat=harness.group)
    before = result.text, result.buttons
    for data in ("h:stay:1", "h:open:1", "h:hide-surely:1", "p:delete-surely:1", "p:star:1", "j:shapes:1"):
        told = await harness.forge(result, data, harness.bob, there=False)
        assert not told.text, data
    assert (result.text, result.buttons) == before
    assert harness.album(harness.group) == [result]
    await harness.say("/history", who=harness.bob)
    await harness.shown("1 of 1", harness.bob.chat)
