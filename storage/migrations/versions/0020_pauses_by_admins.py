"""Why a service is paused, whether the admins know, and pauses by an admin."""

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column('services', sa.Column('problem', sa.String(length=16), nullable=True))
    op.add_column('services', sa.Column('problem_since', sa.Float(), nullable=True))
    op.add_column('services', sa.Column('advice', sa.Text(), nullable=True))
    op.add_column('services', sa.Column('told', sa.String(length=16), nullable=True))
    op.add_column('services', sa.Column('told_last', sa.String(length=16), nullable=True))
    op.add_column('services', sa.Column('told_at', sa.Float(), nullable=True))
    op.add_column('services', sa.Column('paused_by', sa.BigInteger(), nullable=True))
    op.add_column('services', sa.Column('paused_at', sa.Float(), nullable=True))
