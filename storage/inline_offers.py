"""Inline offers: the words that were typed after the bot's name, until the message with them is begun."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import Executable, bindparam, delete, func, select, update

from storage.connection import Transaction
from storage.operations import Operations, writes
from storage.schema import inline_offers
from storage.statements import upsert

MOST_OF_A_PERSON = 100
"""Each pause while typing makes an offer; a person's oldest ones go first."""
ID_BYTES = 12

_OFFER, _PERSON = inline_offers.c.id == bindparam("offer_id"), inline_offers.c.user_id == bindparam("user_id")
_ADD = upsert(inline_offers, "id", "user_id", "words", "created_at").on_conflict_do_update(
    index_elements=["id"], set_={"created_at": bindparam("created_at")}
)
_NEWEST = (
    select(inline_offers.c.id)
    .where(_PERSON)
    .order_by(inline_offers.c.created_at.desc(), inline_offers.c.id)
    .limit(MOST_OF_A_PERSON)
)
_PRUNE = delete(inline_offers).where(_PERSON, inline_offers.c.id.not_in(_NEWEST))
_RETURNED = (inline_offers.c.user_id, inline_offers.c.words)
_TAKE: Mapping[bool, Executable] = {
    True: update(inline_offers).where(_OFFER).values(chosen_at=bindparam("now")).returning(*_RETURNED),
    False: update(inline_offers).where(_OFFER).values(pressed_at=bindparam("now")).returning(*_RETURNED),
}
_FEEDBACK = select(func.count(inline_offers.c.chosen_at), func.count(inline_offers.c.pressed_at))
_FORGET = delete(inline_offers).where(inline_offers.c.created_at < bindparam("before"))


@dataclass(frozen=True, slots=True)
class InlineOffer:
    """The words that a person typed."""

    user_id: int
    words: str


@dataclass(frozen=True, slots=True)
class InlineFeedback:
    """How lately sent offers were begun: those that Telegram told of, and those whose button was pressed."""

    chosen: int
    pressed: int


def offer_id(user_id: int, words: str) -> str:
    """The id of an offer: the same for the same words of a person, at most 24 letters and digits."""
    return blake2b(f"{user_id}:{words}".encode(), digest_size=ID_BYTES).hexdigest()


class InlineOffers(Operations):
    """The inline offers of one database. Times are passed in, in seconds since 1970."""

    @writes
    async def add(self, connection: Transaction, user_id: int, words: str, now: float) -> None:
        """Store an offer; the same words once more renew it."""
        row = {"id": offer_id(user_id, words), "user_id": user_id, "words": words, "created_at": now}
        await connection.execute(_ADD, row)
        await connection.execute(_PRUNE, {"user_id": user_id})

    async def take(self, offer: str, now: float, *, by_feedback: bool) -> InlineOffer | None:
        """The offer of this id, as its message is begun: `by_feedback` or by its button. None: it is forgotten."""
        row = (await self._db.fetch(_TAKE[by_feedback], {"offer_id": offer, "now": now})).first()
        return None if row is None else InlineOffer(row.user_id, row.words)

    async def feedback(self) -> InlineFeedback:
        """How the offers that are kept were begun."""
        return InlineFeedback(*(await self._db.fetch(_FEEDBACK)).one())

    async def forget(self, before: float) -> None:
        """Delete those that were typed before this time."""
        await self._db.execute(_FORGET, {"before": before})
