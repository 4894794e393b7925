"""Jobs that are shown in a message of inline mode, and the words that wait for such a message."""

import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column('jobs', sa.Column('inline_message_id', sa.Text(), nullable=True))
    op.create_table(
        'inline_offers',
        sa.Column('id', sa.String(length=24), nullable=False),
        sa.Column('user_id', sa.BigInteger(), nullable=False),
        sa.Column('words', sa.Text(), nullable=False),
        sa.Column('created_at', sa.Float(), nullable=False),
        sa.Column('chosen_at', sa.Float(), nullable=True),
        sa.Column('pressed_at', sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_inline_offers')),
    )
    op.create_index('ix_inline_offers_user_id', 'inline_offers', ['user_id'])
