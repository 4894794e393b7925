"""The tables. A change here needs a migration in `storage/migrations/versions` (a test compares the two).

Times are seconds since 1970 as floats. Ids of people, chats and messages are Telegram's.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    text,
)

from storage.column_types import JSON, String, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

# SQLite numbers rows by itself only in a column of type INTEGER.
RowId = BigInteger().with_variant(Integer, "sqlite")


def _where(condition: str) -> Any:
    """An index over the rows of this condition only."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


# The processes of the bot that share this database. A worker's beat goes up by one every few seconds.
workers = Table(
    "workers",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("heartbeat", BigInteger, nullable=False, server_default="0"),
    Column("started_at", Float, nullable=False),
    # What its sessions at the database are called by.
    Column("session", String(63)),
    # An id is never used again: what a dead worker has left must not look like a living one's.
    sqlite_autoincrement=True,
)

# Telegram's updates from the moment they are taken until they are done with: one that comes twice acts once.
updates = Table(
    "updates",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("worker_id", BigInteger),
    # What the items of one album have in common: they go to one worker.
    Column("album", String(128)),
    # As Telegram sent it; forgotten when it is done with.
    Column("payload", JSON),
    Column("taken_at", Float, nullable=False),
    Column("done_at", Float),
    Index("ix_updates_album", "album"),
    Index("ix_updates_undone", "worker_id", **_where("done_at IS NULL")),
    Index("ix_updates_taken_at", "taken_at"),
)

# How the providers do, as all workers see it.
provider_health = Table(
    "services",
    metadata,
    Column("name", String(64), primary_key=True),
    # Nothing is submitted before this time.
    Column("not_before", Float, nullable=False, server_default="0"),
    # How many tasks in a row came to nothing by the service's fault.
    Column("failures", Integer, nullable=False, server_default="0"),
    # Why it is paused, as people read it; one task at a time tries it until one succeeds.
    Column("error_message", JSON),
    # The public address at which its calls have been arriving; NULL: none has come, or one was missed since.
    Column("calls_at", Text),
)

users = Table(
    "people",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    # When one of this person's tasks last got its turn: fairness counts from here.
    Column("last_turn", Float, nullable=False),
    # The provider that this person has chosen.
    Column("provider", String(64)),
    # The language to speak, where it isn't Telegram's.
    Column("language", String(16)),
    # What holds where nothing is typed: by provider, by option.
    Column("options", JSON),
    # How results come: "album" (NULL means that), "files" or "both"; and whether they are covered until touched.
    Column("delivery", String(8)),
    Column("spoiler", Boolean),
    # In the private chat progress is shown as a draft, not in a message.
    Column("drafts", Boolean),
)

# Words with a name of a person's own, added to a prompt by that name.
styles = Table(
    "styles",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(36), primary_key=True),
    Column("words", Text, nullable=False),
)

