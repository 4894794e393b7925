"""The address at which a service's callbacks arrive."""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column('services', sa.Column('calls_at', sa.Text(), nullable=True))
