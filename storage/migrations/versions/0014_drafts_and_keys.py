"""Drafts, idempotency keys, and messages of the former group.

Before, one text, `jobs.origin`, held the update that had asked ("message:7", "press:<button>:<query>"), that it was in
the former group ("old:…"), the update that had taken a draft ("taken:<origin>:<draft>"), and that the person was erased
("erased:<job>"); a message id below zero was that of a message in another chat. Drafts were jobs.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

OLD, TAKEN, MESSAGE = 'old:', 'taken:', 'message:'
# A group's id before it became this supergroup, or the chat's own one.
FORMER = "coalesce((SELECT migrated_from FROM chats WHERE chats.id = {0}.chat_id), {0}.chat_id)"
KEYS = f"""
    UPDATE jobs SET
        idempotency_key = CASE
            WHEN substr(origin, 1, 7) = 'erased:' THEN NULL
            WHEN substr(origin, 1, 4) = 'old:'
                THEN CAST({FORMER.format('jobs')} AS VARCHAR) || ':' || substr(origin, 5)
            ELSE CAST(chat_id AS VARCHAR) || ':' || origin
        END,
        asked_message_id = CASE WHEN substr(origin, 1, 8) = 'message:' THEN message_id END,
        button = CASE WHEN substr(origin, 1, 6) = 'press:' THEN substr(origin, 7, 8) END
"""
# It was posted twice, as the group moved.
POSTED_TWICE = f"""
    DELETE FROM posted WHERE message_id < 0 AND EXISTS (
        SELECT 1 FROM posted AS first
        WHERE first.chat_id = {FORMER.format('posted')} AND first.message_id = -posted.message_id
    )
