"""Since when a service has said nothing but that it is busy."""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column('services', sa.Column('busy_since', sa.Float(), nullable=True))
    op.add_column('services', sa.Column('busy_at', sa.Float(), nullable=True))
