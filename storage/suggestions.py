"""Help with words: what the assistant is asked and says. Its price is reserved before it is asked, in the same ledger
as those of tasks, and settled with its answer. An answer that got lost counts with its whole price; nothing is asked
again by itself.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, null, or_, select, update

from storage import ledger
from storage.confirmations import stored_request
from storage.connection import Connection, Transaction
from storage.ledger import ASSISTANT, Changes, day_of
from storage.money import BudgetRules, Charge
from storage.operations import Operations, reads, writes
from storage.quota import Quota, QuotaExceededError
from storage.records import Cost, NewJob
from storage.rows import current_chat_id, is_orphaned
from storage.schema import consents, suggestions
from storage.standings import is_limited, read_known, refuse_unaffordable
from storage.statements import upsert

DAY = 24 * 3600.0


class SuggestionState(StrEnum):
    """The state of a question to the assistant."""

    # It waits: for its person's consent, or for its call.
    NEW = "new"
    # The assistant is asked; after a crash nobody knows whether it has answered.
    ASKING = "asking"
    # Its words are shown, and wait for a press.
    OFFERED = "offered"
    # Used, declined, failed, or forgotten.
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class NewSuggestion:
    """A question to the assistant. `kind`: "improve", "describe" or "listen"; `request`: what the words are for, with
    the words so far; `answered_id`: the message to which its person replied; `file_id`: of the picture or the voice
    message, which has so many `seconds`."""

    kind: str
    request: NewJob
    answered_id: int | None = None
    file_id: str | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A stored question, and its answer: `words`, and their `translation`. `has_agreed`: whether its person has agreed
    that their words go to this assistant; `worker_id`: the worker that asks it."""

    id: int
    state: SuggestionState
    kind: str
    user_id: int
    chat_id: int
    question_id: int | None
    answered_id: int | None
    request: NewJob | None
    file_id: str | None
    seconds: float | None
    words: str | None
    translation: str | None
    created_at: float
    worker_id: int | None = None
    has_agreed: bool = False


_OWN = suggestions.c.id == bindparam("suggestion_id")
_KEY = suggestions.c.idempotency_key == bindparam("idempotency_key")
_NEW = ("idempotency_key", "kind", "user_id", "chat_id", "answered_id", "request", "file_id", "seconds", "created_at")
_ADD = upsert(suggestions, *_NEW, state=SuggestionState.NEW).on_conflict_do_nothing(index_elements=["idempotency_key"])
_KNOWN = select(suggestions).where(_KEY)
_GET = select(suggestions).where(_OWN)
_LOCK = _GET.with_for_update()
_SHOWN = update(suggestions).where(_OWN).values(question_id=bindparam("question_id"))
_CONSENT = select(consents.c.user_id).where(
    consents.c.user_id == bindparam("user_id"), consents.c.host == bindparam("host")
)
_AGREED = upsert(consents, "user_id", "host", "agreed_at")
_AGREE = _AGREED.on_conflict_do_update(
    index_elements=["user_id"], set_={"host": _AGREED.excluded.host, "agreed_at": _AGREED.excluded.agreed_at}
)
_COUNT_NEW = select(func.count()).where(
    suggestions.c.user_id == bindparam("user_id"), suggestions.c.state == SuggestionState.NEW
)
_ASKED = and_(suggestions.c.user_id == bindparam("user_id"), suggestions.c.asked_at > bindparam("since"))
_COUNT = select(func.count(), func.count().filter(suggestions.c.state == SuggestionState.ASKING)).where(_ASKED)
_ASK = (
    update(suggestions)
    .where(_OWN, suggestions.c.state == SuggestionState.NEW)
    .values(
        state=SuggestionState.ASKING,
        worker_id=bindparam("worker_id"),
        chat_id=bindparam("chat_id"),
        asked_at=bindparam("now"),
        cost=bindparam("cost"),
        currency=bindparam("currency"),
    )
)
_ANSWER = (
    update(suggestions)
    .where(_OWN, suggestions.c.state == SuggestionState.ASKING)
    .values(
        state=bindparam("ends_as"),
        words=bindparam("words"),
        translation=bindparam("translation"),
        cost=bindparam("cost"),
        worker_id=None,
    )
)
_CLOSE = (
    update(suggestions)
    .where(_OWN, or_(*(suggestions.c.state == one for one in (SuggestionState.NEW, SuggestionState.OFFERED))))
    .values(state=SuggestionState.CLOSED)
)
_LOST = (
    update(suggestions)
    .where(suggestions.c.state == SuggestionState.ASKING, is_orphaned(suggestions))
    .values(state=SuggestionState.CLOSED, worker_id=None)
    .returning(suggestions)
)
NO_WORDS: Mapping[str, Any] = {"request": null(), "file_id": None, "words": None, "translation": None}
_OLD = and_(suggestions.c.created_at < bindparam("before"), suggestions.c.state != SuggestionState.ASKING)
_FORGET_FREE = delete(suggestions).where(_OLD, suggestions.c.cost.is_(None))
_FORGET_WORDS = (
    update(suggestions)
    .where(_OLD, or_(suggestions.c.request.is_not(None), suggestions.c.state != SuggestionState.CLOSED))
    .values(state=SuggestionState.CLOSED, **NO_WORDS)
)


