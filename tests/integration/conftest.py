"""Fixtures for the tests of the simulated Telegram; a module that needs another simulator overrides `telegram`."""

from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from aiogram.client.telegram import TelegramAPIServer

from bot.demo.assistant import AssistantSimulator
from bot.demo.telegram import TelegramSimulator
from bot.telegram.session import Session
from tests.support.clock import Clock
from tests.support.startup_cache import cached_sessions


@pytest.fixture
def clock() -> Clock:
    """The clock, for modules whose simulator uses it."""
    return Clock()


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramSimulator]:
    """A simulator without flood control."""
    async with TelegramSimulator(strict=False) as running:
        yield running


@pytest.fixture
async def bot(telegram: TelegramSimulator) -> AsyncIterator[Bot]:
    """A real aiogram bot that talks to it."""
    with cached_sessions():
        session = Session(api=TelegramAPIServer.from_base(telegram.url))
        yield Bot(telegram.token, session=session)
        await session.close()


@pytest.fixture
async def assistant() -> AsyncIterator[AssistantSimulator]:
    """A simulated assistant that answers at once."""
    simulator = AssistantSimulator(durations=lambda _: 0.0)
    await simulator.start()
    yield simulator
    await simulator.aclose()
