"""galleries, styles and chats"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column('people', sa.Column('delivery', sa.String(length=8), nullable=True))
    op.add_column('people', sa.Column('spoiler', sa.Boolean(), nullable=True))
    op.add_column('people', sa.Column('drafts', sa.Boolean(), nullable=True))
    op.add_column('jobs', sa.Column('style', sa.JSON(), nullable=True))
    op.add_column('sources', sa.Column('picture_id', sa.BigInteger(), nullable=True))
    op.add_column('pictures', sa.Column('unique_id', sa.String(length=64), nullable=True))
    op.add_column('pictures', sa.Column('seed', sa.BigInteger(), nullable=True))
    op.add_column('pictures', sa.Column('starred_at', sa.Float(), nullable=True))
    op.create_index('ix_pictures_unique_id', 'pictures', ['unique_id'])
    op.create_index('ix_pictures_chat_id_message_id', 'pictures', ['chat_id', 'message_id'])
    op.create_table(
        'styles',
        sa.Column('user_id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('name', sa.String(length=36), nullable=False),
        sa.Column('words', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('user_id', 'name', name=op.f('pk_styles')),
    )
    op.create_table(
        'chats',
        sa.Column('id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('admins_only', sa.Boolean(), nullable=True),
        sa.Column('provider', sa.String(length=64), nullable=True),
        sa.Column('options', sa.JSON(), nullable=True),
        sa.Column('quiet', sa.Boolean(), nullable=True),
        sa.Column('paused', sa.Boolean(), nullable=True),
        sa.Column('muted', sa.Boolean(), nullable=True),
        sa.Column('thread_id', sa.BigInteger(), nullable=True),
        sa.Column('migrated_from', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_chats')),
        sa.UniqueConstraint('migrated_from', name=op.f('uq_chats_migrated_from')),
    )
    op.add_column('tasks', sa.Column('pictures', sa.Integer(), nullable=True))
    op.execute(
        "UPDATE tasks SET pictures = (SELECT count(*) FROM pictures "
        "WHERE pictures.job_id = tasks.job_id AND pictures.task_id = tasks.id) WHERE state = 'done'"
    )
    op.create_table(
        'erased',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('user_id', sa.BigInteger(), nullable=False),
        sa.Column('asked_at', sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_erased')),
    )
    op.create_index(op.f('ix_erased_user_id'), 'erased', ['user_id'])
