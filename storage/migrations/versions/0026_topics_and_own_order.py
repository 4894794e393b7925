"""Defaults of topics, menus that replace each other, and a person's own order of requests."""

import sqlalchemy as sa
from alembic import op

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        'topics',
        sa.Column('chat_id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('thread_id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('provider', sa.String(length=64), nullable=True),
        sa.Column('options', sa.JSON(), nullable=True),
        sa.Column('style', sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint('chat_id', 'thread_id'),
    )
    op.create_table(
        'menus',
        sa.Column('chat_id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('user_id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('ephemeral_id', sa.BigInteger(), nullable=False),
        sa.Column('sent_at', sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint('chat_id', 'user_id'),
    )
    op.create_index('ix_menus_user_id', 'menus', ['user_id'], unique=False)
    op.add_column('jobs', sa.Column('precedence', sa.Integer(), nullable=True))
