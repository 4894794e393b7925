"""The buttons that make another picture, those that keep or delete one, and where pictures come from."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.bot_api.faults import Refusal
from storage.records import Style
from tests.support.house import House, look, open_house, picture

STRANGER = "These buttons belong to whoever asked for the picture. Make your own with /imagine."


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


async def test_variations_of_one_picture_of_an_album(house: House) -> None:
    sides = iter([210, 220, 230, 240])
    house.draw = lambda *of: picture(next(sides), 200)
    result = await house.made("foxes --n 2")
    assert (await house.press(result, "Variations")).text == "Which picture?"
    assert result.buttons == ["1", "2", "‹ Back"]
    assert (await house.press(result, "2")).text == "Variations are on their way."
    assert "🎲 Variations" in result.buttons
    await house.quiet()
    assert [task.prompt for task in house.tasks] == ["foxes"] * 4
    assert "ℹ️" not in house.answers()[-1].text
    assert house.answers()[-1].text.endswith("🎲 Variation of picture 2 of “foxes”")
    second = house.album()[1].photo
    assert second
    assert [[look(one)[1] for one in task.references] for task in house.tasks[2:]] == [[second.largest.width]] * 2


async def test_variations_of_two_pictures_in_a_row_are_two_wishes(house: House) -> None:
    result = await house.made("foxes --n 2")
    for number in ("1", "1", "2"):
        await house.press(result, "Variations")
        await house.press(result, number)
    await house.quiet()
    # The second press on 1 was a double tap.
    assert len(house.tasks) == 2 + 2 * 2


async def test_larger_is_the_picture_at_4k_in_its_own_shape(house: House) -> None:
    result = await house.made("a fox --ar 16:9 --model 4.6 --style watercolour")
    assert (await house.press(result, "Larger")).text == "A larger one is on its way."
    await house.quiet()
    task = house.tasks[-1]
    assert len(task.references) == 1
    assert task.width * task.height > 15_000_000
    assert task.width / task.height == pytest.approx(16 / 9, rel=0.02)
    assert task.prompt.startswith("a fox, a loose watercolour")
    assert task.prompt.endswith("only larger and sharper")
    larger = house.answers()[-1]
    assert "watercolour, 🔍" in larger.text
    assert larger.text.endswith("🔍 Larger: “a fox”")
    assert "🔍 Larger" not in larger.buttons


async def test_another_shape(house: House) -> None:
    result = await house.made("a fox --size 2048x2048", picture(201))
    assert (await house.press(result, "Shape")).text == "Which shape?"
    assert result.buttons == ["1:1", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16", "21:9", "‹ Back"]
    await house.press(result, "9:16")
    await house.quiet()
    task = house.tasks[-1]
    assert task.width / task.height == pytest.approx(9 / 16, rel=0.02)
    assert [look(one)[1] for one in task.references] == [201]
    last = house.answers()[-1]
    await house.press(last, "Shape")
    assert "✓ 9:16" in last.buttons


async def test_another_style(house: House) -> None:
    result = await house.made("a fox --style ink")
    assert house.tasks[0].prompt.startswith("a fox, a Chinese ink wash painting")
    assert result.text.endswith(" · ink")
    await house.press(result, "Style")
    assert "✓ ink" in result.buttons
    assert (await house.press(result, "sketch")).text == "As sketch: on its way."
    await house.quiet()
    assert house.tasks[1].prompt.startswith("a fox, a pencil sketch")
    assert house.answers()[-1].text.endswith(" · sketch")


async def test_favourites(house: House) -> None:
    result = await house.made("foxes --n 3")
    await house.press(result, "☆")
    assert (await house.press(result, "2")).text == "⭐ Added to favourites."
    assert "⭐" in result.buttons
    await house.press(result, "⭐")
    assert result.buttons == ["1", "⭐2", "3", "‹ Back"]
    assert (await house.press(result, "⭐2")).text == "Removed from favourites."
    assert "☆" in result.buttons


async def test_delete_one_and_then_all(house: House) -> None:
    result = await house.made("foxes --n 3")
    first, _second, third = house.album()
    await house.press(result, "🗑")
    assert (await house.press(result, "2")).text == "Delete it here and from your history?"
    await house.press(result, "Keep")
    await house.press(result, "🗑")
    await house.press(result, "2")
    assert (await house.press(result, "Delete")).text == "Deleted."
    assert house.album() == [first, third]
    await house.press(result, "🗑")
    assert result.buttons == ["1", "2", "All", "‹ Back"]
    await house.press(result, "All")
    await house.press(result, "Delete")
    assert house.answers() == []
    await house.say("/history")
    await house.shown("You haven't made any pictures yet")


async def test_an_admin_deletes_from_the_chat_and_not_from_the_history(house: House) -> None:
    await house.say("/imagine a fox", chat=house.group, who=house.bob)
    result = await house.ended(chat=house.group)
    await house.press(result, "🗑", house.ann)
    await house.press(result, "Delete", house.ann)
    assert house.album(house.group) == []
    await house.say("/history", who=house.bob)
    assert (await house.shown("1 of 1", house.bob.chat)).photo


async def test_what_is_older_than_two_days_leaves_the_history_at_least(house: House) -> None:
    result = await house.made("a fox")
    words = "Bad Request: message can't be deleted for everyone"
    house.telegram.faults.play(Refusal(method="deleteMessage", code=400, description=words))
    await house.press(result, "🗑")
    told = await house.press(result, "Delete")
    assert told.alert
    assert told.text == "Telegram only lets me delete messages less than two days old."
    await house.say("/history")
    await house.shown("You haven't made any pictures yet")


async def test_strangers_hear_why_not(house: House) -> None:
    await house.say("/imagine a fox", chat=house.group)
    result = await house.ended(chat=house.group)
    for label in ("Variations", "Shape", "Style", "Larger", "☆"):
        told = await house.press(result, label, house.bob)
        assert (told.alert, told.text) == (True, STRANGER)
    told = await house.press(result, "🗑", house.bob)
    assert (told.alert, told.text) == (True, "Only the person who asked for it, or an admin, can delete it.")
    await house.quiet()
    assert len(house.tasks) == 1


async def test_every_button_of_a_picture_works_after_a_restart(house: House) -> None:
    words = "a fox in the snow " * 20
    result = await house.made(words)
    await house.restart()
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
        told = await house.press(result, label)
        assert (told.text, told.alert) == (said, False), label
    assert result.buttons == before
    await house.quiet()
    assert len(house.tasks) == 6
    assert (await house.press(result, "Files")).text == "Sending the originals…"
    await house.quiet()
    assert house.answers()[-1].document
    assert (await house.press(result, "Copy")).text == "Tap the text to copy it."
    assert house.answers()[-1].text == words.strip()
    assert (await house.press(result, "Edit")).text == ""
    question = await house.shown("What should I make of it?")
    await house.restart()
    await house.made("with a hat", reply_to=question)
    assert len(house.tasks[-1].references) == 1
    await house.press(result, "🗑")
    await house.restart()
    assert (await house.press(result, "Delete")).text == "Deleted."
    assert result not in house.answers()


async def test_every_button_of_an_album_works_after_a_restart(house: House) -> None:
    result = await house.made("foxes --n 3")
    await house.restart()
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
        told = await house.press(result, label)
        assert (told.text, told.alert) == ("Which picture?", False)
        told = await house.press(result, number)
        assert (told.text, told.alert) == (said, False), label
        assert result.buttons[:6] == before[:6]
    assert len([one for one in house.answers() if "What should I make of it?" in one.text]) == 2
    await house.quiet()
    assert [len(task.references) for task in house.tasks] == [0, 0, 0, 1, 1, 1, 1]
    for labels in (("🗑", "1", "Delete"), ("🗑", "All", "Delete")):
        for label in labels:
            told = await house.press(result, label)
        assert (told.text, told.alert) == ("Deleted.", False)
    assert result not in house.answers()


async def test_copy_of_a_short_and_of_a_long_prompt(house: House) -> None:
    result = await house.made("a fox")
    (copy,) = [button for row in result.keyboard or [] for button in row if button["text"] == "📋 Copy"]
    assert copy["copy_text"] == {"text": "a fox"}
    words = "a <b>fox</b> in the snow " * 20
    result = await house.made(words)
    assert (await house.press(result, "Copy")).text == "Tap the text to copy it."
    shown = house.answers()[-1]
    assert shown.text == words.strip()
    assert [mark["type"] for mark in shown.entities] == ["code"]


async def test_a_chain_of_edits_knows_where_it_comes_from(house: House) -> None:
    first = await house.made("a fox")
    second = await house.made("with a hat", reply_to=first)
    await house.press(second, "Edit")
    await house.shown("What should I make")
    await house.made("at night")
    pictures = house.app.store.pictures
    newest = await pictures.get(3)
    assert newest
    assert [step.prompt for step in await pictures.lineage(newest)] == ["with a hat", "a fox"]


async def test_others_words_are_not_told_by_a_picture_that_was_passed_on(house: House) -> None:
    await house.made("a secret fox")
    query, results = await house.telegram.results(house.ann, "fox", house.group)
    shared = house.telegram.choose(house.ann, query, results[0])
    await house.made("/imagine in blue", chat=house.group, who=house.ann, reply_to=shared)
    await house.made("/imagine in red", chat=house.group, who=house.bob, reply_to=shared)
    pictures = house.app.store.pictures
    (hers,), (his,) = await pictures.of_job(2), await pictures.of_job(3)
    assert [step.prompt for step in await pictures.lineage(hers)] == ["a secret fox"]
    assert await pictures.lineage(his) == []


async def test_styles_of_ones_own(house: House) -> None:
    await house.say("/style")
    page = await house.shown("🎭 Styles")
    assert page.buttons[:3] == ["photo", "watercolour", "oil"]
    await house.say("/style add mine soft light, pastel colours")
    assert (await house.shown("Saved.")).text.endswith("a red fox --style mine")
    await house.made("a cat --style Mine")
    assert house.tasks[-1].prompt == "a cat, soft light, pastel colours"
    await house.say("/style")
    page = await house.shown("mine: soft light")
    await house.press(page, "mine")
    question = await house.shown("What should I draw in the style mine?")
    await house.made("a dog", reply_to=question)
    assert house.tasks[-1].prompt == "a dog, soft light, pastel colours"
    await house.say("/style remove mine")
    await house.shown("Style mine was removed.")
    await house.say("/style remove mine")
    await house.shown("You have no style called mine.")


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
async def test_what_is_no_style(house: House, words: str, told: str) -> None:
    await house.say(words)
    await house.shown(told)


async def test_a_style_by_its_name_in_either_spelling_and_language(house: House) -> None:
    await house.made("a fox --style watercolor")
    assert "watercolour painting" in house.tasks[-1].prompt
    await house.made("一只狐狸 --style 水墨", who=house.ming)
    assert "水墨" in house.tasks[-1].prompt.removeprefix("一只狐狸, ")
    await house.made("一只狐狸 --style ink", who=house.ming)
    assert house.tasks[-1].prompt == house.tasks[-2].prompt


async def test_nobody_sees_anothers_words_by_a_forged_press(house: House) -> None:
    """Not even where they are an admin: words stay in the chat in which they were drawn."""
    await house.made("foxes, top secret --n 2")
    theirs = await house.made("an owl", who=house.bob)
    talk = house.telegram.world.add_group("Bob's", house.bob, admins=(house.bob,), type_="supergroup")
    in_group = await house.made("/imagine a hare", chat=talk, who=house.bob)
    for message in (theirs, in_group):
        for data in ("j:back:1", "p:delete:1", "p:delete-surely:1", "j:delete:1", "j:delete-all:1", "j:words:1"):
            assert (await house.forge(message, data, house.bob)).alert, data
            assert "secret" not in str(message.keyboard)
    assert len(house.album()) == 2


async def test_what_is_gone_already_keeps_nothing_from_being_deleted(house: House) -> None:
    result = await house.made("foxes --n 3")
    house.telegram.delete(house.ann, house.album()[0])
    await house.press(result, "🗑")
    await house.press(result, "All")
    assert (await house.press(result, "Delete")).text == "Deleted."
    assert house.answers() == []


async def test_a_deleted_picture_is_no_reference(house: House) -> None:
    result = await house.made("foxes --n 2")
    await house.press(result, "🗑")
    await house.press(result, "1")
    await house.press(result, "Delete")
    await house.made("at night", reply_to=result)
    assert [len(task.references) for task in house.tasks] == [0, 0, 1]


async def test_what_no_handler_knows_is_answered(house: House) -> None:
    result = await house.made("a fox")
    for data in ("j:again:99999999999999999999", "h:open:-1", "j:nothing:1", "what is this", "s|set|.language|klingon"):
        assert (await house.forge(result, data)).text, data
    assert (await house.app.store.people.preferences(house.ann.id)).language is None


async def test_the_service_is_gone(tmp_path: Path) -> None:
    more = {"access_key": "a", "secret_key": "b", "type": "jimeng"}
    async with open_house(tmp_path, providers={"second": more}) as house:
        result = await house.made("a fox")
        async with house.app.store.database.write() as connection:
            await connection.exec_driver_sql("UPDATE jobs SET provider = 'gone'")
        for data in ("j:again:1", "c|1|style|ink", "c|1|ar|1:1", "p:vary:1", "p:enlarge:1"):
            told = await house.forge(result, data)
            assert told.alert, data
        assert await house.app.store.jobs.get(2) is None


async def test_options_of_another_version(house: House) -> None:
    result = await house.made("a fox")
    async with house.app.store.database.write() as connection:
        await connection.exec_driver_sql("""UPDATE jobs SET options = '{"colour": "red"}'""")
    assert (await house.press(result, "Larger")).text == "The service can't make it larger."


async def test_many_long_styles(house: House) -> None:
    for number in range(30):
        await house.app.store.styles.keep(house.ann.id, Style(f"{number}-{'长' * 11}", "<soft> & " * 55), 30)
    await house.say("/style")
    page = await house.shown("🎭 Styles")
    assert len(page.buttons) == 39
    await house.app.store.styles.drop(house.ann.id, f"0-{'长' * 11}")
    told = await house.press(page, f"0-{'长' * 11}")
    assert told.text.startswith("There is no style called 0-")
    for words in (f"/style remove {'a' * 4000}", f"a fox --style {'a' * 4000}", f"a fox --{'a' * 4000}"):
        await house.say(words)
        await house.quiet()
        assert "Something went wrong" not in house.answers()[-1].text
    await house.say(f"/style add {'a' * 33} soft")
    await house.shown("one short word")


async def test_nobody_changes_anothers_message_by_a_forged_press(house: House) -> None:
    await house.made("a fox", who=house.bob)
    result = await house.made("/imagine an owl", chat=house.group)
    before = result.text, result.buttons
    for data in ("h:stay:1", "h:open:1", "h:hide-surely:1", "p:delete-surely:1", "p:star:1", "j:shapes:1"):
        told = await house.forge(result, data, house.bob, there=False)
        assert not told.text, data
    assert (result.text, result.buttons) == before
    assert house.album(house.group) == [result]
    await house.say("/history", who=house.bob)
    await house.shown("1 of 1", house.bob.chat)


async def test_what_is_too_thin_or_not_there_is_not_made_larger(house: House) -> None:
    """It would be paid, and be another picture."""
    result = await house.made("a fox")
    async with house.app.store.database.write() as connection:
        await connection.exec_driver_sql("UPDATE pictures SET width = 4000, height = 250")
    assert (await house.press(result, "Larger")).text == "The service can't make it larger."
    async with house.app.store.database.write() as connection:
        await connection.exec_driver_sql("UPDATE pictures SET width = 1000, height = 1000, photo_id = NULL")
    for label in ("Larger", "Variations"):
        assert (await house.press(result, label)).text == ("⚠️ This picture can't be fetched from the service any more.")
    await house.quiet()
    assert len(house.tasks) == 1
