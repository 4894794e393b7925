"""providers and costs"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column('people', sa.Column('provider', sa.String(length=64), nullable=True))
    op.add_column('jobs', sa.Column('first_provider', sa.String(length=64), nullable=True))
    op.add_column('tasks', sa.Column('cost', sa.BigInteger(), nullable=True))
    op.add_column('tasks', sa.Column('currency', sa.String(length=3), nullable=True))
    op.create_index('ix_tasks_user_id_finished_at', 'tasks', ['user_id', 'finished_at'])
