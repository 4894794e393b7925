"""Votes on duels, and how a vote ends."""

from collections import defaultdict

from storage.connection import Connection, Transaction
from storage.duel_records import Duel, DuelResult, DuelStanding, DuelState, ServiceRecord, Vote
from storage.duel_statements import (
    ADD_RESULT,
    CLOSE,
    CLOSES_AT,
    COSTS,
    COUNT_VOTERS,
    COUNT_VOTES,
    DELETE_VOTES,
    LOCK,
    NEXT_CLOSING,
    NEXT_DUE,
    OF_POLL,
    OWN_VOTE,
    RECORDS,
    RESULTS,
    TELL,
    TOLD,
    UNVOTE,
    VOTE,
)
from storage.duels import duel_of, standing_of
from storage.operations import Operations, reads, writes
from storage.records import Cost


class DuelVotes(Operations):
    """The votes of one database. Times are passed in, in seconds since 1970."""

    @writes
    async def vote(self, connection: Transaction, duel_id: int, user_id: int, letter: str, now: float) -> Vote | None:
        """Store or change a person's vote. None: the vote is over, or there is no such letter."""
        found = await standing_of(connection, duel_id, lock=True)
        if found is None or not _takes_votes(found.duel, now) or letter not in {one.duel_letter for one in found.jobs}:
            return None
        which = {"duel": duel_id, "person": user_id}
        is_new = (await connection.execute(OWN_VOTE, which)).first() is None
        await connection.execute(VOTE, {**which, "letter": letter, "now": now})
        return Vote((await connection.execute(COUNT_VOTERS, {"duel": duel_id})).scalar_one(), is_new)

    async def duel_of_poll(self, poll_id: str) -> int | None:
        """The id of the duel on which this poll votes; None: there is none, or its vote is over."""
        found: int | None = (await self._db.fetch(OF_POLL, {"poll": poll_id})).scalar()
        return found

    async def withdraw(self, duel_id: int, user_id: int) -> None:
        """A person takes their vote back."""
        await self._db.execute(UNVOTE, {"duel": duel_id, "person": user_id})

    async def end_now(self, duel_id: int, now: float) -> bool:
        """The vote is over now. False: it was over before."""
        return bool((await self._db.execute(CLOSES_AT, {"duel": duel_id, "closes": now})).rowcount)

    async def next_closing(self) -> float | None:
        """When the next vote ends by itself; None: there is no vote."""
        found: float | None = (await self._db.fetch(NEXT_CLOSING)).scalar()
        return found

    @writes
    async def take_due(self, connection: Transaction, now: float, until: float, worker_id: int) -> Duel | None:
        """Take a duel whose vote is over, or whose result nobody was told; close it. Until then no other worker takes
        it. None: there is none."""
        duel_id = (await connection.execute(NEXT_DUE, {"now": now})).scalar()
        return None if duel_id is None else await self._take(connection, duel_id, now, until, worker_id)

    @writes
    async def take(
        self, connection: Transaction, duel_id: int, now: float, until: float, worker_id: int
    ) -> Duel | None:
        """The same for one duel. None: another worker tells it, or it was told."""
        return await self._take(connection, duel_id, now, until, worker_id)

    async def told(self, duel_id: int, now: float) -> None:
        """The chat knows the result."""
        await self._db.execute(TOLD, {"duel": duel_id, "now": now})

    @reads
    async def results(self, connection: Connection, duel_id: int) -> list[DuelResult]:
        """The outcome of a closed duel, by letter."""
        rows = await connection.execute(RESULTS, {"duel": duel_id})
        return [
            DuelResult(row.letter, row.provider, row.votes, bool(row.won), _cost(row.cost, row.currency), row.seconds)
            for row in rows
        ]

    async def records(self, chat_id: int) -> list[ServiceRecord]:
        """How the services did in the closed duels of a chat; the one with the most wins first."""
        rows = defaultdict(list)
        for row in await self._db.fetch(RECORDS, {"chat_id": chat_id}):
            rows[row.provider].append(row)
        found = [
            ServiceRecord(
                provider,
                sum(row.duels for row in of),
                sum(int(row.wins) for row in of),
                sum(int(row.votes) for row in of),
                tuple(Cost(int(row.cost), row.currency) for row in of if row.cost is not None and row.currency),
            )
            for provider, of in rows.items()
        ]
        return sorted(found, key=lambda one: (-one.wins, -one.votes, one.provider))

    async def _take(
        self, connection: Transaction, duel_id: int, now: float, until: float, worker_id: int
    ) -> Duel | None:
        await connection.execute(LOCK, {"duel": duel_id})
        values = {"duel": duel_id, "now": now, "until": until, "owner": worker_id}
        row = (await connection.execute(TELL, values)).mappings().first()
        if row is None:
            return None
        if duel_of(row).state is DuelState.VOTING and (found := await standing_of(connection, duel_id)):
            await _close(connection, found, now)
        return duel_of((await connection.execute(LOCK, {"duel": duel_id})).mappings().one())


async def _close(connection: Transaction, found: DuelStanding, now: float) -> None:
    """Count the votes, and forget who gave which."""
    which = {"duel": found.duel.id}
    votes = {row.letter: row.number for row in await connection.execute(COUNT_VOTES, which)}
    paid = {row.job_id: row for row in await connection.execute(COSTS, which)}
    most = max(votes.values(), default=0)
    is_tie = sum(count == most for count in votes.values()) > 1
    rows = []
    for job in found.lettered:
        task, count = paid.get(job.id), votes.get(job.duel_letter, 0)
        row = {"duel_id": found.duel.id, "letter": job.duel_letter, "chat_id": found.duel.chat_id}
        row |= {"provider": job.provider, "votes": count, "won": bool(count) and count == most and not is_tie}
        row |= {"cost": task and task.cost, "currency": task and task.currency, "seconds": task and task.seconds}
        rows.append(row)
    await connection.execute(ADD_RESULT, rows)
    await connection.execute(DELETE_VOTES, which)
    await connection.execute(CLOSE, {**which, "now": now})


def _takes_votes(duel: Duel, now: float) -> bool:
    # Its buttons are there a moment before it is stored that they are.
    is_open = duel.state in {DuelState.RUNNING, DuelState.VOTING}
    return is_open and (duel.closes_at is None or now < duel.closes_at)


def _cost(amount: int | None, currency: str | None) -> Cost | None:
    return None if amount is None or currency is None else Cost(amount, currency)
