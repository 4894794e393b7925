"""Styles: words to which people have given a name."""

from sqlalchemy import delete, func, select

from storage.database import Database
from storage.schema import styles
from storage.settings_records import Style


class Styles:
    """The styles of one database. Names are case-sensitive."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def of(self, user_id: int) -> list[Style]:
        """A person's styles, by name."""
        query = select(styles.c.name, styles.c.words).where(styles.c.user_id == user_id).order_by(styles.c.name)
        async with self._db.read() as connection:
            return [Style(row.name, row.words) for row in await connection.execute(query)]

    async def keep(self, user_id: int, style: Style, most: int) -> bool:
        """Store a style, in place of one of the same name. False: the person has `most` already."""
        async with self._db.write() as connection:
            await self._db.lock(connection, f"person {user_id}")
            others = select(func.count()).where(styles.c.user_id == user_id, styles.c.name != style.name)
            if (await connection.execute(others)).scalar_one() >= most:
                return False
            row = self._db.insert(styles).values(user_id=user_id, name=style.name, words=style.words)
            change = row.on_conflict_do_update(index_elements=["user_id", "name"], set_={"words": style.words})
            await connection.execute(change)
            return True

    async def drop(self, user_id: int, name: str) -> bool:
        """Delete a style. False: there is none of this name."""
        async with self._db.write() as connection:
            own = delete(styles).where(styles.c.user_id == user_id, styles.c.name == name)
            return bool((await connection.execute(own)).rowcount)
