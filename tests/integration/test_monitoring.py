"""The pages for whoever runs the bot: `/metrics`, `/ready` and `/health`, and who does not get to see them."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection, text

from bot.demo.ports import free_port
from bot.demo.telegram import Flood
from bot.settings import LimitsSettings, Settings, SettingsError, WebSettings
from bot.web.probe import ask_health
from bot.web.server import WebServer
from bot.web.site import Site
from providers.jimeng.simulator import Fault
from storage.job_states import JobState
from storage.store import Store
from tests.support.app_harness import AppHarness, open_app_harness
from tests.support.stored_jobs import claim, new_job, queued, run

PUBLIC = "https://bot.example.org"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[AppHarness]:
    async with open_app_harness(tmp_path, limits=LimitsSettings(waiting=1)) as harness:
        yield harness


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(f"sqlite:///{tmp_path}/bot.db")
    yield store
    await store.aclose()


async def get(address: str, **headers: str) -> tuple[int, str]:
    async with ClientSession() as session, session.get(address, headers=headers) as answer:
        return answer.status, await answer.text()


async def figures(harness: AppHarness) -> dict[str, float]:
    """What a scrape gives: the names without `imagine_bot_`, with the values of their labels."""
    status, page = await get(f"{harness.app.site.server.address}/metrics")
    assert status == 200
    found = {}
    for family in text_string_to_metric_families(page):
        for one in family.samples:
            name = one.name.removeprefix("imagine_bot_")
            found[" ".join([name, *(value for _, value in sorted(one.labels.items()))])] = one.value
    return found


async def test_a_job_in_the_figures(harness: AppHarness) -> None:
    harness.hold()
    await harness.say("a fox")
    await harness.all_submitted(1)
    await harness.say("a cat")
    await harness.shown("You've reached your limit")
    found = await figures(harness)
    assert found["jobs working"] == 1
    assert found["tasks jimeng running"] == 1
    assert found["refusals_total waiting_limit jimeng"] == 1
    harness.release()
    await harness.ended()
    harness.jimeng.faults.append(Fault(kind="code", code=50412))
    await harness.made("a secret")
    harness.telegram.play(Flood(method="sendMessage", retry_after=7))
    await harness.say("/help")
    await harness.quiet()
    found = await figures(harness)
    assert found["jobs_ended_total jimeng delivered"] == 1
    assert found["jobs_ended_total jimeng failed"] == 1
    assert found["job_duration_seconds_count jimeng"] == 1
    assert 0 < found["job_duration_seconds_sum jimeng"] < 60
    assert found["task_duration_seconds_count jimeng"] == 1
    assert found["refusals_total content_refused jimeng"] == 1
    assert found["spending_total CNY jimeng"] == 0.2
    assert found["telegram_calls_total sendMessage too_many_requests"] == 1
    assert found["telegram_demanded_wait_seconds_total"] == 7
    assert found["telegram_calls_total getUpdates ok"] >= 2
    assert found["leader"] == found["store_up"] == 1


async def test_nobody_is_named_in_the_figures(harness: AppHarness) -> None:
    await harness.made("/imagine a fox", chat=harness.group)
    _, page = await get(f"{harness.app.site.server.address}/metrics")
    for secret in (harness.telegram.token, str(harness.ann.id), str(harness.group.id), "Ann", "a fox"):
        assert secret not in page
    _, page = await get(f"{harness.app.site.server.address}/ready")
    assert harness.telegram.token not in page


@pytest.mark.parametrize("page", ["/metrics", "/ready", "/health"])
async def test_the_public_does_not_see_them(store: Store, page: str) -> None:
    port = free_port()
    site = Site(Settings(web=WebSettings(port=port, public_url=PUBLIC)), store)
    await site.start()
    try:
        address = f"http://127.0.0.1:{port}{page}"
        assert (await get(address, Host="bot.example.org"))[0] == 404
        assert (await get(address, Host="bot.example.org:443"))[0] == 404
        for header in ("X-Forwarded-For", "Forwarded"):
            assert (await get(address, **{header: "203.0.113.7"}))[0] == 404
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {page} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        assert b" 404 " in await reader.readline()
        writer.close()
    finally:
        await site.aclose()


async def test_health_asks_no_store(store: Store) -> None:
    site = Site(Settings(web=WebSettings(port=0)), store)
    await site.start()
    await store.aclose()
    assert (await get(f"{site.server.address}/health"))[0] == 200
    await site.aclose()


async def test_a_taken_port_is_said_and_the_bot_works_on(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    first = WebServer("127.0.0.1", 0)
    port = int((await first.start()).rpartition(":")[2])
    second = Site(Settings(web=WebSettings(port=port)), store)
    await second.start()
    await second.aclose()
    (line,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert f"can't listen on 127.0.0.1:{port}" in line
    assert "works on" in line
    needed = Site(Settings(web=WebSettings(port=port, public_url=PUBLIC)), store)
    with pytest.raises(SettingsError):
        await needed.start()
    await needed.aclose()
    await first.aclose()


async def test_the_health_command(capsys: pytest.CaptureFixture[str]) -> None:
    server = WebServer("127.0.0.1", 0)
    port = int((await server.start()).rpartition(":")[2])
    assert await asyncio.to_thread(ask_health, WebSettings(host="0.0.0.0", port=port)) == 0
    assert capsys.readouterr().err == ""
    await server.aclose()
    assert await asyncio.to_thread(ask_health, WebSettings(port=port)) == 1
    assert f"127.0.0.1:{port}" in capsys.readouterr().err


async def test_what_is_under_way(database_url: str) -> None:
    store = await Store.open(database_url)
    assert (await store.counts.queue()).waiting_since is None
    await queued(store, 1, parts=2, now=50.0)
    await run(store, 60.0)
    await store.jobs.add(new_job(2), 40.0)
    counts = await store.counts.queue()
    assert counts.jobs == {JobState.WORKING: 1, JobState.PREPARING: 1}
    assert (counts.waiting, counts.running) == ({"jimeng": 1}, {"jimeng": 1})
    assert counts.waiting_since == 40.0
    assert counts.revision
    await claim(store, 70.0)
    assert (await store.counts.queue()).running == {"jimeng": 2}
    await store.aclose()


async def test_another_revision_is_not_ready(harness: AppHarness) -> None:
    def upgrade(connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    await harness.app.store.database.backend.migrate(upgrade)
    _, page = await get(f"{harness.app.site.server.address}/ready")
    assert "revision 9999" in page
    assert '"ready": false' in page
