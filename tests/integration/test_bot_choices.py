"""Words with choices, `{red, blue} fox`, as people see them: asked first, one album, each with its own words."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.telegram import ChatMessage
from storage.history import HistoryFilter
from tests.support.app_harness import AppHarness, open_app_harness, picture
from tests.support.books import counted, written

FOUR = ["red fox in snow", "red fox in rain", "blue fox in snow", "blue fox in rain"]
REFUSED = "The service refused this prompt. Please rephrase it and send it again."
LISTED = [f"{number}. {words}" for number, words in enumerate(FOUR, 1)]


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    """Jimeng's pictures cost ¥0.20 each."""
    async with open_app_harness(tmp_path) as harness:
        yield harness


@pytest.fixture
async def free(tmp_path: Path) -> AsyncIterator[AppHarness]:
    """The operator has set no price."""
    async with open_app_harness(tmp_path, providers={"jimeng": {"price": None}}) as harness:
        yield harness


async def made(harness: AppHarness, words: str = "{red, blue} fox in {snow, rain}") -> ChatMessage:
    """The result of a prompt that is agreed to."""
    await harness.say(words)
    question = await harness.shown("make them?")
    await harness.press(question, "Make")
    await harness.quiet()
    return harness.answers()[-1]


def prompts(harness: AppHarness) -> list[str]:
    return sorted(task.prompt for task in harness.tasks)


async def test_four_pictures_in_one_album_with_their_words(harness: AppHarness) -> None:
    asked = await harness.say("{red, blue} fox in {snow, rain} --ar 16:9")
    question = await harness.shown("4 pictures, ¥0.80: make them?")
    assert question.text.splitlines()[1:] == LISTED
    assert question.reply_to == asked.id
    assert harness.tasks == []
    await harness.press(question, "Make")
    result = await harness.ended()
    assert prompts(harness) == sorted(FOUR)
    assert [one.text.splitlines()[0] for one in harness.album()] == FOUR
    assert len({one.album for one in harness.album()}) == 1
    assert result.text.splitlines() == ["✅ 4 pictures", *LISTED]
    sums = await written(harness.app.store)
    assert sums == await counted(harness.app.store)
    assert {amount for (payer, _currency, _day), amount in sums.items() if payer == "bot"} == {8000}


async def test_a_price_that_is_not_set_is_not_named(free: AppHarness) -> None:
    await free.say("{red, blue} fox")
    question = await free.shown("make them?")
    assert question.text.splitlines() == ["2 pictures: make them?", "1. red fox", "2. blue fox"]
    await free.press(question, "Make")
    await free.quiet()
    assert prompts(free) == ["blue fox", "red fox"]


async def test_braces_that_were_meant_as_they_are(harness: AppHarness) -> None:
    await harness.say("a sign that says {red, blue}")
    question = await harness.shown("2 pictures, ¥0.40: make them?")
    await harness.press(question, "As written")
    await harness.quiet()
    assert prompts(harness) == ["a sign that says {red, blue}"]
    await harness.made(r"a \{red, blue\} sign")
    await harness.made('{"subject": "fox", "style": "ink, oil"}')
    assert [task.prompt for task in harness.tasks][1:] == [
        "a {red, blue} sign",
        '{"subject": "fox", "style": "ink, oil"}',
    ]


async def test_nothing_is_made_without_consent(harness: AppHarness) -> None:
    await harness.say("{red, blue} fox")
    question = await harness.shown("make them?")
    await harness.press(question, "No")
    assert question.text == "Not made. Nothing was charged."
    await harness.quiet()
    assert harness.tasks == []


async def test_what_an_album_does_not_hold_is_refused(harness: AppHarness) -> None:
    await harness.say("{a,b,c,d} fox in {snow, rain, fog}")
    await harness.shown("That would be 12 pictures, and an album holds 10. Leave out some choices.")
    await harness.say("{red, blue, green} fox --n 4")
    await harness.shown("That would be 12 pictures, and an album holds 10. Leave out some choices, or add --n 1.")
    await harness.say("a fox {--ar 16:9, --ar 1:1}")
    await harness.shown("Options can't be inside the braces. Put --ar after them.")
    await harness.quiet()
    assert harness.tasks == []


async def test_several_of_each_with_a_style_and_a_photo(harness: AppHarness) -> None:
    await harness.say("{red, blue} fox --n 2 --style ink", picture(201))
    question = await harness.shown("4 pictures, ¥0.80: make them?")
    await harness.press(question, "Make")
    await harness.quiet()
    assert [len(task.references) for task in harness.tasks] == [1] * 4
    assert all(" fox, a Chinese ink wash painting" in task.prompt for task in harness.tasks)
    assert [one.text.splitlines()[0] for one in harness.album()] == ["red fox", "red fox", "blue fox", "blue fox"]


async def test_refused_words_are_named_while_the_others_arrive(harness: AppHarness) -> None:
    result = await made(harness, "{red, forbidden, blue} fox")
    assert result.text.splitlines() == [
        "✅ 2 pictures",
        "1. red fox",
        "2. blue fox",
        f"⚠️ “forbidden fox”: {REFUSED} Nothing was charged.",
    ]
    assert [one.text.splitlines()[0] for one in harness.album()] == ["red fox", "blue fox"]


