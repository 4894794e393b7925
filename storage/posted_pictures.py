"""Pictures that people posted where the bot could see them."""

from sqlalchemy import case, delete, or_, select

from storage.connection import Connection, Transaction
from storage.operations import Operations, reads, writes
from storage.records import NewReference
from storage.schema import chats, posted
from storage.statements import upsert


class Posted(Operations):
    """The items of posted albums, so that a reply to one finds all."""

    @writes
    async def add(
        self, connection: Transaction, chat_id: int, media_group_id: str, item: NewReference, now: float
    ) -> None:
        """Store an item of an album; a second time changes nothing."""
        values = {
            "chat_id": chat_id,
            "media_group_id": media_group_id,
            "message_id": item.message_id,
            "file_id": item.file_id,
            "posted_at": now,
        }
        await connection.execute(upsert(posted).values(values).on_conflict_do_nothing())

    @reads
    async def album(self, connection: Connection, chat_id: int, media_group_id: str) -> tuple[NewReference, ...]:
        """The stored items of an album, in the order of their messages; also of one that was posted in the group that
        this supergroup was before: no message in this chat shows its items."""
        former = select(chats.c.migrated_from).where(chats.c.id == chat_id)
        own_message = case((posted.c.chat_id == chat_id, posted.c.message_id))
        query = select(posted.c.file_id, own_message).where(
            or_(posted.c.chat_id == chat_id, posted.c.chat_id == former.scalar_subquery()),
            posted.c.media_group_id == media_group_id,
        )
        # All items of an album are in the same chat.
        ordered = query.order_by(posted.c.message_id)
        return tuple(NewReference(*row) for row in await connection.execute(ordered))

    @writes
    async def forget(self, connection: Transaction, before: float) -> None:
        """Delete pictures that were posted before this time."""
        await connection.execute(delete(posted).where(posted.c.posted_at < before))
