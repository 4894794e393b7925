"""The bare aiogram bot of `make bench ARGS=beside`, a process of its own that only echoes: arguments URL and token."""

import asyncio
import sys

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message


async def echo(message: Message) -> None:
    """Answer with the same text."""
    await message.answer(message.text or "")


async def run(url: str, token: str) -> None:
    """Poll Telegram until stopped by a signal."""
    dispatcher = Dispatcher()
    dispatcher.message.register(echo)
    await dispatcher.start_polling(Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(url))))


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
