"""Likenesses: photos of people that prompts may name."""

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None

IS_LIKENESS = sa.text('likeness_id IS NOT NULL')


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column('sources', sa.Column('likeness_id', sa.BigInteger(), nullable=True))
    op.add_column('sources', sa.Column('named', sa.Text(), nullable=True))
    op.create_index(
        op.f('ix_sources_likeness_id'),
        'sources',
        ['likeness_id'],
        sqlite_where=IS_LIKENESS,
        postgresql_where=IS_LIKENESS,
    )
    op.create_table(
        'likenesses',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('user_id', sa.BigInteger(), nullable=False),
        sa.Column('username', sa.String(32), nullable=True),
        sa.Column('name', sa.String(64), nullable=False),
        sa.Column('data', sa.LargeBinary(), nullable=False),
        sa.Column('media_type', sa.String(32), nullable=False),
        sa.Column('muted', sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column('created_at', sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_likenesses')),
        sa.UniqueConstraint('user_id', name=op.f('uq_likenesses_user_id')),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f('ix_likenesses_username'), 'likenesses', ['username'])
    op.create_table(
        'likeness_chats',
        sa.Column('likeness_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
        sa.Column('chat_id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('title', sa.String(64), nullable=False),
        sa.Column('told_at', sa.Float(), nullable=True),
        sa.Column('uses', sa.Integer(), server_default=sa.text('0'), nullable=False),
        sa.ForeignKeyConstraint(
            ['likeness_id'], ['likenesses.id'], name=op.f('fk_likeness_chats_likeness_id'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('likeness_id', 'chat_id', name=op.f('pk_likeness_chats')),
    )
    op.create_index(op.f('ix_likeness_chats_chat_id'), 'likeness_chats', ['chat_id'])
    op.create_table(
        'likeness_questions',
        sa.Column('user_id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('chat_id', sa.BigInteger(), nullable=False),
        sa.Column('file_id', sa.Text(), nullable=False),
        sa.Column('asked_at', sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint('user_id', name=op.f('pk_likeness_questions')),
    )
    op.create_table(
        'depicted',
        sa.Column('job_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
        sa.Column('likeness_id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('told', sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(['job_id'], ['jobs.id'], name=op.f('fk_depicted_job_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('job_id', 'likeness_id', name=op.f('pk_depicted')),
    )
    op.create_index(op.f('ix_depicted_likeness_id'), 'depicted', ['likeness_id'])
