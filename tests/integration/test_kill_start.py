"""A process starts while its database server is down, or goes down meanwhile: it waits, and logs that once."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from providers.base import ProviderSettings
from storage.database import StoreUnavailableError, UnusableStoreError
from storage.store import Store
from storage.store_errors import may_become_available
from tests.support import postgres
from tests.support.bot_process import READY
from tests.support.fakes import FakeProvider, RecordingNotifier
from tests.support.parts import engine_parts
from tests.support.process_harness import ProcessHarness

AWAY = "is out of reach"
REFUSED = "failed in the store"
AGAIN = "🔁 Again"


class Started(ProcessHarness):
    """The server is down when the process starts, and again while it starts."""

    def __init__(self, folder: Path, server: postgres.Server, template: str) -> None:
        super().__init__(folder, ["asked after the start"], 1, server.url(server.database(template)))
        self._server = server

    async def start(self) -> None:
        await asyncio.to_thread(self._server.crash)
        hello = self.hold("getMe")
        self.bot = await self.new_process(AWAY)
        await asyncio.to_thread(self._server.start)
        await hello.reached()
        await asyncio.to_thread(self._server.crash)
        hello.open()
        await self.bot.logged(REFUSED)
        await asyncio.to_thread(self._server.start)
        await self.bot.logged(READY)

    async def play_all(self) -> None:
        async with self.open():
            await self.say("asked after the start")
            await self.shown("asked after the start", AGAIN)
            self.bot.terminate()
            await self.end()


async def test_it_waits_and_says_so_once(
    tmp_path: Path, postgres_server: postgres.Server, postgres_template: str
) -> None:
    process_harness = Started(tmp_path, postgres_server, postgres_template)
    await process_harness.play_all()
    (log,) = process_harness.logs
    assert (log.count(AWAY), log.count("Traceback")) == (2, 0), log
    assert log.count("retrying in") <= 5, log
    assert process_harness.codes == [0]


async def test_who_joins_the_others_waits_too(
    postgres_server: postgres.Server, postgres_template: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = await Store.open(postgres_server.url(postgres_server.database(postgres_template)))
    engine = engine_parts(
        store, {"fake": FakeProvider(ProviderSettings())}, RecordingNotifier(store), sleep=_soon
    ).engine
    await asyncio.to_thread(postgres_server.crash)
    joining = asyncio.create_task(engine.open())
    async with asyncio.timeout(10):
        while REFUSED not in caplog.text:  # noqa: ASYNC110 - the log has no events
            await asyncio.sleep(0.01)
    await asyncio.to_thread(postgres_server.start)
    async with asyncio.timeout(10):
        await joining
    assert engine.context.worker.id
    assert caplog.text.count(REFUSED) == 1
    await engine.start()
    await engine.stop()
    await store.aclose()


async def _soon(seconds: float) -> None:
    await asyncio.sleep(0.01)


@pytest.mark.parametrize(("user", "database"), [("nobody", "postgres"), (postgres.USER, "nonesuch")])
async def test_wrong_settings_are_no_outage(postgres_server: postgres.Server, user: str, database: str) -> None:
    with pytest.raises(UnusableStoreError, match=r"^storage\.url: postgresql://.* can't be opened: .*does not exist$"):
        await Store.open(postgres_server.url(database, user), wait=True)


async def test_a_trial_does_not_wait(postgres_server: postgres.Server) -> None:
    away = "postgresql://imagine@127.0.0.1:1/bot"
    with pytest.raises(UnusableStoreError, match="can't be opened: no connection"):
        await Store.open(away)


@pytest.mark.parametrize(
    ("reason", "comes"),
    [
        (ConnectionRefusedError(), True),
        (TimeoutError(), True),
        (asyncpg.CannotConnectNowError("the database system is starting up"), True),
        (asyncpg.TooManyConnectionsError("sorry, too many clients already"), True),
        (asyncpg.ConnectionDoesNotExistError("closed in the middle of operation"), True),
        (asyncpg.InvalidPasswordError("password authentication failed"), False),
        (asyncpg.InvalidCatalogNameError("no such database"), False),
        (asyncpg.exceptions.ClientConfigurationError("no host"), False),
    ],
)
def test_what_may_come_up(reason: Exception, comes: bool) -> None:
    error = StoreUnavailableError("no connection")
    error.__cause__ = reason
    assert may_become_available(error) is comes
