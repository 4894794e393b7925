"""Pictures that people posted where the bot could see them."""

from sqlalchemy import delete, func, select

from storage.database import Database
from storage.records import NewSource
from storage.schema import posted


class Posted:
    """Items of albums by their messages, so that a reply to one finds all."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def add(self, chat_id: int, media_group_id: str, item: NewSource, now: float) -> None:
        """Remember an item of an album; a second time changes nothing."""
        values = {
            "chat_id": chat_id,
            "media_group_id": media_group_id,
            "message_id": item.message_id,
            "file_id": item.file_id,
            "posted_at": now,
        }
        async with self._db.write() as connection:
            await connection.execute(self._db.insert(posted).values(values).on_conflict_do_nothing())

    async def album(self, chat_id: int, media_group_id: str) -> tuple[NewSource, ...]:
        """The items of an album as far as they were seen, in the order in which they were sent."""
        query = select(posted.c.file_id, posted.c.message_id).where(
            posted.c.chat_id == chat_id, posted.c.media_group_id == media_group_id
        )
        async with self._db.read() as connection:
            # Those of a group that became a supergroup have negative numbers.
            ordered = query.order_by(func.abs(posted.c.message_id))
            return tuple(NewSource(*row) for row in await connection.execute(ordered))

    async def forget(self, before: float) -> None:
        """Forget what was posted before this time."""
        async with self._db.write() as connection:
            await connection.execute(delete(posted).where(posted.c.posted_at < before))
