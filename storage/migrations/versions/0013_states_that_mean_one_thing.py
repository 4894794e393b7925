"""States of which each means one thing: "ended, but not told yet" is a state of its own."""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    # Jobs that have ended, and of which the person may not have been told yet.
    for told, untold in (('failed', 'failing'), ('cancelled', 'cancelling'), ('interrupted', 'interrupting')):
        op.execute(f"UPDATE jobs SET state = '{untold}' WHERE state = '{told}' AND finished_at IS NULL")
    op.drop_index('ix_jobs_open', 'jobs')
    unfinished = sa.text("state NOT IN ('delivered', 'failed', 'cancelled', 'interrupted')")
    op.create_index('ix_jobs_open', 'jobs', ['worker_id'], sqlite_where=unfinished, postgresql_where=unfinished)
