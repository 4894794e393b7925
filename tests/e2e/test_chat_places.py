"""On the chat page: actions of a group's admin, topics, and a group that becomes a supergroup."""

import pytest
from playwright.async_api import expect

from bot.demo.chat import groups
from tests.e2e.chat_page import ChatPage, in_chinese
from tests.e2e.conftest import Visit
from tests.e2e.harness import DemoHarness

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def choose(chat_page: ChatPage, name: str) -> None:
    """Choose from the group's menu."""
    await chat_page.at("group-menu").click()
    await chat_page.at(f"menu-{name}").click()


async def ask(chat_page: ChatPage, name: str) -> None:
    """Answer the question for a name."""
    await chat_page.at("ask-field").fill(name)
    await chat_page.at("ask-ok").click()


async def test_an_admin_speaks_as_the_group_and_rules_over_the_bot(harness: DemoHarness, visit: Visit) -> None:
    group = harness.telegram.group
    hers, his = await visit(chat=group), await visit(harness.telegram.ming, group)
    await expect(his.at("group-menu")).to_be_hidden()
    await choose(hers, "mask")
    await expect(hers.at("composer")).to_have_attribute("placeholder", "Message as Picture club")
    await hers.say("welcome, all of you")
    await expect(hers.message("welcome")).to_have_attribute("data-own", "true")
    await expect(his.message("welcome").get_by_test_id("author")).to_have_text("Picture club")
    await choose(hers, "mute")
    await expect(his.at("subtitle")).to_have_text("3 位成员，机器人被禁言")
    await choose(hers, "remove")
    await expect(his.latest.get_by_test_id("service")).to_have_text("Ann 移除了 Imagine")
    await choose(hers, "plain")
    await expect(his.at("service").last).to_have_text("Ann 添加了 Imagine")
    await expect(his.latest).to_contain_text("Admins: /settings has the options for this group.")
    await choose(hers, "promote")
    await expect(his.at("subtitle")).to_have_text("3 位成员")
    await harness.telegram.until(lambda: group.bot == "administrator")


async def test_the_menu_stays_while_others_write(harness: DemoHarness, visit: Visit) -> None:
    ming, group = harness.telegram.ming, harness.telegram.group
    await harness.telegram.send(ming, group, text="\n".join(["one", "after", "the", "other"] * 20))
    chat_page = await visit(chat=group)
    await chat_page.at("group-menu").click()
    await harness.telegram.send(ming, group, text="and one more")
    await expect(chat_page.message("and one more")).to_be_in_viewport()
    await expect(chat_page.at("menu-mute")).to_be_visible()


async def test_the_bot_answers_in_the_topic_until_it_is_closed(harness: DemoHarness, visit: Visit) -> None:
    group = harness.telegram.group
    hers, his = await visit(chat=group), await visit(harness.telegram.ming, group)
    await choose(hers, "topic")
    await ask(hers, "Foxes")
    await his.at("topic").filter(has_text="Foxes").click()
    await his.say("/imagine a red fox")
    await expect(his.button(in_chinese("🔁 Again"), his.latest)).to_be_visible()
    assert {message.topic for message in harness.telegram.messages(group)} == set(group.topics)
    await expect(hers.at("in-topic").last).to_have_text("Foxes")
    await hers.at("topic").filter(has_text="Foxes").click()
    await choose(hers, "close")
    await expect(his.at("closed")).to_have_text("话题已关闭")
    await expect(his.at("composer")).to_be_hidden()
    await choose(hers, "delete")
    await expect(his.at("topics")).to_be_hidden()
    await expect(his.at("composer")).to_be_visible()


async def test_a_group_moves_and_the_page_goes_with_it(harness: DemoHarness, chat_page: ChatPage) -> None:
    await chat_page.at("new-group").click()
    await ask(chat_page, "Small club")
    await expect(chat_page.at("service").first).to_have_text("Ann made the group")
    await chat_page.say("/imagine a red fox")
    await expect(chat_page.button("Again", chat_page.latest)).to_be_visible()
    await choose(chat_page, "migrate")
    await expect(chat_page.latest.get_by_test_id("service")).to_have_text("This supergroup was a group before")
    await chat_page.at("chat-tab").filter(has_text="Small club").last.click()
    await expect(chat_page.message("a red fox").first).to_be_visible()
    await chat_page.at("go-there").click()
    await chat_page.say("/imagine a lighthouse")
    await expect(chat_page.button("Again", chat_page.latest)).to_be_visible()
    assert harness.submits == ["a red fox", "a lighthouse"]


async def test_a_muted_bot_keeps_what_is_paid_until_it_may_speak(harness: DemoHarness, visit: Visit) -> None:
    hers = await visit(chat=harness.telegram.group)
    harness.hold()
    await hers.say("/imagine foxes --n 2")
    await expect(hers.button("Cancel", hers.message("Drawing"))).to_be_visible()
    await harness.telegram.until(lambda: len(harness.submits) == 2)
    await hers.say("/imagine a hare")
    await expect(hers.at("keyboard-button")).to_have_count(2)
    await choose(hers, "mute")
    await expect(hers.message("I couldn't have posted it here. Nothing was charged.")).to_be_visible()
    harness.release()
    kept = hers.message("finds it in /history")
    await expect(kept).to_be_visible()
    await expect(hers.at("photo")).to_have_count(0)
    await hers.at("chat-tab").first.click()
    await hers.say("/history")
    await expect(hers.message("1 of 2")).to_contain_text("foxes")
    await hers.enter("Picture club")
    await choose(hers, "plain")
    await hers.press("Send", kept)
    await expect(hers.at("album").get_by_test_id("photo")).to_have_count(2)
    await expect(kept).to_have_count(0)
    await hers.say("/imagine an owl")
    await expect(hers.at("photo")).to_have_count(3)
    assert harness.submits == ["foxes", "foxes", "an owl"]


async def test_a_removed_bot_tells_whoever_asked_in_private(harness: DemoHarness, visit: Visit) -> None:
    group = harness.telegram.group
    his = await visit(harness.telegram.ming, group)
    harness.hold()
    await his.say("/imagine 一只红狐狸")
    asked = his.message("正在画")
    await expect(his.button(in_chinese("Cancel"), asked)).to_be_visible()
    await harness.telegram.until(lambda: harness.submits)
    groups.set_bot_status(harness.telegram.world, group, "kicked")
    await expect(his.latest.get_by_test_id("service")).to_have_text("Ann 移除了 Imagine")
    harness.release()
    await his.at("chat-tab").first.click()
    await expect(his.message("“一只红狐狸”")).to_contain_text("/history")
    await his.at("command-link").filter(has_text="/history").last.click()
    await expect(his.at("photo")).to_have_count(1)
    groups.set_bot_status(harness.telegram.world, group, "member")
    await his.enter("Picture club")
    await his.press(in_chinese("Cancel"), asked)
    await expect(his.at("alert")).to_contain_text(in_chinese("Too late: it has already finished."))
    await his.at("alert-ok").click()
    await his.press(in_chinese("📤 Send"))
    await expect(his.at("photo")).to_have_count(1)
    assert harness.submits == ["一只红狐狸"]