# What the admins of a group have set for it.
chats = Table(
    "chats",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("admins_only", Boolean),
    # What holds where neither the words nor the person's settings say anything.
    Column("provider", String(64)),
    Column("options", JSON),
    # Results come without a sound, and progress is not shown.
    Column("quiet", Boolean),
    # Nothing is taken until an admin says so.
    Column("paused", Boolean),
    # The bot may not write there, as Telegram tells.
    Column("muted", Boolean),
    # The only topic in which the bot works; 1 is a forum's general one.
    Column("thread_id", BigInteger),
    # Whose replies to a picture ask for something: `Replies` of the records.
    Column("replies", String(16)),
    # The group that became this supergroup.
    Column("migrated_from", BigInteger, unique=True),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("thread_id", BigInteger),
    # Names the update that asked for it: one that Telegram delivers twice makes one job. Nothing else is read from it.
    # NULL: the person had everything erased.
    Column("idempotency_key", String(96)),
    # The message that the answer replies to. NULL: none here; it stood in the group that this was before.
    Column("message_id", BigInteger),
    # The message here whose words asked for it: its edits change the job. NULL: a button asked.
    Column("asked_message_id", BigInteger),
    # The button that asked for it: two quick presses of one make one job. NULL: a message asked.
    Column("button", String(8)),
    Column("status_id", BigInteger),
    Column("user_id", BigInteger, nullable=False),
    # What whoever asked is called, where others see the result too.
    Column("user_name", String(64)),
    Column("language", String(16), nullable=False),
    Column("provider", String(64), nullable=False),
    # The provider that was asked for, where another one took over.
    Column("first_provider", String(64)),
    Column("prompt", Text, nullable=False),
    # A digest of the message that asked for it, as it was written: an edit that changes none of it is none.
    Column("said", String(32)),
    # When Telegram took the words of now, where they were changed while the job waited.
    Column("edited_at", Float),
    Column("options", JSON, nullable=False),
    # The style that was named: {"name": …, "words": …}; its words go with the prompt.
    Column("style", JSON),
    # What went wrong, as the person reads it: {"template": …, "values": {…}}.
    Column("error_message", JSON),
    Column("created_at", Float, nullable=False),
    Column("finished_at", Float),
    # Who shows it, delivers it and tells its end.
    Column("worker_id", BigInteger),
    Index("ix_jobs_user_id_created_at", "user_id", "created_at"),
    # What something is left to do for: `job_states.IS_OPEN` asks in these words.
    Index("ix_jobs_open", "worker_id", **_where("state NOT IN ('delivered', 'failed', 'cancelled', 'interrupted')")),
    Index("ix_jobs_idempotency_key", "idempotency_key", unique=True),
    Index("ix_jobs_chat_id_asked_message_id", "chat_id", "asked_message_id"),
    Index("ix_jobs_chat_id_status_id", "chat_id", "status_id"),
)

