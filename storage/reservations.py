"""Reserving the prices of the tasks of one claim: none is claimed that a budget has no room for."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from storage import ledger
from storage.connection import Transaction
from storage.ledger import Changes, day_of
from storage.money import BudgetRules, Charge, Standing
from storage.records import Cost
from storage.rows import current_chat_id
from storage.standings import is_limited, read_known, shortage


class Reservations:
    """The reservations within one claim. Call `prepare` first, `store` last: it is their order of locks."""

    def __init__(self, connection: Transaction, rules: BudgetRules, provider: str, now: float) -> None:
        self._connection = connection
        self._rules = rules
        self._provider = provider
        self._now = now
        self._changes = Changes()
        self._chats: dict[int, int] = {}
        self._is_locked = False

    async def prepare(self, rows: Iterable[Any]) -> None:
        """Take the locks of the groups of these tasks: what a group spends must not miss the supergroup that it becomes
        at this moment."""
        for chat_id in sorted({row.chat_id for row in rows if _costs(row)}):
            self._chats[chat_id] = await current_chat_id(self._connection, chat_id)

    async def take(self, row: Any) -> Standing | None:
        """Reserve the price of a task that is to be claimed. Returns the first budget without room for it, if there is
        one: then nothing is reserved."""
        if not _costs(row):
            return None
        price = Cost(row.price, row.currency)
        charge = Charge(self._provider, row.user_id, self._chats.get(row.chat_id, row.chat_id), price)
        known = await read_known(self._connection, charge, self._now)
        if is_limited(self._rules, charge, known):
            if not self._is_locked:
                # Claims of other services, in other processes, spend the same money.
                await self._connection.lock("budgets")
                self._is_locked = True
                known = await read_known(self._connection, charge, self._now)
            if short := shortage(self._rules, charge, known, self._now, self._added(price.currency)):
                return short
        for payer in ledger.payers(charge.provider, charge.user_id, charge.chat_id):
            self._changes[price.currency, day_of(self._now), payer] += price.amount
        return None

    async def store(self) -> None:
        """Store all reservations."""
        await ledger.write(self._connection, self._changes)

    def _added(self, currency: str) -> Counter[str]:
        return Counter({payer: amount for (of, _day, payer), amount in self._changes.items() if of == currency})


def _costs(row: Any) -> bool:
    """Whether a claim of this task spends money. One that has its ticket was reserved before."""
    return row.price is not None and row.ticket is None
