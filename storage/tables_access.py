"""The tables of access: members, invitations. That of groups stands in `chats`."""

from sqlalchemy import BigInteger, Column, Float, Integer, Table

from storage.column_types import String
from storage.tables_base import RowId, metadata

# What the bot's admins have decided about a person. It outlives the person's data.
members = Table(
    "members",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    # "admin", "allowed" or "banned"; NULL: as the configuration says.
    Column("access", String(8)),
    # Limits of their own; 0: no limit, NULL: those of the configuration.
    Column("waiting", Integer),
    Column("daily", Integer),
)

# Links that let people in. One without any use left is deleted.
invitations = Table(
    "invitations",
    metadata,
    Column("id", RowId, primary_key=True),
    # Whoever reads the database, or a backup, can't use it.
    Column("token_hash", String(64), nullable=False, unique=True),
    # NULL: as many as like.
    Column("uses_left", Integer),
    Column("used", Integer, nullable=False),
    # The admin; 0 once their data is erased.
    Column("made_by", BigInteger, nullable=False),
    Column("created_at", Float, nullable=False),
)
