"""`/settings`: what holds for all of a person's requests, chosen by buttons made from the provider's options."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.telegram import ChatMessage, Refusal
from storage.records import Delivery
from tests.support.house import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


async def settings(house: House) -> ChatMessage:
    await house.say("/settings")
    return await house.shown("Your settings")


async def press(house: House, page: ChatMessage, label: str) -> str:
    """Press a button and wait for the page that follows; returns the answer's words."""
    before = page.text, page.buttons
    answer = await house.press(page, label)
    await house.telegram.until(lambda: (page.text, page.buttons) != before)
    return answer.text


async def test_an_option_holds_until_it_is_taken_back(house: House) -> None:
    page = await settings(house)
    await press(house, page, "ar: automatic")
    assert page.buttons[:4] == ["✓ automatic", "1:1", "4:3", "3:4"]
    await press(house, page, "16:9")
    assert "ar: 16:9" in page.buttons
    await press(house, page, "n: 1")
    await press(house, page, "2")
    await house.made("a fox")
    await house.made("a hare --ar 1:1 --n 1")
    first, second, third = house.submitted()
    assert (first["width"] > first["height"], second["width"] > second["height"]) == (True, True)
    assert third["width"] == third["height"], "what is typed goes before it"
    await press(house, page, "n: 2")
    await press(house, page, "1")
    await house.made("an owl")
    assert len(house.submitted()) == 4


async def test_they_outlast_a_restart_and_are_ones_own(house: House) -> None:
    page = await settings(house)
    await press(house, page, "n: 1")
    await press(house, page, "2")
    await house.restart()
    await house.made("a fox")
    assert len(house.tasks) == 2
    await house.say("一只猫", who=house.ming)
    await house.ended("再来一次", house.ming.chat)
    assert len(house.tasks) == 3


async def test_the_language(house: House) -> None:
    page = await settings(house)
    await press(house, page, "Language")
    answer = await press(house, page, "中文")
    assert answer == "已保存。"
    assert "你的设置" in page.text
    await house.say("a fox")
    await house.ended("再来一次")
    await press(house, page, "语言")
    answer = await press(house, page, "跟随 Telegram")
    assert answer == "Saved."
    await house.say("/help")
    await house.shown("put options anywhere")


async def test_one_goes_back_without_choosing(house: House) -> None:
    page = await settings(house)
    before = page.text
    await press(house, page, "size: automatic")
    assert "the picture's size" in page.text
    await press(house, page, "‹ Back")
    assert page.text == before


async def test_a_group_leads_to_the_private_chat(house: House) -> None:
    await house.say("/settings", chat=house.group, who=house.bob)
    shown = await house.shown("in our private chat", house.group)
    assert shown.keyboard
    (link,) = shown.keyboard[0]
    assert link["url"] == "https://t.me/imagine_demo_bot?start=settings"
    await house.say("/start settings")
    await house.shown("Your settings")


async def test_two_accounts_are_told_apart(tmp_path: Path) -> None:
    more = {"access_key": "a", "secret_key": "b", "type": "jimeng"}
    async with open_house(tmp_path, providers={"second": more}) as house:
        page = await settings(house)
        await press(house, page, "Service")
        await press(house, page, "Jimeng (second)")
        assert "Jimeng (second)" in page.text
        assert (await house.app.store.people.preferences(house.ann.id)).provider == "second"


async def test_a_name_too_long_for_a_button_is_left_to_be_typed(tmp_path: Path) -> None:
    long = f"somebody/{'very-' * 10}long-name"
    table = {"token": "t", "endpoint": "http://127.0.0.1:9", "models": ["google/nano-banana", long, "a/short"]}
    async with open_house(tmp_path, providers={"replicate": table}) as house:
        page = await settings(house)
        await press(house, page, "Service")
        await press(house, page, "Replicate")
        await press(house, page, "model: google/nano-banana")
        assert page.buttons == ["✓ google/nano-banana", "a/short", "‹ Back"]


