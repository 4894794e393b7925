"""A search reads the prompts in an index, and not in the table."""

from alembic import op
from sqlalchemy import text

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    if op.get_bind().dialect.name == 'sqlite':
        op.create_index('ix_jobs_prompt', 'jobs', ['user_id', 'id', 'prompt'])
        return
    # An entry of an index has at most 2,700 bytes.
    op.create_index(
        'ix_jobs_short_prompt',
        'jobs',
        ['user_id', 'id', text('lower(prompt)')],
        postgresql_include=['prompt'],
        postgresql_where=text('octet_length(prompt) <= 1000'),
    )
    op.create_index('ix_jobs_long_prompt', 'jobs', ['user_id'], postgresql_where=text('octet_length(prompt) > 1000'))
