"""Help with words: what the assistant is asked, and who has agreed to that."""

import sqlalchemy as sa
from alembic import op

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        'suggestions',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('idempotency_key', sa.String(96), nullable=True),
        sa.Column('state', sa.String(8), nullable=False),
        sa.Column('kind', sa.String(8), nullable=False),
        sa.Column('user_id', sa.BigInteger(), nullable=False),
        sa.Column('chat_id', sa.BigInteger(), nullable=False),
        sa.Column('question_id', sa.BigInteger(), nullable=True),
        sa.Column('answered_id', sa.BigInteger(), nullable=True),
        sa.Column('request', sa.JSON(), nullable=True),
        sa.Column('file_id', sa.Text(), nullable=True),
        sa.Column('seconds', sa.Float(), nullable=True),
        sa.Column('words', sa.Text(), nullable=True),
        sa.Column('translation', sa.Text(), nullable=True),
        sa.Column('worker_id', sa.BigInteger(), nullable=True),
        sa.Column('created_at', sa.Float(), nullable=False),
        sa.Column('asked_at', sa.Float(), nullable=True),
        sa.Column('cost', sa.BigInteger(), nullable=True),
        sa.Column('currency', sa.String(3), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_suggestions')),
        sa.UniqueConstraint('idempotency_key', name=op.f('uq_suggestions_idempotency_key')),
        sqlite_autoincrement=True,
    )
    op.create_index('ix_suggestions_user_id_asked_at', 'suggestions', ['user_id', 'asked_at'])
    op.create_table(
        'consents',
        sa.Column('user_id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('host', sa.String(255), nullable=False),
        sa.Column('agreed_at', sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint('user_id', name=op.f('pk_consents')),
    )
