"""The history's buttons that act on a picture: delete, send, run again, edit; and whose pictures a group shows."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.telegram import Refusal
from tests.support.app_harness import AppHarness, open_app_harness, picture, picture_info
from tests.support.bot_steps import opened, title


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def test_delete_asks_first(harness: AppHarness) -> None:
    await harness.made("a fox")
    await harness.made("a cat")
    shown = await opened(harness)
    assert (await harness.press(shown, "Delete")).text == "Delete it from your history?"
    assert shown.buttons == ["Delete", "Keep"]
    await harness.press(shown, "Keep")
    await harness.telegram.until(lambda: "🗑 Delete" in shown.buttons)
    await harness.press(shown, "Delete")
    assert (await harness.press(shown, "Delete")).text == "Deleted from your history."
    await harness.shown("1 of 1")
    assert title(shown) == ("a fox", "1 of 1")
    await harness.press(shown, "Delete")
    await harness.press(shown, "Delete")
    await harness.telegram.until(lambda: shown.id not in harness.ann.chat.messages)
    assert (await opened(harness)).text.startswith("You haven't made any pictures yet")
    # The messages in the chat stay.
    assert len(harness.album()) == 2


async def test_send_again(harness: AppHarness) -> None:
    await harness.made("a <b>fox</b>")
    shown = await opened(harness)
    now = harness.now
    await harness.press(shown, "📤 Send")
    await harness.quiet()
    last = harness.answers()[-1]
    assert last.photo
    assert last.text == "a <b>fox</b>"
    (call,) = harness.called("sendPhoto", since=now)
    assert isinstance(call.request["photo"], str)


async def test_run_again_and_edit(harness: AppHarness) -> None:
    await harness.made("in blue --ar 16:9", picture(201))
    shown = await opened(harness)
    assert (await harness.press(shown, "Redo")).text == "One more time!"
    await harness.quiet()
    first, second = harness.submitted()
    assert harness.without_addresses(second) == harness.without_addresses(first)
    assert [picture_info(one)[1] for one in harness.tasks[-1].references] == [201]
    assert harness.answers()[-1].photo
    await harness.press(shown, "Edit")
    await harness.shown("What should I make")
    await harness.made("with a hat")
    assert harness.tasks[-1].prompt == "with a hat"
    assert len(harness.tasks[-1].references) == 1


async def test_in_a_group_only_what_the_caller_made_there(harness: AppHarness) -> None:
    await harness.made("a secret fox")
    await harness.made("/imagine a public fox", chat=harness.group)
    await harness.made("/imagine Bob's cat", chat=harness.group, who=harness.bob)
    shown = await opened(harness, chat=harness.group)
    assert title(shown) == ("a public fox", "1 of 1")
    assert "secret" not in (await opened(harness, "fox", chat=harness.group)).text
    shown = await opened(harness, chat=harness.group, who=harness.bob)
    assert title(shown) == ("Bob's cat", "1 of 1")
    # The private chat shows all.
    shown = await opened(harness)
    assert title(shown) == ("a public fox", "1 of 2")


async def test_strangers_can_not_leaf_through_it(harness: AppHarness) -> None:
    await harness.made("/imagine foxes --n 2", chat=harness.group)
    shown = await opened(harness, chat=harness.group)
    before = shown.text
    for label in ("Older ›", "Redo", "Edit", "📤 Send", "Delete"):
        told = await harness.press(shown, label, harness.bob)
        assert told.alert
        assert told.text == "This is someone else's history. See yours with /history."
    await harness.quiet()
    assert shown.text == before
    assert len(harness.tasks) == 2


async def test_what_is_sent_again_has_the_buttons_of_a_result(harness: AppHarness) -> None:
    await harness.made("foxes --n 2")
    shown = await opened(harness)
    await harness.press(shown, "📤 Send")
    await harness.shown("Variations")
    await harness.quiet()
    sent = harness.answers()[-1]
    await harness.press(sent, "Variations")
    await harness.quiet()
    assert len(harness.tasks) == 4
    assert len(harness.tasks[-1].references) == 1
    await harness.press(sent, "🗑")
    await harness.press(sent, "Keep")
    await harness.telegram.until(lambda: "🎲 Variations" in sent.buttons)


async def test_the_original_of_a_picture_of_a_group_in_private(harness: AppHarness) -> None:
    await harness.made("/imagine a fox", chat=harness.group)
    shown = await opened(harness)
    await harness.press(shown, "📤 Send")
    await harness.quiet()
    assert (await harness.press(harness.answers()[-1], "Files")).text == "Sending the originals…"
    await harness.quiet()
    assert harness.answers()[-1].document
    assert not any(message.document for message in harness.answers(harness.group))


async def test_words_said_in_private_stay_out_of_a_groups_history(harness: AppHarness) -> None:
    await harness.made("a secret fox")
    talk = await harness.made("/imagine an owl", chat=harness.group)
    await harness.forge(talk, "p:edit:1")
    question = await harness.shown("What should I make", harness.group)
    await harness.made("at night", chat=harness.group, reply_to=question)
    shown = await opened(harness, chat=harness.group)
    assert title(shown) == ("at night", "1 of 2")
    await harness.press(shown, "Details")
    await harness.taken_in()
    assert "References: 1" in shown.text
    assert "secret" not in shown.text
    shown = await opened(harness)
    assert "↩️ from “a secret fox”" in shown.text


async def test_the_last_picture_leaves_an_old_history_message_without_buttons(harness: AppHarness) -> None:
    await harness.made("a fox")
    shown = await opened(harness)
    await harness.press(shown, "Delete")
    words = "Bad Request: message can't be deleted for everyone"
    harness.telegram.faults.play(Refusal(method="deleteMessage", code=400, description=words))
    assert (await harness.press(shown, "Delete")).text == "Deleted from your history."
    await harness.taken_in()
    assert shown.buttons == []


async def test_every_button_works_after_a_restart(harness: AppHarness) -> None:
    fox = await harness.made("a fox")
    await harness.made("with a hat", reply_to=fox)
    await harness.made("hares --n 9")
    shown = await opened(harness)
    await harness.restart()

    async def press(label: str, *place: str, said: str = "", alert: bool = False) -> None:
        """Press, and check the position of the history and its buttons."""
        told = await harness.press(shown, label)
        assert (told.text, told.alert) == (said, alert), label
        if place:
            assert title(shown) == place, label
            assert {"🔁 Redo", "ℹ️ Details", "📅 Date"} <= set(shown.buttons), label

    await press("Older ›", "hares", "2 of 11")
    for _number in range(8):
        await press("Older ›")
    await press("Made from", "a fox", "11 of 11")
    await press("‹ Newer", "with a hat", "10 of 11")
    await press("Details")
    assert "1. a fox ↓" in shown.text
    await press("↩️ 1", "a fox", "11 of 11")
    await press("☆", "a fox", "11 of 11", said="⭐ Added to favourites.")
    await press("⭐ Favourites", "a fox", "1 of 1")
    await press("Overview", "a fox", "1 of 1", said="There are no other pictures to show.", alert=True)
    await press("All pictures", "a fox", "11 of 11")
    await press("⭐", "a fox", "11 of 11", said="Removed from favourites.")
    await press(
        "⭐ Favourites", "a fox", "11 of 11", said="You have no favourites yet: tap ☆ under a picture.", alert=True
    )
    for label, said in (
        ("Date", "Which month?"),
        ("Back", ""),
        ("Date", "Which month?"),
        ("(11)", "Which day?"),
        ("(11)", ""),
        ("Delete", "Delete it from your history?"),
        ("Keep", ""),
    ):
        await press(label, said=said)
    assert title(shown) == ("hares", "1 of 11")
    await press("Send", "hares", "1 of 11")
    sent = harness.answers()[-1]
    assert sent.photo
    assert (await harness.press(sent, "☆")).text == "⭐ Added to favourites."
    await press("Overview")
    shown = harness.answers()[-1]
    assert shown.buttons == [*map(str, range(1, 11)), "Older ›"]
    # A single picture is no overview.
    await press("Older ›", "a fox", "11 of 11")
    await press("Redo", "a fox", "11 of 11", said="One more time!")
    await press("Edit")
    await harness.made("at night", reply_to=await harness.shown("What should I make of it?"))
    assert [len(task.references) for task in harness.tasks] == [0, 1, *[0] * 10, 1]
    await press("‹ Newer", "with a hat", "12 of 13")
    await press("Overview")
    shown = harness.answers()[-1]
    assert shown.buttons == ["1", "2"]
    await press("2", "a fox", "13 of 13")
    await press("Delete", said="Delete it from your history?")
    await harness.restart()
    await press("Delete", "with a hat", "12 of 12", said="Deleted from your history.")
