"""On the chat page: from a prompt to an album, the queue, cancelling, and words that can't be used."""

import pytest
from playwright.async_api import Locator, expect

from tests.e2e.stage import Stage
from tests.e2e.talk import Talk

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_prompt_becomes_an_album_while_one_watches(stage: Stage, talk: Talk) -> None:
    stage.hold(1.0)
    await talk.say("a red fox in the snow --n 4")
    status = talk.message("Drawing")
    await expect(status.get_by_test_id("reply-quote")).to_contain_text("a red fox in the snow --n 4")
    number = await status.get_attribute("data-id")
    await expect(status.get_by_test_id("bar").locator(".done").nth(2)).to_be_visible()
    await expect(status).to_have_attribute("data-id", number or "")
    await expect(talk.button("Cancel", status)).to_be_visible()
    stage.release()
    await expect(talk.at("album").get_by_test_id("photo")).to_have_count(4)
    await expect(talk.message("Jimeng 4.0")).to_contain_text("a red fox in the snow")
    await expect(talk.button("Again", talk.latest)).to_be_visible()
    await expect(talk.at("message").filter(has_text="Drawing")).to_have_count(0)
    assert stage.submits == ["a red fox in the snow"] * 4


async def test_an_album_is_a_mosaic_that_opens_in_the_viewer(stage: Stage, talk: Talk) -> None:
    await talk.say("a red fox in the snow --n 3")
    tiles = talk.at("album").get_by_test_id("photo")
    await expect(tiles).to_have_count(3)
    boxes = "album => [album, ...album.querySelectorAll('.tile')].map(node => node.getBoundingClientRect().toJSON())"
    whole, *places = await talk.at("album").evaluate(boxes)
    covered = sum(place["width"] * place["height"] for place in places)
    assert covered / (whole["width"] * whole["height"]) == pytest.approx(1, abs=0.04)
    for one in places:
        assert one["left"] >= whole["left"] - 1
        assert one["right"] <= whole["right"] + 1
        assert one["bottom"] <= whole["bottom"] + 1
    await tiles.nth(1).click()
    counter, image = talk.at("viewer-counter"), talk.at("viewer-image")
    await expect(counter).to_have_text("2 of 3")
    second = await tiles.nth(1).get_attribute("data-file")
    await expect(image).to_have_attribute("data-file", second or "")
    await expect(image).to_have_js_property("complete", value=True)
    await talk.at("viewer-next").click()
    await expect(counter).to_have_text("3 of 3")
    await expect(talk.at("viewer-next")).to_be_disabled()
    await talk.page.keyboard.press("ArrowLeft")
    await talk.at("viewer-thumb").first.click()
    await expect(counter).to_have_text("1 of 3")
    await talk.at("viewer-close").click()
    await expect(talk.at("viewer")).to_have_count(0)


async def test_a_single_picture_takes_the_place_of_its_status(stage: Stage, talk: Talk) -> None:
    stage.hold(1.0)
    await talk.say("a lighthouse at dusk --ar 16:9")
    status = talk.message("Drawing")
    number = await status.get_attribute("data-id")
    stage.release()
    await expect(talk.at("photo")).to_be_visible()
    await expect(talk.latest).to_have_attribute("data-id", number or "")
    await expect(talk.at("message")).to_have_count(2)
    (picture,) = await talk.pictures(talk.latest)
    assert picture.width / picture.height == pytest.approx(16 / 9, abs=0.02)


async def test_cancelling_while_it_waits_costs_nothing(stage: Stage, talk: Talk) -> None:
    stage.hold(1.0)
    await talk.say("a red fox --n 2")
    await expect(talk.message("Drawing")).to_be_visible()
    await talk.say("a blue whale")
    waiting = talk.message("You are next")
    await talk.press("Cancel", waiting)
    await expect(talk.message("Cancelled. Nothing was charged.")).to_be_visible()
    await expect(talk.at("toast")).to_have_text("Cancelled")
    stage.release()
    await expect(talk.at("album").get_by_test_id("photo")).to_have_count(2)
    assert stage.submits == ["a red fox"] * 2


async def test_cancelling_while_it_runs_keeps_what_is_paid(stage: Stage, talk: Talk) -> None:
    stage.hold(1.0)
    await talk.say("a red fox")
    await talk.press("Cancel", talk.message("Drawing"))
    await expect(talk.message("you'll find it in /history")).to_be_visible()
    await expect(talk.button("Try again", talk.latest)).to_be_visible()
    stage.release()
    await stage.fetched()
    await talk.at("command-link").filter(has_text="/history").click()
    await expect(talk.latest).to_contain_text("1 of 1")
    await expect(talk.latest.get_by_test_id("photo")).to_be_visible()


async def test_a_wrong_flag_is_explained_before_anything_is_paid(stage: Stage, talk: Talk) -> None:
    await talk.say("a red fox --n 99")
    await expect(talk.latest).to_contain_text("--n")
    await expect(talk.latest).to_contain_text("1–15")
    await talk.say("a red fox --colour blue")
    await expect(talk.latest).to_contain_text("--colour")
    assert stage.submits == []


async def test_the_bot_s_commands_are_offered(stage: Stage, talk: Talk) -> None:
    await talk.at("composer").fill("/he")
    await expect(talk.at("command")).to_have_count(1)
    await talk.page.keyboard.press("Tab")
    await talk.page.keyboard.press("Enter")
    await expect(talk.message("--ar")).to_contain_text("You can put options anywhere in your prompt")


async def test_a_press_counts_even_if_words_change_under_it(stage: Stage, talk: Talk) -> None:
    stage.hold(8.0)
    await talk.say("a red fox")
    status = talk.message("Drawing")
    group = talk.at("chat-tab").filter(has_text="Picture club")
    await press_slowly(talk, group, status)
    await expect(talk.at("chat-title")).to_have_text("Picture club")
    await talk.enter("Imagine")
    await press_slowly(talk, talk.button("Cancel", status), status)
    await expect(talk.message("Cancelled.")).to_be_visible()


async def press_slowly(talk: Talk, button: Locator, status: Locator) -> None:
    """Hold the mouse down on a button until the status message has changed."""
    said = await status.get_by_test_id("message-text").text_content() or ""
    await button.hover()
    await talk.page.mouse.down()
    await expect(status.get_by_test_id("message-text")).not_to_have_text(said)
    await talk.page.mouse.up()
