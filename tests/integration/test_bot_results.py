"""Results and their buttons: the album and its caption, again, edit, originals."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.web.references import WebPublisher
from providers.jimeng.simulator import Fault
from tests.support.app_harness import AppHarness, open_app_harness, picture, picture_info
from tests.support.engine_harness import until

FIRST = ["🔁 Again", "🎲 Variations", "✏️ Edit", "📐 Shape", "🎭 Style", "🔍 Larger", "☆", "📎 Files", "📋 Copy", "🗑"]
ALBUM = [*FIRST[:6], "⇆ Compare", *FIRST[6:]]


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def test_a_single_picture_replaces_the_status_message(harness: AppHarness) -> None:
    harness.hold()
    asked = await harness.say("a fox")
    status = await harness.shown("Drawing")
    harness.release()
    result = await harness.ended()
    assert result.id == status.id
    assert result.photo
    assert result.reply_to == asked.id
    assert result.buttons == FIRST
    assert harness.answers() == [result]


async def test_several_are_an_album_in_reply_to_the_prompt_then_the_buttons(harness: AppHarness) -> None:
    asked = await harness.say("three foxes --n 3")
    buttons = await harness.ended()
    *album, last = harness.answers()
    assert last is buttons
    assert [bool(message.photo) for message in album] == [True, True, True]
    assert len({message.album for message in album}) == 1
    assert {message.reply_to for message in album} == {asked.id}
    assert [bool(message.text) for message in album] == [True, False, False]
    assert album[0].text.startswith("three foxes\nJimeng 4.0 · ")
    assert buttons.text == "✅ 3 pictures"
    assert buttons.buttons == ALBUM


async def test_the_prompt_is_escaped_in_the_caption(harness: AppHarness) -> None:
    words = "a <b>bold</b> fox & 5 < 6 <script> [x](http://example.org)"
    result = await harness.made(words)
    assert result.text.startswith(words + "\n")
    assert "bold" not in [mark["type"] for mark in result.entities]


@pytest.mark.parametrize(("words", "least"), [("snow " * 159 + "fox", 790), ("🦊" * 800, 900), ("雪" * 800, 800)])
async def test_a_long_prompt_is_cut_well(harness: AppHarness, words: str, least: int) -> None:
    result = await harness.made(f"/imagine {words}")
    assert result.photo
    units = len(result.text.encode("utf-16-le")) // 2
    assert least < units <= 1024
    assert "Jimeng 4.0 · " in result.text
    shown = result.text.split("\nJimeng")[0]
    assert shown == words.strip() or (shown.endswith("…") and words.startswith(shown[:-1]))


async def test_again_makes_a_new_job_with_the_same_references_and_options(harness: AppHarness) -> None:
    result = await harness.made("in blue --ar 16:9 --n 2", picture(201))
    told = await harness.press(result, "Again")
    assert told.text == "One more time!"
    await harness.quiet()
    first, _, third, _ = harness.submitted()
    assert harness.without_addresses(third) == harness.without_addresses(first)
    assert [picture_info(one)[1] for one in harness.tasks[-1].references] == [201]
    assert len(harness.album()) == 4
    assert {message.reply_to for message in harness.album()} == {1}  # the prompt


async def test_a_double_tap_on_again_is_one_request(harness: AppHarness) -> None:
    result = await harness.made("a fox")
    await harness.press(result, "Again")
    await harness.press(result, "Again")
    await harness.ended()
    assert len(harness.submitted()) == 2, "the first, and one more"


async def test_again_of_a_single_picture_leaves_the_first_where_it_is(harness: AppHarness) -> None:
    first = await harness.made("a fox")
    await harness.press(first, "Again")
    await harness.quiet()
    assert len(harness.album()) == 2
    assert harness.answers()[0].id == first.id
    assert first.photo


async def test_edit_a_single_picture(harness: AppHarness) -> None:
    result = await harness.made("a fox")
    await harness.press(result, "Edit")
    question = await harness.shown("What should I make")
    assert question.reply_to == result.id
    await harness.made("with a hat")
    assert len(harness.tasks[-1].references) == 1
    assert harness.tasks[-1].prompt == "with a hat"


async def test_edit_of_an_album_asks_which(harness: AppHarness) -> None:
    sides = iter([210, 220, 230, 300, 300])
    harness.draw = lambda *of: picture(next(sides), 200)
    result = await harness.made("foxes --n 3")
    told = await harness.press(result, "Edit")
    assert told.text == "Which picture?"
    assert result.buttons == ["1", "2", "3", "All", "‹ Back"]
    await harness.press(result, "Back")
    assert result.buttons == ALBUM
    await harness.press(result, "Edit")
    await harness.press(result, "2")
    await harness.shown("What should I make")
    assert result.buttons == ALBUM
    await harness.made("with a hat")
    second = harness.album()[1].photo
    assert second
    assert [picture_info(one)[1] for one in harness.tasks[-1].references] == [second.largest.width]


async def test_edit_all_of_an_album(harness: AppHarness) -> None:
    result = await harness.made("foxes --n 3")
    await harness.press(result, "Edit")
    await harness.press(result, "All")
    await harness.shown("What should I make")
    await harness.made("together")
    assert len(harness.tasks[-1].references) == 3


async def test_in_a_group_the_question_reaches_whoever_pressed(harness: AppHarness) -> None:
    asked = await harness.say("/imagine foxes --n 2", chat=harness.group)
    result = await harness.ended(chat=harness.group)
    await harness.press(result, "Edit")
    await harness.press(result, "1")
    question = await harness.shown("What should I make", harness.group)
    # Telegram opens the reply only for the author of the message that is answered.
    assert question.reply_to == asked.id
    (call,) = [call for call in harness.called("sendMessage") if "What should" in call.request["text"]]
    assert call.request["reply_markup"]["force_reply"] is True
    assert call.request["reply_markup"]["selective"] is True
    await harness.made("with a hat", chat=harness.group, reply_to=question)
    assert len(harness.tasks[-1].references) == 1


async def test_originals_are_sent_as_files_with_the_bytes_of_the_provider(harness: AppHarness) -> None:
    made: list[bytes] = []

    def draw(*of: object) -> bytes:
        made.append(picture(3000 + len(made), 1500, colour="gold"))
        return made[-1]

    harness.draw = draw
    result = await harness.made("foxes --n 2")
    await harness.press(result, "Files")
    await harness.quiet()
    files = [message.document for message in harness.answers() if message.document]
    assert {file.name for file in files} == {"foxes-1.jpg", "foxes-2.jpg"}
    assert {message.reply_to for message in harness.answers() if message.document} == {result.id}
    stored = [harness.telegram.world.files.get(file.file_id) for file in files]
    assert sorted(one.data for one in stored if one) == sorted(made)
    assert harness.album()[0].text.endswith(("3000×1500", "3001×1500"))
    # A second time nothing is fetched or uploaded.
    now = harness.now
    await harness.press(result, "Files")
    await harness.quiet()
    sent = harness.called("sendDocument", since=now)
    assert len(sent) == 2
    assert all(isinstance(call.request["document"], str) for call in sent)
    assert not [call for call in harness.jimeng_calls[-2:] if call.name == "picture" and call.status != 200]


async def test_originals_that_the_service_no_longer_keeps(harness: AppHarness) -> None:
    result = await harness.made("foxes --n 2")
    harness.pass_time(25 * 3600)
    await harness.press(result, "Files")
    told = await harness.shown("only for a while")
    assert told.text.startswith("2 of the originals can't be fetched any more")


async def test_strangers_can_not_use_what_changes_the_picture(harness: AppHarness) -> None:
    await harness.say("/imagine foxes --n 2", chat=harness.group)
    result = await harness.ended(chat=harness.group)
    for label in ("Larger", "Edit"):
        told = await harness.press(result, label, harness.bob)
        assert told.alert
        assert told.text == "Only whoever asked for the picture can use this. Again and Variations are for everyone."
    assert not (await harness.press(result, "Files", harness.bob)).alert
    await harness.quiet()
    assert len(harness.tasks) == 2
    assert len([message for message in harness.answers(harness.group) if message.document]) == 2


async def test_buttons_work_after_a_restart(harness: AppHarness) -> None:
    result = await harness.made("foxes --n 2")
    await harness.restart()
    await harness.press(result, "Again")
    await harness.quiet()
    assert len(harness.album()) == 4


async def test_a_button_of_a_job_that_is_not_known(harness: AppHarness) -> None:
    result = await harness.made("a fox")
    assert result.keyboard
    result.keyboard[0][0]["callback_data"] = "j:again:4711"
    told = await harness.press(result, "Again")
    assert told.alert
    assert told.text == "I don't remember this one any more. Send your words again."


async def test_a_storage_that_takes_its_time_holds_up_nobody(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = asyncio.Event()

    async def slow(self: WebPublisher, job_id: int) -> None:
        await gate.wait()

    monkeypatch.setattr(WebPublisher, "withdraw", slow)
    harness.jimeng.faults.append(Fault(kind="status", status=503, action="picture"))
    await harness.say("foxes --n 3", picture(201))
    told = await harness.shown("Fetch the missing")

    async def delivered() -> bool:
        return not harness.app.parts.finisher.is_delivering(1)

    await until(delivered)
    answer = await harness.press(told, "Fetch the missing")
    assert "nothing more" not in answer.text
    await harness.telegram.until(lambda: sum(bool(message.photo) for message in harness.answers()) == 3)
    gate.set()
    await harness.quiet()


async def test_a_press_where_the_bot_may_not_write_is_answered(harness: AppHarness) -> None:
    result = await harness.made("/imagine foxes --n 2", chat=harness.group)
    words = "Bad Request: not enough rights to send text messages to the chat"
    harness.telegram.play({"kind": "error", "method": "editMessageReplyMarkup", "code": 400, "description": words})
    assert (await harness.press(result, "Edit")).text == "Which picture?"


@pytest.mark.parametrize(
    ("flags", "size", "told"),
    [
        ("--ar 16:9", (200, 200), "16:9"),
        ("--size 2048x1152", (200, 200), "2048x1152"),
        ("--ar 16:9 --n 2", (90, 160), "16:9"),
        ("--ar 16:9", (160, 90), ""),
        ("--ar 16:9", (162, 90), ""),
        ("", (200, 100), ""),
        ("--size 1k", (200, 100), ""),
    ],
)
async def test_another_shape_than_the_one_asked_for_is_told(
    harness: AppHarness, flags: str, size: tuple[int, int], told: str
) -> None:
    harness.draw = lambda *of: picture(*size)
    shown = (await harness.made(f"a fox {flags}")).text
    assert shown.count("the service chose another shape") == bool(told)
    assert not told or f"ℹ️ You asked for {told}; the service chose another shape." in shown
