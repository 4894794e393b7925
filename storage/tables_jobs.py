"""The tables of jobs and all that belongs to them: references, tasks, tickets, pictures, drafts, edited prompts."""

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, LargeBinary, Table, text

from storage.column_types import JSON, String, Text
from storage.tables_base import RowId, metadata, only_on, partial

HAS_SHORT_PROMPT, HAS_LONG_PROMPT = "octet_length(prompt) <= 1000", "octet_length(prompt) > 1000"
"""SQL conditions on `jobs`, of PostgreSQL. An entry of an index there has at most 2,700 bytes: those of the prompt, and
those of it in lower case, which can be half as many again."""

jobs = Table(
    "jobs",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("thread_id", BigInteger),
    # Names the update that asked for it: one that Telegram delivers twice makes one job. It is never parsed.
    # NULL: the person's data was erased.
    Column("idempotency_key", String(96)),
    # The message that the answer replies to. NULL: it is not in this chat, but in the group that this was before.
    Column("message_id", BigInteger),
    # The message in this chat whose text asked for it: its edits change the job. NULL: a button asked.
    Column("asked_message_id", BigInteger),
    # The button that asked for it: two quick presses of one make one job. NULL: a message asked.
    Column("button", String(8)),
    Column("status_id", BigInteger),
    # The message of inline mode that shows it, in a chat of which nothing is known.
    Column("inline_message_id", Text),
    Column("user_id", BigInteger, nullable=False),
    # The name of the person, where others see the result too.
    Column("user_name", String(64)),
    Column("language", String(16), nullable=False),
    Column("provider", String(64), nullable=False),
    # The provider that was asked for, where another one took over.
    Column("first_provider", String(64)),
    Column("prompt", Text, nullable=False),
    # Where the prompt has choices ("{red, blue} fox"): the words of each picture, a list. NULL: it has none.
    Column("choices", JSON),
    # A digest of the message that asked for it, as it was written: an edit that leaves it the same is ignored.
    Column("said", String(32)),
    # When Telegram took the latest edit, where the message was edited while the job waited.
    Column("edited_at", Float),
    Column("options", JSON, nullable=False),
    # The style that was named: {"name": …, "words": …}; its words go with the prompt.
    Column("style", JSON),
    # The error, as the person reads it: {"template": …, "values": {…}}.
    Column("error_message", JSON),
    Column("created_at", Float, nullable=False),
    Column("finished_at", Float),
    # Its owner: the worker that goes on with it and its tasks.
    Column("worker_id", BigInteger),
    # Of the waiting jobs of one person those with a higher one go first; NULL: 0.
    Column("precedence", Integer),
    # The duel in which it is one of several, and the letter of its picture there, once that is given.
    Column("duel_id", BigInteger),
    Column("duel_letter", String(1)),
    Index("ix_jobs_duel_id", "duel_id", **partial("duel_id IS NOT NULL")),
    Index("ix_jobs_user_id_created_at", "user_id", "created_at"),
    # Jobs with something left to do: `job_states.IS_OPEN` is the same condition.
    Index("ix_jobs_open", "worker_id", **partial("state NOT IN ('delivered', 'failed', 'cancelled', 'interrupted')")),
    Index("ix_jobs_idempotency_key", "idempotency_key", unique=True),
    Index("ix_jobs_chat_id_asked_message_id", "chat_id", "asked_message_id"),
    Index("ix_jobs_chat_id_status_id", "chat_id", "status_id"),
    # For searches in a person's prompts, without reading the rows: see `storage.prompt_search`.
    only_on("sqlite", Index("ix_jobs_prompt", "user_id", "id", "prompt")),
    only_on(
        "postgresql",
        Index(
            "ix_jobs_short_prompt",
            "user_id",
            "id",
            text("lower(prompt)"),
            # PostgreSQL leaves the rows alone only if the columns of an expression are in the index, too.
            postgresql_include=["prompt"],
            postgresql_where=text(HAS_SHORT_PROMPT),
        ),
    ),
    only_on("postgresql", Index("ix_jobs_long_prompt", "user_id", postgresql_where=text(HAS_LONG_PROMPT))),
)

# The references of a job: known by Telegram's file id first, with their bytes once they are fetched and checked.
references = Table(
    "sources",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("file_id", Text, nullable=False),
    # The message in this chat that shows it. NULL: none does.
    Column("message_id", BigInteger),
    # The bot's own picture that it is: the origin of the job's pictures.
    Column("picture_id", BigInteger),
    # The likeness that it is, which may be taken back; and the names in the prompt that mean it, a line each.
    Column("likeness_id", BigInteger),
    Column("named", Text),
    Column("media_type", String(32)),
    Column("width", Integer),
    Column("height", Integer),
    Column("data", LargeBinary),
    # The changes made so that the service accepts it, as the person is told: a list of sentences like
    # `jobs.error_message`.
    Column("changes", JSON, nullable=False),
    Index("ix_sources_kept", "job_id", **partial("data IS NOT NULL")),
    Index("ix_sources_likeness_id", "likeness_id", **partial("likeness_id IS NOT NULL")),
)

