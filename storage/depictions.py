"""Whom jobs depict: by a likeness, or by a picture that was made with one. Checked when a job gets its references."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Executable, bindparam, delete, or_, select, update

from storage.connection import Connection, Transaction
from storage.likeness_records import LikenessGoneError, NamedPerson
from storage.records import NewReference
from storage.schema import depicted, jobs, likeness_chats, likeness_questions, likenesses, pictures
from storage.statements import upsert

_LIKENESS: BindParameter[int] = bindparam("likeness_id")
_IN_PICTURE = (
    select(depicted.c.likeness_id)
    .join(pictures, pictures.c.job_id == depicted.c.job_id)
    .where(pictures.c.id == bindparam("picture_id"))
)
_IS_ALLOWED = (
    select(likeness_chats.c.chat_id)
    .where(likeness_chats.c.likeness_id == likenesses.c.id, likeness_chats.c.chat_id == jobs.c.chat_id)
    .exists()
)
_MAY_DEPICT = (
    select(likenesses.c.id)
    .join(jobs, jobs.c.id == bindparam("job_id"))
    .where(likenesses.c.id == _LIKENESS, or_(likenesses.c.user_id == jobs.c.chat_id, _IS_ALLOWED))
)
_ADD = upsert(depicted, "job_id", "likeness_id").on_conflict_do_nothing()
_DROP = delete(depicted).where(depicted.c.job_id == bindparam("job_id"))
PERSON = (
    select(
        likenesses.c.id,
        likenesses.c.user_id,
        likenesses.c.username,
        likenesses.c.name,
        likeness_chats.c.chat_id.is_not(None),
    )
    .select_from(likenesses)
    .outerjoin(
        likeness_chats,
        (likeness_chats.c.likeness_id == likenesses.c.id) & (likeness_chats.c.chat_id == bindparam("chat_id")),
    )
)
"""Likenesses with whether a chat is allowed: see `as_person`."""
_BY_ID = PERSON.where(likenesses.c.id == _LIKENESS)

_SET_NAME = update(likenesses).where(likenesses.c.user_id == bindparam("user_id")).values(username=bindparam("new"))
_LOSE_NAME = (
    update(likenesses)
    .where(likenesses.c.username == bindparam("new"), likenesses.c.user_id != bindparam("user_id"))
    .values(username=None)
)
_OLD, _NEW = bindparam("old", type_=BigInteger), bindparam("new", type_=BigInteger)
_KNOWN = select(likeness_chats.c.likeness_id).where(likeness_chats.c.chat_id == _NEW)
_MOVE: Sequence[Executable] = (
    update(likeness_chats)
    .where(likeness_chats.c.chat_id == _OLD, likeness_chats.c.likeness_id.not_in(_KNOWN))
    .values(chat_id=_NEW),
    delete(likeness_chats).where(likeness_chats.c.chat_id == _OLD),
    update(likeness_questions).where(likeness_questions.c.chat_id == _OLD).values(chat_id=_NEW),
)


async def depict(connection: Transaction, job_id: int, new: Sequence[NewReference]) -> None:
    """Note whom these references of a job depict, within a transaction. Raises `LikenessGoneError` where one of them
    may not be depicted in the job's chat."""
    found = await likenesses_in(connection, new)
    for likeness_id in found:
        # It may be taken back at this moment: before this job, or with it.
        await connection.lock(lock_of(likeness_id))
        which = {"job_id": job_id, "likeness_id": likeness_id}
        if (await connection.execute(_MAY_DEPICT, which)).first() is None:
            raise LikenessGoneError
        await connection.execute(_ADD, which)


async def drop_depicted(connection: Transaction, job_id: int) -> None:
    """The job gets other references."""
    await connection.execute(_DROP, {"job_id": job_id})


async def likenesses_in(connection: Connection, references: Iterable[NewReference]) -> list[int]:
    """The ids of all likenesses in these references, within a step; also of those that were taken back."""
    found = set[int]()
    for one in references:
        if one.likeness_id is not None:
            found.add(one.likeness_id)
        elif one.picture_id is not None:
            found.update((await connection.execute(_IN_PICTURE, {"picture_id": one.picture_id})).scalars())
    return sorted(found)


async def person_of(connection: Connection, likeness_id: int, chat_id: int) -> NamedPerson:
    """Whose likeness this is, within a step."""
    row = (await connection.execute(_BY_ID, {"likeness_id": likeness_id, "chat_id": chat_id})).first()
    return as_person(row, chat_id) if row else NamedPerson(likeness_id, None, None, "", is_allowed=False)


async def move_likenesses(connection: Transaction, old: int, new: int) -> None:
    """A group has become a supergroup, and what people allow there stays allowed; within a transaction."""
    for statement in _MOVE:
        await connection.execute(statement, {"old": old, "new": new})


async def take_username(connection: Transaction, user_id: int, username: str | None) -> None:
    """Store the username that the person of a likeness has now, if it has one; within a transaction. Telegram gives it
    to nobody else."""
    which = {"user_id": user_id, "new": username.lower() if username else None}
    if username:
        await connection.execute(_LOSE_NAME, which)
    await connection.execute(_SET_NAME, which)


def as_person(row: Any, chat_id: int) -> NamedPerson:
    """A row of `PERSON`."""
    likeness_id, user_id, username, name, is_allowed = row
    return NamedPerson(likeness_id, user_id, username, name, bool(is_allowed) or user_id == chat_id)


def lock_of(likeness_id: int) -> str:
    """The name of the lock of a likeness."""
    return f"likeness {likeness_id}"
