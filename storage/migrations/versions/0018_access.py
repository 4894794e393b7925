"""People and groups that admins let in or keep out, invitations, and when people were seen."""

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column('people', sa.Column('name', sa.String(length=64), nullable=True))
    op.add_column('people', sa.Column('seen_at', sa.Float(), nullable=True))
    op.add_column('people', sa.Column('seen_language', sa.String(length=16), nullable=True))
    op.add_column('chats', sa.Column('access', sa.String(length=8), nullable=True))
    op.add_column('chats', sa.Column('title', sa.String(length=64), nullable=True))
    op.create_table(
        'members',
        sa.Column('user_id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('access', sa.String(length=8), nullable=True),
        sa.Column('waiting', sa.Integer(), nullable=True),
        sa.Column('daily', sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint('user_id', name=op.f('pk_members')),
    )
    op.create_table(
        'invitations',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('token_hash', sa.String(length=64), nullable=False),
        sa.Column('uses_left', sa.Integer(), nullable=True),
        sa.Column('used', sa.Integer(), nullable=False),
        sa.Column('made_by', sa.BigInteger(), nullable=False),
        sa.Column('created_at', sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_invitations')),
        sa.UniqueConstraint('token_hash', name=op.f('uq_invitations_token_hash')),
    )
