"""All tables. A change of one needs a migration in `storage/migrations/versions` (a test compares the two).

Times are seconds since 1970 as floats. Ids of people, chats and messages are Telegram's.
"""

from storage.tables_access import invitations, members
from storage.tables_assistant import consents, suggestions
from storage.tables_base import metadata
from storage.tables_budgets import budgets, confirmations, spending
from storage.tables_duels import duel_results, duels, votes
from storage.tables_inline import inline_offers
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
from storage.tables_likenesses import depicted, likeness_chats, likeness_questions, likenesses
from storage.tables_people import chats, erased, posted, styles, users
from storage.tables_topics import menus, topics
from storage.tables_workers import provider_health, updates, workers

__all__ = [
    "announced",
    "budgets",
    "captions",
    "chats",
    "confirmations",
    "consents",
    "depicted",
    "draft_references",
    "drafts",
    "duel_results",
    "duels",
    "edits",
    "erased",
    "inline_offers",
    "invitations",
    "jobs",
    "likeness_chats",
    "likeness_questions",
    "likenesses",
    "members",
    "menus",
    "metadata",
    "pictures",
    "posted",
    "provider_health",
    "references",
    "spending",
    "styles",
    "suggestions",
    "tasks",
    "topics",
    "updates",
    "users",
    "votes",
    "workers",
]
