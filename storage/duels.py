"""Duels: asked about, begun, and shown. How they are voted on and closed: `storage.duel_votes`."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from storage.cancelling import cancel_job
from storage.connection import Connection, Transaction
from storage.drafts import drop_drafts
from storage.duel_records import LETTERS, AskedDuel, Duel, DuelStanding, DuelState, NewDuel
from storage.duel_statements import (
    ADD,
    ASKED_AT,
    BEGIN,
    BY_KEY,
    DROP,
    DUEL,
    FORGET_ASKED,
    GIVE_LETTER,
    JOBS,
    LATE,
    LOCK,
    LOCK_REQUESTS,
    MOVE_STATUS,
    POLL_SENT,
    REQUESTS,
    SHOWN,
    STUCK,
    TOLD_WITH_FIRST,
    TRY_POLL,
    UNREADY,
    VOID,
    WITH_PICTURES,
)
from storage.money import BudgetRules, Charge
from storage.new_jobs import check_quota, complete_job, insert_job
from storage.operations import Operations, reads, writes
from storage.quota import Quota
from storage.records import Cost, ErrorMessage, Job, NewJob, NewReference
from storage.rows import as_job, current_chat_id
from storage.standings import refuse_unaffordable

PRICE = "price"
"""The name of the price beside the fields of a request."""
_SHUFFLE = random.SystemRandom().shuffle


class Duels(Operations):
    """The duels of one database. Times are passed in, in seconds since 1970."""

    @writes
    async def ask(self, connection: Transaction, new: NewDuel, now: float) -> int | None:
        """Store a duel whose person is going to be asked; returns its id. None: this update was asked about, or has
        begun its duel."""
        await connection.lock(f"person {new.user_id}")
        requests = [
            {**asdict(one), PRICE: price and asdict(price)} for one, price in zip(new.requests, new.prices, strict=True)
        ]
        row = {"idempotency_key": new.idempotency_key, "chat_id": await current_chat_id(connection, new.chat_id)}
        await connection.execute(ADD, {**row, "user_id": new.user_id, "requests": requests, "created_at": now})
        known = (await connection.execute(BY_KEY, {"key": new.idempotency_key})).first()
        return None if known is None or known.question_id is not None else int(known.id)

    async def asked_at(self, duel_id: int, question_id: int) -> None:
        """Store the id of the message that asks."""
        await self._db.execute(ASKED_AT, {"duel": duel_id, "question": question_id})

    async def asked(self, duel_id: int) -> AskedDuel | None:
        """The duel that waits for its person's consent; None: it is answered, or forgotten."""
        row = (await self._db.fetch(REQUESTS, {"duel": duel_id})).mappings().first()
        return _asked(row) if row else None

    async def drop(self, duel_id: int) -> None:
        """Its person does not want it."""
        await self._db.execute(DROP, {"duel": duel_id})

    @writes
    async def begin(
        self,
        connection: Transaction,
        asked: AskedDuel,
        now: float,
        *,
        worker_id: int | None,
        quota: Quota,
        budgets: BudgetRules,
    ) -> list[Job]:
        """Make the jobs of a duel whose person agrees, all or none of them; each counts as a request. Empty: it has
        begun, or is dropped.

        Raises `QuotaExceededError`, `BudgetExceededError` where a budget has no room for the prices of all, and
        `LikenessGoneError`.
        """
        duel = asked.duel
        await connection.lock(f"person {duel.user_id}")
        which = {"duel": duel.id}
        if (await connection.execute(LOCK_REQUESTS, which)).first() is None:
            return []
        requests = [replace(one, duel_id=duel.id) for one in asked.requests]
        added = [(new, await insert_job(connection, new, now, worker_id)) for new in requests]
        await check_quota(connection, duel.user_id, now, quota)
        for charge, rules in _charges(asked, budgets):
            await refuse_unaffordable(connection, rules, charge, now)
        await drop_drafts(connection, requests[0].idempotency_key.rpartition(":")[0])
        await connection.execute(BEGIN, which)
        made = [await complete_job(connection, job, new) for new, job in added if job]
        for job in made[1:]:
            await connection.execute(TOLD_WITH_FIRST, {"job_id": job.id})
        return made

    async def get(self, duel_id: int) -> Duel | None:
        """The duel, or None."""
        row = (await self._db.fetch(DUEL, {"duel": duel_id})).mappings().first()
        return duel_of(row) if row else None

    @reads
    async def standing(self, connection: Connection, duel_id: int) -> DuelStanding | None:
        """The duel and its jobs; None: there is none, or its person was erased."""
        return await standing_of(connection, duel_id)

    async def late(self, duel_id: int) -> list[int]:
        """The ids of its jobs that may still have a picture that nobody has seen."""
        return list((await self._db.fetch(LATE, {"duel": duel_id})).scalars())

    @writes
    async def line_up(self, connection: Transaction, duel_id: int, now: float) -> DuelStanding | None:
        """When all its jobs have ended: give a letter, in random order, to each that has pictures, once. If only one
        has, the duel is void. One that has pictures gets the status message of all: a late picture of the first one
        must not take it away."""
        found = await standing_of(connection, duel_id, lock=True)
        if found is None or found.duel.state is not DuelState.RUNNING or found.waiting or found.lettered:
            return found
        drawn = set((await connection.execute(WITH_PICTURES, {"duel": duel_id})).scalars())
        ready = [job for job in found.ready if job.id in drawn]
        if len(ready) < 2:
            await connection.execute(VOID, {"duel": duel_id, "now": now})
        else:
            _SHUFFLE(ready)
            for job, letter in zip(ready, LETTERS, strict=False):
                await connection.execute(GIVE_LETTER, {"job": job.id, "letter": letter})
        if ready and found.first not in ready:
            for each, status_id in ((ready[0], found.first.status_id), (found.first, None)):
                await connection.execute(MOVE_STATUS, {"job": each.id, "status": status_id})
        return await standing_of(connection, duel_id)

    async def void(self, duel_id: int, now: float) -> bool:
        """There is nothing to vote on, or no chat that could. False: it was so before, or the vote is over."""
        return bool((await self._db.execute(VOID, {"duel": duel_id, "now": now})).rowcount)

    async def shown(self, duel_id: int, closes_at: float) -> None:
        """Its pictures have arrived, and the chat is asked for votes until `closes_at`."""
        await self._db.execute(SHOWN, {"duel": duel_id, "closes": closes_at})

    async def try_poll(self, duel_id: int) -> bool:
        """Whether a poll is to be sent: it is tried once, as nobody could tell which of two polls counts."""
        return bool((await self._db.execute(TRY_POLL, {"duel": duel_id})).rowcount)

    async def poll_sent(self, duel_id: int, poll_id: str, message_id: int) -> None:
        """Store the poll."""
        await self._db.execute(POLL_SENT, {"duel": duel_id, "poll": poll_id, "message": message_id})

    @writes
    async def cancel(
        self, connection: Transaction, duel_id: int, now: float, free: ErrorMessage, paid: ErrorMessage
    ) -> list[Job]:
        """Cancel all its jobs that are not ready: see `Jobs.cancel`. Returns them; empty: all had ended before."""
        found = await standing_of(connection, duel_id, lock=True)
        cancelled = [await cancel_job(connection, job.id, now, free, paid) for job in (found.waiting if found else ())]
        return [job for job in cancelled if job]

    async def stuck(self, before: float) -> list[int]:
        """The jobs that nobody has begun in duels that have had a picture since before this time."""
        return list((await self._db.fetch(STUCK, {"before": before})).scalars())

    async def unready(self, before: float) -> list[Job]:
        """The jobs that are not ready in duels that have had a picture since before this time."""
        return [as_job(row) for row in (await self._db.fetch(UNREADY, {"before": before})).mappings()]

    async def forget(self, before: float) -> None:
        """Delete those that were asked about before this time, and never begun."""
        await self._db.execute(FORGET_ASKED, {"before": before})


