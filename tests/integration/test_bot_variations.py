"""The buttons that make another job of a result, and the lineage of pictures."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.support.app_harness import AppHarness, open_app_harness, picture, picture_info


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def test_variations_of_one_picture_of_an_album(harness: AppHarness) -> None:
    sides = iter([210, 220, 230, 240])
    harness.draw = lambda *of: picture(next(sides), 200)
    result = await harness.made("foxes --n 2")
    assert (await harness.press(result, "Variations")).text == "Which picture?"
    assert result.buttons == ["1", "2", "‹ Back"]
    assert (await harness.press(result, "2")).text == "Variations are on their way."
    assert "🎲 Variations" in result.buttons
    await harness.quiet()
    assert [task.prompt for task in harness.tasks] == ["foxes"] * 4
    assert "ℹ️" not in harness.answers()[-1].text
    assert harness.answers()[-1].text.endswith("🎲 Variation of picture 2 of “foxes”")
    second = harness.album()[1].photo
    assert second
    assert [[picture_info(one)[1] for one in task.references] for task in harness.tasks[2:]] == [
        [second.largest.width]
    ] * 2


async def test_variations_of_two_pictures_in_a_row_are_two_requests(harness: AppHarness) -> None:
    result = await harness.made("foxes --n 2")
    for number in ("1", "1", "2"):
        await harness.press(result, "Variations")
        await harness.press(result, number)
    await harness.quiet()
    # The second press on 1 was a double tap.
    assert len(harness.tasks) == 2 + 2 * 2


@pytest.mark.parametrize("model", ["4.6", "3.1"])
async def test_larger_is_the_picture_from_the_upscaler(harness: AppHarness, model: str) -> None:
    result = await harness.made(f"a fox --ar 16:9 --model {model} --style watercolour")
    assert (await harness.press(result, "Larger")).text == "A larger one is on its way."
    await harness.quiet()
    task = harness.tasks[-1]
    assert task.req_key == "jimeng_i2i_seed3_tilesr_cvtob"
    assert len(task.references) == 1
    assert task.width * task.height > 15_000_000
    assert task.width / task.height == pytest.approx(16 / 9, rel=0.02)
    larger = harness.answers()[-1]
    assert "Jimeng, enlarged · " in larger.text
    assert "watercolour, 🔍" in larger.text
    assert larger.text.endswith("🔍 Larger: “a fox”")
    assert "🔍 Larger" not in larger.buttons
    await harness.press(larger, "Shape")
    await harness.press(larger, "1:1")
    await harness.quiet()
    assert harness.tasks[-1].req_key != task.req_key, "another shape is drawn"
    await harness.press(larger, "Variations")
    await harness.press(larger, "Style")
    await harness.press(larger, "sketch")
    await harness.quiet()
    drawn = harness.tasks[-2:]
    assert [each.req_key != task.req_key and each.prompt.startswith("a fox") for each in drawn] == [True, True]


async def test_larger_without_the_upscaler_is_a_remake_at_4k_in_its_own_shape(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, providers={"jimeng": {"upscaler": False}}) as harness:
        await _is_remade_larger(harness)


async def _is_remade_larger(harness: AppHarness) -> None:
    result = await harness.made("a fox --ar 16:9 --model 4.6 --style watercolour")
    assert (await harness.press(result, "Larger")).text == "A larger one is on its way."
    await harness.quiet()
    task = harness.tasks[-1]
    assert len(task.references) == 1
    assert task.width * task.height > 15_000_000
    assert task.width / task.height == pytest.approx(16 / 9, rel=0.02)
    assert task.prompt.startswith("a fox, a loose watercolour")
    assert task.prompt.endswith("only larger and sharper")
    larger = harness.answers()[-1]
    assert "watercolour, 🔍" in larger.text
    assert larger.text.endswith("🔍 Larger: “a fox”")
    assert "🔍 Larger" not in larger.buttons


async def test_another_shape(harness: AppHarness) -> None:
    result = await harness.made("a fox --size 2048x2048", picture(201))
    assert (await harness.press(result, "Shape")).text == "Which shape?"
    assert result.buttons == ["1:1", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16", "21:9", "‹ Back"]
    await harness.press(result, "9:16")
    await harness.quiet()
    task = harness.tasks[-1]
    assert task.width / task.height == pytest.approx(9 / 16, rel=0.02)
    assert [picture_info(one)[1] for one in task.references] == [201]
    last = harness.answers()[-1]
    await harness.press(last, "Shape")
    assert "✓ 9:16" in last.buttons


async def test_another_style(harness: AppHarness) -> None:
    result = await harness.made("a fox --style ink")
    assert harness.tasks[0].prompt.startswith("a fox, a Chinese ink wash painting")
    assert result.text.endswith(" · ink")
    await harness.press(result, "Style")
    assert "✓ ink" in result.buttons
    assert (await harness.press(result, "sketch")).text == "As sketch: on its way."
    await harness.quiet()
    assert harness.tasks[1].prompt.startswith("a fox, a pencil sketch")
    assert harness.answers()[-1].text.endswith(" · sketch")


async def test_a_chain_of_edits_knows_where_it_comes_from(harness: AppHarness) -> None:
    first = await harness.made("a fox")
    second = await harness.made("with a hat", reply_to=first)
    await harness.press(second, "Edit")
    await harness.shown("What should I make")
    await harness.made("at night")
    pictures = harness.app.store.pictures
    newest = await pictures.get(3)
    assert newest
    assert [step.prompt for step in await pictures.lineage(newest)] == ["with a hat", "a fox"]


async def test_others_words_are_not_told_by_a_picture_that_was_passed_on(harness: AppHarness) -> None:
    await harness.made("a secret fox")
    query, results = await harness.telegram.results(harness.ann, "fox", harness.group)
    shared = harness.telegram.choose(harness.ann, query, results[-1])
    await harness.made("/imagine in blue", chat=harness.group, who=harness.ann, reply_to=shared)
    await harness.made("/imagine in red", chat=harness.group, who=harness.bob, reply_to=shared)
    pictures = harness.app.store.pictures
    (hers,), (his,) = await pictures.of_job(2), await pictures.of_job(3)
    assert [step.prompt for step in await pictures.lineage(hers)] == ["a secret fox"]
    assert await pictures.lineage(his) == []


async def test_a_deleted_picture_is_no_reference(harness: AppHarness) -> None:
    result = await harness.made("foxes --n 2")
    await harness.press(result, "🗑")
    await harness.press(result, "1")
    await harness.press(result, "Delete")
    await harness.made("at night", reply_to=result)
    assert [len(task.references) for task in harness.tasks] == [0, 0, 1]


async def test_the_service_is_gone(tmp_path: Path) -> None:
    more = {"access_key": "a", "secret_key": "b", "type": "jimeng"}
    async with open_app_harness(tmp_path, providers={"second": more}) as harness:
        result = await harness.made("a fox")
        await harness.app.store.database.execute(text("UPDATE jobs SET provider = 'gone'"))
        for data in ("j:again:1", "c|1|style|ink", "c|1|ar|1:1", "p:vary:1", "p:enlarge:1"):
            told = await harness.forge(result, data)
            assert told.alert, data
        assert await harness.app.store.jobs.get(2) is None


async def test_options_of_another_version(harness: AppHarness) -> None:
    result = await harness.made("a fox")
    await harness.app.store.database.execute(text("""UPDATE jobs SET options = '{"colour": "red"}'"""))
    assert (await harness.press(result, "Larger")).text == "The service can't make it larger."


async def test_what_is_too_thin_or_not_there_is_not_made_larger(harness: AppHarness) -> None:
    """The job would be paid, and show another picture."""
    result = await harness.made("a fox")
    await harness.app.store.database.execute(text("UPDATE pictures SET width = 4000, height = 250"))
    assert (await harness.press(result, "Larger")).text == "The service can't make it larger."
    await harness.app.store.database.execute(text("UPDATE pictures SET width = 1000, height = 1000, photo_id = NULL"))
    for label in ("Larger", "Variations"):
        assert (await harness.press(result, label)).text == (
            "⚠️ This picture can't be fetched from the service any more."
        )
    await harness.quiet()
    assert len(harness.tasks) == 1
