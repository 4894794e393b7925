"""On the chat page: the inspector of calls, and faults on request."""

import re

import pytest
from playwright.async_api import expect

from tests.e2e.stage import Stage
from tests.e2e.talk import Talk, photo

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_calls_are_shown_and_no_secret_is(stage: Stage, talk: Talk) -> None:
    await talk.say("at dusk", photo("red"))
    await expect(talk.button("Again")).to_be_visible()
    calls = talk.at("call")
    for name in ("getUpdates", "sendMessage", "getFile", "CVSync2AsyncSubmitTask", "CVSync2AsyncGetResult", "picture"):
        await expect(calls.and_(talk.page.locator(f"[data-name={name}]")).first).to_be_visible()
    await calls.locator(".call-line").evaluate_all("lines => lines.forEach(line => line.click())")
    await expect(talk.at("call-detail").first).to_contain_text("Request")
    seen = await talk.page.content() + await (await talk.page.request.get(f"{talk.url}/demo/api/calls")).text()
    keys = stage.jimeng.keys
    for secret in (stage.telegram.token.partition(":")[2], keys.access, keys.secret, "Signature="):
        assert secret not in seen


async def test_calls_are_filtered_and_cleared(stage: Stage, talk: Talk) -> None:
    await talk.say("a red fox")
    await expect(talk.button("Again")).to_be_visible()
    calls = talk.at("call")
    await talk.at("inspector-filter").filter(has_text="Jimeng").click()
    await expect(calls.and_(talk.page.locator("[data-service=telegram]"))).to_have_count(0)
    await talk.at("inspector-search").fill("submit")
    await expect(calls).to_have_count(1)
    await calls.locator(".call-line").click()
    await expect(talk.at("call-detail")).to_contain_text('"prompt": "a red fox"')
    await talk.at("inspector-search").fill("")
    await talk.at("inspector-clear").click()
    await expect(calls).to_have_count(0)


async def test_a_lost_answer_is_told_and_tried_again_only_on_request(stage: Stage, talk: Talk) -> None:
    await talk.at("faults-open").click()
    await talk.at("fault").filter(has_text="Lose the next submit's answer and the next call").click()
    await expect(talk.at("toast")).to_contain_text("Arranged")
    await talk.say("a red fox")
    await expect(talk.latest).to_contain_text("I can't tell whether it was charged")
    assert stage.submits == ["a red fox"]
    await talk.press("Try again")
    await expect(talk.at("photo")).to_be_visible()
    assert stage.submits == ["a red fox"] * 2


async def test_a_lost_answer_is_made_up_for_by_the_call(stage: Stage, talk: Talk) -> None:
    await talk.at("faults-open").click()
    await talk.at("fault").filter(has_text=re.compile("Lose the next submit's answer$")).click()
    await expect(talk.at("toast")).to_contain_text("Arranged")
    await talk.say("a red fox")
    await expect(talk.at("photo")).to_be_visible()
    assert stage.submits == ["a red fox"]


async def test_a_refused_prompt_is_told(stage: Stage, talk: Talk) -> None:
    await talk.at("faults-open").click()
    await talk.at("fault").filter(has_text="Refuse the next prompt").click()
    await talk.say("a red fox")
    await expect(talk.button("Try again", talk.latest)).to_be_visible()
    assert stage.submits == []


async def test_the_bot_copes_with_faults_on_both_sides(stage: Stage, talk: Talk) -> None:
    await talk.at("faults-open").click()
    for label in ("Bad gateway", "Flood control", "Only one picture of the next album", "Lose the answer"):
        await talk.at("fault").filter(has_text=label).click()
    await talk.say("a red fox --n 2")
    await expect(talk.button("Again")).to_be_visible()
    await expect(talk.at("album").last.get_by_test_id("photo")).to_have_count(2)
    assert stage.submits == ["a red fox"] * 2
    for mood in ("bad", "held"):
        await expect(talk.page.locator(f"[data-testid=call][data-mood={mood}]").first).to_be_visible()


async def test_faults_are_taken_back(stage: Stage, talk: Talk) -> None:
    await talk.at("faults-open").click()
    for button in await talk.at("fault").all():
        await button.click()
    await talk.at("faults-clear").click()
    await expect(talk.at("toast").last).to_have_text("All is well again")
    assert stage.jimeng.faults == []
    await talk.say("a red fox")
    await expect(talk.at("photo")).to_be_visible()
