"""Confirmations: requests that wait for a person to agree to their price."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from storage.connection import Transaction
from storage.operations import Operations, writes
from storage.records import Cost, NewJob, NewReference
from storage.rows import current_chat_id
from storage.schema import confirmations, jobs
from storage.statements import upsert

PRICE = "price"
"""The name of the price beside the fields of the request."""
_KEY = confirmations.c.idempotency_key == bindparam("idempotency_key")
_OWN = confirmations.c.id == bindparam("confirmation_id")
_MADE = select(jobs.c.id).where(jobs.c.idempotency_key == bindparam("idempotency_key"))
_KNOWN = select(confirmations).where(_KEY)
_LOCK_KNOWN = _KNOWN.with_for_update()
_LATEST = select(confirmations).where(
    confirmations.c.user_id == bindparam("user_id"), confirmations.c.created_at > bindparam("since"), ~_KEY
)
_DROP = delete(confirmations).where(_KEY)
_ADD = upsert(confirmations, "idempotency_key", "user_id", "chat_id", "request", "created_at").returning(
    confirmations.c.id
)
_SHOWN = update(confirmations).where(_OWN).values(question_id=bindparam("question_id"))
_JOIN = update(confirmations).where(_OWN).values(request=bindparam("request"))
_GET = select(confirmations).where(_OWN)
_DELETE = delete(confirmations).where(_OWN)
_FORGET = delete(confirmations).where(confirmations.c.created_at < bindparam("before"))


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A request that waits for its person's consent to `price`, since `created_at` (None: the operator had set none).
    `question_id`: the message that asks, if it is known."""

    id: int
    request: NewJob
    price: Cost | None
    created_at: float
    question_id: int | None = None


class Confirmations(Operations):
    """The confirmations of one database. Times are passed in, in seconds since 1970."""

    @writes
    async def add(
        self, connection: Transaction, new: NewJob, price: Cost | None, now: float, *, apart: float = 0.0
    ) -> int | None:
        """Store a request and its price; returns the id of its confirmation. It replaces an earlier one of the same
        update.

        None: nothing is to be asked, as this update has made its job, the same question was asked before, or the person
        pressed the same button within `apart` seconds.
        """
        await connection.lock(f"person {new.user_id}")
        key = {"idempotency_key": new.idempotency_key}
        chat_id = await current_chat_id(connection, new.chat_id)
        if (await connection.execute(_MADE, key)).first():
            return None
        request = {**asdict(new), PRICE: asdict(price) if price else None}
        known = (await connection.execute(_KNOWN, key)).first()
        if known is not None and known.question_id is not None and known.request == _plain(request):
            return None
        if apart and new.button and await _is_double_press(connection, new, now - apart):
            return None
        await connection.execute(_DROP, key)
        row = {**key, "user_id": new.user_id, "chat_id": chat_id, "request": request, "created_at": now}
        return int((await connection.execute(_ADD, row)).scalar_one())

    async def shown_at(self, confirmation_id: int, question_id: int) -> None:
        """Store the id of the message that asks."""
        await self._db.execute(_SHOWN, {"confirmation_id": confirmation_id, "question_id": question_id})

    async def get(self, confirmation_id: int) -> Confirmation | None:
        """The confirmation; None: it is answered, replaced or forgotten."""
        row = (await self._db.fetch(_GET, {"confirmation_id": confirmation_id})).first()
        return None if row is None else _confirmation(row)

    @writes
    async def join(self, connection: Transaction, key: str, new: Sequence[NewReference] | None) -> Confirmation | None:
        """Add references that arrived late to the request of the update of this key; None of them: it is not asked
        about any more. Returns it as it was before; None: it is not asked about."""
        row = (await connection.execute(_LOCK_KNOWN, {"idempotency_key": key})).first()
        if row is None:
            return None
        if new is None:
            await connection.execute(_DELETE, {"confirmation_id": row.id})
            return _confirmation(row)
        known = row.request["references"]
        late = [one for one in map(asdict, new) if one not in known]
        joined = {**row.request, "references": [*known, *late]}
        await connection.execute(_JOIN, {"confirmation_id": row.id, "request": joined})
        return _confirmation(row)

    async def drop(self, confirmation_id: int) -> None:
        """It is answered."""
        await self._db.execute(_DELETE, {"confirmation_id": confirmation_id})

    async def forget(self, before: float) -> None:
        """Delete those that were added before this time."""
        await self._db.execute(_FORGET, {"before": before})


async def _is_double_press(connection: Transaction, new: NewJob, since: float) -> bool:
    """Whether another press on the same button was asked about."""
    which = {"user_id": new.user_id, "since": since, "idempotency_key": new.idempotency_key}
    rows = await connection.execute(_LATEST, which)
    press = (new.chat_id, new.button)
    return any((row.request["chat_id"], row.request["button"]) == press for row in rows)


def _confirmation(row: Any) -> Confirmation:
    request = dict(row.request)
    price = request.pop(PRICE)
    return Confirmation(row.id, stored_request(request), price and Cost(**price), row.created_at, row.question_id)


def _plain(request: Mapping[str, Any]) -> dict[str, Any]:
    """A request as JSON gives it back: with lists in place of tuples."""
    return {**request, "references": list(request["references"])}


def stored_request(stored: Mapping[str, Any]) -> NewJob:
    """A request of which the fields were stored as JSON."""
    references = tuple(NewReference(**one) for one in stored["references"])
    return NewJob(**{**stored, "references": references})
