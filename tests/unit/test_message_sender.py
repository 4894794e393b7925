"""Sending files: one person's slow uploads delay nobody, and every slot is freed."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import pytest
from aiogram import Bot
from aiogram.client.telegram import TelegramAPIServer
from aiogram.methods import SendDocument

from bot.demo.telegram import Delay, TelegramSimulator
from bot.telegram.chat_limiter import Limit
from bot.telegram.message_sender import SLOW_AFTER_SECONDS, Sender
from bot.telegram.rate_limiter import RateLimiter
from bot.telegram.session import Session
from bot.telegram.spooled_file import SpooledFile
from tests.support.gates import Gates
from tests.support.startup_cache import cached_sessions


@pytest.fixture
async def gates() -> Gates:
    return Gates()


@pytest.fixture
async def telegram(gates: Gates) -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator(strict=False, sleep=gates.sleep) as telegram:
        yield telegram


async def test_uploads_that_crawl_and_answers_that_come_late_leave_places_to_others(
    telegram: TelegramSimulator,
    gates: Gates,
) -> None:
    held = gates.new()
    telegram.play(Delay(method="sendDocument", chat=telegram.ann.id, seconds=held.seconds, times=100))
    crawls = asyncio.Event()

    class Crawling(SpooledFile):
        async def read(self, bot: Bot) -> AsyncGenerator[bytes, None]:
            await crawls.wait()
            async for chunk in super().read(bot):
                yield chunk

    flood = RateLimiter()
    flood.limiter(telegram.ann.id).limit = Limit(100, 1.0)
    with cached_sessions():
        async with Bot(telegram.token, Session(api=TelegramAPIServer.from_base(telegram.url))) as bot:
            sender = Sender(bot, flood)

            async def send(chat: int, file: SpooledFile) -> None:
                method = SendDocument(chat_id=chat, document=file)
                try:
                    await sender.send(method, person=chat, files=[file])
                finally:
                    file.close()

            slow = [asyncio.create_task(send(telegram.ann.id, Crawling("a", b"x"))) for _ in range(12)]
            await asyncio.wait(slow, timeout=0.05)
            async with asyncio.timeout(SLOW_AFTER_SECONDS):
                await send(telegram.ming.id, SpooledFile("b", b"y"))
            crawls.set()
            await held.reached()
            for one in slow[6:]:
                one.cancel()
            held.open()
            async with asyncio.timeout(10):
                await asyncio.gather(*slow, return_exceptions=True)
            assert sender.is_idle
            await sender.aclose()
