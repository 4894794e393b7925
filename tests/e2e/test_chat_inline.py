"""On the chat page: inline results, drafts and ephemeral messages. The test answers in place of a bot."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import (
    CopyTextButton,
    EphemeralMessageParameters,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InlineQueryResultCachedPhoto,
    InlineQueryResultsButton,
    InputTextMessageContent,
)
from playwright.async_api import Browser, expect

from bot.demo.chat import groups
from bot.demo.telegram import InlineQuery, TelegramSimulator
from tests.e2e.conftest import Visit
from tests.support.app_harness import picture
from tests.support.startup_cache import cached_sessions

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass
class BareHarness:
    """A Telegram without a bot behind it."""

    telegram: TelegramSimulator
    bot: Bot

    async def asked(self, words: str, offset: str = "") -> InlineQuery:
        """The query that the page sends."""

        def found() -> InlineQuery | None:
            queries = self.telegram.world.inline_queries.values()
            return next((one for one in queries if (one.query, one.offset) == (words, offset)), None)

        return await self.telegram.until(found)


@pytest_asyncio.fixture(loop_scope="session")
async def harness(browser: Browser) -> AsyncIterator[BareHarness]:
    async with TelegramSimulator(strict=False) as telegram:
        session = AiohttpSession(api=TelegramAPIServer.from_base(telegram.url))
        with cached_sessions():
            async with Bot(telegram.token, session) as bot:
                yield BareHarness(telegram, bot)


def keys(*buttons: dict[str, Any]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton.model_validate(one) for one in buttons]])


async def test_results_are_searched_and_one_is_sent(harness: BareHarness, visit: Visit) -> None:
    telegram, bot = harness.telegram, harness.bot
    (mine,) = await telegram.send(telegram.ming, files=[picture(64, 48)])
    assert mine.photo
    file_id = mine.photo.largest.file_id
    chat_page = await visit(chat=telegram.group)
    await chat_page.at("composer").fill("@Imagine_demo_bot fox")
    words = InputTextMessageContent(message_text="a fox")
    article = InlineQueryResultArticle(id="a", title="Only words", input_message_content=words)
    photos = [InlineQueryResultCachedPhoto(id=str(n), photo_file_id=file_id, caption=f"fox {n}") for n in range(4)]
    button = InlineQueryResultsButton(text="Make one", start_parameter="make")
    query = await harness.asked("fox")
    await bot.answer_inline_query(query.id, [article, photos[0]], next_offset="1", button=button)
    results = chat_page.at("inline-result")
    await expect(results).to_have_count(2)
    await expect(results.first).to_contain_text("Only words")
    more = await harness.asked("fox", "1")
    await bot.answer_inline_query(more.id, photos[1:])  # type: ignore[arg-type]
    await expect(results).to_have_count(5)
    await results.nth(3).click()
    await expect(chat_page.latest.get_by_test_id("message-text")).to_contain_text("fox 2")
    await expect(chat_page.latest.get_by_test_id("via")).to_have_text("via @imagine_demo_bot")
    await expect(chat_page.at("inline-results")).to_be_hidden()
    await expect(chat_page.at("composer")).to_have_value("")
    await chat_page.at("composer").fill("@imagine_demo_bot fox")  # from Telegram's cache: the bot is not asked again
    await chat_page.at("inline-button").click()
    await expect(chat_page.at("chat-title")).to_have_text("Imagine")
    await expect(chat_page.message("/start make")).to_be_visible()


async def test_what_does_not_stay(harness: BareHarness, visit: Visit) -> None:
    telegram, bot = harness.telegram, harness.bot
    ann, ming, group = telegram.ann, telegram.ming, telegram.group
    groups.set_bot_status(telegram.world, group, "administrator")
    chat_page = await visit(chat=group)
    receiver = EphemeralMessageParameters(receiver_user_id=ann.id)
    go = keys(
        {"text": "Go", "callback_data": "go"},
        {"text": "Chat", "url": f"https://t.me/{telegram.bot_user.username}?start=x-1"},
    )
    await bot.send_message(group.id, "for you", ephemeral_message_parameters=receiver, reply_markup=go)
    await expect(chat_page.message("for you").get_by_test_id("only-you")).to_be_visible()
    await chat_page.press("Go")
    await telegram.until(lambda: telegram.world.presses)
    await bot.send_message(group.id, "What?", reply_markup=ForceReply(input_field_placeholder="your words"))
    await expect(chat_page.at("reply-bar")).to_contain_text("What?")
    await expect(chat_page.at("composer")).to_have_attribute("placeholder", "your words")
    await chat_page.become(ming.name)
    await expect(chat_page.message("for you")).to_have_count(0)
    await expect(chat_page.message("What?")).to_be_visible()
    await chat_page.become(ann.name)
    await chat_page.press("Chat")
    await expect(chat_page.message("/start x-1")).to_be_visible()
    await bot.send_message_draft(ann.id, 1, text="<b>a fo</b>", parse_mode="HTML")
    await expect(chat_page.at("draft")).to_have_text("a fo")
    copied = keys({"text": "Copy", "copy_text": CopyTextButton(text="a fox")})
    await bot.send_message(ann.id, f"a fox: t.me/{telegram.bot_user.username}?start=again", reply_markup=copied)
    await expect(chat_page.at("draft")).to_have_count(0)
    await chat_page.press("Copy")
    await expect(chat_page.at("toast")).to_have_text("Copied")
    await chat_page.at("bot-link").click()
    await expect(chat_page.message("/start again")).to_be_visible()
