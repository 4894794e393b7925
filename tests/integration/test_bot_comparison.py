"""⇆: two pictures of an album beside each other, what differs, and before and after in the history."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.demo.telegram import ChatMessage, Refusal
from bot.handlers.comparison import comparison_text
from bot.telegram.i18n import Languages
from tests.support.app_harness import AppHarness, open_app_harness, picture


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


def sides(message: ChatMessage) -> tuple[int, int]:
    assert message.photo
    return message.photo.largest.width, message.photo.largest.height


async def test_two_pictures_at_once_and_what_differs(harness: AppHarness) -> None:
    result = await harness.made("foxes --n 2 --ar 16:9")
    answer = await harness.press(result, "⇆")
    assert answer.text == "Putting them side by side…"
    shown = harness.answers()[-1]
    assert shown.reply_to == result.id
    one = harness.album()[0]
    width, height = sides(one)
    assert sides(shown)[1] == height
    assert sides(shown)[0] > 2 * width
    assert shown.text.splitlines() == ["foxes", "⬅️ 1 · 2 ➡️", "Same words and options; only the random seed differs."]


async def test_of_several_it_asks_which_two(harness: AppHarness) -> None:
    result = await harness.made("foxes --n 3")
    await harness.press(result, "⇆")
    assert result.buttons == ["1", "2", "3", "‹ Back"]
    assert (await harness.press(result, "3")).text == "And the second one?"
    assert result.buttons == ["1", "2", "‹ Back"]
    await harness.press(result, "1")
    shown = harness.answers()[-1]
    assert shown.text.splitlines()[1] == "⬅️ 3 · 1 ➡️"
    assert "⇆" in result.buttons


async def test_words_of_their_own_are_told(harness: AppHarness) -> None:
    await harness.say("{red, blue} fox")
    await harness.press(await harness.shown("make them?"), "Make")
    result = await harness.ended()
    await harness.press(result, "⇆")
    left, right = harness.answers()[-1].text.splitlines()
    assert left.startswith("⬅️ 1 · red fox")
    assert right.startswith("➡️ 2 · blue fox")


async def test_others_see_it_but_nobody_floods_the_chat(harness: AppHarness) -> None:
    await harness.say("/imagine foxes --n 2", chat=harness.group)
    result = await harness.ended(chat=harness.group)
    for _ in range(6):
        assert (await harness.press(result, "⇆", harness.ming)).text == "正在把两张图并排…"
    answer = await harness.press(result, "⇆", harness.ming)
    assert (answer.text, answer.alert) == ("对比次数太多了，请过一分钟再试。", True)
    assert (await harness.press(result, "⇆", harness.bob)).text == "Putting them side by side…"


async def test_forged_pairs_show_nothing(harness: AppHarness) -> None:
    await harness.made("an owl")
    result = await harness.made("foxes --n 2")
    before = len(harness.answers())
    for data in ("b:1:2", "b:2:99", "b:1:1"):
        await harness.forge(result, data, harness.ann)
    await harness.say("/imagine cats --n 2", chat=harness.group)
    theirs = await harness.ended(chat=harness.group)
    posted = len(harness.answers(harness.group))
    await harness.forge(theirs, "b:2:3", harness.bob)
    assert len(harness.answers(harness.group)) == posted, "nothing of Ann's private chat"
    assert [one for one in harness.answers()[before:] if one.photo] == []


async def test_a_picture_that_is_gone_is_told(harness: AppHarness) -> None:
    result = await harness.made("foxes --n 2")
    gone = Refusal(method="getFile", code=400, description="Bad Request: file is temporarily unavailable", times=20)
    harness.telegram.play(gone)
    # The service still has them.
    await harness.press(result, "⇆")
    assert harness.answers()[-1].photo
    for task in harness.tasks:
        harness.jimeng.forget(task.id)
    await harness.press(result, "⇆")
    assert harness.answers()[-1].text == "⚠️ One of the two pictures can't be fetched any more."


async def test_details_of_an_edit_show_before_and_after(harness: AppHarness) -> None:
    await harness.made("as a watercolour", picture(300, 200))
    await harness.say("/history")
    page = await harness.shown("1 of 1")
    alone = sides(page)
    await harness.press(page, "Details")
    assert "⬅️ before · after ➡️" in page.text
    assert "References: 1" in page.text
    assert sides(page)[0] > sides(page)[1] * 2
    await harness.press(page, "‹ Back")
    assert sides(page) == alone
    assert "before" not in page.text
    gone = Refusal(method="getFile", code=400, description="Bad Request: file is temporarily unavailable", times=20)
    harness.telegram.play(gone)
    await harness.press(page, "Details")
    assert "⚠️ The picture it was made from can't be fetched any more." in page.text
    assert sides(page) == alone


async def test_seeds_and_options_are_told(harness: AppHarness) -> None:
    """As a service gives them."""
    await harness.made("foxes --n 2")
    store = harness.app.store
    left, right = await store.pictures.of_job(1)
    result = await store.results.of_job(1)
    assert result
    one, other = replace(left, seed=1), replace(right, seed=2, width=10, height=20)
    made, providers = replace(result, pictures=[one, other]), harness.app.parts.context.providers
    with Languages().speaking("en"):
        text = comparison_text(made, one, other, providers)
    head, first, second = text.splitlines()
    assert head == "foxes"
    assert first.startswith("⬅️ 1 · Seed: 1 · ")
    assert second == "➡️ 2 · Seed: 2 · 10×20"
