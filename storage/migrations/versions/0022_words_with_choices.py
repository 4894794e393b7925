"""Words with choices: each picture of a job has words of its own."""

import sqlalchemy as sa
from alembic import op

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column('jobs', sa.Column('choices', sa.JSON(), nullable=True))
    op.add_column('tasks', sa.Column('prompt', sa.Text(), nullable=True))
    has_own = sa.text('prompt IS NOT NULL')
    op.create_index('ix_tasks_own_words', 'tasks', ['user_id'], sqlite_where=has_own, postgresql_where=has_own)
