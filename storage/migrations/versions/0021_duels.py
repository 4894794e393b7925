"""Duels: one prompt for several services, and the votes of a chat."""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column('jobs', sa.Column('duel_id', sa.BigInteger(), nullable=True))
    op.add_column('jobs', sa.Column('duel_letter', sa.String(1), nullable=True))
    of_duels = sa.text('duel_id IS NOT NULL')
    op.create_index('ix_jobs_duel_id', 'jobs', ['duel_id'], sqlite_where=of_duels, postgresql_where=of_duels)
    op.add_column('chats', sa.Column('duel_polls', sa.Boolean(), nullable=True))
    op.create_table(
        'duels',
        sa.Column('id', ROW_ID, nullable=False),
        sa.Column('idempotency_key', sa.String(96), nullable=True),
        sa.Column('state', sa.String(16), nullable=False),
        sa.Column('chat_id', sa.BigInteger(), nullable=False),
        sa.Column('user_id', sa.BigInteger(), nullable=False),
        sa.Column('requests', sa.JSON(), nullable=True),
        sa.Column('question_id', sa.BigInteger(), nullable=True),
        sa.Column('poll_id', sa.String(64), nullable=True),
        sa.Column('poll_message_id', sa.BigInteger(), nullable=True),
        sa.Column('created_at', sa.Float(), nullable=False),
        sa.Column('closes_at', sa.Float(), nullable=True),
        sa.Column('closed_at', sa.Float(), nullable=True),
        sa.Column('told_at', sa.Float(), nullable=True),
        sa.Column('worker_id', sa.BigInteger(), nullable=True),
        sa.Column('telling_until', sa.Float(), server_default='0', nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_duels')),
        sa.UniqueConstraint('idempotency_key', name=op.f('uq_duels_idempotency_key')),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f('ix_duels_user_id'), 'duels', ['user_id'])
    untold = sa.text('told_at IS NULL')
    op.create_index('ix_duels_untold', 'duels', ['closes_at'], sqlite_where=untold, postgresql_where=untold)
    op.create_table(
        'votes',
        sa.Column('duel_id', ROW_ID, nullable=False),
        sa.Column('user_id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('letter', sa.String(1), nullable=False),
        sa.Column('voted_at', sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(['duel_id'], ['duels.id'], name=op.f('fk_votes_duel_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('duel_id', 'user_id', name=op.f('pk_votes')),
    )
    op.create_index('ix_votes_user_id', 'votes', ['user_id'])
    op.create_table(
        'duel_results',
        sa.Column('duel_id', ROW_ID, nullable=False),
        sa.Column('letter', sa.String(1), nullable=False),
        sa.Column('chat_id', sa.BigInteger(), nullable=False),
        sa.Column('provider', sa.String(64), nullable=False),
        sa.Column('votes', sa.Integer(), nullable=False),
        sa.Column('won', sa.Boolean(), nullable=False),
        sa.Column('cost', sa.BigInteger(), nullable=True),
        sa.Column('currency', sa.String(3), nullable=True),
        sa.Column('seconds', sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(['duel_id'], ['duels.id'], name=op.f('fk_duel_results_duel_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('duel_id', 'letter', name=op.f('pk_duel_results')),
    )
    op.create_index(op.f('ix_duel_results_chat_id'), 'duel_results', ['chat_id'])
