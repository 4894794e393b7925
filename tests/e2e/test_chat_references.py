"""On the chat page: pictures as references, and results made of them."""

import pytest
from playwright.async_api import expect

from tests.e2e.stage import Stage
from tests.e2e.talk import BLUE, GREEN, RED, Talk, photo, share

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_photos_with_words_become_an_album_made_of_them(stage: Stage, talk: Talk) -> None:
    await talk.say("side by side --n 2", photo("red"), photo("blue"))
    mine = talk.message("side by side").get_by_test_id("photo")
    await expect(mine).to_have_count(2)
    await expect(talk.button("Again")).to_be_visible()
    made = await talk.pictures(talk.message("Jimeng 4.0"))
    assert len(made) == 2
    for picture in made:
        assert share(picture, RED) > 0.05
        assert share(picture, BLUE) > 0.05
        assert share(picture, GREEN) < 0.05


async def test_an_answer_to_a_result_uses_it(stage: Stage, talk: Talk) -> None:
    await talk.say("a wall", photo("red"))
    await expect(talk.button("Again")).to_be_visible()
    first = talk.message("Jimeng 4.0")
    await talk.reply_to(first)
    await talk.say("at noon")
    await expect(talk.at("reply-quote").filter(has_text="Imagine")).to_be_visible()
    second = talk.message("at noon").and_(talk.at("message").filter(has_text="Jimeng 4.0"))
    await expect(talk.button("Again", second)).to_be_visible()
    (made,) = await talk.pictures(second)
    assert share(made, RED) > 0.3
    assert stage.references == [1, 1]


async def test_a_photo_without_words_waits_for_them(stage: Stage, talk: Talk) -> None:
    await talk.say("", photo("blue"))
    await expect(talk.latest).to_contain_text("What should I make of it?")
    assert stage.submits == []
    await talk.say("as a watercolour")
    await expect(talk.button("Again")).to_be_visible()
    (made,) = await talk.pictures(talk.message("Jimeng 4.0"))
    assert share(made, BLUE) > 0.3


async def test_a_picture_sent_as_a_file_counts_too(stage: Stage, talk: Talk) -> None:
    await talk.say("in the evening", photo("red", "wall.png", "PNG"), as_files=True)
    await expect(talk.at("document")).to_contain_text("wall.png")
    await expect(talk.button("Again")).to_be_visible()
    (made,) = await talk.pictures(talk.message("Jimeng 4.0"))
    assert share(made, RED) > 0.2


async def test_pictures_can_be_left_out_before_they_are_sent(stage: Stage, talk: Talk) -> None:
    await talk.at("file-input").set_input_files([photo("red"), photo("blue"), photo("green")])
    await expect(talk.at("attachment-count")).to_have_text("3 pictures")
    await talk.at("attachment-remove").first.click()
    await talk.at("attachment-remove").first.click()
    await talk.say("a meadow")
    await expect(talk.message("a meadow").get_by_test_id("photo")).to_have_count(1)
    await expect(talk.button("Again")).to_be_visible()
    assert stage.references == [1]
