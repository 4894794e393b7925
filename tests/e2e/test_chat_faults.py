"""On the chat page, in both languages: the bot is killed and starts anew, services refuse and fail."""

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("name", ["ann", "ming"])]


@pytest.mark.bot_process
async def test_a_killed_bot_finishes_what_was_begun(harness: DemoHarness, visit: Visit, name: str) -> None:
    chat_page = await visit(getattr(harness.telegram, name))
    harness.hold()
    await chat_page.say("a red fox")
    await harness.ticket_stored()
    await harness.kill()
    harness.release()
    await chat_page.say("a hare --provider openai")
    await harness.start()
    await expect(chat_page.at("photo")).to_have_count(2)
    assert harness.submits == ["a red fox"]
    assert harness.paid("openai") == ["a hare"]


async def test_a_service_that_refuses_or_fails_is_explained(harness: DemoHarness, visit: Visit, name: str) -> None:
    chat_page = await visit(getattr(harness.telegram, name))
    harness.hold()
    for service in ("jimeng", "openai", "fal"):
        harness.refuse(service)
        await chat_page.say(f"refused by {service} --provider {service}")
        harness.fail(service)
        await chat_page.say(f"failed by {service} --provider {service}")
    await harness.telegram.until(lambda: harness.submits and harness.paid("openai") and harness.paid("fal"))
    harness.release()
    refused = chat_page.words("The service refused this prompt. Please rephrase it and send it again.")
    await expect(chat_page.at("message").filter(has_text=refused)).to_have_count(3)
    held_back = chat_page.words(
        "The picture was made, but the service's safety check held it back. Trying again may help."
    )
    await expect(chat_page.at("message").filter(has_text=held_back)).to_have_count(3)
