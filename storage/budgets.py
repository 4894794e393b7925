"""Budgets: what is left of them, those of single people and groups, and tasks for which they have no room.

A price is reserved when its task is claimed (`storage.reservations`), and settled when the task ends (`storage.tasks`).
"""

from collections import Counter

from storage import ledger
from storage.connection import Connection, Transaction
from storage.database import Database
from storage.jobs import conclude_task
from storage.money import BudgetRules, Charge, Standing
from storage.operations import Operations, reads, writes
from storage.own_budgets import OwnBudgets
from storage.records import EndedTask, ErrorMessage
from storage.rows import as_job
from storage.standings import find_shortage, read_known, standings
from storage.task_statements import LOCK_JOB_OF_TASK, REFUSE_TASK


class BudgetStore(Operations):
    """The budgets of one database. Times are passed in, in seconds since 1970."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.own = OwnBudgets(database)

    @reads
    async def standings(self, connection: Connection, rules: BudgetRules, charge: Charge, now: float) -> list[Standing]:
        """All budgets that a charge of this currency would meet, with what is left of them."""
        known = await read_known(connection, charge, now)
        return list(standings(rules, charge, known, now, Counter()))

    @reads
    async def shortage(self, connection: Connection, rules: BudgetRules, charge: Charge, now: float) -> Standing | None:
        """The first budget without room for a charge."""
        return await find_shortage(connection, rules, charge, now)

    @writes
    async def refuse(
        self, connection: Transaction, task_id: int, error_message: ErrorMessage, now: float
    ) -> EndedTask | None:
        """A waiting task ends: a budget has no room for it. None: it does not wait any more."""
        row = (await connection.execute(LOCK_JOB_OF_TASK, {"task_id": task_id})).mappings().first()
        ended = {"task_id": task_id, "message": dict(error_message), "now": now}
        if row is None or (await connection.execute(REFUSE_TASK, ended)).first() is None:
            return None
        return EndedTask(await conclude_task(connection, as_job(row)))

    @writes
    async def forget(self, connection: Transaction, now: float) -> None:
        """Delete what no budget asks for any more."""
        await ledger.forget(connection, now)
