"""Sums of pictures and costs, by person and provider."""

from collections import defaultdict

from sqlalchemy import func, select

from storage.connection import Connection
from storage.operations import Operations, reads
from storage.records import Cost, ProviderUsage
from storage.schema import tasks


class Usage(Operations):
    """Sums over the tasks of one database."""

    @reads
    async def since(self, connection: Connection, start: float, user_id: int | None = None) -> list[ProviderUsage]:
        """The usage since `start` (seconds since 1970) by one person, or by each; most pictures first."""
        ended = [tasks.c.finished_at >= start]
        if user_id is not None:
            ended.append(tasks.c.user_id == user_id)
        key = (tasks.c.user_id, tasks.c.provider)
        count = select(*key, func.sum(tasks.c.pictures)).where(*ended, tasks.c.pictures > 0).group_by(*key)
        paid = select(*key, tasks.c.currency, func.sum(tasks.c.cost)).where(*ended, tasks.c.cost.is_not(None))
        costs: dict[tuple[int, str], list[Cost]] = defaultdict(list)
        counted = {(row[0], row[1]): int(row[2]) for row in await connection.execute(count)}
        for person, provider, currency, amount in await connection.execute(paid.group_by(*key, tasks.c.currency)):
            costs[person, provider].append(Cost(int(amount), currency))
        found = [ProviderUsage(*one, counted.get(one, 0), tuple(costs[one])) for one in sorted({*counted, *costs})]
        return sorted(found, key=lambda used: -used.pictures)