async def standing_of(connection: Connection, duel_id: int, *, lock: bool = False) -> DuelStanding | None:
    """The duel and its jobs, within a step."""
    which = {"duel": duel_id}
    row = (await connection.execute(LOCK if lock else DUEL, which)).mappings().first()
    jobs = [as_job(one) for one in (await connection.execute(JOBS, which)).mappings()]
    return DuelStanding(duel_of(row), jobs) if row and jobs else None


def duel_of(row: Mapping[str, Any]) -> Duel:
    """A row of the table as a record."""
    return Duel(**{**row, "state": DuelState(row["state"])})


def _asked(row: Mapping[str, Any]) -> AskedDuel:
    columns, stored = dict(row), row["requests"]
    columns.pop("requests")
    prices = tuple(Cost(**one[PRICE]) if one[PRICE] else None for one in stored)
    return AskedDuel(duel_of(columns), tuple(map(_request, stored)), prices)


def _request(stored: Mapping[str, Any]) -> NewJob:
    fields = {name: value for name, value in stored.items() if name != PRICE}
    return NewJob(**{**fields, "references": tuple(NewReference(**one) for one in stored["references"])})


def _charges(asked: AskedDuel, budgets: BudgetRules) -> Sequence[tuple[Charge, BudgetRules]]:
    """What is to be afforded: by each service its own price, by all others the sum of each currency."""
    duel, totals, charges = asked.duel, dict[str, int](), []
    for new, price in zip(asked.requests, asked.prices, strict=True):
        if price:
            totals[price.currency] = totals.get(price.currency, 0) + price.amount
            own = BudgetRules(services=budgets.services, is_exempt=lambda _: True)
            charges.append((Charge(new.provider, duel.user_id, duel.chat_id, price), own))
    everybody = replace(budgets, services={})
    for currency, amount in totals.items():
        charge = Charge(asked.requests[0].provider, duel.user_id, duel.chat_id, Cost(amount, currency))
        charges.append((charge, everybody))
    return charges
