"""`/settings`: the options of all of a person's requests, chosen by buttons made from the provider's options."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.telegram import ChatMessage, Refusal
from storage.settings_records import Delivery
from tests.support.app_harness import AppHarness, open_app_harness
from tests.support.bot_steps import press


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def settings(harness: AppHarness) -> ChatMessage:
    await harness.say("/settings")
    return await harness.shown("Your settings")


async def test_an_option_holds_until_it_is_taken_back(harness: AppHarness) -> None:
    page = await settings(harness)
    await press(harness, page, "Shape: automatic")
    assert page.buttons[:4] == ["✓ automatic", "1:1", "4:3", "3:4"]
    await press(harness, page, "16:9")
    assert "Shape: 16:9" in page.buttons
    await press(harness, page, "How many: 1")
    await press(harness, page, "2")
    await harness.made("a fox")
    await harness.made("a hare --ar 1:1 --n 1")
    first, second, third = harness.submitted()
    assert (first["width"] > first["height"], second["width"] > second["height"]) == (True, True)
    assert third["width"] == third["height"], "a typed flag overrides it"
    await press(harness, page, "How many: 2")
    await press(harness, page, "1")
    await harness.made("an owl")
    assert len(harness.submitted()) == 4


async def test_they_outlast_a_restart_and_are_ones_own(harness: AppHarness) -> None:
    page = await settings(harness)
    await press(harness, page, "How many: 1")
    await press(harness, page, "2")
    await harness.restart()
    await harness.made("a fox")
    assert len(harness.tasks) == 2
    await harness.say("一只猫", who=harness.ming)
    await harness.ended("再来一次", harness.ming.chat)
    assert len(harness.tasks) == 3


async def test_the_language(harness: AppHarness) -> None:
    page = await settings(harness)
    await press(harness, page, "Language")
    answer = await press(harness, page, "中文")
    assert answer == "已保存。"
    assert "你的设置" in page.text
    await harness.say("a fox")
    await harness.ended("再来一次")
    await press(harness, page, "语言")
    answer = await press(harness, page, "跟随 Telegram")
    assert answer == "Saved."
    await harness.say("/help")
    await harness.shown("put options anywhere")


async def test_one_goes_back_without_choosing(harness: AppHarness) -> None:
    page = await settings(harness)
    before = page.text
    await press(harness, page, "Size: automatic")
    assert "the picture's size" in page.text
    await press(harness, page, "‹ Back")
    assert page.text == before


async def test_a_group_leads_to_the_private_chat(harness: AppHarness) -> None:
    await harness.say("/settings", chat=harness.group, who=harness.bob)
    shown = await harness.shown("in our private chat", harness.group)
    assert shown.keyboard
    (link,) = shown.keyboard[0]
    assert link["url"] == "https://t.me/imagine_demo_bot?start=settings"
    await harness.say("/start settings")
    await harness.shown("Your settings")


async def test_two_accounts_are_told_apart(tmp_path: Path) -> None:
    more = {"access_key": "a", "secret_key": "b", "type": "jimeng"}
    async with open_app_harness(tmp_path, providers={"second": more}) as harness:
        page = await settings(harness)
        await press(harness, page, "Service")
        await press(harness, page, "Jimeng (second)")
        assert "Jimeng (second)" in page.text
        assert (await harness.app.store.users.preferences(harness.ann.id)).provider == "second"


async def test_a_name_too_long_for_a_button_is_left_to_be_typed(tmp_path: Path) -> None:
    long = f"somebody/{'very-' * 10}long-name"
    table = {"token": "t", "endpoint": "http://127.0.0.1:9", "models": ["google/nano-banana", long, "a/short"]}
    async with open_app_harness(tmp_path, providers={"replicate": table}) as harness:
        page = await settings(harness)
        await press(harness, page, "Service")
        await press(harness, page, "Replicate")
        await press(harness, page, "Model: google/nano-banana")
        assert page.buttons == ["✓ google/nano-banana", "a/short", "‹ Back"]


async def test_a_page_of_another_service_changes_nothing(tmp_path: Path) -> None:
    table = {"api_key": "k", "base_url": "http://127.0.0.1:9/v1"}
    async with open_app_harness(tmp_path, providers={"openai": table}) as harness:
        old = await settings(harness)
        await press(harness, old, "Model: 4.0")
        await harness.say("/settings")
        await harness.telegram.until(lambda: len(harness.answers()) == 2)
        page = harness.answers()[-1]
        await press(harness, page, "Service")
        await press(harness, page, "OpenAI")
        assert "changed in the meantime" in await press(harness, old, "4.6")
        assert "Model: gpt-image-2.6-sunburst" in old.buttons
        assert (await harness.app.store.users.preferences(harness.ann.id)).options == {}


async def test_results_as_files(harness: AppHarness) -> None:
    page = await settings(harness)
    await press(harness, page, "Results: album")
    await press(harness, page, "files")
    assert "Results: files" in page.buttons
    result = await harness.made("foxes --n 2")
    assert result.text == "✅ 2 pictures"
    files = [message for message in harness.answers() if message.document]
    assert len(files) == 2
    assert files[0].text.startswith("foxes\nJimeng 4.0")
    assert harness.album() == []
    one = await harness.made("a hat", reply_to=files[1])
    assert len(harness.tasks[-1].references) == 1
    assert one.text == "✅ 1 picture\n↩️ From picture 2 of “foxes”"
    assert "🎲 Variations" in one.buttons
    # The history has them as files, also after the service has deleted them.
    harness.pass_time(25 * 3600)
    await harness.say("/history")
    shown = await harness.shown("1 of 3")
    assert shown.document
    assert "↩️ from “foxes”" in shown.text
    await harness.press(shown, "Older ›")
    await harness.shown("2 of 3")
    await harness.press(shown, "📤 Send")
    await harness.quiet()
    assert harness.answers()[-1].document


async def test_results_both_ways(harness: AppHarness) -> None:
    await harness.app.store.users.deliver(harness.ann.id, "both")
    result = await harness.made("foxes --n 2")
    assert len(harness.album()) == 2
    assert len([message for message in harness.answers() if message.document]) == 2
    assert harness.answers()[-1] is result
    await harness.made("a hare")
    assert len(harness.album()) == 3
    assert harness.answers()[-1].document


async def test_an_original_too_large_for_a_file_comes_as_a_photo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.wiring.OWN_SERVER_DOCUMENT_BYTES", 10)
    async with open_app_harness(tmp_path) as harness:
        await harness.app.store.users.deliver(harness.ann.id, "files")
        await harness.made("foxes --n 2")
        assert len(harness.album()) == 2
        await harness.made("a hare")
        assert len(harness.album()) == 3
        assert not any(message.document for message in harness.answers())


@pytest.mark.parametrize("delivery", ["files", "both"])
async def test_a_group_that_takes_no_files_gets_an_album(harness: AppHarness, delivery: Delivery) -> None:
    await harness.app.store.users.deliver(harness.ann.id, delivery)
    words = "Bad Request: not enough rights to send documents to the chat"
    harness.telegram.faults.play(Refusal(method="sendDocument", times=9, code=400, description=words))
    result = await harness.made("/imagine foxes --n 2", chat=harness.group)
    assert len(harness.album(harness.group)) == 2
    assert "🔁 Again" in result.buttons


async def test_pictures_are_covered(harness: AppHarness) -> None:
    page = await settings(harness)
    await press(harness, page, "Spoiler: no")
    await press(harness, page, "yes")
    await harness.made("foxes --n 2")
    await harness.made("a hare")
    assert [message.spoiler for message in harness.album()] == [True] * 3


async def test_progress_as_a_draft(harness: AppHarness) -> None:
    page = await settings(harness)
    await press(harness, page, "Progress: message")
    await press(harness, page, "draft")
    harness.hold()
    before = len(harness.answers())
    await harness.say("a fox")
    draft = await harness.telegram.until(lambda: harness.ann.chat.draft)
    assert draft.text
    assert len(harness.answers()) == before
    harness.release()
    result = await harness.ended()
    assert result.photo
    assert harness.ann.chat.draft is None
    # In a group there are no drafts.
    harness.hold()
    await harness.say("/imagine a fox", chat=harness.group)
    await harness.shown("Cancel", harness.group)
    harness.release()
    await harness.ended(chat=harness.group)


async def test_help_lists_the_commands_of_the_chat(harness: AppHarness) -> None:
    await harness.say("/help")
    told = await harness.shown("put options anywhere")
    assert "/history – your pictures; add words to search" in told.text
    assert "/forget – erase all your data" in told.text
    await harness.say("/help", chat=harness.group)
    told = await harness.shown("put options anywhere", harness.group)
    assert "/settings – settings of this group (admins)" in told.text
    assert "/forget" not in told.text
    await harness.say("/help", chat=harness.group, who=harness.ming)
    told = await harness.shown("选项可以写在", harness.group)
    assert "/settings 个人设置" in told.text