async def test_a_page_of_another_service_changes_nothing(tmp_path: Path) -> None:
    table = {"api_key": "k", "base_url": "http://127.0.0.1:9/v1"}
    async with open_house(tmp_path, providers={"openai": table}) as house:
        old = await settings(house)
        await press(house, old, "model: 4.0")
        await house.say("/settings")
        await house.telegram.until(lambda: len(house.answers()) == 2)
        page = house.answers()[-1]
        await press(house, page, "Service")
        await press(house, page, "OpenAI")
        assert "changed in the meantime" in await press(house, old, "4.6")
        assert "model: gpt-image-1.5" in old.buttons
        assert (await house.app.store.people.preferences(house.ann.id)).options == {}


async def test_results_as_files(house: House) -> None:
    page = await settings(house)
    await press(house, page, "Results: album")
    await press(house, page, "files")
    assert "Results: files" in page.buttons
    result = await house.made("foxes --n 2")
    assert result.text == "✅ 2 pictures"
    files = [message for message in house.answers() if message.document]
    assert len(files) == 2
    assert files[0].text.startswith("foxes\nJimeng 4.0")
    assert house.album() == []
    one = await house.made("a hat", reply_to=files[1])
    assert len(house.tasks[-1].references) == 1
    assert one.text == "✅ 1 picture\n↩️ From picture 2 of “foxes”"
    assert "🎲 Variations" in one.buttons
    # The history has them as files, also when the service has forgotten them.
    house.pass_time(25 * 3600)
    await house.say("/history")
    shown = await house.shown("1 of 3")
    assert shown.document
    assert "↩️ from “foxes”" in shown.text
    await house.press(shown, "Older ›")
    await house.shown("2 of 3")
    await house.press(shown, "📤 Send")
    await house.quiet()
    assert house.answers()[-1].document


async def test_results_both_ways(house: House) -> None:
    await house.app.store.people.deliver(house.ann.id, "both")
    result = await house.made("foxes --n 2")
    assert len(house.album()) == 2
    assert len([message for message in house.answers() if message.document]) == 2
    assert house.answers()[-1] is result
    await house.made("a hare")
    assert len(house.album()) == 3
    assert house.answers()[-1].document


async def test_an_original_too_large_for_a_file_comes_as_a_photo(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.telegram.uploads.DOCUMENT_BYTES", 10)
    await house.app.store.people.deliver(house.ann.id, "files")
    await house.made("foxes --n 2")
    assert len(house.album()) == 2
    await house.made("a hare")
    assert len(house.album()) == 3
    assert not any(message.document for message in house.answers())


@pytest.mark.parametrize("delivery", ["files", "both"])
async def test_a_group_that_takes_no_files_gets_an_album(house: House, delivery: Delivery) -> None:
    await house.app.store.people.deliver(house.ann.id, delivery)
    words = "Bad Request: not enough rights to send documents to the chat"
    house.telegram.faults.play(Refusal(method="sendDocument", times=9, code=400, description=words))
    result = await house.made("/imagine foxes --n 2", chat=house.group)
    assert len(house.album(house.group)) == 2
    assert "🔁 Again" in result.buttons


async def test_pictures_are_covered(house: House) -> None:
    page = await settings(house)
    await press(house, page, "Spoiler: no")
    await press(house, page, "yes")
    await house.made("foxes --n 2")
    await house.made("a hare")
    assert [message.spoiler for message in house.album()] == [True] * 3


async def test_progress_as_a_draft(house: House) -> None:
    page = await settings(house)
    await press(house, page, "Progress: message")
    await press(house, page, "draft")
    house.hold()
    before = len(house.answers())
    await house.say("a fox")
    draft = await house.telegram.until(lambda: house.ann.chat.draft)
    assert draft.text
    assert len(house.answers()) == before
    house.release()
    result = await house.ended()
    assert result.photo
    assert house.ann.chat.draft is None
    # In a group there are no drafts.
    house.hold()
    await house.say("/imagine a fox", chat=house.group)
    await house.shown("Cancel", house.group)
    house.release()
    await house.ended(chat=house.group)
