"""The ledger beside the tasks that it counts."""

from collections import Counter

from sqlalchemy import select

from storage import ledger
from storage.ledger import day_of
from storage.schema import jobs, spending, tasks
from storage.store import Store

Sums = Counter[tuple[str, str, int]]
"""Amounts by payer, currency and day."""
_TASKS = select(tasks, jobs.c.chat_id).join(jobs, jobs.c.id == tasks.c.job_id)
_LEDGER = select(spending)


async def written(store: Store) -> Sums:
    """The sums that the ledger has."""
    rows = await store.database.fetch(_LEDGER)
    return Sums({(row.payer, row.currency, row.day): row.amount for row in rows if row.amount})


async def counted(store: Store) -> Sums:
    """The sums of the tasks, which the ledger should have."""
    sums = Sums()
    for row in await store.database.fetch(_TASKS):
        if row.counted:
            for payer in ledger.payers(row.provider, row.user_id, row.chat_id):
                sums[payer, row.currency, day_of(row.reserved_at)] += row.counted
    return sums
