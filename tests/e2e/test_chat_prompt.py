"""On the chat page: from a prompt to an album, the queue, cancelling, and refused prompts."""

import pytest
from playwright.async_api import Locator, expect

from bot.telegram import status_queue
from tests.e2e.chat_page import ChatPage
from tests.e2e.harness import DemoHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_prompt_becomes_an_album_while_one_watches(harness: DemoHarness, chat_page: ChatPage) -> None:
    harness.hold(1.0)
    await chat_page.say("a red fox in the snow --n 4")
    status = chat_page.message("Drawing")
    await expect(status.get_by_test_id("reply-quote")).to_contain_text("a red fox in the snow --n 4")
    number = await status.get_attribute("data-id")
    await expect(status.get_by_test_id("bar").locator(".done").nth(2)).to_be_visible()
    await expect(status).to_have_attribute("data-id", number or "")
    await expect(chat_page.button("Cancel", status)).to_be_visible()
    harness.release()
    await expect(chat_page.at("album").get_by_test_id("photo")).to_have_count(4)
    await expect(chat_page.message("Jimeng 4.0")).to_contain_text("a red fox in the snow")
    await expect(chat_page.button("Again", chat_page.latest)).to_be_visible()
    await expect(chat_page.at("message").filter(has_text="Drawing")).to_have_count(0)
    assert harness.submits == ["a red fox in the snow"] * 4


async def test_an_album_is_a_mosaic_that_opens_in_the_viewer(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.say("a red fox in the snow --n 3")
    tiles = chat_page.at("album").get_by_test_id("photo")
    await expect(tiles).to_have_count(3)
    boxes = "album => [album, ...album.querySelectorAll('.tile')].map(node => node.getBoundingClientRect().toJSON())"
    whole, *places = await chat_page.at("album").evaluate(boxes)
    covered = sum(place["width"] * place["height"] for place in places)
    assert covered / (whole["width"] * whole["height"]) == pytest.approx(1, abs=0.04)
    for one in places:
        assert one["left"] >= whole["left"] - 1
        assert one["right"] <= whole["right"] + 1
        assert one["bottom"] <= whole["bottom"] + 1
    await tiles.nth(1).click()
    counter, image = chat_page.at("viewer-counter"), chat_page.at("viewer-image")
    await expect(counter).to_have_text("2 of 3")
    second = await tiles.nth(1).get_attribute("data-file")
    await expect(image).to_have_attribute("data-file", second or "")
    await expect(image).to_have_js_property("complete", value=True)
    await chat_page.at("viewer-next").click()
    await expect(counter).to_have_text("3 of 3")
    await expect(chat_page.at("viewer-next")).to_be_disabled()
    await chat_page.page.keyboard.press("ArrowLeft")
    await chat_page.at("viewer-thumb").first.click()
    await expect(counter).to_have_text("1 of 3")
    await chat_page.at("viewer-close").click()
    await expect(chat_page.at("viewer")).to_have_count(0)


async def test_a_single_picture_takes_the_place_of_its_status(harness: DemoHarness, chat_page: ChatPage) -> None:
    harness.hold(1.0)
    await chat_page.say("a lighthouse at dusk --ar 16:9")
    status = chat_page.message("Drawing")
    number = await status.get_attribute("data-id")
    harness.release()
    await expect(chat_page.at("photo")).to_be_visible()
    await expect(chat_page.latest).to_have_attribute("data-id", number or "")
    await expect(chat_page.at("message")).to_have_count(2)
    (picture,) = await chat_page.pictures(chat_page.latest)
    assert picture.width / picture.height == pytest.approx(16 / 9, abs=0.02)


async def test_cancelling_while_it_waits_costs_nothing(harness: DemoHarness, chat_page: ChatPage) -> None:
    harness.hold(1.0)
    await chat_page.say("a red fox --n 2")
    await expect(chat_page.message("Drawing")).to_be_visible()
    await chat_page.say("a blue whale")
    waiting = chat_page.message("You are next")
    await chat_page.press("Cancel", waiting)
    await expect(chat_page.message("Cancelled. Nothing was charged.")).to_be_visible()
    await expect(chat_page.at("toast")).to_have_text("Cancelled")
    harness.release()
    await expect(chat_page.at("album").get_by_test_id("photo")).to_have_count(2)
    assert harness.submits == ["a red fox"] * 2


async def test_cancelling_while_it_runs_keeps_what_is_paid(harness: DemoHarness, chat_page: ChatPage) -> None:
    harness.hold(1.0)
    await chat_page.say("a red fox")
    await chat_page.press("Cancel", chat_page.message("Drawing"))
    await expect(chat_page.message("you'll find it in /history")).to_be_visible()
    await expect(chat_page.button("Try again", chat_page.latest)).to_be_visible()
    harness.release()
    await harness.fetched()
    await chat_page.at("command-link").filter(has_text="/history").click()
    await expect(chat_page.latest).to_contain_text("1 of 1")
    await expect(chat_page.latest.get_by_test_id("photo")).to_be_visible()


async def test_a_wrong_flag_is_explained_before_anything_is_paid(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.say("a red fox --n 99")
    await expect(chat_page.latest).to_contain_text("--n")
    await expect(chat_page.latest).to_contain_text("1–15")
    await chat_page.say("a red fox --colour blue")
    await expect(chat_page.latest).to_contain_text("--colour")
    assert harness.submits == []


async def test_the_bot_s_commands_are_offered(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.at("composer").fill("/he")
    await expect(chat_page.at("command")).to_have_count(1)
    await chat_page.page.keyboard.press("Tab")
    await chat_page.page.keyboard.press("Enter")
    await expect(chat_page.message("--ar")).to_contain_text("You can put options anywhere in your prompt")


async def test_a_press_counts_even_if_words_change_under_it(
    harness: DemoHarness, chat_page: ChatPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The words change while a button is held down, not only every fifteen seconds.
    monkeypatch.setattr(status_queue, "EDIT_EVERY_SECONDS", 2.0)
    harness.hold(8.0)
    await chat_page.say("a red fox")
    status = chat_page.message("Drawing")
    group = chat_page.at("chat-tab").filter(has_text="Picture club")
    await press_slowly(chat_page, group, status)
    await expect(chat_page.at("chat-title")).to_have_text("Picture club")
    await chat_page.enter("Imagine")
    await press_slowly(chat_page, chat_page.button("Cancel", status), status)
    await expect(chat_page.message("Cancelled.")).to_be_visible()


async def press_slowly(chat_page: ChatPage, button: Locator, status: Locator) -> None:
    """Hold the mouse down on a button until the status message has changed."""
    said = await status.get_by_test_id("message-text").text_content() or ""
    await button.hover()
    await chat_page.page.mouse.down()
    await expect(status.get_by_test_id("message-text")).not_to_have_text(said)
    await chat_page.page.mouse.up()
