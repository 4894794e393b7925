"""The tables of money: spending, budgets, confirmations."""

from sqlalchemy import BigInteger, Column, Float, Integer, Table

from storage.column_types import JSON, String
from storage.tables_base import RowId, metadata

# The money that was spent or is reserved, by payer, currency and day (UTC; days since 1970): sums of `tasks.counted`.
# `payer`: see `storage.ledger`. `amount`: as in `tasks.cost`.
spending = Table(
    "spending",
    metadata,
    Column("payer", String(80), primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("amount", BigInteger, nullable=False),
)

# The budgets of one person or group, in place of those of the configuration: a list of [amount, currency, period].
budgets = Table(
    "budgets",
    metadata,
    Column("payer", String(80), primary_key=True),
    Column("budgets", JSON, nullable=False),
)

# Requests that cost so much that their person was asked first.
confirmations = Table(
    "confirmations",
    metadata,
    Column("id", RowId, primary_key=True),
    # Names the update that asked for it, as in `jobs`: a later question of the same update replaces it.
    Column("idempotency_key", String(96), nullable=False, unique=True),
    Column("user_id", BigInteger, nullable=False, index=True),
    Column("chat_id", BigInteger, nullable=False),
    # The request: the fields of `NewJob`, and its `price`: a `Cost`.
    Column("request", JSON, nullable=False),
    # The bot's message in this chat with the question. NULL: it may not have been sent.
    Column("question_id", BigInteger),
    Column("created_at", Float, nullable=False),
    # An id is not used again: an old button must not confirm another request.
    sqlite_autoincrement=True,
)