"""


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(one, sa.JSON() if one == 'style' else None) for one in columns))


_BOTH = ('chat_id', 'user_id', 'message_id', 'style', 'created_at')
jobs = _table('jobs', 'id', 'state', 'origin', 'status_id', 'prompt', *_BOTH)
chats = _table('chats', 'id', 'migrated_from')
sources = _table('sources', 'id', 'job_id', 'file_id', 'message_id', 'picture_id')
drafts = _table('drafts', 'id', 'idempotency_key', 'taken_by', 'question_id', 'words', *_BOTH)
references = _table('draft_references', 'draft_id', 'file_id', 'message_id', 'picture_id')


def upgrade() -> None:
    """Bring the tables forward."""
    _make_tables()
    op.add_column('jobs', sa.Column('idempotency_key', sa.String(length=96), nullable=True))
    op.add_column('jobs', sa.Column('asked_message_id', sa.BigInteger(), nullable=True))
    op.add_column('jobs', sa.Column('button', sa.String(length=8), nullable=True))
    op.add_column('pictures', sa.Column('former_chat_id', sa.BigInteger(), nullable=True))
    _move_drafts(op.get_bind())
    op.execute(KEYS)
    op.drop_index('ix_jobs_chat_id_origin', 'jobs')
    op.drop_column('jobs', 'origin')
    op.create_index('ix_jobs_idempotency_key', 'jobs', ['idempotency_key'], unique=True)
    op.create_index('ix_jobs_chat_id_asked_message_id', 'jobs', ['chat_id', 'asked_message_id'])
    for table in ('jobs', 'sources'):
        _forget_elsewhere(table)
    former = FORMER.format('pictures')
    op.execute(f"UPDATE pictures SET former_chat_id = {former}, message_id = -message_id WHERE message_id < 0")
    op.execute(POSTED_TWICE)
    former = FORMER.format('posted')
    op.execute(f"UPDATE posted SET chat_id = {former}, message_id = -message_id WHERE message_id < 0")
    # Not `alter_column`: on SQLite that would copy each table.
    for table in ('jobs', 'tasks', 'services'):
        op.execute(f'ALTER TABLE {table} RENAME COLUMN trouble TO error_message')
    op.execute('ALTER TABLE workers RENAME COLUMN beat TO heartbeat')


def _make_tables() -> None:
    row_id = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
    op.create_table(
        'drafts',
        sa.Column('id', row_id, nullable=False),
        sa.Column('idempotency_key', sa.String(length=96), nullable=True),
        sa.Column('taken_by', sa.String(length=96), nullable=True),
        sa.Column('chat_id', sa.BigInteger(), nullable=False),
        sa.Column('user_id', sa.BigInteger(), nullable=False),
        sa.Column('message_id', sa.BigInteger(), nullable=True),
        sa.Column('question_id', sa.BigInteger(), nullable=True),
        sa.Column('words', sa.Text(), nullable=False),
        sa.Column('style', sa.JSON(), nullable=True),
        sa.Column('created_at', sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_drafts')),
        sa.UniqueConstraint('idempotency_key', name=op.f('uq_drafts_idempotency_key')),
    )
    op.create_index(op.f('ix_drafts_taken_by'), 'drafts', ['taken_by'])
    op.create_index('ix_drafts_chat_id_user_id', 'drafts', ['chat_id', 'user_id'])
    op.create_table(
        'draft_references',
        sa.Column('id', row_id, nullable=False),
        sa.Column('draft_id', row_id, nullable=False),
        sa.Column('file_id', sa.Text(), nullable=False),
        sa.Column('message_id', sa.BigInteger(), nullable=True),
        sa.Column('picture_id', sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ['draft_id'], ['drafts.id'], name=op.f('fk_draft_references_draft_id'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_draft_references')),
    )
    op.create_index(op.f('ix_draft_references_draft_id'), 'draft_references', ['draft_id'])


def _forget_elsewhere(table: str) -> None:
    """A message that is not in the chat has no number any more."""
    # SQLite can make a column nullable only by making the table anew, with all that refers to it.
    op.add_column(table, sa.Column('message_here', sa.BigInteger(), nullable=True))
    op.execute(f"UPDATE {table} SET message_here = message_id WHERE message_id > 0")
    op.drop_column(table, 'message_id')
    op.execute(f"ALTER TABLE {table} RENAME COLUMN message_here TO message_id")


def _move_drafts(connection: sa.Connection) -> None:
    former = sa.select(chats.c.migrated_from).where(chats.c.id == jobs.c.chat_id).scalar_subquery()
    waiting = sa.select(jobs, former.label('former')).where(jobs.c.state == 'draft').order_by(jobs.c.id)
    for row in connection.execute(waiting).mappings().all():
        added = sa.insert(drafts).values(_draft(row)).returning(drafts.c.id)
        _copy_references(connection, row['id'], connection.execute(added).scalar_one())
        connection.execute(sa.delete(sources).where(sources.c.job_id == row['id']))
        connection.execute(sa.delete(jobs).where(jobs.c.id == row['id']))


def _copy_references(connection: sa.Connection, job_id: int, draft_id: int) -> None:
    here = sa.case((sources.c.message_id > 0, sources.c.message_id))
    own = sa.select(sa.literal(draft_id), sources.c.file_id, here, sources.c.picture_id)
    own = own.where(sources.c.job_id == job_id).order_by(sources.c.id)
    names = ['draft_id', 'file_id', 'message_id', 'picture_id']
    connection.execute(sa.insert(references).from_select(names, own))


def _draft(row: Any) -> dict[str, Any]:
    chat_id, origin = row['chat_id'], row['origin']
    if is_former := origin.startswith(OLD):
        chat_id, origin = row['former'] or chat_id, origin.removeprefix(OLD)
    taken_by = None
    if origin.startswith(TAKEN):
        taken_by, origin = origin.removeprefix(TAKEN).rpartition(':')[0], None
    is_of_message = not is_former and origin is not None and origin.startswith(MESSAGE)
    return {
        'idempotency_key': None if origin is None else f'{chat_id}:{origin}',
        'taken_by': None if taken_by is None else f'{chat_id}:{taken_by}',
        **{name: row[name] for name in ('chat_id', 'user_id', 'style', 'created_at')},
        'message_id': row['message_id'] if is_of_message else None,
        'question_id': row['status_id'],
        'words': row['prompt'],
    }
