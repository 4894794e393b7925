"""Sums of pictures and costs, by person and provider."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Executable, bindparam, func, select

from storage.connection import Connection
from storage.ledger import ASSISTANT
from storage.operations import Operations, reads
from storage.records import Cost
from storage.schema import suggestions, tasks


@dataclass(frozen=True, slots=True)
class ProviderUsage:
    """The use of one provider by one person (`ERASED_USER_ID`: by all whose data was erased): `pictures`, and their
    costs by currency where they are known."""

    user_id: int
    provider: str
    pictures: int
    costs: tuple[Cost, ...]


def _sums(*person: ColumnElement[bool]) -> tuple[Executable, Executable]:
    """The statements that count the pictures and add up the costs, of these people."""
    key = (tasks.c.user_id, tasks.c.provider)
    ended = (tasks.c.finished_at >= bindparam("start"), *person)
    count = select(*key, func.sum(tasks.c.pictures)).where(*ended, tasks.c.pictures > 0).group_by(*key)
    paid = select(*key, tasks.c.currency, func.sum(tasks.c.cost)).where(*ended, tasks.c.cost.is_not(None))
    return count, paid.group_by(*key, tasks.c.currency)


def _helped(*person: ColumnElement[bool]) -> Executable:
    """The statement that adds up what the assistant has cost."""
    known = (suggestions.c.asked_at >= bindparam("start"), suggestions.c.cost.is_not(None), *person)
    key = (suggestions.c.user_id, suggestions.c.currency)
    return select(*key, func.sum(suggestions.c.cost)).where(*known).group_by(*key)


_OF_ALL, _OF_ONE = _sums(), _sums(tasks.c.user_id == bindparam("user_id"))
_HELPED_ALL, _HELPED_ONE = _helped(), _helped(suggestions.c.user_id == bindparam("user_id"))


class Usage(Operations):
    """Sums over the tasks and the suggestions of one database."""

    @reads
    async def since(self, connection: Connection, start: float, user_id: int | None = None) -> list[ProviderUsage]:
        """The usage since `start` (seconds since 1970) by one person, or by each; most pictures first. The assistant's
        costs are those of the provider `ASSISTANT`, without pictures."""
        count, paid = _OF_ALL if user_id is None else _OF_ONE
        which = {"start": start, "user_id": user_id}
        costs: dict[tuple[int, str], list[Cost]] = defaultdict(list)
        counted = {(row[0], row[1]): int(row[2]) for row in await connection.execute(count, which)}
        for person, provider, currency, amount in await connection.execute(paid, which):
            costs[person, provider].append(Cost(int(amount), currency))
        helped = _HELPED_ALL if user_id is None else _HELPED_ONE
        for person, currency, amount in await connection.execute(helped, which):
            costs[person, ASSISTANT].append(Cost(int(amount), currency))
        found = [ProviderUsage(*one, counted.get(one, 0), tuple(costs[one])) for one in sorted({*counted, *costs})]
        return sorted(found, key=lambda used: -used.pictures)