# Pictures, or a style, that wait for their words.
drafts = Table(
    "drafts",
    metadata,
    Column("id", RowId, primary_key=True),
    # Names the update that brought it: a later draft, or the job, of the same update replaces it. NULL: its words have
    # come.
    Column("idempotency_key", String(96), unique=True),
    # The key of the update that brought its words: the job of that update takes its place.
    Column("taken_by", String(96), index=True),
    Column("chat_id", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    # The message here that brought the pictures.
    Column("message_id", BigInteger),
    # The bot's message here that asks for the words, and the words that its button draws.
    Column("question_id", BigInteger),
    Column("words", Text, nullable=False),
    # As of `jobs`.
    Column("style", JSON),
    Column("created_at", Float, nullable=False),
    Index("ix_drafts_chat_id_user_id", "chat_id", "user_id"),
)

# The pictures of a draft; nothing of them is fetched before their words come.
draft_references = Table(
    "draft_references",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("draft_id", ForeignKey("drafts.id", ondelete="CASCADE"), nullable=False, index=True),
    # As of `references`.
    Column("file_id", Text, nullable=False),
    Column("message_id", BigInteger),
    Column("picture_id", BigInteger),
)

# The words of the items of an album that a job was made of: an edit changes one of them.
captions = Table(
    "captions",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("words", Text, nullable=False),
)

# What people have made of their words after the picture was begun: see `storage.edited_prompts.Offer`.
edits = Table(
    "edits",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("words", Text),
    Column("said", String(32), nullable=False),
    Column("edited_at", Float, nullable=False),
    Column("offer_id", BigInteger),
)

# When people who had everything erased have asked within the last day: a day's limit holds for them too.
erased = Table(
    "erased",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("user_id", BigInteger, nullable=False, index=True),
    Column("asked_at", Float, nullable=False),
)

# The references of a job: known by Telegram's file id first, with their bytes once they are fetched and checked.
references = Table(
    "sources",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("file_id", Text, nullable=False),
    # The message here that shows it. NULL: none does.
    Column("message_id", BigInteger),
    # The picture of ours that it is: where the job's pictures come from.
    Column("picture_id", BigInteger),
    Column("media_type", String(32)),
    Column("width", Integer),
    Column("height", Integer),
    Column("data", LargeBinary),
    # What was done to it so that the service takes it, told to the person: a list like `jobs.trouble`.
    Column("changes", JSON, nullable=False),
    Index("ix_sources_kept", "job_id", **_where("data IS NOT NULL")),
)

# What is submitted, paid and taken up again on its own: a job has one task or several.
tasks = Table(
    "tasks",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("user_id", BigInteger, nullable=False),
    Column("provider", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("ticket", Text),
    Column("options", JSON, nullable=False),
    Column("error_message", JSON),
    Column("queued_at", Float, nullable=False),
    Column("not_before", Float, nullable=False, server_default="0"),
    Column("begun_at", Float),
    Column("submitted_at", Float),
    Column("finished_at", Float),
    # Who submits and watches it.
    Column("worker_id", BigInteger),
    # What it cost, in ten-thousandths of the currency, where the operator has set a price.
    Column("cost", BigInteger),
    Column("currency", String(3)),
    # How many pictures it gave, also when they are erased.
    Column("pictures", Integer),
    # How long the service took; NULL where it is not known, as of a task that was taken up again.
    Column("seconds", Float),
    Index("ix_tasks_state_provider", "state", "provider"),
    Index("ix_tasks_provider_begun_at", "provider", "begun_at"),
    Index("ix_tasks_user_id_finished_at", "user_id", "finished_at"),
    Index("ix_tasks_provider_finished_at", "provider", "finished_at"),
)

# Tickets that calls have brought to tasks without one, until the service has been asked about them.
announced = Table(
    "announced",
    metadata,
    Column("task_id", ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("ticket", Text, nullable=False),
    # Who asks the service.
    Column("worker_id", BigInteger),
)

pictures = Table(
    "pictures",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("task_id", ForeignKey("tasks.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    # Where the provider keeps it for a while, or its bytes until Telegram has it.
    Column("url", Text),
    Column("data", LargeBinary),
    Column("width", Integer),
    Column("height", Integer),
    Column("size", BigInteger),
    # Telegram's ids: of the photo, of the original as a file, and of the message that shows it.
    Column("photo_id", Text),
    Column("document_id", Text),
    Column("message_id", BigInteger),
    # The group in which that message stands, where it has become this chat since.
    Column("former_chat_id", BigInteger),
    # How often it was sent and no answer was read: it may have arrived.
    Column("sends", Integer, nullable=False, server_default="0"),
    # Telegram's name of the photo that is the same in all messages that show it.
    Column("unique_id", String(64)),
    # The number it was drawn from, where the service tells.
    Column("seed", BigInteger),
    Column("created_at", Float, nullable=False),
    Column("hidden_at", Float),
    Column("starred_at", Float),
    # Which picture a message shows.
    Index("ix_pictures_unique_id", "unique_id"),
    Index("ix_pictures_chat_id_message_id", "chat_id", "message_id"),
    # Few have bytes here: those that Telegram doesn't have.
    Index("ix_pictures_kept", "created_at", **_where("data IS NOT NULL")),
    # What a history looks through, in all chats and in one, without a look at the rows themselves.
    Index("ix_pictures_shelf", "user_id", "id", "job_id", **_where("hidden_at IS NULL")),
    Index("ix_pictures_shelf_chat", "user_id", "chat_id", "id", "job_id", **_where("hidden_at IS NULL")),
)

# Pictures that people posted where the bot could see them, so that a reply to one item of an album finds the others.
posted = Table(
    "posted",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("media_group_id", String(64), nullable=False),
    Column("file_id", Text, nullable=False),
    Column("posted_at", Float, nullable=False),
    Index("ix_posted_chat_id_media_group_id", "chat_id", "media_group_id"),
)
