"""The buttons that make another picture, those that keep or delete one, and where pictures come from."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.bot_api.faults import Refusal
from storage.records import Style
from tests.support.app_harness import AppHarness, open_app_harness, picture, picture_info

STRANGER = "These buttons belong to whoever asked for the picture. Make your own with /imagine."


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


async def test_variations_of_two_pictures_in_a_row_are_two_wishes(harness: AppHarness) -> None:
    result = await harness.made("foxes --n 2")
    for number in ("1", "1", "2"):
        await harness.press(result, "Variations")
        await harness.press(result, number)
    await harness.quiet()
    # The second press on 1 was a double tap.
    assert len(harness.tasks) == 2 + 2 * 2


async def test_larger_is_the_picture_at_4k_in_its_own_shape(harness: AppHarness) -> None:
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
    for label in ("Variations", "Shape", "Style", "Larger", "☆"):
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
    shared = harness.telegram.choose(harness.ann, query, results[0])
    await harness.made("/imagine in blue", chat=harness.group, who=harness.ann, reply_to=shared)
    await harness.made("/imagine in red", chat=harness.group, who=harness.bob, reply_to=shared)
    pictures = harness.app.store.pictures
    (hers,), (his,) = await pictures.of_job(2), await pictures.of_job(3)
    assert [step.prompt for step in await pictures.lineage(hers)] == ["a secret fox"]
    assert await pictures.lineage(his) == []


async def test_styles_of_ones_own(harness: AppHarness) -> None:
    await harness.say("/style")
    page = await harness.shown("🎭 Styles")
    assert page.buttons[:3] == ["photo", "watercolour", "oil"]
    await harness.say("/style add mine soft light, pastel colours")
    assert (await harness.shown("Saved.")).text.endswith("a red fox --style mine")
    await harness.made("a cat --style Mine")
    assert harness.tasks[-1].prompt == "a cat, soft light, pastel colours"
    await harness.say("/style")
    page = await harness.shown("mine: soft light")
    await harness.press(page, "mine")
    question = await harness.shown("What should I draw in the style mine?")
    await harness.made("a dog", reply_to=question)
    assert harness.tasks[-1].prompt == "a dog, soft light, pastel colours"
    await harness.say("/style remove mine")
    await harness.shown("Style mine was removed.")
    await harness.say("/style remove mine")
    await harness.shown("You have no style called mine.")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("/style add", "Write it like this"),
        ("/style add mine", "Write it like this"),
        ("/style add a,b soft", "one short word"),
        ("/style add mine " + "soft " * 101, "can have up to 500 characters; yours has 504"),
        ("a fox --style nothing", "There is no style called nothing. You can use: photo, watercolour, oil"),
    ],
)
async def test_what_is_no_style(harness: AppHarness, words: str, told: str) -> None:
    await harness.say(words)
    await harness.shown(told)


async def test_a_style_by_its_name_in_either_spelling_and_language(harness: AppHarness) -> None:
    await harness.made("a fox --style watercolor")
    assert "watercolour painting" in harness.tasks[-1].prompt
    await harness.made("一只狐狸 --style 水墨", who=harness.ming)
    assert "水墨" in harness.tasks[-1].prompt.removeprefix("一只狐狸, ")
    await harness.made("一只狐狸 --style ink", who=harness.ming)
    assert harness.tasks[-1].prompt == harness.tasks[-2].prompt


async def test_nobody_sees_anothers_words_by_a_forged_press(harness: AppHarness) -> None:
    """Not even where they are an admin: words stay in the chat in which they were drawn."""
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


async def test_a_deleted_picture_is_no_reference(harness: AppHarness) -> None:
    result = await harness.made("foxes --n 2")
    await harness.press(result, "🗑")
    await harness.press(result, "1")
    await harness.press(result, "Delete")
    await harness.made("at night", reply_to=result)
    assert [len(task.references) for task in harness.tasks] == [0, 0, 1]


async def test_what_no_handler_knows_is_answered(harness: AppHarness) -> None:
    result = await harness.made("a fox")
    for data in ("j:again:99999999999999999999", "h:open:-1", "j:nothing:1", "what is this", "s|set|.language|klingon"):
        assert (await harness.forge(result, data)).text, data
    assert (await harness.app.store.users.preferences(harness.ann.id)).language is None


async def test_the_service_is_gone(tmp_path: Path) -> None:
    more = {"access_key": "a", "secret_key": "b", "type": "jimeng"}
    async with open_app_harness(tmp_path, providers={"second": more}) as harness:
        result = await harness.made("a fox")
        async with harness.app.store.database.write() as connection:
            await connection.exec_driver_sql("UPDATE jobs SET provider = 'gone'")
        for data in ("j:again:1", "c|1|style|ink", "c|1|ar|1:1", "p:vary:1", "p:enlarge:1"):
            told = await harness.forge(result, data)
            assert told.alert, data
        assert await harness.app.store.jobs.get(2) is None


async def test_options_of_another_version(harness: AppHarness) -> None:
    result = await harness.made("a fox")
    async with harness.app.store.database.write() as connection:
        await connection.exec_driver_sql("""UPDATE jobs SET options = '{"colour": "red"}'""")
    assert (await harness.press(result, "Larger")).text == "The service can't make it larger."


async def test_many_long_styles(harness: AppHarness) -> None:
    for number in range(30):
        await harness.app.store.styles.keep(harness.ann.id, Style(f"{number}-{'长' * 11}", "<soft> & " * 55), 30)
    await harness.say("/style")
    page = await harness.shown("🎭 Styles")
    assert len(page.buttons) == 39
    await harness.app.store.styles.drop(harness.ann.id, f"0-{'长' * 11}")
    told = await harness.press(page, f"0-{'长' * 11}")
    assert told.text.startswith("There is no style called 0-")
    for words in (f"/style remove {'a' * 4000}", f"a fox --style {'a' * 4000}", f"a fox --{'a' * 4000}"):
        await harness.say(words)
        await harness.quiet()
        assert "Something went wrong" not in harness.answers()[-1].text
    await harness.say(f"/style add {'a' * 33} soft")
    await harness.shown("one short word")


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


async def test_what_is_too_thin_or_not_there_is_not_made_larger(harness: AppHarness) -> None:
    """It would be paid, and be another picture."""
    result = await harness.made("a fox")
    async with harness.app.store.database.write() as connection:
        await connection.exec_driver_sql("UPDATE pictures SET width = 4000, height = 250")
    assert (await harness.press(result, "Larger")).text == "The service can't make it larger."
    async with harness.app.store.database.write() as connection:
        await connection.exec_driver_sql("UPDATE pictures SET width = 1000, height = 1000, photo_id = NULL")
    for label in ("Larger", "Variations"):
        assert (await harness.press(result, label)).text == (
            "⚠️ This picture can't be fetched from the service any more."
        )
    await harness.quiet()
    assert len(harness.tasks) == 1
