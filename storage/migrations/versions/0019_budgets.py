"""Budgets: what is reserved and spent, and questions about prices."""

import time
from collections import Counter
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None

DAY = 86400.0


def upgrade() -> None:
    """Bring the tables forward."""
    op.add_column('tasks', sa.Column('price', sa.BigInteger(), nullable=True))
    op.add_column('tasks', sa.Column('counted', sa.BigInteger(), nullable=True))
    op.add_column('tasks', sa.Column('reserved_at', sa.Float(), nullable=True))
    op.create_table(
        'spending',
        sa.Column('payer', sa.String(80), nullable=False),
        sa.Column('currency', sa.String(3), nullable=False),
        sa.Column('day', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('amount', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('payer', 'currency', 'day', name=op.f('pk_spending')),
    )
    op.create_table(
        'budgets',
        sa.Column('payer', sa.String(80), nullable=False),
        sa.Column('budgets', sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint('payer', name=op.f('pk_budgets')),
    )
    op.create_table(
        'confirmations',
        sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
        sa.Column('idempotency_key', sa.String(96), nullable=False),
        sa.Column('user_id', sa.BigInteger(), nullable=False),
        sa.Column('chat_id', sa.BigInteger(), nullable=False),
        sa.Column('request', sa.JSON(), nullable=False),
        sa.Column('question_id', sa.BigInteger(), nullable=True),
        sa.Column('created_at', sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_confirmations')),
        sa.UniqueConstraint('idempotency_key', name=op.f('uq_confirmations_idempotency_key')),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f('ix_confirmations_user_id'), 'confirmations', ['user_id'])
    _count_this_month(op.get_bind())


def _count_this_month(connection: sa.Connection) -> None:
    """What was spent this month counts against budgets that are set now."""
    first = datetime.fromtimestamp(time.time(), UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    which = {'first': first.timestamp()}
    connection.execute(
        sa.text(
            'UPDATE tasks SET price = cost, counted = cost, reserved_at = finished_at '
            'WHERE cost IS NOT NULL AND finished_at >= :first'
        ),
        which,
    )
    rows = connection.execute(
        sa.text(
            'SELECT tasks.provider, tasks.user_id, jobs.chat_id, tasks.currency, tasks.cost, tasks.finished_at '
            'FROM tasks JOIN jobs ON jobs.id = tasks.job_id '
            'WHERE tasks.cost IS NOT NULL AND tasks.finished_at >= :first'
        ),
        which,
    )
    spent = Counter[tuple[str, str, int]]()
    for provider, user_id, chat_id, currency, cost, finished_at in rows:
        payers = ['bot', f's{provider}', *([f'u{user_id}'] if user_id else []), *([f'g{chat_id}'] if chat_id < 0 else [])]
        for payer in payers:
            spent[payer, currency, int(finished_at // DAY)] += cost
    for (payer, currency, day), amount in spent.items():
        connection.execute(
            sa.text('INSERT INTO spending (payer, currency, day, amount) VALUES (:payer, :currency, :day, :amount)'),
            {'payer': payer, 'currency': currency, 'day': day, 'amount': amount},
        )
