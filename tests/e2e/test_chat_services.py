"""On the chat page: several services, choosing one, and the calls each of them gets."""

import re

import pytest
from playwright.async_api import expect

from bot.demo.services import SERVICES
from providers.jimeng.simulator import Fault
from tests.e2e.chat_page import ChatPage
from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_each_service_can_be_chosen_and_its_calls_are_shown(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.say("/models")
    listed = chat_page.message("For one request")
    for count, name in enumerate(SERVICES, 1):
        title = harness.demo.app.engine.context.providers[name].title
        await chat_page.press(title, listed)
        await expect(chat_page.button(f"✓ {title}", listed)).to_be_visible()
        await chat_page.say(f"a red fox by {name}")
        await expect(chat_page.at("keyboard-button").filter(has_text="Again")).to_have_count(count)
        submit = chat_page.page.locator(f"[data-testid=call][data-service={name}][data-name=submit]")
        await submit.locator(".call-line").click()
        await expect(submit.get_by_test_id("call-detail")).to_contain_text(f"a red fox by {name}")
        assert harness.demo.services[name].key not in await chat_page.page.content()
    assert harness.submits == [], "Jimeng was not asked"


async def test_another_service_steps_in_and_says_so(harness: DemoHarness, visit: Visit) -> None:
    chat_page = await visit(harness.telegram.ming)
    harness.jimeng.faults.append(Fault(kind="gateway", action="submit", name="InvalidAccessKey", status=401))
    await chat_page.say("一只猫")
    await expect(chat_page.message("即梦 暂时不可用，这张由 Seedream 绘制。")).to_be_visible()
    await chat_page.say("/usage")
    await expect(chat_page.message("你本月的图片")).to_contain_text("Seedream：1 张 · ¥0.25")


async def test_admins_see_what_everybody_made(harness: DemoHarness, chat_page: ChatPage) -> None:
    await harness.made("a fox", "a hare --provider fal")
    await chat_page.say("/usage")
    shown = chat_page.message("Everyone's")
    await expect(shown).to_contain_text("fal: 1 · $0.025")
    await expect(shown).to_contain_text(re.compile("Ann\\W*: 2"))


async def test_answers_of_services_can_be_tried_by_words(harness: DemoHarness, chat_page: ChatPage) -> None:
    """A bill that must be paid, a set with a flagged picture, and a model that was shut down."""
    await chat_page.at("faults-open").click()
    prompts = chat_page.at("fault-prompt")
    told = [
        "The image service isn't set up correctly",
        "The service's safety check held back one of the pictures",
        "was shut down on 2026-11-24. Use --model",
    ]
    await expect(prompts).to_have_count(len(told))
    for number, words in enumerate(told):
        await prompts.nth(number).click()
        await chat_page.page.keyboard.press("Enter")
        await expect(chat_page.message(words)).to_be_visible()