async def test_when_one_is_left_its_buttons_are_about_its_words(harness: AppHarness) -> None:
    result = await made(harness, "{forbidden, blue} fox")
    assert result.photo
    assert result.text.splitlines()[0] == "blue fox"
    assert "⚠️ “forbidden fox”: " in result.text
    copies = [one["copy_text"]["text"] for row in result.keyboard or [] for one in row if "copy_text" in one]
    assert copies == ["blue fox"]
    await harness.press(result, "Again")
    await harness.quiet()
    assert prompts(harness) == ["blue fox", "blue fox"]


async def test_all_refused_for_one_reason_is_said_once(harness: AppHarness) -> None:
    result = await made(harness, "forbidden {red, blue} fox")
    assert result.text.count("The service refused this prompt") == 1
    assert "“" not in result.text


async def test_buttons_use_the_words_of_one_picture(harness: AppHarness) -> None:
    result = await made(harness)
    await harness.press(result, "Again")
    assert result.buttons == [*LISTED, "All", "‹ Back"]
    await harness.press(result, "3. blue fox in snow")
    await harness.quiet()
    assert len(harness.tasks) == 5
    assert harness.tasks[-1].prompt == FOUR[2]
    await harness.press(result, "Variations")
    await harness.press(result, "2. red fox in rain")
    await harness.quiet()
    assert (harness.tasks[-1].prompt, len(harness.tasks[-1].references)) == (FOUR[1], 1)
    assert "🎲 Variation of picture 2 of “red fox in rain”" in harness.answers()[-1].text
    await harness.press(result, "Again")
    await harness.press(result, "All")
    question = await harness.shown("4 pictures, ¥0.80: make them?")
    assert question.text.splitlines()[1:] == LISTED
    await harness.press(result, "📋 Copy")
    copied = harness.answers()[-1]
    assert copied.text.splitlines() == ["{red, blue} fox in {snow, rain}", *LISTED]


async def test_history_and_search_know_each_pictures_words(harness: AppHarness) -> None:
    await made(harness)
    await harness.say("/history blue snow")
    page = await harness.shown("1 of 1")
    assert page.text.splitlines()[0] == "blue fox in snow"
    await harness.press(page, "Send")
    sent = harness.answers()[-1]
    assert sent.text.splitlines()[0] == "blue fox in snow"
    await harness.press(sent, "📐 Shape")
    await harness.press(sent, "16:9")
    await harness.quiet()
    assert harness.tasks[-1].prompt == "blue fox in snow"
    await harness.press(page, "Redo")
    await harness.quiet()
    assert harness.tasks[-1].prompt == "blue fox in snow"
    assert len(harness.tasks) == 6
    found = await harness.app.store.history.find(HistoryFilter(harness.ann.id, words=("{red",)), 10)
    assert found == [], "no picture is called so"


async def test_an_edit_of_a_waiting_request(harness: AppHarness) -> None:
    harness.hold()
    await harness.say("a fox --n 8")
    await harness.all_submitted(8)
    asked = await harness.say("an owl")
    await harness.taken_in()
    harness.telegram.edit(harness.ann, asked, "an {old, odd} owl")
    told = "That would be 2 pictures. Send it as a new message, and I'll ask you before I make them."
    assert (await harness.shown(told)).text.splitlines() == [told, "Your request stays as it was."]
    harness.release()
    await harness.quiet()
    assert harness.tasks[-1].prompt == "an owl"


async def test_an_edit_to_no_more_pictures_needs_no_question(harness: AppHarness) -> None:
    harness.hold()
    await harness.say("a fox --n 8")
    await harness.all_submitted(8)
    asked = await harness.say("an {old, odd} owl")
    await harness.press(await harness.shown("make them?"), "Make")
    harness.telegram.edit(harness.ann, asked, "an {old, new} owl")
    await harness.taken_in()
    harness.release()
    await harness.quiet()
    assert sorted(task.prompt for task in harness.tasks[8:]) == ["an new owl", "an old owl"]


async def test_an_edit_of_a_question_asks_anew(harness: AppHarness) -> None:
    asked = await harness.say("{red, blue} fox")
    first = await harness.shown("2. blue fox")
    harness.telegram.edit(harness.ann, asked, "{red, blue} owl")
    second = await harness.shown("2. blue owl")
    assert (await harness.press(first, "Make")).text == "This question has expired. Please send your words again."
    await harness.press(second, "Make")
    await harness.quiet()
    assert prompts(harness) == ["blue owl", "red owl"]


async def test_a_style_with_choices_is_not_kept(harness: AppHarness) -> None:
    await harness.say("/style add mine {soft, hard} light")
    await harness.shown("A style is one look: it can't have choices.")
    await harness.say(r"/style add mine \{soft, hard\} light")
    await harness.shown("Saved. Use it like this:")
    styles = await harness.app.store.styles.of(harness.ann.id)
    assert [one.words for one in styles] == ["{soft, hard} light"]


async def test_in_a_group_by_command_as_a_reply_and_in_chinese(harness: AppHarness) -> None:
    photo = await harness.say("", picture(201), who=harness.bob, chat=harness.group)
    await harness.say("/imagine 画成｛水彩，油画｝", who=harness.ming, chat=harness.group, reply_to=photo)
    question = await harness.shown("2 张图，¥0.40：要画吗？", harness.group)
    assert (await harness.press(question, "画", harness.bob)).alert
    await harness.press(question, "✅ 画", harness.ming)
    await harness.quiet()
    assert prompts(harness) == sorted(["画成水彩", "画成油画"])
    assert [len(task.references) for task in harness.tasks] == [1, 1]
