"""The tables of processes and services: workers, updates, provider_health."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, Table

from storage.column_types import JSON, String, Text
from storage.tables_base import RowId, metadata, partial

# The processes of the bot that share this database. A worker's heartbeat goes up by one every few seconds.
workers = Table(
    "workers",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("heartbeat", BigInteger, nullable=False, server_default="0"),
    Column("started_at", Float, nullable=False),
    # The name of its database sessions.
    Column("session", String(63)),
    # No id is used again: rows that a dead worker owned must not look like those of a living one.
    sqlite_autoincrement=True,
)

# Telegram's updates from the moment they are taken until they are done: one that comes twice acts once.
updates = Table(
    "updates",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("worker_id", BigInteger),
    # The same for all items of one album: they go to one worker.
    Column("album", String(128)),
    # As Telegram sent it; NULL when it is done.
    Column("payload", JSON),
    Column("taken_at", Float, nullable=False),
    Column("done_at", Float),
    Index("ix_updates_album", "album"),
    Index("ix_updates_undone", "worker_id", **partial("done_at IS NULL")),
    Index("ix_updates_taken_at", "taken_at"),
)

# The state of each provider, common to all workers.
provider_health = Table(
    "services",
    metadata,
    Column("name", String(64), primary_key=True),
    # Nothing is submitted before this time.
    Column("not_before", Float, nullable=False, server_default="0"),
    # How many tasks in a row failed by the service's fault.
    Column("failures", Integer, nullable=False, server_default="0"),
    # Why it is paused, as people read it; one task at a time tries it until one succeeds.
    Column("error_message", JSON),
    # The public address at which its callbacks arrive; NULL: none has come, or one was missed since.
    Column("calls_at", Text),
    # Since when its only answers have been that it is busy, and when the latest one came.
    Column("busy_since", Float),
    Column("busy_at", Float),
    # Why it is paused (`provider_health.Problem`), since when, and what the operator can do.
    Column("problem", String(16)),
    Column("problem_since", Float),
    Column("advice", Text),
    # The problem that the admins know of and that lasts; the one that they were told of last, and when.
    Column("told", String(16)),
    Column("told_last", String(16)),
    Column("told_at", Float),
    # The admin who has paused it, and when: nothing is submitted until an admin resumes it.
    Column("paused_by", BigInteger),
    Column("paused_at", Float),
)
