"""What people have chosen for themselves."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database, Transaction
from storage.records import Delivery, Preferences, with_option
from storage.schema import users


class Users:
    """The people of one database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def preferences(self, user_id: int) -> Preferences:
        """What this person has set; nothing of it, where they never did."""
        async with self._db.read() as connection:
            return await _preferences(connection, user_id)

    async def choose(self, user_id: int, provider: str | None) -> None:
        """From now on this person's jobs go to this provider (None: to the bot's default)."""
        async with self._db.write() as connection:
            await self._set(connection, user_id, provider=provider)

    async def speak(self, user_id: int, language: str | None) -> None:
        """From now on this person is spoken to in this language (None: in Telegram's)."""
        async with self._db.write() as connection:
            await self._set(connection, user_id, language=language)

    async def deliver(self, user_id: int, delivery: Delivery | None) -> None:
        """From now on this person's results come this way (None: as an album)."""
        async with self._db.write() as connection:
            await self._set(connection, user_id, delivery=delivery)

    async def cover(self, user_id: int, spoiler: bool) -> None:
        """From now on this person's results are covered until touched, or not."""
        async with self._db.write() as connection:
            await self._set(connection, user_id, spoiler=spoiler)

    async def show_drafts(self, user_id: int, drafts: bool) -> None:
        """From now on progress is a draft in this person's private chat, or a message."""
        async with self._db.write() as connection:
            await self._set(connection, user_id, drafts=drafts)

    async def set_option(self, user_id: int, provider: str, name: str, value: str | None) -> None:
        """From now on an option of this provider has this value where the person types none (None: its own default)."""
        async with self._db.write() as connection:
            # Of two presses at once neither may undo the other.
            await self._db.lock(connection, f"person {user_id}")
            known = (await _preferences(connection, user_id)).options
            await self._set(connection, user_id, options=with_option(known, provider, name, value))

    async def _set(self, connection: Transaction, user_id: int, **values: Any) -> None:
        row = self._db.insert(users).values(id=user_id, last_turn=0.0, **values)
        await connection.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))


async def _preferences(connection: AsyncConnection, user_id: int) -> Preferences:
    columns = [users.c[name] for name in Preferences.__slots__]
    row = (await connection.execute(select(*columns).where(users.c.id == user_id))).mappings().first()
    # What was never set is as it is by default.
    return Preferences(**{name: value for name, value in (row or {}).items() if value is not None})
