"""The budgets of one person or group, which hold in place of those of the configuration."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, select

from storage.connection import Transaction
from storage.database import Database
from storage.money import Budget, Budgets, Period
from storage.schema import budgets
from storage.statements import upsert

_OF_PAYER = budgets.c.payer == bindparam("payer")
_GET = select(budgets.c.budgets).where(_OF_PAYER)
_ALL = select(budgets).order_by(budgets.c.payer).limit(bindparam("most"))
_NEW = upsert(budgets, "payer", "budgets")
_SET = _NEW.on_conflict_do_update(index_elements=["payer"], set_={"budgets": _NEW.excluded.budgets})
_ADD = _NEW.on_conflict_do_nothing()
_DROP = delete(budgets).where(_OF_PAYER)


class OwnBudgets:
    """The budgets of single people and groups, by payer: see `storage.ledger`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def get(self, payer: str) -> Budgets | None:
        """Those of this person or group; None: those of the configuration hold."""
        found = (await self._db.fetch(_GET, {"payer": payer})).scalar()
        return None if found is None else read_budgets(found)

    async def all(self, most: int) -> dict[str, Budgets]:
        """Those of all people and groups that have some, by payer; at most `most` of them."""
        rows = await self._db.fetch(_ALL, {"most": most})
        return {row.payer: read_budgets(row.budgets) for row in rows}

    async def set(self, payer: str, new: Budgets | None) -> None:
        """Store them. None of them: no limit; None: those of the configuration."""
        if new is None:
            await self._db.execute(_DROP, {"payer": payer})
        else:
            stored = [[one.amount, one.currency, one.period.value] for one in new]
            await self._db.execute(_SET, {"payer": payer, "budgets": stored})


async def move_budgets(connection: Transaction, old: str, new: str) -> None:
    """The budgets of `old` are those of `new` from here on, unless it has some."""
    found = (await connection.execute(_GET, {"payer": old})).first()
    if found is not None:
        await connection.execute(_DROP, {"payer": old})
        await connection.execute(_ADD, {"payer": new, "budgets": found[0]})


def read_budgets(stored: Sequence[Sequence[Any]]) -> Budgets:
    """Budgets as they are stored."""
    return tuple(Budget(int(amount), str(currency), Period(period)) for amount, currency, period in stored)
