"""How often a picture was sent, and the names of people in chats with others."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column('pictures', sa.Column('sends', sa.Integer(), server_default='0', nullable=False))
    op.add_column('jobs', sa.Column('user_name', sa.String(length=64), nullable=True))
