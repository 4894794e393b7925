"""Pictures that people posted where the bot could see them."""

from sqlalchemy import bindparam, case, delete, or_, select

from storage.operations import Operations
from storage.records import NewReference
from storage.schema import chats, posted
from storage.statements import upsert

_ADD = upsert(posted, "chat_id", "media_group_id", "message_id", "file_id", "posted_at").on_conflict_do_nothing()
_IS_HERE = posted.c.chat_id == bindparam("chat_id")
_FORMER_CHAT = select(chats.c.migrated_from).where(chats.c.id == bindparam("chat_id")).scalar_subquery()
# All items of an album are in the same chat.
_ALBUM = (
    select(posted.c.file_id, case((_IS_HERE, posted.c.message_id)))
    .where(or_(_IS_HERE, posted.c.chat_id == _FORMER_CHAT), posted.c.media_group_id == bindparam("media_group_id"))
    .order_by(posted.c.message_id)
)
_FORGET = delete(posted).where(posted.c.posted_at < bindparam("before"))


class Posted(Operations):
    """The items of posted albums, so that a reply to one finds all."""

    async def add(self, chat_id: int, media_group_id: str, item: NewReference, now: float) -> None:
        """Store an item of an album; a second time changes nothing."""
        values = {
            "chat_id": chat_id,
            "media_group_id": media_group_id,
            "message_id": item.message_id,
            "file_id": item.file_id,
            "posted_at": now,
        }
        await self._db.execute(_ADD, values)

    async def album(self, chat_id: int, media_group_id: str) -> tuple[NewReference, ...]:
        """The stored items of an album, in the order of their messages; also of one that was posted in the group that
        this supergroup was before: no message in this chat shows its items."""
        rows = await self._db.fetch(_ALBUM, {"chat_id": chat_id, "media_group_id": media_group_id})
        return tuple(NewReference(*row) for row in rows)

    async def forget(self, before: float) -> None:
        """Delete pictures that were posted before this time."""
        await self._db.execute(_FORGET, {"before": before})
