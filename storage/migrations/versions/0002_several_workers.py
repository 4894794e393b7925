"""several workers"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    row_id = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
    op.create_table('workers',
    sa.Column('id', row_id, nullable=False),
    sa.Column('beat', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('started_at', sa.Float(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_workers')),
    sqlite_autoincrement=True
    )
    op.create_table('updates',
    sa.Column('id', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('worker_id', sa.BigInteger(), nullable=True),
    sa.Column('album', sa.String(length=128), nullable=True),
    sa.Column('payload', sa.JSON(), nullable=True),
    sa.Column('taken_at', sa.Float(), nullable=False),
    sa.Column('done_at', sa.Float(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_updates'))
    )
    op.create_index('ix_updates_album', 'updates', ['album'])
    op.create_index('ix_updates_taken_at', 'updates', ['taken_at'])
    undone = sa.text('done_at IS NULL')
    op.create_index('ix_updates_undone', 'updates', ['worker_id'], sqlite_where=undone, postgresql_where=undone)
    op.create_table('services',
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('not_before', sa.Float(), server_default='0', nullable=False),
    sa.Column('failures', sa.Integer(), server_default='0', nullable=False),
    sa.Column('trouble', sa.JSON(), nullable=True),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_services'))
    )
    op.add_column('jobs', sa.Column('worker_id', sa.BigInteger(), nullable=True))
    op.drop_index('ix_jobs_state', 'jobs')
    op.create_index('ix_jobs_user_id_created_at', 'jobs', ['user_id', 'created_at'])
    unfinished = sa.text('finished_at IS NULL')
    op.create_index('ix_jobs_open', 'jobs', ['worker_id'], sqlite_where=unfinished, postgresql_where=unfinished)
    kept = sa.text('data IS NOT NULL')
    op.create_index('ix_pictures_kept', 'pictures', ['created_at'], sqlite_where=kept, postgresql_where=kept)
    op.create_index('ix_sources_kept', 'sources', ['job_id'], sqlite_where=kept, postgresql_where=kept)
    shown = sa.text('hidden_at IS NULL')
    op.drop_index('ix_pictures_user_id_id', 'pictures')
    everywhere, by_chat = ['user_id', 'id', 'job_id'], ['user_id', 'chat_id', 'id', 'job_id']
    op.create_index('ix_pictures_shelf', 'pictures', everywhere, sqlite_where=shown, postgresql_where=shown)
    op.create_index('ix_pictures_shelf_chat', 'pictures', by_chat, sqlite_where=shown, postgresql_where=shown)
    op.add_column('tasks', sa.Column('begun_at', sa.Float(), nullable=True))
    op.add_column('tasks', sa.Column('worker_id', sa.BigInteger(), nullable=True))
    op.create_index('ix_tasks_provider_begun_at', 'tasks', ['provider', 'begun_at'])
