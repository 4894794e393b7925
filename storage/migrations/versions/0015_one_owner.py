"""Tasks belong to the worker of their job."""

from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.drop_column('tasks', 'worker_id')
