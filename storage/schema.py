"""All tables. A change of one needs a migration in `storage/migrations/versions` (a test compares the two).

Times are seconds since 1970 as floats. Ids of people, chats and messages are Telegram's.
"""

from storage.tables_access import invitations, members
from storage.tables_base import metadata
from storage.tables_budgets import budgets, confirmations, spending
from storage.tables_duels import duel_results, duels, votes
from storage.tables_jobs import (
    announced,
    captions,
    draft_references,
    drafts,
    edits,
    jobs,
    pictures,
    references,
    tasks,
)
from storage.tables_people import chats, erased, posted, styles, users
from storage.tables_workers import provider_health, updates, workers

__all__ = [
    "announced",
    "budgets",
    "captions",
    "chats",
    "confirmations",
    "draft_references",
    "drafts",
    "duel_results",
    "duels",
    "edits",
    "erased",
    "invitations",
    "jobs",
    "members",
    "metadata",
    "pictures",
    "posted",
    "provider_health",
    "references",
    "spending",
    "styles",
    "tasks",
    "updates",
    "users",
    "votes",
    "workers",
]
