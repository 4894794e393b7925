"""The tables of help with words: what was asked of the assistant and what it costs, and who lets it read along."""

from sqlalchemy import BigInteger, Column, Float, Index, Table

from storage.column_types import JSON, String, Text
from storage.tables_base import RowId, metadata

# One question to the assistant each: better words, a picture's description, or a voice message. The row outlives its
# words: they are deleted after a day, what it cost stays.
suggestions = Table(
    "suggestions",
    metadata,
    Column("id", RowId, primary_key=True),
    # Names the update that asked, as in `jobs`: a repeated update asks once. NULL: its person was erased.
    Column("idempotency_key", String(96), unique=True),
    # `storage.suggestions.SuggestionState`.
    Column("state", String(8), nullable=False),
    # "improve", "describe" or "listen".
    Column("kind", String(8), nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    # The bot's message in this chat that shows it.
    Column("question_id", BigInteger),
    # The message to which it replies: a draft may wait for an answer to that one.
    Column("answered_id", BigInteger),
    # The request that the words are for: the fields of `NewJob`. NULL: its words are deleted.
    Column("request", JSON),
    # Telegram's file id of the picture or the voice message, and the seconds of that.
    Column("file_id", Text),
    Column("seconds", Float),
    # The words of the assistant, and their translation for the service, if it wants one.
    Column("words", Text),
    Column("translation", Text),
    # The worker that waits for the answer.
    Column("worker_id", BigInteger),
    Column("created_at", Float, nullable=False),
    # When the assistant was asked; NULL: it was not.
    Column("asked_at", Float),
    # What it costs in ten-thousandths of the currency: reserved at `asked_at`, settled with the answer. An answer that
    # got lost costs what was reserved.
    Column("cost", BigInteger),
    Column("currency", String(3)),
    Index("ix_suggestions_user_id_asked_at", "user_id", "asked_at"),
    # An id is not used again: an old button must not use other words.
    sqlite_autoincrement=True,
)

# People who know that their words go to the assistant, which somebody else runs, and who want that.
consents = Table(
    "consents",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    # The host of the assistant: another one is asked about again.
    Column("host", String(255), nullable=False),
    Column("agreed_at", Float, nullable=False),
)
