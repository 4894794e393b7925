"""On the chat page: several services, choosing one, and the calls each of them gets."""

import pytest
from playwright.async_api import expect

from bot.demo.services import SERVICES
from providers.jimeng.simulator import Fault
from tests.e2e.conftest import Visit
from tests.e2e.stage import Stage
from tests.e2e.talk import Talk

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_each_service_can_be_chosen_and_its_calls_are_shown(stage: Stage, talk: Talk) -> None:
    await talk.say("/models")
    listed = talk.message("For one request")
    for count, name in enumerate(SERVICES, 1):
        await talk.press(name, listed)
        await expect(talk.button(f"✓ {name}", listed)).to_be_visible()
        await talk.say(f"a red fox by {name}")
        await expect(talk.at("keyboard-button").filter(has_text="Again")).to_have_count(count)
        submit = talk.page.locator(f"[data-testid=call][data-service={name}][data-name=submit]")
        await submit.locator(".call-line").click()
        await expect(submit.get_by_test_id("call-detail")).to_contain_text(f"a red fox by {name}")
        assert stage.demo.services[name].key not in await talk.page.content()
    assert stage.submits == [], "Jimeng was not asked"


async def test_another_service_steps_in_and_says_so(stage: Stage, visit: Visit) -> None:
    talk = await visit(stage.telegram.ming)
    stage.jimeng.faults.append(Fault(kind="gateway", action="submit", name="InvalidAccessKey", status=401))
    await talk.say("一只猫")
    await expect(talk.message("即梦 暂时不可用，这张由 Seedream 绘制。")).to_be_visible()
    await talk.say("/usage")
    await expect(talk.message("你本月的图片")).to_contain_text("Seedream：1 · ¥0.25")


async def test_admins_see_what_everybody_made(stage: Stage, talk: Talk) -> None:
    await stage.made("a fox", "a hare --provider fal")
    await talk.say("/usage")
    shown = talk.message("Everyone's")
    await expect(shown).to_contain_text("fal: 1 · $0.025")
    await expect(shown).to_contain_text(f"{stage.telegram.ann.id}: 2")
