"""How long tasks took.

Earlier durations may include time that the bot was down, so they are learned anew.
"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column('tasks', sa.Column('seconds', sa.Float(), nullable=True))
