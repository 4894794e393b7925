"""On the chat page: a channel in which the bot posts, and the group that talks about it."""

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Visit
from tests.e2e.stage import Stage
from tests.e2e.talk import in_chinese

pytestmark = pytest.mark.asyncio(loop_scope="session")

FOR_WHOEVER_ASKED = "These buttons belong to whoever asked for the picture. Make your own with /imagine."


async def test_an_admin_posts_a_wish_and_uses_the_buttons(stage: Stage, visit: Visit) -> None:
    ann, ming, group = stage.telegram.ann, stage.telegram.ming, stage.telegram.group
    channel = stage.telegram.world.add_channel("Daily pictures", ann, ming, admins=(ann,), discussion=group)
    talk = await visit(chat=channel)
    await talk.say("/imagine a red fox")
    result = talk.message("Jimeng 4.0")
    await expect(talk.button("Again", result)).to_be_visible()
    await talk.press("☆", result)
    await expect(talk.button("⭐", result)).to_be_visible()
    await talk.press("Again", result)
    await expect(talk.at("photo")).to_have_count(2)
    await talk.press("Edit", result)
    await expect(talk.at("alert")).to_contain_text("reply to the picture with /imagine")
    await talk.at("alert-ok").click()
    await talk.reply_to(result)
    await talk.say("/imagine at night")
    await expect(talk.at("photo")).to_have_count(3)
    await talk.press("🗑", result)
    await talk.press("Delete", result)
    await expect(talk.at("photo")).to_have_count(2)
    # What Telegram forwards to the group that talks about it is nobody's wish there; it shows what the posts show.
    await talk.enter("Picture club")
    await expect(talk.at("photo")).to_have_count(3)
    await expect(talk.at("keyboard-button")).to_have_count(0)
    assert stage.submits == ["a red fox", "a red fox", "at night"]
    assert stage.references == [0, 0, 1]
    # A comment that names the bot is one.
    await talk.reply_to(talk.message("at night"))
    await talk.say("@imagine_demo_bot with a hat")
    await expect(talk.button("Again", talk.latest)).to_be_visible()
    assert stage.references == [0, 0, 1, 1]


async def test_readers_see_the_pictures_and_change_nothing(stage: Stage, visit: Visit) -> None:
    ann, ming = stage.telegram.ann, stage.telegram.ming
    channel = stage.telegram.world.add_channel("Daily pictures", ann, ming, admins=(ann,))
    talk = await visit(ming, channel)
    await expect(talk.at("closed")).to_have_text("Only admins can write in this channel")
    await expect(talk.at("tries")).to_be_hidden()
    await stage.telegram.send(ann, channel, text="/imagine a red fox")
    await expect(talk.button("Again")).to_be_visible()
    for label, told in (
        ("Again", FOR_WHOEVER_ASKED),
        ("Files", FOR_WHOEVER_ASKED),
        ("🗑", "Only the person who asked for it, or an admin, can delete it."),
    ):
        await talk.press(label)
        await expect(talk.at("alert")).to_contain_text(in_chinese(told))
        await talk.at("alert-ok").click()
    assert sum(one.by_bot for one in stage.telegram.messages(channel)) == 1
    assert stage.submits == ["a red fox"]
