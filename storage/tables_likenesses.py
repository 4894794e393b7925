"""The tables of likenesses: photos of people that prompts may name, where each may be used, and whom jobs depict."""

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Integer, LargeBinary, Table, false, text

from storage.column_types import String, Text
from storage.tables_base import RowId, metadata

# A person's photo of themselves, at most one. Taking it back deletes the row, and its id is never used again.
likenesses = Table(
    "likenesses",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("user_id", BigInteger, nullable=False, unique=True),
    # Their username in lower case, as it was last seen. Usernames change hands: it is checked before it is believed.
    Column("username", String(32), index=True),
    Column("name", String(64), nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("media_type", String(32), nullable=False),
    # The person is not told when others use it.
    Column("muted", Boolean, nullable=False, server_default=false()),
    Column("created_at", Float, nullable=False),
    sqlite_autoincrement=True,
)

# The groups in which a likeness may be used. In their private chat its person needs none.
likeness_chats = Table(
    "likeness_chats",
    metadata,
    Column("likeness_id", ForeignKey("likenesses.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False, index=True),
    Column("title", String(64), nullable=False),
    # When its person was last told of a use here, and how many uses came since.
    Column("told_at", Float),
    Column("uses", Integer, nullable=False, server_default=text("0")),
)

# The photo that a person was last asked about: whether it may be kept as their likeness.
likeness_questions = Table(
    "likeness_questions",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("file_id", Text, nullable=False),
    Column("asked_at", Float, nullable=False),
)

# Whom a job depicts: by a likeness, or by a picture that was made with it. A likeness that is not there any more was
# taken back.
depicted = Table(
    "depicted",
    metadata,
    Column("job_id", ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("likeness_id", BigInteger, primary_key=True, autoincrement=False, index=True),
    # Whether the person was told, or need not be.
    Column("told", Boolean, nullable=False, server_default=false()),
)
