"""On the chat page: the inspector of calls, and faults on request."""

import re

import pytest
from playwright.async_api import expect

from tests.e2e.chat_page import ChatPage, photo
from tests.e2e.harness import DemoHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_calls_are_shown_and_no_secret_is(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.say("at dusk", photo("red"))
    await expect(chat_page.button("Again")).to_be_visible()
    calls = chat_page.at("call")
    for name in ("getUpdates", "sendMessage", "getFile", "CVSync2AsyncSubmitTask", "CVSync2AsyncGetResult", "picture"):
        await expect(calls.and_(chat_page.page.locator(f"[data-name={name}]")).first).to_be_visible()
    await calls.locator(".call-line").evaluate_all("lines => lines.forEach(line => line.click())")
    await expect(chat_page.at("call-detail").first).to_contain_text("Request")
    seen = (
        await chat_page.page.content()
        + await (await chat_page.page.request.get(f"{chat_page.url}/demo/api/calls")).text()
    )
    keys = harness.jimeng.keys
    for secret in (harness.telegram.token.partition(":")[2], keys.access, keys.secret, "Signature="):
        assert secret not in seen


async def test_calls_are_filtered_and_cleared(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.say("a red fox")
    await expect(chat_page.button("Again")).to_be_visible()
    calls = chat_page.at("call")
    await chat_page.at("inspector-filter").filter(has_text="Jimeng").click()
    await expect(calls.and_(chat_page.page.locator("[data-service=telegram]"))).to_have_count(0)
    await chat_page.at("inspector-search").fill("submit")
    await expect(calls).to_have_count(1)
    await calls.locator(".call-line").click()
    await expect(chat_page.at("call-detail")).to_contain_text('"prompt": "a red fox"')
    await chat_page.at("inspector-search").fill("")
    await chat_page.at("inspector-clear").click()
    await expect(calls).to_have_count(0)


async def test_a_lost_answer_is_told_and_tried_again_only_on_request(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.at("faults-open").click()
    await chat_page.at("fault").filter(has_text="Lose the next submit's answer and the next call").click()
    await expect(chat_page.at("toast")).to_contain_text("Arranged")
    await chat_page.say("a red fox")
    await expect(chat_page.latest).to_contain_text("I can't tell whether it was charged")
    assert harness.submits == ["a red fox"]
    await chat_page.press("Try again")
    await expect(chat_page.at("photo")).to_be_visible()
    assert harness.submits == ["a red fox"] * 2


async def test_a_lost_answer_is_made_up_for_by_the_call(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.at("faults-open").click()
    await chat_page.at("fault").filter(has_text=re.compile("Lose the next submit's answer$")).click()
    await expect(chat_page.at("toast")).to_contain_text("Arranged")
    await chat_page.say("a red fox")
    await expect(chat_page.at("photo")).to_be_visible()
    assert harness.submits == ["a red fox"]


async def test_a_refused_prompt_is_told(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.at("faults-open").click()
    await chat_page.at("fault").filter(has_text="Refuse the next prompt").click()
    await chat_page.say("a red fox")
    await expect(chat_page.button("✏️ Change the words", chat_page.latest)).to_be_visible()
    assert harness.submits == []


async def test_the_bot_copes_with_faults_on_both_sides(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.at("faults-open").click()
    for label in ("Bad gateway", "Flood control", "Only one picture of the next album", "Lose the answer"):
        await chat_page.at("fault").filter(has_text=label).click()
    await chat_page.say("a red fox --n 2")
    await expect(chat_page.button("Again")).to_be_visible()
    await expect(chat_page.at("album").last.get_by_test_id("photo")).to_have_count(2)
    assert harness.submits == ["a red fox"] * 2
    for mood in ("bad", "held"):
        await expect(chat_page.page.locator(f"[data-testid=call][data-mood={mood}]").first).to_be_visible()


async def test_faults_are_taken_back(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.at("faults-open").click()
    for button in await chat_page.at("fault").all():
        await button.click()
    await chat_page.at("faults-clear").click()
    await expect(chat_page.at("toast").last).to_have_text("All is well again")
    assert harness.jimeng.faults == []
    await chat_page.say("a red fox")
    await expect(chat_page.at("photo")).to_be_visible()
