"""The ledger: what was spent and what is reserved, by payer, currency and day (`schema.spending`).

A task counts for several payers: the bot, its service, its person, and its group. Whatever changes `tasks.counted`
changes the ledger in the same transaction, so that both always have the same sums. Days are those of UTC.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, delete, select

from storage.connection import Transaction
from storage.records import ERASED_USER_ID, Job
from storage.schema import spending
from storage.statements import upsert

DAY_SECONDS = 86400.0
BOT = "bot"
"""The payer of everything."""
ASSISTANT = "[assistant]"
"""In place of a provider's name: the assistant that helps with words (`storage.suggestions`)."""
Changes = Counter[tuple[str, int, str]]
"""Amounts by currency, day and payer."""

_NEW = upsert(spending, "payer", "currency", "day", "amount")
_WRITE = _NEW.on_conflict_do_update(
    index_elements=["payer", "currency", "day"], set_={"amount": spending.c.amount + _NEW.excluded.amount}
)
_OLD = spending.c.payer == bindparam("old")
_OF_OLD = select(spending.c.currency, spending.c.day, spending.c.amount).where(_OLD)
_DELETE_OLD = delete(spending).where(_OLD)
_FORGET = delete(spending).where(spending.c.day < bindparam("before"))
_FORGET_PAYER = delete(spending).where(_OLD, spending.c.day < bindparam("before"))


def service(provider: str) -> str:
    """The payer of all tasks of a service."""
    return f"s{provider}"


def person(user_id: int) -> str:
    """The payer of all tasks of a person."""
    return f"u{user_id}"


def group(chat_id: int) -> str:
    """The payer of all tasks of a group or channel."""
    return f"g{chat_id}"


def payers(provider: str, user_id: int, chat_id: int) -> list[str]:
    """All payers of a task. Erased people are none, and private chats are none of their own."""
    known = [BOT, service(provider)]
    known += [person(user_id)] if user_id != ERASED_USER_ID else []
    return known + ([group(chat_id)] if chat_id < 0 else [])


def day_of(now: float) -> int:
    """The day of a time, in days since 1970."""
    return int(now // DAY_SECONDS)


def month_of(now: float) -> tuple[int, int]:
    """The first day of the month of a time, and the first day of the next one."""
    first = datetime.fromtimestamp(now, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return day_of(first.timestamp()), day_of(following.timestamp())


async def write(connection: Transaction, changes: Mapping[tuple[str, int, str], int]) -> None:
    """Add amounts, which may be negative. Call it once in a transaction, after all its locks: the rows are locked in
    one order by everybody, so that no two transactions wait for each other."""
    rows = [
        {"currency": currency, "day": day, "payer": payer, "amount": amount}
        for (currency, day, payer), amount in sorted(changes.items())
        if amount
    ]
    if rows:
        await connection.execute(_WRITE, rows)


async def settle(connection: Transaction, job: Job, tasks: Sequence[Mapping[str, Any]]) -> None:
    """Write what `settled` says: often nothing, as the price was right."""
    await write(connection, settled(job, tasks))


def settled(job: Job, tasks: Sequence[Mapping[str, Any]]) -> Changes:
    """The changes where tasks of this job, which counted with their whole price before, count `counted` now.

    `tasks`: their `provider`, `price`, `counted`, `currency` and `reserved_at`.
    """
    changes = Changes()
    for task in tasks:
        # One without a price, or claimed before there were budgets, was never counted.
        if task["price"] is not None and task["reserved_at"] is not None:
            changes.update(counts(job, task, (task["counted"] or 0) - task["price"], task["reserved_at"]))
    return changes


def counts(job: Job, task: Mapping[str, Any], amount: int, at: float) -> Changes:
    """The changes where a task of this job counts so much more, on the day of `at`."""
    paying = payers(task["provider"], job.user_id, job.chat_id)
    return Changes({(task["currency"], day_of(at), payer): amount for payer in paying})


async def reserve_again(connection: Transaction, job: Job, task: Mapping[str, Any], now: float) -> None:
    """A task that had ended, as `task` says, is under way all the same: it counts with its whole price again."""
    if task["price"] is not None:
        at = now if task["reserved_at"] is None else task["reserved_at"]
        await write(connection, counts(job, task, task["price"] - (task["counted"] or 0), at))


async def move(connection: Transaction, old: str, new: str) -> None:
    """What `old` has spent is `new`'s."""
    rows = await connection.execute(_OF_OLD, {"old": old})
    await connection.execute(_DELETE_OLD, {"old": old})
    await write(connection, {(row.currency, row.day, new): row.amount for row in rows})


async def forget(connection: Transaction, now: float, payer: str | None = None) -> None:
    """Delete what no budget asks for any more, of this payer or of all."""
    # A clock that goes back at the end of a month finds its former month.
    before = month_of(now)[0] - 2
    statement = _FORGET if payer is None else _FORGET_PAYER
    await connection.execute(statement, {"before": before, "old": payer})
