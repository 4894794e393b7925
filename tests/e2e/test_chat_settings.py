"""On the chat page: settings that hold for all requests, in both languages."""

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.stage import Stage
from tests.e2e.talk import Talk

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_shape_is_set_once_and_holds(stage: Stage, talk: Talk) -> None:
    await talk.say("/settings")
    await talk.press("ar: automatic")
    await talk.press("16:9")
    await expect(talk.button("ar: 16:9")).to_be_visible()
    await talk.say("a red fox")
    await expect(talk.at("photo")).to_be_visible()
    (task,) = stage.jimeng.tasks.values()
    assert task.width > task.height


async def test_the_language_is_changed_at_once(visit: Visit, stage: Stage) -> None:
    talk = await visit(stage.telegram.ming)
    await talk.say("/settings")
    await talk.press("语言")
    await talk.press("English")
    await expect(talk.message("Your settings")).to_be_visible()
    await talk.say("/help")
    await expect(talk.message("put options anywhere")).to_be_visible()


async def test_a_service_brings_its_own_options(talk: Talk) -> None:
    await talk.say("/settings")
    await talk.press("Service")
    await talk.press("OpenAI")
    await talk.press("quality: auto")
    await talk.press("high")
    await expect(talk.button("quality: high")).to_be_visible()
