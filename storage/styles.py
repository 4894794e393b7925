"""Styles: words to which people have given a name."""

from sqlalchemy import delete, func, select

from storage.connection import Connection, Transaction
from storage.operations import Operations, reads, writes
from storage.schema import styles
from storage.settings_records import Style
from storage.statements import upsert


class Styles(Operations):
    """The styles of one database. Names are case-sensitive."""

    @reads
    async def of(self, connection: Connection, user_id: int) -> list[Style]:
        """A person's styles, by name."""
        query = select(styles.c.name, styles.c.words).where(styles.c.user_id == user_id).order_by(styles.c.name)
        return [Style(row.name, row.words) for row in await connection.execute(query)]

    @writes
    async def keep(self, connection: Transaction, user_id: int, style: Style, most: int) -> bool:
        """Store a style, in place of one of the same name. False: the person has `most` already."""
        await connection.lock(f"person {user_id}")
        others = select(func.count()).where(styles.c.user_id == user_id, styles.c.name != style.name)
        if (await connection.execute(others)).scalar_one() >= most:
            return False
        row = upsert(styles).values(user_id=user_id, name=style.name, words=style.words)
        change = row.on_conflict_do_update(index_elements=["user_id", "name"], set_={"words": style.words})
        await connection.execute(change)
        return True

    @writes
    async def drop(self, connection: Transaction, user_id: int, name: str) -> bool:
        """Delete a style. False: there is none of this name."""
        own = delete(styles).where(styles.c.user_id == user_id, styles.c.name == name)
        return bool((await connection.execute(own)).rowcount)
