"""The history: a person's pictures, newest first, by file id; search, favourites, dates and the overview."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text, update

from storage.schema import jobs, pictures
from tests.support.app_harness import AppHarness, open_app_harness
from tests.support.bot_steps import opened, title

UPLOADS = ("sendPhoto", "sendMediaGroup", "editMessageMedia", "sendDocument")


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def test_nothing_yet(harness: AppHarness) -> None:
    shown = await opened(harness)
    assert shown.text == "You haven't made any pictures yet. Just write what you'd like to see."
    shown = await opened(harness, chat=harness.group)
    assert shown.text.startswith("You haven't made any pictures in this group yet. Try: /imagine")


async def test_newest_first_and_back_and_forth_by_file_id(harness: AppHarness) -> None:
    for words in ("a fox", "a cat", "a dog"):
        await harness.made(words)
    now, fetched = harness.now, len(harness.jimeng_calls)
    shown = await opened(harness)
    assert title(shown) == ("a dog", "1 of 3")
    assert shown.photo
    assert "205×205" in shown.text
    assert "UTC" in shown.text
    row = ["🔁 Redo", "✏️ Edit", "📤 Send", "☆", "ℹ️ Details", "🗑 Delete"]
    assert shown.buttons == ["Older ›", *row, "📅 Date", "▦ Overview", "⭐ Favourites"]
    assert (await harness.press(shown, "Older ›")).text == ""
    await harness.shown("2 of 3")
    assert title(shown) == ("a cat", "2 of 3")
    assert shown.buttons[:2] == ["‹ Newer", "Older ›"]
    await harness.press(shown, "Older ›")
    await harness.shown("3 of 3")
    assert title(shown) == ("a fox", "3 of 3")
    assert shown.buttons[0] == "‹ Newer"
    assert "Older ›" not in shown.buttons
    await harness.press(shown, "‹ Newer")
    await harness.shown("2 of 3")
    await harness.quiet()
    # Nothing was uploaded or fetched: all pictures went by file id.
    calls = harness.called(*UPLOADS, since=now)
    assert len(calls) == 4
    media = [call.request.get("photo") or call.request["media"]["media"] for call in calls]
    assert all(isinstance(one, str) for one in media)
    assert len(harness.jimeng_calls) == fetched


async def test_an_album_is_leafed_through_one_by_one(harness: AppHarness) -> None:
    await harness.made("foxes --n 3")
    shown = await opened(harness)
    assert title(shown) == ("foxes", "1 of 3")
    await harness.press(shown, "Older ›")
    await harness.shown("2 of 3")


async def test_the_end_is_said_when_somebody_deleted_meanwhile(harness: AppHarness) -> None:
    await harness.made("a fox")
    await harness.made("a cat")
    first, second = await opened(harness), await opened(harness)
    await harness.press(second, "Older ›")
    await harness.shown("2 of 2")
    await harness.press(second, "Delete")
    await harness.press(second, "Delete")
    await harness.shown("1 of 1")
    assert (await harness.press(first, "Older ›")).text == "That was the last one."


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("fox", ["a red fox in the snow", "A FOX by the sea"]),
        ("FOX snow", ["a red fox in the snow"]),
        ("狐狸", ["雪地里的红狐狸"]),
        ("100%", ["100% cotton"]),
        ("_", []),
    ],
)
async def test_search(harness: AppHarness, words: str, found: list[str]) -> None:
    for prompt in ("A FOX by the sea", "雪地里的红狐狸", "100% cotton", "a red fox in the snow"):
        await harness.made(prompt)
    shown = await opened(harness, words)
    if not found:
        assert shown.text == "None of your prompts contain these words."
        return
    assert title(shown) == (found[0], f"1 of {len(found)}")
    assert shown.text.endswith(f"🔎 {words}")
    if len(found) > 1:
        await harness.press(shown, "Older ›")
        await harness.shown("2 of 2")
        assert title(shown)[0] == found[1]
        assert shown.text.endswith(f"🔎 {words}")


async def test_search_with_the_longest_prompt_fits_into_the_caption(harness: AppHarness) -> None:
    await harness.made("/imagine " + "🦊" * 800)
    shown = await opened(harness, "🦊" * 300)
    assert shown.photo
    assert "1 of 1" in shown.text


async def test_it_survives_a_restart_and_the_services_copy(harness: AppHarness) -> None:
    await harness.made("a fox")
    await harness.made("a cat")
    shown = await opened(harness)
    harness.pass_time(48 * 3600)
    await harness.restart()
    await harness.press(shown, "Older ›")
    await harness.shown("2 of 2")
    assert title(shown) == ("a fox", "2 of 2")
    assert title(await opened(harness)) == ("a cat", "1 of 2")


async def test_a_picture_that_was_never_sent_and_is_gone_at_the_service(harness: AppHarness) -> None:
    """Its job was cancelled while the service could not hand the picture over."""
    await harness.made("a cat")
    database = harness.app.store.database
    await database.execute(text("update pictures set photo_id = null, message_id = null"))
    harness.pass_time(48 * 3600)
    shown = await opened(harness)
    assert shown.is_text
    assert "can't be fetched from the service any more" in shown.text
    assert "a cat" in shown.text
    await harness.made("a fox")
    shown = await opened(harness)
    await harness.press(shown, "Older ›")
    await harness.shown("any more")


async def test_an_edit_says_where_it_comes_from_and_leads_back(harness: AppHarness) -> None:
    first = await harness.made("a fox")
    second = await harness.made("with a hat", reply_to=first)
    await harness.made("at night --ar 1:1", reply_to=second)
    shown = await opened(harness)
    assert "↩️ from “with a hat”" in shown.text
    await harness.press(shown, "Details")
    await harness.telegram.until(lambda: "1. a fox ↓\n2. with a hat ↓" in shown.text)
    assert "Service: Jimeng 4.0\nOptions: --ar 1:1\nReferences: 1\nCost: ¥0.20\nTime: 1 s\n" in shown.text
    await harness.press(shown, "↩️ 1")
    await harness.shown("3 of 3")
    assert title(shown) == ("a fox", "3 of 3")
    await harness.press(shown, "Newer")
    await harness.shown("2 of 3")
    await harness.press(shown, "Made from")
    await harness.shown("3 of 3")
    assert "Made from" not in " ".join(shown.buttons)


async def test_favourites_only(harness: AppHarness) -> None:
    for words in ("a fox", "a cat", "a dog"):
        await harness.made(words)
    shown = await opened(harness)
    told = await harness.press(shown, "⭐ Favourites")
    assert (told.alert, told.text) == (True, "You have no favourites yet: tap ☆ under a picture.")
    await harness.press(shown, "Older ›")
    await harness.shown("2 of 3")
    await harness.press(shown, "☆")
    await harness.telegram.until(lambda: "⭐" in shown.buttons)
    await harness.press(shown, "⭐ Favourites")
    await harness.shown("1 of 1")
    assert shown.text.endswith("🔎 ⭐")
    assert title(await opened(harness, "⭐ cat")) == ("a cat", "1 of 1")
    assert (await opened(harness, "⭐ fox")).text == "You have no favourites yet: tap ☆ under a picture."
    await harness.press(shown, "All pictures")
    await harness.shown("2 of 3")


async def test_jump_to_a_date(harness: AppHarness) -> None:
    for words in ("a fox", "a cat", "a dog"):
        await harness.made(words)
    days = ("2025-03-31 10:00", "2025-04-01 11:00", "2025-04-20 12:00")
    for picture_id, day in enumerate(days, 1):
        moment = datetime.fromisoformat(f"{day}+00:00").timestamp()
        change = update(pictures).where(pictures.c.id == picture_id).values(created_at=moment)
        await harness.app.store.database.execute(change)
    shown = await opened(harness)
    await harness.press(shown, "Date")
    assert shown.buttons == ["2025-04 (2)", "2025-03 (1)", "‹ Back"]
    await harness.press(shown, "2025-04 (2)")
    assert shown.buttons == ["20 (1)", "01 (1)", "‹ Back"]
    await harness.press(shown, "01 (1)")
    await harness.shown("2 of 3")
    assert title(shown) == ("a cat", "2 of 3")
    assert title(await opened(harness, "2025-03")) == ("a fox", "3 of 3")
    assert title(await opened(harness, "2025-04-02")) == ("a cat", "2 of 3")
    assert title(await opened(harness, "2025-04 fox")) == ("a fox", "1 of 1")
    assert title(await opened(harness, "2025/4/2")) == ("a cat", "2 of 3")
    assert title(await opened(harness, "2025年3月")) == ("a fox", "3 of 3")
    assert title(await opened(harness, "2025年4月2日")) == ("a cat", "2 of 3")
    for no_date in ("2025-13", "2025-02-30 fox"):
        assert (await opened(harness, no_date)).text.startswith("There is no such date.")
    await harness.made("a poster, 2000/50")
    assert title(await opened(harness, "2000/50")) == ("a poster, 2000/50", "1 of 1")
    assert (await opened(harness, "2024-12")).text.startswith("You hadn't made any pictures by then.")


async def test_ten_at_a_glance(harness: AppHarness) -> None:
    await harness.made("foxes --n 12")
    shown = await opened(harness)
    now = harness.now
    await harness.press(shown, "Overview")
    page = await harness.shown("Which one shall I open?")
    assert page.buttons == [str(number) for number in range(1, 11)] + ["Older ›"]
    (call,) = harness.called("sendMediaGroup", since=now)
    assert len(call.request["media"]) == 10
    assert all(isinstance(one["media"], str) for one in call.request["media"])
    await harness.press(page, "3")
    await harness.shown("3 of 12")
    assert page.photo
    page = await opened(harness)
    await harness.press(page, "Overview")
    page = await harness.shown("Which one shall I open?")
    await harness.press(page, "Older ›")
    page = await harness.telegram.until(
        lambda: next((one for one in harness.answers() if one.buttons == ["1", "2"]), None)
    )
    await harness.press(page, "2")
    await harness.shown("12 of 12")


@pytest.mark.parametrize("day", ["9999-12-31", "9999-12", "0001-01-01"])
async def test_the_end_of_time(harness: AppHarness, day: str) -> None:
    await harness.made("a fox")
    await harness.say(f"/history {day}")
    await harness.quiet()
    assert "Something went wrong" not in harness.answers()[-1].text


async def test_a_search_is_found_again_after_long_details(harness: AppHarness) -> None:
    await harness.made("an owl")
    await harness.made("a fox")
    await harness.app.store.database.execute(update(jobs).values(options={"words": "and so on " * 50}))
    shown = await opened(harness, "fox")
    await harness.press(shown, "Details")
    await harness.taken_in()
    assert shown.text.endswith("\n🔎 fox")
