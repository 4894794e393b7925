"""When Telegram gives the bot no updates: a refused token, a second poller, a webhook that somebody else has set.

It says so once, asks seldom, and goes on by itself.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.telegram.update_health import CALM_SECONDS
from tests.support.app_harness import AppHarness, open_app_harness
from tests.support.clock import Clock

HEALTH = "bot.telegram.update_health"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path) as harness:
        yield harness


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == HEALTH]


async def ready(harness: AppHarness) -> dict[str, Any]:
    """What `/ready` says; its status is checked."""
    async with ClientSession() as session, session.get(f"{harness.app.site.server.address}/ready") as answer:
        says: dict[str, Any] = await answer.json()
        assert answer.status == (200 if says["ready"] else 503)
        return says


async def call(harness: AppHarness, method: str, **params: Any) -> tuple[int, dict[str, Any]]:
    """A call of another program that has the same token."""
    address = f"{harness.telegram.url}/bot{harness.telegram.token}/{method}"
    async with ClientSession() as session, session.post(address, json=params) as answer:
        return answer.status, await answer.json()


@asynccontextmanager
async def second_poller(harness: AppHarness) -> AsyncIterator[list[int]]:
    """Another installation that polls with the same token; gives the statuses of its calls."""
    statuses: list[int] = []

    async def poll() -> None:
        while True:
            statuses.append((await call(harness, "getUpdates", timeout=30))[0])
            await asyncio.sleep(0.01)

    work = asyncio.create_task(poll())
    yield statuses
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


async def test_all_is_well(harness: AppHarness) -> None:
    await harness.made("a fox")
    says = await ready(harness)
    assert says["ready"], says
    assert says["problems"] == {}
    assert set(says["well"]) == {"store", "migrations", "notifications", "updates", "leader"}


async def test_a_refused_token(harness: AppHarness, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    harness.hold()
    await harness.say("a fox")
    await harness.all_submitted(1)
    harness.telegram.bot_api.revoke()
    await harness.telegram.until(lambda: len(said(caplog)))
    says = await ready(harness)
    assert "refuses the token" in says["problems"]["updates"]
    assert "@BotFather" in says["problems"]["updates"]
    harness.release()
    await harness.telegram.until(lambda: len(harness.called("getUpdates")) >= 5)
    harness.telegram.bot_api.revoke(revoked=False)
    # It is known at once, without an update.
    await harness.telegram.until(lambda: len(said(caplog)) == 2)
    # The picture that was paid meanwhile arrives, and new requests are taken.
    await harness.ended()
    await harness.made("a cat")
    assert len(harness.album()) == 2
    assert (await ready(harness))["ready"]
    begins, ends = said(caplog)
    assert "refuses the token" in begins
    assert "over after" in ends
    assert harness.telegram.token not in caplog.text


async def test_a_second_poller(tmp_path: Path, database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with open_app_harness(tmp_path, database=database_url) as harness:
        await _with_a_second_poller(harness, caplog)


async def _with_a_second_poller(harness: AppHarness, caplog: pytest.LogCaptureFixture) -> None:
    clock = harness.app.inbox.health.clock = Clock()
    async with second_poller(harness) as statuses:
        await harness.telegram.until(lambda: len(said(caplog)))
        says = await ready(harness)
        assert "another process polls with this token" in says["problems"]["updates"]
        assert says["well"]["leader"] == "this process polls"
        # Now one gets the poll, now the other.
        await harness.telegram.until(lambda: 409 in statuses)
    await harness.made("a fox")
    # An answer now and then comes while two poll, too: it is over only after some calm.
    assert not (await ready(harness))["ready"]
    clock.now += CALM_SECONDS
    await harness.made("a cat")
    begins, ends = said(caplog)
    assert "stop one of the two" in begins
    assert "over after" in ends
    assert (await ready(harness))["ready"]


async def test_a_webhook_that_somebody_else_has_set(harness: AppHarness, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert (await call(harness, "setWebhook", url="https://example.org/bot"))[0] == 200
    await harness.telegram.until(lambda: len(said(caplog)))
    says = await ready(harness)
    assert "somebody has set a webhook" in says["problems"]["updates"]
    await harness.telegram.until(lambda: len(harness.called("getUpdates")) >= 4)
    # It does not fight for its updates.
    assert harness.telegram.webhook.url == "https://example.org/bot"
    await call(harness, "deleteWebhook")
    await harness.made("a fox")
    assert (await ready(harness))["ready"]
    begins, ends = said(caplog)
    assert "start this one again" in begins
    assert "over after" in ends
