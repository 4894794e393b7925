"""The history: one's own pictures, newest first, by file id; search, delete, send again, run again, edit."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.demo.telegram import Chat, ChatMessage, Person, Refusal
from storage.schema import jobs, pictures
from tests.support.house import House, look, open_house, picture

UPLOADS = ("sendPhoto", "sendMediaGroup", "editMessageMedia", "sendDocument")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


async def opened(house: House, words: str = "", chat: Chat | None = None, who: Person | None = None) -> ChatMessage:
    """Somebody (Ann) writes /history; returns the answer."""
    before = {message.id for message in house.answers(chat)}
    asked = await house.say(f"/history {words}".strip(), chat=chat, who=who)
    return await house.telegram.until(
        lambda: next((one for one in house.answers(asked.chat) if one.id not in before), None)
    )


def title(message: ChatMessage) -> tuple[str, str]:
    """The prompt and the place that a history message shows."""
    prompt, details, *_ = message.text.split("\n")
    return prompt, details.split(" · ")[0]


async def test_nothing_yet(house: House) -> None:
    shown = await opened(house)
    assert shown.text == "You haven't made any pictures yet. Just write what you'd like to see."
    shown = await opened(house, chat=house.group)
    assert shown.text.startswith("You haven't made any pictures in this group yet. Try: /imagine")


async def test_newest_first_and_back_and_forth_by_file_id(house: House) -> None:
    for words in ("a fox", "a cat", "a dog"):
        await house.made(words)
    now, fetched = house.now, len(house.jimeng_calls)
    shown = await opened(house)
    assert title(shown) == ("a dog", "1 of 3")
    assert shown.photo
    assert "205×205" in shown.text
    assert "UTC" in shown.text
    row = ["🔁 Redo", "✏️ Edit", "📤 Send", "☆", "ℹ️ Details", "🗑 Delete"]
    assert shown.buttons == ["Older ›", *row, "📅 Date", "▦ Overview", "⭐ Favourites"]
    assert (await house.press(shown, "Older ›")).text == ""
    await house.shown("2 of 3")
    assert title(shown) == ("a cat", "2 of 3")
    assert shown.buttons[:2] == ["‹ Newer", "Older ›"]
    await house.press(shown, "Older ›")
    await house.shown("3 of 3")
    assert title(shown) == ("a fox", "3 of 3")
    assert shown.buttons[0] == "‹ Newer"
    assert "Older ›" not in shown.buttons
    await house.press(shown, "‹ Newer")
    await house.shown("2 of 3")
    await house.quiet()
    # Nothing was uploaded and nothing was fetched: everything went by file id.
    calls = house.called(*UPLOADS, since=now)
    assert len(calls) == 4
    media = [call.request.get("photo") or call.request["media"]["media"] for call in calls]
    assert all(isinstance(one, str) for one in media)
    assert len(house.jimeng_calls) == fetched


async def test_an_album_is_leafed_through_one_by_one(house: House) -> None:
    await house.made("foxes --n 3")
    shown = await opened(house)
    assert title(shown) == ("foxes", "1 of 3")
    await house.press(shown, "Older ›")
    await house.shown("2 of 3")


async def test_the_end_is_said_when_somebody_deleted_meanwhile(house: House) -> None:
    await house.made("a fox")
    await house.made("a cat")
    first, second = await opened(house), await opened(house)
    await house.press(second, "Older ›")
    await house.shown("2 of 2")
    await house.press(second, "Delete")
    await house.press(second, "Delete")
    await house.shown("1 of 1")
    assert (await house.press(first, "Older ›")).text == "That was the last one."


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
async def test_search(house: House, words: str, found: list[str]) -> None:
    for prompt in ("A FOX by the sea", "雪地里的红狐狸", "100% cotton", "a red fox in the snow"):
        await house.made(prompt)
    shown = await opened(house, words)
    if not found:
        assert shown.text == "None of your prompts contain these words."
        return
    assert title(shown) == (found[0], f"1 of {len(found)}")
    assert shown.text.endswith(f"🔎 {words}")
    if len(found) > 1:
        await house.press(shown, "Older ›")
        await house.shown("2 of 2")
        assert title(shown)[0] == found[1]
        assert shown.text.endswith(f"🔎 {words}")


async def test_search_with_the_longest_prompt_fits_into_the_caption(house: House) -> None:
    await house.made("/imagine " + "🦊" * 800)
    shown = await opened(house, "🦊" * 300)
    assert shown.photo
    assert "1 of 1" in shown.text


async def test_delete_asks_first(house: House) -> None:
    await house.made("a fox")
    await house.made("a cat")
    shown = await opened(house)
    assert (await house.press(shown, "Delete")).text == "Delete it from your history?"
    assert shown.buttons == ["Delete", "Keep"]
    await house.press(shown, "Keep")
    await house.telegram.until(lambda: "🗑 Delete" in shown.buttons)
    await house.press(shown, "Delete")
    assert (await house.press(shown, "Delete")).text == "Deleted from your history."
    await house.shown("1 of 1")
    assert title(shown) == ("a fox", "1 of 1")
    await house.press(shown, "Delete")
    await house.press(shown, "Delete")
    await house.telegram.until(lambda: shown.id not in house.ann.chat.messages)
    assert (await opened(house)).text.startswith("You haven't made any pictures yet")
    # What was sent stays where it is.
    assert len(house.album()) == 2


async def test_send_again(house: House) -> None:
    await house.made("a <b>fox</b>")
    shown = await opened(house)
    now = house.now
    await house.press(shown, "📤 Send")
    await house.quiet()
    last = house.answers()[-1]
    assert last.photo
    assert last.text == "a <b>fox</b>"
    (call,) = house.called("sendPhoto", since=now)
    assert isinstance(call.request["photo"], str)


async def test_run_again_and_edit(house: House) -> None:
    await house.made("in blue --ar 16:9", picture(201))
    shown = await opened(house)
    assert (await house.press(shown, "Redo")).text == "One more time!"
    await house.quiet()
    first, second = house.submitted()
    assert house.without_addresses(second) == house.without_addresses(first)
    assert [look(one)[1] for one in house.tasks[-1].references] == [201]
    assert house.answers()[-1].photo
    await house.press(shown, "Edit")
    await house.shown("What should I make")
    await house.made("with a hat")
    assert house.tasks[-1].prompt == "with a hat"
    assert len(house.tasks[-1].references) == 1


async def test_in_a_group_only_what_the_caller_made_there(house: House) -> None:
    await house.made("a secret fox")
    await house.made("/imagine a public fox", chat=house.group)
    await house.made("/imagine Bob's cat", chat=house.group, who=house.bob)
    shown = await opened(house, chat=house.group)
    assert title(shown) == ("a public fox", "1 of 1")
    assert "secret" not in (await opened(house, "fox", chat=house.group)).text
    shown = await opened(house, chat=house.group, who=house.bob)
    assert title(shown) == ("Bob's cat", "1 of 1")
    # At home one has everything.
    shown = await opened(house)
    assert title(shown) == ("a public fox", "1 of 2")


async def test_strangers_can_not_leaf_through_it(house: House) -> None:
    await house.made("/imagine foxes --n 2", chat=house.group)
    shown = await opened(house, chat=house.group)
    before = shown.text
    for label in ("Older ›", "Redo", "Edit", "📤 Send", "Delete"):
        told = await house.press(shown, label, house.bob)
        assert told.alert
        assert told.text == "This is someone else's history. See yours with /history."
    await house.quiet()
    assert shown.text == before
    assert len(house.tasks) == 2


async def test_it_survives_a_restart_and_the_services_copy(house: House) -> None:
    await house.made("a fox")
    await house.made("a cat")
    shown = await opened(house)
    house.pass_time(48 * 3600)
    await house.restart()
    await house.press(shown, "Older ›")
    await house.shown("2 of 2")
    assert title(shown) == ("a fox", "2 of 2")
    assert title(await opened(house)) == ("a cat", "1 of 2")


async def test_a_picture_that_was_never_sent_and_is_gone_at_the_service(house: House) -> None:
    """Its job was cancelled while the service could not hand the picture over."""
    await house.made("a cat")
    database = house.app.store.database
    async with database.write() as connection:
        await connection.exec_driver_sql("update pictures set photo_id = null, message_id = null")
    house.pass_time(48 * 3600)
    shown = await opened(house)
    assert shown.is_text
    assert "can't be fetched from the service any more" in shown.text
    assert "a cat" in shown.text
    await house.made("a fox")
    shown = await opened(house)
    await house.press(shown, "Older ›")
    await house.shown("any more")


async def test_an_edit_says_where_it_comes_from_and_leads_back(house: House) -> None:
    first = await house.made("a fox")
    second = await house.made("with a hat", reply_to=first)
    await house.made("at night --ar 1:1", reply_to=second)
    shown = await opened(house)
    assert "↩️ from “with a hat”" in shown.text
    await house.press(shown, "Details")
    await house.telegram.until(lambda: "1. a fox ↓\n2. with a hat ↓" in shown.text)
    assert "Service: Jimeng 4.0\nOptions: --ar 1:1\nReferences: 1\nCost: ¥0.20\nTime: 1 s\n" in shown.text
    await house.press(shown, "↩️ 1")
    await house.shown("3 of 3")
    assert title(shown) == ("a fox", "3 of 3")
    await house.press(shown, "Newer")
    await house.shown("2 of 3")
    await house.press(shown, "Made from")
    await house.shown("3 of 3")
    assert "Made from" not in " ".join(shown.buttons)


async def test_favourites_only(house: House) -> None:
    for words in ("a fox", "a cat", "a dog"):
        await house.made(words)
    shown = await opened(house)
    told = await house.press(shown, "⭐ Favourites")
    assert (told.alert, told.text) == (True, "You have no favourites yet: tap ☆ under a picture.")
    await house.press(shown, "Older ›")
    await house.shown("2 of 3")
    await house.press(shown, "☆")
    await house.telegram.until(lambda: "⭐" in shown.buttons)
    await house.press(shown, "⭐ Favourites")
    await house.shown("1 of 1")
    assert shown.text.endswith("🔎 ⭐")
    assert title(await opened(house, "⭐ cat")) == ("a cat", "1 of 1")
    assert (await opened(house, "⭐ fox")).text == "You have no favourites yet: tap ☆ under a picture."
    await house.press(shown, "All pictures")
    await house.shown("2 of 3")


async def test_jump_to_a_date(house: House) -> None:
    for words in ("a fox", "a cat", "a dog"):
        await house.made(words)
    days = ("2025-03-31 10:00", "2025-04-01 11:00", "2025-04-20 12:00")
    async with house.app.store.database.write() as connection:
        for picture_id, day in enumerate(days, 1):
            moment = datetime.fromisoformat(f"{day}+00:00").timestamp()
            change = update(pictures).where(pictures.c.id == picture_id).values(created_at=moment)
            await connection.execute(change)
    shown = await opened(house)
    await house.press(shown, "Date")
    assert shown.buttons == ["2025-04 (2)", "2025-03 (1)", "‹ Back"]
    await house.press(shown, "2025-04 (2)")
    assert shown.buttons == ["20 (1)", "01 (1)", "‹ Back"]
    await house.press(shown, "01 (1)")
    await house.shown("2 of 3")
    assert title(shown) == ("a cat", "2 of 3")
    assert title(await opened(house, "2025-03")) == ("a fox", "3 of 3")
    assert title(await opened(house, "2025-04-02")) == ("a cat", "2 of 3")
    assert title(await opened(house, "2025-04 fox")) == ("a fox", "1 of 1")
    assert title(await opened(house, "2025/4/2")) == ("a cat", "2 of 3")
    assert title(await opened(house, "2025年3月")) == ("a fox", "3 of 3")
    assert title(await opened(house, "2025年4月2日")) == ("a cat", "2 of 3")
    for no_date in ("2025-13", "2025-02-30 fox"):
        assert (await opened(house, no_date)).text.startswith("There is no such date.")
    await house.made("a poster, 2000/50")
    assert title(await opened(house, "2000/50")) == ("a poster, 2000/50", "1 of 1")
    assert (await opened(house, "2024-12")).text.startswith("You hadn't made any pictures by then.")


async def test_ten_at_a_glance(house: House) -> None:
    await house.made("foxes --n 12")
    shown = await opened(house)
    now = house.now
    await house.press(shown, "Overview")
    page = await house.shown("Which one shall I open?")
    assert page.buttons == [str(number) for number in range(1, 11)] + ["Older ›"]
    (call,) = house.called("sendMediaGroup", since=now)
    assert len(call.request["media"]) == 10
    assert all(isinstance(one["media"], str) for one in call.request["media"])
    await house.press(page, "3")
    await house.shown("3 of 12")
    assert page.photo
    page = await opened(house)
    await house.press(page, "Overview")
    page = await house.shown("Which one shall I open?")
    await house.press(page, "Older ›")
    page = await house.telegram.until(lambda: next((one for one in house.answers() if one.buttons == ["1", "2"]), None))
    await house.press(page, "2")
    await house.shown("12 of 12")


async def test_what_is_sent_again_has_the_buttons_of_a_result(house: House) -> None:
    await house.made("foxes --n 2")
    shown = await opened(house)
    await house.press(shown, "📤 Send")
    await house.shown("Variations")
    await house.quiet()
    sent = house.answers()[-1]
    await house.press(sent, "Variations")
    await house.quiet()
    assert len(house.tasks) == 4
    assert len(house.tasks[-1].references) == 1
    await house.press(sent, "🗑")
    await house.press(sent, "Keep")
    await house.telegram.until(lambda: "🎲 Variations" in sent.buttons)


@pytest.mark.parametrize("day", ["9999-12-31", "9999-12", "0001-01-01"])
async def test_the_end_of_time(house: House, day: str) -> None:
    await house.made("a fox")
    await house.say(f"/history {day}")
    await house.quiet()
    assert "Something went wrong" not in house.answers()[-1].text


async def test_the_original_of_a_picture_of_a_group_in_private(house: House) -> None:
    await house.made("/imagine a fox", chat=house.group)
    shown = await opened(house)
    await house.press(shown, "📤 Send")
    await house.quiet()
    assert (await house.press(house.answers()[-1], "Files")).text == "Sending the originals…"
    await house.quiet()
    assert house.answers()[-1].document
    assert not any(message.document for message in house.answers(house.group))


async def test_words_said_in_private_stay_out_of_a_groups_history(house: House) -> None:
    await house.made("a secret fox")
    talk = await house.made("/imagine an owl", chat=house.group)
    await house.forge(talk, "p:edit:1")
    question = await house.shown("What should I make", house.group)
    await house.made("at night", chat=house.group, reply_to=question)
    shown = await opened(house, chat=house.group)
    assert title(shown) == ("at night", "1 of 2")
    await house.press(shown, "Details")
    await house.taken_in()
    assert "References: 1" in shown.text
    assert "secret" not in shown.text
    shown = await opened(house)
    assert "↩️ from “a secret fox”" in shown.text


async def test_the_last_picture_leaves_an_old_history_message_without_buttons(house: House) -> None:
    await house.made("a fox")
    shown = await opened(house)
    await house.press(shown, "Delete")
    words = "Bad Request: message can't be deleted for everyone"
    house.telegram.faults.play(Refusal(method="deleteMessage", code=400, description=words))
    assert (await house.press(shown, "Delete")).text == "Deleted from your history."
    await house.taken_in()
    assert shown.buttons == []


async def test_a_search_is_found_again_after_long_details(house: House) -> None:
    await house.made("an owl")
    await house.made("a fox")
    async with house.app.store.database.write() as connection:
        await connection.execute(update(jobs).values(options={"words": "and so on " * 50}))
    shown = await opened(house, "fox")
    await house.press(shown, "Details")
    await house.taken_in()
    assert shown.text.endswith("\n🔎 fox")


async def test_every_button_works_after_a_restart(house: House) -> None:
    fox = await house.made("a fox")
    await house.made("with a hat", reply_to=fox)
    await house.made("hares --n 9")
    shown = await opened(house)
    await house.restart()

    async def press(label: str, *place: str, said: str = "", alert: bool = False) -> None:
        """Press, and find the history at this place, with its buttons."""
        told = await house.press(shown, label)
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
    sent = house.answers()[-1]
    assert sent.photo
    assert (await house.press(sent, "☆")).text == "⭐ Added to favourites."
    await press("Overview")
    shown = house.answers()[-1]
    assert shown.buttons == [*map(str, range(1, 11)), "Older ›"]
    # One alone is no overview.
    await press("Older ›", "a fox", "11 of 11")
    await press("Redo", "a fox", "11 of 11", said="One more time!")
    await press("Edit")
    await house.made("at night", reply_to=await house.shown("What should I make of it?"))
    assert [len(task.references) for task in house.tasks] == [0, 1, *[0] * 10, 1]
    await press("‹ Newer", "with a hat", "12 of 13")
    await press("Overview")
    shown = house.answers()[-1]
    assert shown.buttons == ["1", "2"]
    await press("2", "a fox", "13 of 13")
    await press("Delete", said="Delete it from your history?")
    await house.restart()
    await press("Delete", "with a hat", "12 of 12", said="Deleted from your history.")
