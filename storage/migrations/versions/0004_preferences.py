"""preferences"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column('people', sa.Column('language', sa.String(length=16), nullable=True))
    op.add_column('people', sa.Column('options', sa.JSON(), nullable=True))