class Suggestions(Operations):
    """The questions to the assistant of one database. Times are passed in, in seconds since 1970."""

    @writes
    async def add(self, connection: Transaction, new: NewSuggestion, host: str, now: float) -> Suggestion:
        """Store a question; the one that this update has stored before, where there is one. `host`: of the
        assistant."""
        request, chat_id = new.request, await current_chat_id(connection, new.request.chat_id)
        values = {name: getattr(new, name) for name in ("kind", "answered_id", "file_id", "seconds")}
        key = {"idempotency_key": request.idempotency_key}
        who = {"user_id": request.user_id, "chat_id": chat_id}
        await connection.execute(_ADD, {**key, **who, **values, "request": asdict(request), "created_at": now})
        row = (await connection.execute(_KNOWN, key)).first()
        agreed = (await connection.execute(_CONSENT, {**who, "host": host})).first()
        return _suggestion(row, has_agreed=agreed is not None)

    async def get(self, suggestion_id: int) -> Suggestion | None:
        """A question; None: there is none, or it is forgotten."""
        row = (await self._db.fetch(_GET, {"suggestion_id": suggestion_id})).first()
        return None if row is None else _suggestion(row)

    async def shown_at(self, suggestion_id: int, question_id: int) -> None:
        """Store the id of the message that shows it."""
        await self._db.execute(_SHOWN, {"suggestion_id": suggestion_id, "question_id": question_id})

    async def agree(self, user_id: int, host: str, now: float) -> None:
        """A person agrees that their words go to the assistant at this host."""
        await self._db.execute(_AGREE, {"user_id": user_id, "host": host, "agreed_at": now})

    async def unanswered(self, user_id: int) -> int:
        """How many questions of a person wait for their consent."""
        return int((await self._db.fetch(_COUNT_NEW, {"user_id": user_id})).scalar_one())

    @writes
    async def ask(
        self,
        connection: Transaction,
        suggestion: Suggestion,
        worker_id: int,
        now: float,
        *,
        price: Cost | None,
        quota: Quota,
        budgets: BudgetRules,
    ) -> bool:
        """The assistant is asked next, once: its price is reserved. False: it was asked before, or is closed.

        Raises `QuotaExceededError`, and `BudgetExceededError` where a budget has no room for the price.
        """
        await connection.lock(f"person {suggestion.user_id}")
        chat_id = await current_chat_id(connection, suggestion.chat_id)
        which = {"suggestion_id": suggestion.id, "worker_id": worker_id, "chat_id": chat_id, "now": now}
        cost = {"cost": price.amount if price else None, "currency": price.currency if price else None}
        if not (await connection.execute(_ASK, {**which, **cost})).rowcount:
            return False
        await _check_quota(connection, suggestion.user_id, now, quota)
        if price:
            await _reserve(connection, Charge(ASSISTANT, suggestion.user_id, chat_id, price), budgets, now)
        return True

    @writes
    async def answered(
        self, connection: Transaction, suggestion_id: int, words: str, translation: str = "", *, cost: int | None
    ) -> bool:
        """The assistant has answered. `cost`: what that costs, in the currency of the reserved price and never more
        than it; None: all of it. False: it was given up for lost meanwhile."""
        return await _settle(connection, suggestion_id, SuggestionState.OFFERED, cost, words, translation)

    @writes
    async def failed(self, connection: Transaction, suggestion_id: int, cost: int | None) -> bool:
        """The assistant gave no words; `cost`: see `answered`."""
        return await _settle(connection, suggestion_id, SuggestionState.CLOSED, cost, None, None)

    async def close(self, suggestion_id: int) -> bool:
        """It is used, declined or refused. False: it was closed before, or the assistant is being asked."""
        return bool((await self._db.execute(_CLOSE, {"suggestion_id": suggestion_id})).rowcount)

    @writes
    async def give_up_lost(self, connection: Transaction) -> list[Suggestion]:
        """Close the questions whose worker is gone; their prices stay reserved. Each is returned once."""
        return [_suggestion(row) for row in await connection.execute(_LOST)]

    @writes
    async def forget(self, connection: Transaction, before: float) -> None:
        """Delete what was asked before this time; what it costs stays."""
        await connection.execute(_FORGET_FREE, {"before": before})
        await connection.execute(_FORGET_WORDS, {"before": before})

    @reads
    async def of_person(self, connection: Connection, user_id: int) -> list[Suggestion]:
        """The questions of a person whose words are not forgotten, oldest first."""
        rows = await connection.execute(_OF_PERSON, {"user_id": user_id})
        return [_suggestion(row) for row in rows]


