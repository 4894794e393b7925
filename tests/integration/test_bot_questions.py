"""What the bot asks after a press stands in the message as well: an answer to a press vanishes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.app_harness import AppHarness, open_app_harness


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


@pytest.mark.parametrize(
    ("label", "question"),
    [
        ("Variations", "Which picture?"),
        ("Edit", "Which picture?"),
        ("Larger", "Which picture?"),
        ("☆", "Which picture?"),
        ("🗑", "Which picture?"),
        ("Shape", "Which shape?"),
        ("Style", "Which style?"),
    ],
)
async def test_a_question_under_an_album_and_back(harness: AppHarness, label: str, question: str) -> None:
    result = await harness.made("foxes --n 2")
    before = result.text
    assert (await harness.press(result, label)).text == question
    assert result.text == f"{before}\n\n❓ {question}"
    await harness.press(result, "Back")
    assert result.text == before
    assert "🔁 Again" in result.buttons


async def test_one_question_replaces_another(harness: AppHarness) -> None:
    result = await harness.made("a fox & <b>cubs</b> --n 2")
    before = result.text
    await harness.press(result, "🗑")
    await harness.press(result, "2")
    assert result.text == f"{before}\n\n❓ Delete it here and from your history?"
    await harness.press(result, "Keep")
    assert result.text == before
    await harness.press(result, "☆")
    await harness.press(result, "1")
    assert result.text == before


async def test_a_question_under_a_caption(harness: AppHarness) -> None:
    result = await harness.made("a fox & <b>cubs</b>")
    before = result.text
    await harness.press(result, "Style")
    assert result.text == f"{before}\n\n❓ Which style?"
    await harness.press(result, "ink")
    assert result.text == before


async def test_a_full_caption_has_room_for_a_question(harness: AppHarness) -> None:
    result = await harness.made("/imagine " + "🦊" * 800)
    before = result.text
    await harness.press(result, "🗑")
    assert result.text == f"{before}\n\n❓ Delete it here and from your history?"


async def test_in_the_history_the_search_stays_below(harness: AppHarness) -> None:
    await harness.made("a fox")
    await harness.say("/history fox")
    page = await harness.shown("1 of 1")
    before = page.text
    head, search = before.rsplit("\n", 1)
    await harness.press(page, "Date")
    assert page.text == f"{head}\n\n❓ Which month?\n{search}"
    await harness.press(page, page.buttons[0])
    assert page.text == f"{head}\n\n❓ Which day?\n{search}"
    await harness.press(page, "Back")
    assert page.text == before
    await harness.press(page, "🗑 Delete")
    assert page.text == f"{head}\n\n❓ Delete it from your history?\n{search}"
    await harness.press(page, "Keep")
    assert page.text == before


async def test_in_chinese(harness: AppHarness) -> None:
    result = await harness.made("狐狸 --张数 2", who=harness.ming)
    await harness.press(result, "变体", harness.ming)
    assert result.text == "✅ 2 张图片\n\n❓ 哪一张？"
