"""The table of inline mode: the words that people typed after the bot's name in any chat."""

from sqlalchemy import BigInteger, Column, Float, Table

from storage.column_types import String, Text
from storage.tables_base import metadata

# Telegram tells which words a message is about only by the id of what was chosen, and a button of that message holds
# no words: they wait here until the message is begun.
inline_offers = Table(
    "inline_offers",
    metadata,
    # A digest of the person and the words: the same words are one offer, however often they are typed.
    Column("id", String(24), primary_key=True),
    Column("user_id", BigInteger, nullable=False, index=True),
    Column("words", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    # When Telegram told that it was sent (inline feedback), and when its button was pressed.
    Column("chosen_at", Float),
    Column("pressed_at", Float),
)