_OF_PERSON = (
    select(suggestions)
    .where(suggestions.c.user_id == bindparam("user_id"), suggestions.c.request.is_not(None))
    .order_by(suggestions.c.id)
)


async def _check_quota(connection: Connection, user_id: int, now: float, quota: Quota) -> None:
    """Raise `QuotaExceededError` where a person has asked too often, this time included."""
    counted = await connection.execute(_COUNT, {"user_id": user_id, "since": now - DAY})
    ((today, waiting),) = counted.all()
    if quota.waiting is not None and waiting > quota.waiting:
        raise QuotaExceededError(quota.waiting, waiting=True)
    if quota.daily is not None and today > quota.daily:
        raise QuotaExceededError(quota.daily, waiting=False)


async def _reserve(connection: Transaction, charge: Charge, budgets: BudgetRules, now: float) -> None:
    known = await read_known(connection, charge, now)
    if is_limited(budgets, charge, known):
        # Claims of tasks, in other processes, spend the same money.
        await connection.lock("budgets")
        await refuse_unaffordable(connection, budgets, charge, now)
    await ledger.write(connection, _changes(charge.user_id, charge.chat_id, charge.price, now))


async def _settle(
    connection: Transaction,
    suggestion_id: int,
    state: SuggestionState,
    cost: int | None,
    words: str | None,
    translation: str | None,
) -> bool:
    known = (await connection.execute(_GET, {"suggestion_id": suggestion_id})).first()
    chat_id = await current_chat_id(connection, known.chat_id) if known else 0
    row = (await connection.execute(_LOCK, {"suggestion_id": suggestion_id})).first()
    if row is None or row.state != SuggestionState.ASKING:
        # The answer to this step may have got lost.
        return row is not None and words is not None and (row.state, row.words) == (state, words)
    settled = row.cost if cost is None or row.cost is None else min(cost, row.cost)
    answer = {"ends_as": state, "words": words, "translation": translation, "cost": settled}
    await connection.execute(_ANSWER, {"suggestion_id": suggestion_id, **answer})
    if row.cost is not None and settled != row.cost:
        change = Cost(settled - row.cost, row.currency)
        await ledger.write(connection, _changes(row.user_id, chat_id, change, row.asked_at))
    return True


def _changes(user_id: int, chat_id: int, cost: Cost, at: float) -> Changes:
    paying = ledger.payers(ASSISTANT, user_id, chat_id)
    return Changes({(cost.currency, day_of(at), payer): cost.amount for payer in paying})


def _suggestion(row: Any, *, has_agreed: bool = False) -> Suggestion:
    values = {name: getattr(row, name) for name in Suggestion.__slots__ if name not in {"has_agreed", "request"}}
    request = stored_request(row.request) if row.request else None
    return Suggestion(**{**values, "state": SuggestionState(row.state)}, request=request, has_agreed=has_agreed)
