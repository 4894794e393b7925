"""Likenesses: photos of people that prompts may name, in the chats that they allow."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, bindparam, delete, or_, select, update

from storage.connection import Connection, Transaction
from storage.depictions import PERSON, as_person, likenesses_in, person_of, take_username
from storage.likeness_records import (
    AllowedChat,
    LikenessQuestion,
    NamedPerson,
    NewLikeness,
    OwnLikeness,
    UseNotice,
)
from storage.operations import Operations, reads, writes
from storage.records import NewReference
from storage.rows import current_chat_id
from storage.schema import depicted, jobs, likeness_chats, likeness_questions, likenesses
from storage.statements import upsert

NOTICE_SECONDS = 600.0
"""A person is told of uses in one chat once in this time; the next notice counts those between."""
MAX_TITLE_LENGTH = 64

_OF_PERSON = likenesses.c.user_id == bindparam("user_id")
_QUESTION_COLUMNS = ("user_id", "chat_id", "file_id", "asked_at")
_ASK = upsert(likeness_questions, *_QUESTION_COLUMNS).on_conflict_do_update(
    index_elements=["user_id"], set_={name: bindparam(name) for name in _QUESTION_COLUMNS}
)
_QUESTION = select(likeness_questions).where(likeness_questions.c.user_id == bindparam("user_id"))
_DROP_QUESTION = delete(likeness_questions).where(likeness_questions.c.user_id == bindparam("user_id"))
_FORGET = delete(likeness_questions).where(likeness_questions.c.asked_at < bindparam("before"))
_NEW: dict[str, Any] = {name: bindparam(name) for name in NewLikeness.__slots__}
_KEEP = (
    upsert(likenesses, *_NEW, "created_at")
    .on_conflict_do_update(index_elements=["user_id"], set_={**_NEW, "created_at": bindparam("created_at")})
    .returning(likenesses.c.id)
)
_ALLOW = upsert(likeness_chats, "likeness_id", "chat_id", "title").on_conflict_do_update(
    index_elements=["likeness_id", "chat_id"], set_={"title": bindparam("title")}
)
_DISALLOW_OTHERS = delete(likeness_chats).where(
    likeness_chats.c.likeness_id == bindparam("likeness_id"), likeness_chats.c.chat_id != bindparam("chat_id")
)
_OWN = select(likenesses.c.id, likenesses.c.user_id, likenesses.c.created_at, likenesses.c.muted).where(_OF_PERSON)
_CHATS = (
    select(likeness_chats.c.chat_id, likeness_chats.c.title)
    .where(likeness_chats.c.likeness_id == bindparam("likeness_id"))
    .order_by(likeness_chats.c.title, likeness_chats.c.chat_id)
)
_DATA = select(likenesses.c.data, likenesses.c.media_type).where(likenesses.c.id == bindparam("likeness_id"))
_MUTE = update(likenesses).where(_OF_PERSON).values(muted=bindparam("muted"))
_NAMED = PERSON.where(
    or_(likenesses.c.user_id == bindparam("user_id"), likenesses.c.username == bindparam("username"))
).limit(1)
_UNTOLD = (
    select(
        likenesses.c.id,
        likenesses.c.user_id,
        likenesses.c.name,
        likenesses.c.muted,
        likeness_chats.c.chat_id,
        likeness_chats.c.title,
        likeness_chats.c.told_at,
        likeness_chats.c.uses,
    )
    .select_from(likenesses)
    .join(depicted, depicted.c.likeness_id == likenesses.c.id)
    .join(jobs, jobs.c.id == depicted.c.job_id)
    .outerjoin(
        likeness_chats,
        and_(likeness_chats.c.likeness_id == likenesses.c.id, likeness_chats.c.chat_id == jobs.c.chat_id),
    )
    .where(depicted.c.job_id == bindparam("job_id"), depicted.c.told.is_(False), likenesses.c.user_id != jobs.c.user_id)
    .order_by(likenesses.c.id)
)
_TOLD = update(depicted).where(depicted.c.job_id == bindparam("job_id"), depicted.c.told.is_(False)).values(told=True)
_IN_CHAT = and_(
    likeness_chats.c.likeness_id == bindparam("likeness_id"), likeness_chats.c.chat_id == bindparam("chat_id")
)
_COUNT_USE = update(likeness_chats).where(_IN_CHAT).values(uses=likeness_chats.c.uses + 1)
_TELL = update(likeness_chats).where(_IN_CHAT).values(uses=0, told_at=bindparam("now"))
_JOBS_UNTOLD = (
    select(depicted.c.job_id)
    .join(jobs, jobs.c.id == depicted.c.job_id)
    .where(depicted.c.told.is_(False), jobs.c.created_at > bindparam("since"))
    .distinct()
    .order_by(depicted.c.job_id)
)


class Likenesses(Operations):
    """The likenesses of one database. Times are passed in, in seconds since 1970."""

    @writes
    async def ask(self, connection: Transaction, new: LikenessQuestion) -> None:
        """A person is asked about this photo; an earlier question is not open any more."""
        chat_id = await current_chat_id(connection, new.chat_id)
        values = {name: getattr(new, name) for name in _QUESTION_COLUMNS}
        await connection.execute(_ASK, {**values, "chat_id": chat_id})

    async def question(self, user_id: int) -> LikenessQuestion | None:
        """What a person was last asked about; None: nothing is open."""
        row = (await self._db.fetch(_QUESTION, {"user_id": user_id})).mappings().first()
        return LikenessQuestion(**row) if row else None

    async def drop_question(self, user_id: int) -> None:
        """The person is not asked any more."""
        await self._db.execute(_DROP_QUESTION, {"user_id": user_id})

    @writes
    async def keep(self, connection: Transaction, new: NewLikeness, chat: AllowedChat, now: float) -> None:
        """Keep a person's photo as their likeness, and allow a group (a private chat needs no permission). It replaces
        an earlier photo; the groups that were allowed that one are not allowed this one."""
        own = {"user_id": new.user_id}
        values = {name: getattr(new, name) for name in NewLikeness.__slots__}
        kept = await connection.execute(_KEEP, {**values, "created_at": now})
        await take_username(connection, new.user_id, new.username)
        likeness_id = int(kept.scalar_one())
        here = {"likeness_id": likeness_id, "chat_id": await current_chat_id(connection, chat.chat_id)}
        await connection.execute(_DISALLOW_OTHERS, here)
        await _allow(connection, likeness_id, chat)
        await connection.execute(_DROP_QUESTION, own)

    @writes
    async def allow(self, connection: Transaction, user_id: int, chat: AllowedChat) -> bool:
        """Allow a group for a person's likeness. False: there is none."""
        row = (await connection.execute(_OWN, {"user_id": user_id})).first()
        if row is None:
            return False
        await _allow(connection, row.id, chat)
        return True

    @reads
    async def of(self, connection: Connection, user_id: int) -> OwnLikeness | None:
        """A person's likeness without its bytes, or None."""
        row = (await connection.execute(_OWN, {"user_id": user_id})).first()
        if row is None:
            return None
        chats = [AllowedChat(*one) for one in await connection.execute(_CHATS, {"likeness_id": row.id})]
        return OwnLikeness(row.id, row.user_id, row.created_at, row.muted, tuple(chats))

    async def data(self, likeness_id: int) -> tuple[bytes, str] | None:
        """The bytes and the media type of a likeness; None: it was taken back."""
        row = (await self._db.fetch(_DATA, {"likeness_id": likeness_id})).first()
        return (row.data, row.media_type) if row else None

    async def mute(self, user_id: int, *, muted: bool) -> None:
        """Store whether a person is told when others use their likeness."""
        await self._db.execute(_MUTE, {"user_id": user_id, "muted": muted})

    @writes
    async def rename(self, connection: Transaction, user_id: int, username: str | None) -> None:
        """Store the username that this person has now."""
        await take_username(connection, user_id, username)

    @reads
    async def named(
        self, connection: Connection, who: Sequence[int | str], chat_id: int
    ) -> dict[int | str, NamedPerson]:
        """The people with these ids or (once) usernames who have a likeness, and whether it may be used in a chat."""
        found = {}
        for one in who:
            which = {"user_id": one if isinstance(one, int) else 0, "username": one if isinstance(one, str) else ""}
            if row := (await connection.execute(_NAMED, {**which, "chat_id": chat_id})).first():
                found[one] = as_person(row, chat_id)
        return found

    @reads
    async def in_references(
        self, connection: Connection, references: Sequence[NewReference], chat_id: int
    ) -> list[NamedPerson]:
        """All people whom these references depict, also those who have taken their likenesses back."""
        found = await likenesses_in(connection, references)
        return [await person_of(connection, likeness_id, chat_id) for likeness_id in found]

    @writes
    async def take_notices(self, connection: Transaction, job_id: int, now: float) -> list[UseNotice]:
        """Whom to tell that a job of another person depicts them, each job once; the others count as told."""
        rows = (await connection.execute(_UNTOLD, {"job_id": job_id})).all()
        if not (await connection.execute(_TOLD, {"job_id": job_id})).rowcount:
            return []
        notices = []
        for row in rows:
            which = {"likeness_id": row.id, "chat_id": row.chat_id or 0}
            if row.muted or (row.told_at is not None and abs(now - row.told_at) < NOTICE_SECONDS):
                await connection.execute(_COUNT_USE, which)
                continue
            await connection.execute(_TELL, {**which, "now": now})
            notices.append(UseNotice(row.id, row.user_id, row.name, row.title or "", row.uses or 0))
        return notices

    async def untold(self, since: float) -> list[int]:
        """The jobs added after this time whose people are not told yet."""
        return list((await self._db.fetch(_JOBS_UNTOLD, {"since": since})).scalars())

    async def forget(self, before: float) -> None:
        """Delete questions that were asked before this time."""
        await self._db.execute(_FORGET, {"before": before})


async def _allow(connection: Transaction, likeness_id: int, chat: AllowedChat) -> None:
    if chat.chat_id < 0:
        chat_id = await current_chat_id(connection, chat.chat_id)
        values = {"likeness_id": likeness_id, "chat_id": chat_id, "title": chat.title[:MAX_TITLE_LENGTH]}
        await connection.execute(_ALLOW, values)
