"""On the chat page: the buttons that make another picture, and those that keep or delete one, in both languages."""

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.stage import Stage
from tests.e2e.talk import Talk, in_chinese

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_variations_larger_shape_and_style(stage: Stage, talk: Talk) -> None:
    await talk.say("a red fox --n 2")
    album = talk.at("message").filter(has_text="2 pictures").first
    await talk.press("Variations", album)
    await talk.press("2", album)
    await expect(talk.at("photo")).to_have_count(4)
    await talk.press("Larger", album)
    await talk.press("1", album)
    larger = talk.message("🔍")
    await expect(larger).to_contain_text("a red fox")
    await expect(talk.button("Larger", larger)).to_have_count(0)
    await talk.press("Shape", album)
    await talk.press("16:9", album)
    await expect(talk.at("photo")).to_have_count(7)
    await talk.press("Style", album)
    await talk.press("ink", album)
    await expect(talk.message("2 pictures")).to_be_visible()
    await expect(talk.at("photo")).to_have_count(9)
    tasks = list(stage.jimeng.tasks.values())
    assert [len(task.references) for task in tasks] == [0, 0, 1, 1, 1, 0, 0, 0, 0]
    assert tasks[4].width * tasks[4].height > 12_000_000
    assert tasks[5].width > 1.7 * tasks[5].height
    assert "ink wash painting" in tasks[8].prompt


async def test_what_is_chosen_already_can_not_be_pressed(talk: Talk) -> None:
    await talk.say("a red fox --style sketch")
    await talk.press("Style")
    await expect(talk.button("✓ sketch")).to_be_disabled()
    await talk.press("‹ Back")
    await expect(talk.button("🎭 Style")).to_be_enabled()


async def test_favourite_copy_and_delete_in_chinese(stage: Stage, visit: Visit) -> None:
    talk = await visit(stage.telegram.ming)
    await talk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await talk.say("雪地里的红狐狸")
    await talk.press("☆")
    await expect(talk.at("toast").last).to_have_text(in_chinese("⭐ Added to favourites."))
    await expect(talk.button("⭐")).to_be_visible()
    await talk.press("复制")
    assert await talk.page.evaluate("navigator.clipboard.readText()") == "雪地里的红狐狸"
    await talk.press("🗑")
    await talk.press("保留")
    await talk.press("🗑")
    await talk.press("删除")
    await expect(talk.at("photo")).to_have_count(0)
    await talk.say("/history")
    await expect(talk.latest).to_contain_text("你还没有画过图")


async def test_strangers_are_refused_politely_and_admins_may_delete(stage: Stage, visit: Visit) -> None:
    hers, his = await visit(chat=stage.telegram.group), await visit(stage.telegram.ming, stage.telegram.group)
    await his.say("/imagine 一只猫")
    await hers.press("变体")
    await expect(hers.at("alert")).to_contain_text("Make your own with /imagine.")
    await hers.at("alert-ok").click()
    await hers.press("🗑")
    await hers.press("Delete")
    await expect(his.at("photo")).to_have_count(0)
    assert stage.submits == ["一只猫"]


async def test_a_style_of_ones_own_by_flag_and_by_button(stage: Stage, talk: Talk) -> None:
    await talk.say("/style add mine soft light, pastel colours")
    await expect(talk.latest).to_contain_text("a red fox --style mine")
    await talk.say("a red fox --style mine")
    await expect(talk.message("· mine")).to_be_visible()
    await talk.say("/style")
    await talk.press("mine")
    await expect(talk.latest).to_contain_text("What should I draw in the style mine?")
    await talk.say("a hare")
    await expect(talk.at("photo")).to_have_count(2)
    assert stage.submits == ["a red fox, soft light, pastel colours", "a hare, soft light, pastel colours"]
