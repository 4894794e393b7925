"""The settings of people."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, Transaction
from storage.schema import users
from storage.settings_records import Delivery, Preferences, with_option


class Users:
    """The settings of the people of one database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def preferences(self, user_id: int) -> Preferences:
        """The settings of this person; the defaults where none were made."""
        async with self._db.read() as connection:
            return await _preferences(connection, user_id)

    async def choose(self, user_id: int, provider: str | None) -> None:
        """Store the provider of this person's jobs (None: the bot's default)."""
        async with self._db.write() as connection:
            await self._set(connection, user_id, provider=provider)

    async def speak(self, user_id: int, language: str | None) -> None:
        """Store the language of the bot's messages to this person (None: Telegram's)."""
        async with self._db.write() as connection:
            await self._set(connection, user_id, language=language)

    async def deliver(self, user_id: int, delivery: Delivery | None) -> None:
        """Store how this person's results come (None: as an album)."""
        async with self._db.write() as connection:
            await self._set(connection, user_id, delivery=delivery)

    async def cover(self, user_id: int, spoiler: bool) -> None:
        """Store whether a spoiler covers this person's results."""
        async with self._db.write() as connection:
            await self._set(connection, user_id, spoiler=spoiler)

    async def show_drafts(self, user_id: int, drafts: bool) -> None:
        """Store whether progress in this person's private chat is a draft; else it is a message."""
        async with self._db.write() as connection:
            await self._set(connection, user_id, drafts=drafts)

    async def set_option(self, user_id: int, provider: str, name: str, value: str | None) -> None:
        """Store the value of an option of this provider for prompts that name none (None: the provider's default)."""
        async with self._db.write() as connection:
            # Two presses at once must not overwrite each other.
            await self._db.lock(connection, f"person {user_id}")
            known = (await _preferences(connection, user_id)).options
            await self._set(connection, user_id, options=with_option(known, provider, name, value))

    async def _set(self, connection: Transaction, user_id: int, **values: Any) -> None:
        row = self._db.insert(users).values(id=user_id, last_turn=0.0, **values)
        await connection.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))


async def _preferences(connection: AsyncConnection, user_id: int) -> Preferences:
    columns = [users.c[name] for name in Preferences.__slots__]
    row = (await connection.execute(select(*columns).where(users.c.id == user_id))).mappings().first()
    # NULL is the default.
    return Preferences(**{name: value for name, value in (row or {}).items() if value is not None})
