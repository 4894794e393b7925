"""What the admins of a group have set for it."""

from typing import Any

from sqlalchemy import select

from storage.database import Database, Transaction
from storage.records import ChatRules
from storage.schema import chats


class Chats:
    """The groups of one database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def rules(self, chat_id: int) -> ChatRules:
        """What holds in this group; nothing of it, where nobody has set anything."""
        async with self._db.read() as connection:
            return await _rules(connection, chat_id)

    async def set(self, chat_id: int, **values: Any) -> None:
        """From now on this holds: fields of `ChatRules`, None for what it is by default. Options: see `set_option`."""
        async with self._db.write() as connection:
            await self._set(connection, chat_id, **values)

    async def set_option(self, chat_id: int, provider: str, name: str, value: str | None) -> None:
        """From now on an option of this provider has this value in the group (None: its own default)."""
        async with self._db.write() as connection:
            # Of two presses at once neither may undo the other.
            await self._db.lock(connection, f"chat {chat_id}")
            known = (await _rules(connection, chat_id)).options
            own = {key: kept for key, kept in known.get(provider, {}).items() if key != name}
            changed = own if value is None else {**own, name: value}
            await self._set(connection, chat_id, options={**known, provider: changed})

    async def _set(self, connection: Transaction, chat_id: int, **values: Any) -> None:
        row = self._db.insert(chats).values(id=chat_id, **values)
        await connection.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))


async def _rules(connection: Any, chat_id: int) -> ChatRules:
    columns = [chats.c[name] for name in ChatRules.__slots__]
    row = (await connection.execute(select(*columns).where(chats.c.id == chat_id))).mappings().first()
    # What was never set is as it is by default.
    return ChatRules(**{name: value for name, value in (row or {}).items() if value is not None})
