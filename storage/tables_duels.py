"""The tables of duels: one prompt, several services, and the votes of a chat."""

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, Table

from storage.column_types import JSON, String
from storage.tables_base import RowId, metadata, partial

# One prompt that several services draw. Its jobs name it in `jobs.duel_id`.
duels = Table(
    "duels",
    metadata,
    Column("id", RowId, primary_key=True),
    # Names the update that asked for it, as in `jobs`. NULL: the person's data was erased.
    Column("idempotency_key", String(96), unique=True),
    Column("state", String(16), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False, index=True),
    # Until the person has agreed to the price: the fields of each `NewJob`, and its `price`.
    Column("requests", JSON),
    # The message in this chat that asks for that. NULL: it may not have been sent.
    Column("question_id", BigInteger),
    # Telegram's id of the poll. Empty: one may have been sent, and is not tried again.
    Column("poll_id", String(64)),
    Column("poll_message_id", BigInteger),
    Column("created_at", Float, nullable=False),
    # When the vote ends by itself.
    Column("closes_at", Float),
    Column("closed_at", Float),
    # When the chat was told the result, or that there is none.
    Column("told_at", Float),
    # The worker that is telling it, and until when no other one does while that lives.
    Column("worker_id", BigInteger),
    Column("telling_until", Float, nullable=False, server_default="0"),
    Index("ix_duels_untold", "closes_at", **partial("told_at IS NULL")),
    # An id is not used again: an old button must not act on another duel.
    sqlite_autoincrement=True,
)

# One vote of each person, until the duel is closed.
votes = Table(
    "votes",
    metadata,
    Column("duel_id", ForeignKey("duels.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("letter", String(1), nullable=False),
    Column("voted_at", Float, nullable=False),
    Index("ix_votes_user_id", "user_id"),
)

# The outcome of a closed duel for each service; it names no person.
duel_results = Table(
    "duel_results",
    metadata,
    Column("duel_id", ForeignKey("duels.id", ondelete="CASCADE"), primary_key=True),
    Column("letter", String(1), primary_key=True),
    Column("chat_id", BigInteger, nullable=False, index=True),
    Column("provider", String(64), nullable=False),
    Column("votes", Integer, nullable=False),
    # It alone has the most votes.
    Column("won", Boolean, nullable=False),
    # As in `tasks`.
    Column("cost", BigInteger),
    Column("currency", String(3)),
    Column("seconds", Float),
)
