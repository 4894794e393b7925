"""Access in two processes of one database: a decision in one counts in the other."""

from collections.abc import AsyncIterator

import pytest

from bot.access import Access
from bot.settings import AccessSettings, LimitsSettings
from storage.database import StoreError
from storage.store import Store
from tests.support.engine_harness import until

GUEST, GROUP = 3, -20


@pytest.fixture
async def both(postgres_url: str) -> AsyncIterator[tuple[Access, Access, Store, Store]]:
    one, two = await Store.open(postgres_url), await Store.open(postgres_url)
    settings = AccessSettings(admins=frozenset({1}))
    for store in (one, two):
        await store.workers.join(store.clock())
    accesses = [Access(settings, LimitsSettings(), store) for store in (one, two)]
    for access in accesses:
        await access.refresh()
    yield accesses[0], accesses[1], one, two
    await one.aclose()
    await two.aclose()


async def test_a_decision_counts_in_every_process(both: tuple[Access, Access, Store, Store]) -> None:
    here, there, _one, _two = both

    async def is_let_in() -> bool:
        await there.refresh()
        return there.may_use(GUEST) and there.may_use(99, GROUP)

    async def is_banned() -> bool:
        await there.refresh()
        return there.is_banned(GUEST) and not there.may_use(GUEST, GROUP)

    await here.decide(GUEST, "allowed")
    await here.decide_group(GROUP, "allowed", "Foxes")
    await until(is_let_in)
    await here.decide(GUEST, "banned")
    await until(is_banned)
    assert here.is_banned(GUEST)


async def test_a_decision_that_was_missed_is_read_when_the_connection_is_back(
    both: tuple[Access, Access, Store, Store],
) -> None:
    here, there, one, two = both
    backend = one.database.backend
    await one.database.write(lambda connection: backend.end_sessions(connection, 0, two.database.backend.session))
    await here.decide(GUEST, "allowed")

    async def is_let_in() -> bool:
        try:
            await there.refresh()
        except StoreError:
            # Its connections were cut, too.
            return False
        return there.may_use(GUEST)

    await until(is_let_in)
