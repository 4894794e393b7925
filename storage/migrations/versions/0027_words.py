"""The time zone of a person, and drafts that keep the service and the options of a request."""

import sqlalchemy as sa
from alembic import op

revision = '0027'
down_revision = '0026'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column('people', sa.Column('time_zone', sa.String(length=40), nullable=True))
    op.add_column('drafts', sa.Column('provider', sa.String(length=64), nullable=True))
    op.add_column('drafts', sa.Column('options', sa.JSON(), nullable=True))
