"""The owner of background tasks."""

import asyncio

import pytest

from bot.background import Background


async def test_closing_ends_what_runs_and_returns_when_it_has_ended_already() -> None:
    background, begun = Background(), asyncio.Event()
    never = asyncio.Event()

    async def work() -> None:
        begun.set()
        await never.wait()

    async def short() -> None:
        return

    running, ended = background.spawn(work(), "work"), background.spawn(short(), "short")
    await begun.wait()
    await ended
    async with asyncio.timeout(20):
        await background.aclose()
        await background.drain()
    assert running.cancelled()


async def test_a_failure_is_logged_under_its_name(caplog: pytest.LogCaptureFixture) -> None:
    background = Background()

    async def broken() -> None:
        raise KeyError

    background.spawn(broken(), "the broken one")
    async with asyncio.timeout(20):
        await background.drain()
    await asyncio.sleep(0)
    assert "the broken one failed" in caplog.text
