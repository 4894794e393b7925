"""What a person gets and may press: the album and its caption, again, edit, originals."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.web.references import References
from providers.jimeng.simulator import Fault
from tests.support.house import House, look, open_house, picture
from tests.support.room import until

FIRST = ["🔁 Again", "🎲 Variations", "✏️ Edit", "📐 Shape", "🎭 Style", "🔍 Larger", "☆", "📎 Files", "📋 Copy", "🗑"]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


async def test_a_single_picture_replaces_the_status_message(house: House) -> None:
    house.hold()
    asked = await house.say("a fox")
    status = await house.shown("Drawing")
    house.release()
    result = await house.ended()
    assert result.id == status.id
    assert result.photo
    assert result.reply_to == asked.id
    assert result.buttons == FIRST
    assert house.answers() == [result]


async def test_several_are_an_album_in_reply_to_the_prompt_then_the_buttons(house: House) -> None:
    asked = await house.say("three foxes --n 3")
    buttons = await house.ended()
    *album, last = house.answers()
    assert last is buttons
    assert [bool(message.photo) for message in album] == [True, True, True]
    assert len({message.album for message in album}) == 1
    assert {message.reply_to for message in album} == {asked.id}
    assert [bool(message.text) for message in album] == [True, False, False]
    assert album[0].text.startswith("three foxes\nJimeng 4.0 · ")
    assert buttons.text == "✅ 3 pictures"
    assert buttons.buttons == FIRST


async def test_the_prompt_is_escaped_in_the_caption(house: House) -> None:
    words = "a <b>bold</b> fox & 5 < 6 <script> [x](http://example.org)"
    result = await house.made(words)
    assert result.text.startswith(words + "\n")
    assert "bold" not in [mark["type"] for mark in result.entities]


@pytest.mark.parametrize(("words", "least"), [("snow " * 159 + "fox", 790), ("🦊" * 800, 900), ("雪" * 800, 800)])
async def test_a_long_prompt_is_cut_well(house: House, words: str, least: int) -> None:
    result = await house.made(f"/imagine {words}")
    assert result.photo
    units = len(result.text.encode("utf-16-le")) // 2
    assert least < units <= 1024
    assert "Jimeng 4.0 · " in result.text
    shown = result.text.split("\nJimeng")[0]
    assert shown == words.strip() or (shown.endswith("…") and words.startswith(shown[:-1]))


async def test_again_makes_a_new_job_with_the_same_references_and_options(house: House) -> None:
    result = await house.made("in blue --ar 16:9 --n 2", picture(201))
    told = await house.press(result, "Again")
    assert told.text == "One more time!"
    await house.quiet()
    first, _, third, _ = house.submitted()
    assert house.without_addresses(third) == house.without_addresses(first)
    assert [look(one)[1] for one in house.tasks[-1].references] == [201]
    assert len(house.album()) == 4
    assert {message.reply_to for message in house.album()} == {1}  # the prompt


async def test_a_double_tap_on_again_is_one_wish(house: House) -> None:
    result = await house.made("a fox")
    await house.press(result, "Again")
    await house.press(result, "Again")
    await house.ended()
    assert len(house.submitted()) == 2, "the first, and one more"


async def test_again_of_a_single_picture_leaves_the_first_where_it_is(house: House) -> None:
    first = await house.made("a fox")
    await house.press(first, "Again")
    await house.quiet()
    assert len(house.album()) == 2
    assert house.answers()[0].id == first.id
    assert first.photo


async def test_edit_a_single_picture(house: House) -> None:
    result = await house.made("a fox")
    await house.press(result, "Edit")
    question = await house.shown("What should I make")
    assert question.reply_to == result.id
    await house.made("with a hat")
    assert len(house.tasks[-1].references) == 1
    assert house.tasks[-1].prompt == "with a hat"


async def test_edit_of_an_album_asks_which(house: House) -> None:
    sides = iter([210, 220, 230, 300, 300])
    house.draw = lambda *of: picture(next(sides), 200)
    result = await house.made("foxes --n 3")
    told = await house.press(result, "Edit")
    assert told.text == "Which picture?"
    assert result.buttons == ["1", "2", "3", "All", "‹ Back"]
    await house.press(result, "Back")
    assert result.buttons == FIRST
    await house.press(result, "Edit")
    await house.press(result, "2")
    await house.shown("What should I make")
    assert result.buttons == FIRST
    await house.made("with a hat")
    second = house.album()[1].photo
    assert second
    assert [look(one)[1] for one in house.tasks[-1].references] == [second.largest.width]


async def test_edit_all_of_an_album(house: House) -> None:
    result = await house.made("foxes --n 3")
    await house.press(result, "Edit")
    await house.press(result, "All")
    await house.shown("What should I make")
    await house.made("together")
    assert len(house.tasks[-1].references) == 3


async def test_in_a_group_the_question_reaches_whoever_pressed(house: House) -> None:
    asked = await house.say("/imagine foxes --n 2", chat=house.group)
    result = await house.ended(chat=house.group)
    await house.press(result, "Edit")
    await house.press(result, "1")
    question = await house.shown("What should I make", house.group)
    # Telegram opens the reply only for the author of the message that is answered.
    assert question.reply_to == asked.id
    (call,) = [call for call in house.called("sendMessage") if "What should" in call.request["text"]]
    assert call.request["reply_markup"]["force_reply"] is True
    assert call.request["reply_markup"]["selective"] is True
    await house.made("with a hat", chat=house.group, reply_to=question)
    assert len(house.tasks[-1].references) == 1


async def test_originals_are_sent_as_files_with_the_bytes_of_the_provider(house: House) -> None:
    made: list[bytes] = []

    def draw(*of: object) -> bytes:
        made.append(picture(3000 + len(made), 1500, colour="gold"))
        return made[-1]

    house.draw = draw
    result = await house.made("foxes --n 2")
    await house.press(result, "Files")
    await house.quiet()
    files = [message.document for message in house.answers() if message.document]
    assert {file.name for file in files} == {"foxes-1.jpg", "foxes-2.jpg"}
    assert {message.reply_to for message in house.answers() if message.document} == {result.id}
    stored = [house.telegram.world.files.get(file.file_id) for file in files]
    assert sorted(one.data for one in stored if one) == sorted(made)
    assert house.album()[0].text.endswith(("3000×1500", "3001×1500"))
    # A second time nothing is fetched or uploaded.
    now = house.now
    await house.press(result, "Files")
    await house.quiet()
    sent = house.called("sendDocument", since=now)
    assert len(sent) == 2
    assert all(isinstance(call.request["document"], str) for call in sent)
    assert not [call for call in house.jimeng_calls[-2:] if call.name == "picture" and call.status != 200]


async def test_originals_that_the_service_no_longer_keeps(house: House) -> None:
    result = await house.made("foxes --n 2")
    house.pass_time(25 * 3600)
    await house.press(result, "Files")
    told = await house.shown("only for a while")
    assert told.text.startswith("2 of the originals can't be fetched any more")


async def test_strangers_can_not_use_what_costs(house: House) -> None:
    await house.say("/imagine foxes --n 2", chat=house.group)
    result = await house.ended(chat=house.group)
    for label in ("Again", "Edit"):
        told = await house.press(result, label, house.bob)
        assert told.alert
        assert told.text == "These buttons belong to whoever asked for the picture. Make your own with /imagine."
    assert not (await house.press(result, "Files", house.bob)).alert
    await house.quiet()
    assert len(house.tasks) == 2
    assert len([message for message in house.answers(house.group) if message.document]) == 2


async def test_buttons_work_after_a_restart(house: House) -> None:
    result = await house.made("foxes --n 2")
    await house.restart()
    await house.press(result, "Again")
    await house.quiet()
    assert len(house.album()) == 4


async def test_a_button_of_a_job_that_is_not_known(house: House) -> None:
    result = await house.made("a fox")
    assert result.keyboard
    result.keyboard[0][0]["callback_data"] = "j:again:4711"
    told = await house.press(result, "Again")
    assert told.alert
    assert told.text == "I don't remember this one any more. Send your words again."


async def test_a_storage_that_takes_its_time_holds_up_nobody(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = asyncio.Event()

    async def slow(self: References, job_id: int) -> None:
        await gate.wait()

    monkeypatch.setattr(References, "withdraw", slow)
    house.jimeng.faults.append(Fault(kind="status", status=503, action="picture"))
    await house.say("foxes --n 3", picture(201))
    told = await house.shown("Fetch the missing")

    async def delivered() -> bool:
        return not house.app.engine._endings.is_delivering(1)

    await until(delivered)
    answer = await house.press(told, "Fetch the missing")
    assert "nothing more" not in answer.text
    await house.telegram.until(lambda: sum(bool(message.photo) for message in house.answers()) == 3)
    gate.set()
    await house.quiet()


async def test_a_press_where_the_bot_may_not_write_is_answered(house: House) -> None:
    result = await house.made("/imagine foxes --n 2", chat=house.group)
    words = "Bad Request: not enough rights to send text messages to the chat"
    house.telegram.play({"kind": "error", "method": "editMessageReplyMarkup", "code": 400, "description": words})
    assert (await house.press(result, "Edit")).text == "Which picture?"
