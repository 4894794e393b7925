"""Styles: words to which people have given a name."""

from sqlalchemy import bindparam, delete, func, select

from storage.connection import Transaction
from storage.operations import Operations, writes
from storage.schema import styles
from storage.settings_records import Style
from storage.statements import upsert

_OF_PERSON = styles.c.user_id == bindparam("user_id")
_ALL = select(styles.c.name, styles.c.words).where(_OF_PERSON).order_by(styles.c.name)
_COUNT_OTHERS = select(func.count()).where(_OF_PERSON, styles.c.name != bindparam("name"))
_KEEP = upsert(styles, "user_id", "name", "words").on_conflict_do_update(
    index_elements=["user_id", "name"], set_={"words": bindparam("words")}
)
_DROP = delete(styles).where(_OF_PERSON, styles.c.name == bindparam("name"))


class Styles(Operations):
    """The styles of one database. Names are case-sensitive."""

    async def of(self, user_id: int) -> list[Style]:
        """A person's styles, by name."""
        return [Style(row.name, row.words) for row in await self._db.fetch(_ALL, {"user_id": user_id})]

    @writes
    async def keep(self, connection: Transaction, user_id: int, style: Style, most: int) -> bool:
        """Store a style, in place of one of the same name. False: the person has `most` already."""
        await connection.lock(f"person {user_id}")
        own = {"user_id": user_id, "name": style.name}
        if (await connection.execute(_COUNT_OTHERS, own)).scalar_one() >= most:
            return False
        await connection.execute(_KEEP, {**own, "words": style.words})
        return True

    async def drop(self, user_id: int, name: str) -> bool:
        """Delete a style. False: there is none of this name."""
        return bool((await self._db.execute(_DROP, {"user_id": user_id, "name": name})).rowcount)
