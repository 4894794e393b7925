"""The originals as files: refused, too large, forgotten by Telegram, or sent without an answer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.demo.telegram import Drop
from storage.settings_records import Delivery
from tests.support.app_harness import AppHarness, open_app_harness
from tests.support.bot_steps import refuse


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


async def set_delivery(harness: AppHarness, delivery: Delivery) -> None:
    await harness.app.store.users.deliver(harness.ann.id, delivery)


def has_button(harness: AppHarness, label: str) -> bool:
    return any(label in button for message in harness.answers() for button in message.buttons)


async def test_an_original_that_is_too_large_takes_the_albums_buttons(harness: AppHarness) -> None:
    await set_delivery(harness, "both")
    refuse(harness, "sendDocument", "Request Entity Too Large", times=100, code=413)
    await harness.say("foxes --n 2")
    await harness.quiet()
    assert len(harness.album()) == 2
    assert has_button(harness, "Files")


async def test_a_forgotten_document_id_is_fetched_anew(harness: AppHarness) -> None:
    made = await harness.made("a fox")
    await harness.press(made, "Files")
    await harness.quiet()
    await harness.app.store.database.execute(text("UPDATE pictures SET document_id = 'BQACforgotten'"))
    await harness.press(made, "Files")
    await harness.quiet()
    assert len([m for m in harness.answers() if m.document]) == 2


@pytest.mark.parametrize("how", ["both", "button"])
async def test_one_original_whose_answer_is_lost_does_not_keep_the_others_back(harness: AppHarness, how: str) -> None:
    if how == "both":
        await set_delivery(harness, "both")
    else:
        made = await harness.made("foxes --n 3")
    harness.telegram.play(Drop(method="sendDocument", applied=True))
    if how == "both":
        await harness.made("foxes --n 3")
    else:
        await harness.press(made, "Files")
        await harness.quiet()
    assert len([m for m in harness.answers() if m.document]) == 3


async def test_one_original_that_is_refused_does_not_keep_the_others_back(harness: AppHarness) -> None:
    await set_delivery(harness, "both")
    refuse(harness, "sendDocument", "Bad Request: file is too big")
    await harness.made("foxes --n 3")
    assert len([m for m in harness.answers() if m.document]) == 2


async def test_a_group_that_takes_no_files_says_so(harness: AppHarness) -> None:
    made = await harness.made("/imagine foxes --n 2", chat=harness.group)
    refuse(harness, "sendDocument", "Bad Request: CHAT_SEND_DOCS_FORBIDDEN", times=10)
    await harness.press(made, "Files")
    await harness.quiet()
    assert any("I can't send files in this chat" in m.text for m in harness.answers(harness.group))
