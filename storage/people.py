"""What people have chosen for themselves."""

from sqlalchemy import select

from storage.database import Database
from storage.schema import people


class People:
    """The people of one database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def provider(self, user_id: int) -> str | None:
        """The provider that this person has chosen."""
        async with self._db.read() as connection:
            chosen: str | None = (
                await connection.execute(select(people.c.provider).where(people.c.id == user_id))
            ).scalar()
            return chosen

    async def choose(self, user_id: int, provider: str | None) -> None:
        """From now on this person's jobs go to this provider (None: to the bot's default)."""
        async with self._db.write() as connection:
            row = self._db.insert(people).values(id=user_id, last_turn=0.0, provider=provider)
            kept = row.on_conflict_do_update(index_elements=["id"], set_={"provider": provider})
            await connection.execute(kept)
