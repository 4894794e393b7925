"""Edited messages, and the captions of albums."""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column('jobs', sa.Column('said', sa.String(length=32), nullable=True))
    op.add_column('jobs', sa.Column('edited_at', sa.Float(), nullable=True))
    op.create_table(
        'captions',
        sa.Column('chat_id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('message_id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('job_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('words', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(['job_id'], ['jobs.id'], name=op.f('fk_captions_job_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('chat_id', 'message_id', name=op.f('pk_captions')),
    )
    op.create_index('ix_captions_job_id', 'captions', ['job_id'])
    op.create_table(
        'edits',
        sa.Column('chat_id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('message_id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('job_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('words', sa.Text(), nullable=True),
        sa.Column('said', sa.String(length=32), nullable=False),
        sa.Column('edited_at', sa.Float(), nullable=False),
        sa.Column('offer_id', sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(['job_id'], ['jobs.id'], name=op.f('fk_edits_job_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('chat_id', 'message_id', name=op.f('pk_edits')),
    )
    op.create_index('ix_edits_job_id', 'edits', ['job_id'])