# One paid submission each, recovered on its own: a job has one task or several.
tasks = Table(
    "tasks",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("user_id", BigInteger, nullable=False),
    Column("provider", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("ticket", Text),
    # Its own words, where its job has choices. NULL: the job's.
    Column("prompt", Text),
    Column("options", JSON, nullable=False),
    Column("error_message", JSON),
    Column("queued_at", Float, nullable=False),
    Column("not_before", Float, nullable=False, server_default="0"),
    Column("begun_at", Float),
    Column("submitted_at", Float),
    Column("finished_at", Float),
    # Its cost in ten-thousandths of the currency, where the operator has set a price.
    Column("cost", BigInteger),
    Column("currency", String(3)),
    # The most that it can cost, fixed when it was queued; NULL: the operator has set no price.
    Column("price", BigInteger),
    # The part of `price` that counts against the budgets, in `spending` on the day of `reserved_at`: all of it from the
    # claim on, at last what was paid, or may have been.
    Column("counted", BigInteger),
    Column("reserved_at", Float),
    # How many pictures it gave, including those that were erased.
    Column("pictures", Integer),
    # How long the service took; NULL where that is not known, as for a recovered task.
    Column("seconds", Float),
    Index("ix_tasks_state_provider", "state", "provider"),
    Index("ix_tasks_provider_begun_at", "provider", "begun_at"),
    Index("ix_tasks_user_id_finished_at", "user_id", "finished_at"),
    Index("ix_tasks_provider_finished_at", "provider", "finished_at"),
    # Few have words of their own: a search reads all of a person's.
    Index("ix_tasks_own_words", "user_id", **partial("prompt IS NOT NULL")),
)

# Tickets that callbacks have named for tasks without one, until the service has been asked about them.
announced = Table(
    "announced",
    metadata,
    Column("task_id", ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("ticket", Text, nullable=False),
    # The worker that asks the service.
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
    # The group that holds that message, where it has become this chat since.
    Column("former_chat_id", BigInteger),
    # How often it was sent without an answer: it may have arrived.
    Column("sends", Integer, nullable=False, server_default="0"),
    # Telegram's unique id of the photo: the same in all messages that show it.
    Column("unique_id", String(64)),
    # The random seed, where the service tells it.
    Column("seed", BigInteger),
    Column("created_at", Float, nullable=False),
    Column("hidden_at", Float),
    Column("starred_at", Float),
    # For finding the picture that a message shows.
    Index("ix_pictures_unique_id", "unique_id"),
    Index("ix_pictures_chat_id_message_id", "chat_id", "message_id"),
    # Few have bytes here: those that Telegram does not have.
    Index("ix_pictures_kept", "created_at", **partial("data IS NOT NULL")),
    # For the gallery, over all chats and in one, without reading the rows themselves.
    Index("ix_pictures_shelf", "user_id", "id", "job_id", **partial("hidden_at IS NULL")),
    Index("ix_pictures_shelf_chat", "user_id", "chat_id", "id", "job_id", **partial("hidden_at IS NULL")),
)

# Pictures, or a style, that wait for their prompt.
drafts = Table(
    "drafts",
    metadata,
    Column("id", RowId, primary_key=True),
    # Names the update that brought it: a later draft, or the job, of the same update replaces it. NULL: its prompt has
    # come.
    Column("idempotency_key", String(96), unique=True),
    # The key of the update that brought its prompt: the job of that update replaces it.
    Column("taken_by", String(96), index=True),
    Column("chat_id", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    # The message in this chat that brought the pictures.
    Column("message_id", BigInteger),
    # The bot's message in this chat that asks for the prompt, and the prompt that its button submits.
    Column("question_id", BigInteger),
    Column("words", Text, nullable=False),
    # As in `jobs`.
    Column("style", JSON),
    # Of a request that waits for other words; NULL: by the settings.
    Column("provider", String(64)),
    Column("options", JSON),
    Column("created_at", Float, nullable=False),
    Index("ix_drafts_chat_id_user_id", "chat_id", "user_id"),
)

# The pictures of a draft; none is fetched before the prompt comes.
draft_references = Table(
    "draft_references",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("draft_id", ForeignKey("drafts.id", ondelete="CASCADE"), nullable=False, index=True),
    # As in `references`.
    Column("file_id", Text, nullable=False),
    Column("message_id", BigInteger),
    Column("picture_id", BigInteger),
)

# The captions of the album that a job was made of, by message: an edit changes one of them.
captions = Table(
    "captions",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("words", Text, nullable=False),
)

# Messages that people edited after their job had started: see `storage.edited_prompts.Offer`.
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
