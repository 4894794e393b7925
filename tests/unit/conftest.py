"""Fixtures for several unit tests."""

from collections.abc import AsyncIterator

import pytest_asyncio
from aiohttp import ClientSession

from bot.telegram.image_worker import ImageWorker
from tests.support.answering import AnsweringService, answering_service


@pytest_asyncio.fixture(name="worker")
async def image_worker() -> AsyncIterator[ImageWorker]:
    """An image worker."""
    worker = ImageWorker()
    yield worker
    await worker.aclose()


@pytest_asyncio.fixture
async def service() -> AsyncIterator[AnsweringService]:
    """A service that gives the answer that a test wants."""
    async with answering_service() as service:
        yield service


@pytest_asyncio.fixture
async def session() -> AsyncIterator[ClientSession]:
    """The session of a provider."""
    async with ClientSession() as session:
        yield session
