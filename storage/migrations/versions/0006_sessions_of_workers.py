"""Names of the workers' database sessions."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column('workers', sa.Column('session', sa.String(length=63), nullable=True))
