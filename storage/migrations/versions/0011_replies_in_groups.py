"""Which replies in a group are requests."""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column('chats', sa.Column('replies', sa.String(length=16), nullable=True))
