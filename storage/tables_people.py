"""The tables of people and chats: users, styles, chats, erased, posted."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Table

from storage.column_types import JSON, String, Text
from storage.tables_base import RowId, metadata

users = Table(
    "people",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    # When one of this person's tasks was last claimed: the fair order counts from here.
    Column("last_turn", Float, nullable=False),
    # The provider that this person has chosen.
    Column("provider", String(64)),
    # The language of the bot's messages, where it isn't Telegram's.
    Column("language", String(16)),
    # The options that hold where the prompt names none: by provider, by option.
    Column("options", JSON),
    # How results come: "album" (the same as NULL), "files" or "both"; and whether a spoiler covers them.
    Column("delivery", String(8)),
    Column("spoiler", Boolean),
    # In the private chat progress is shown as a draft, not in a message.
    Column("drafts", Boolean),
    # The IANA name of the time zone in which they are told times; NULL: UTC.
    Column("time_zone", String(40)),
    # Of their Telegram, with the time, as the bot's admins see them; written once an hour at most.
    Column("name", String(64)),
    Column("seen_at", Float),
    Column("seen_language", String(16)),
)

# Words to which a person has given a name; the name adds them to a prompt.
styles = Table(
    "styles",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(36), primary_key=True),
    Column("words", Text, nullable=False),
)

# The settings of a group, made by its admins.
chats = Table(
    "chats",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("admins_only", Boolean),
    # They hold where neither the prompt nor the person's settings name one.
    Column("provider", String(64)),
    Column("options", JSON),
    # Results come without a sound, and progress is not shown.
    Column("quiet", Boolean),
    # No requests are taken until an admin allows them again.
    Column("paused", Boolean),
    # Telegram does not let the bot write there.
    Column("muted", Boolean),
    # The only topic in which the bot works; 1 is a forum's general one.
    Column("thread_id", BigInteger),
    # Whose replies to a picture are requests: `settings_records.Replies`.
    Column("replies", String(16)),
    # Duels are voted on in a poll, not with buttons.
    Column("duel_polls", Boolean),
    # What the bot's admins have decided: "allowed" or "left"; "asked" until then, NULL: nothing.
    Column("access", String(8)),
    Column("title", String(64)),
    # The group that became this supergroup.
    Column("migrated_from", BigInteger, unique=True),
)

# When people whose data was erased have asked within the last day: the daily quota holds for them too.
erased = Table(
    "erased",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("user_id", BigInteger, nullable=False, index=True),
    Column("asked_at", Float, nullable=False),
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
