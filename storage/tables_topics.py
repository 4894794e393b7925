"""The tables of a group's parts: the defaults of its topics, and the menus that only one member sees."""

from sqlalchemy import BigInteger, Column, Float, Index, Table

from storage.column_types import JSON, String
from storage.tables_base import metadata

# The defaults of a forum's topic, set there by an admin of the group. They hold where neither the prompt nor the
# person's settings name one, and go before those of the group.
topics = Table(
    "topics",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    # 1 is the general topic.
    Column("thread_id", BigInteger, primary_key=True, autoincrement=False),
    Column("provider", String(64)),
    Column("options", JSON),
    # The English name of a built-in style.
    Column("style", String(36)),
)

# The latest ephemeral message with buttons of each member of a group: the next one replaces it.
menus = Table(
    "menus",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    # Telegram's id of it, for its receiver only.
    Column("ephemeral_id", BigInteger, nullable=False),
    Column("sent_at", Float, nullable=False),
    Index("ix_menus_user_id", "user_id"),
)
