"""Fixtures for several unit tests."""

from collections.abc import AsyncIterator

import pytest_asyncio

from bot.telegram.image_worker import ImageWorker


@pytest_asyncio.fixture(name="worker")
async def image_worker() -> AsyncIterator[ImageWorker]:
    """An image worker."""
    worker = ImageWorker()
    yield worker
    await worker.aclose()
