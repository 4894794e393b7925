"""Pictures: what a job gave, what Telegram calls it, and each person's history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, update

from storage.database import Database
from storage.schema import jobs, pictures


@dataclass(frozen=True, slots=True)
class Picture:
    """One result. `photo_id` and `message_id` are None until Telegram has confirmed it; `size` is in bytes.

    The bytes that are kept for it, if any, are read with `Pictures.data`.
    """

    id: int
    job_id: int
    task_id: int
    user_id: int
    chat_id: int
    url: str | None
    width: int | None
    height: int | None
    size: int | None
    photo_id: str | None
    document_id: str | None
    message_id: int | None
    created_at: float
    hidden_at: float | None


@dataclass(frozen=True, slots=True)
class Sent:
    """What is known of a picture once Telegram has it. `width`, `height` and `size` are the original's.

    `message_id` is None when it was shown in passing only: then it still has to be delivered.
    """

    photo_id: str | None
    message_id: int | None
    width: int | None
    height: int | None
    size: int | None


@dataclass(frozen=True, slots=True)
class Shelf:
    """Whose history: a person's, in one chat when `chat_id` is given, with all of `words` in the prompt."""

    user_id: int
    chat_id: int | None = None
    words: tuple[str, ...] = ()


_COLUMNS = [column for column in pictures.c if column is not pictures.c.data]


class Pictures:
    """The pictures of one database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def get(self, picture_id: int) -> Picture | None:
        """The picture, or None."""
        return await self._one(select(*_COLUMNS).where(pictures.c.id == picture_id))

    async def of_job(self, job_id: int) -> list[Picture]:
        """The pictures of a job in the order of its tasks."""
        query = select(*_COLUMNS).where(pictures.c.job_id == job_id).order_by(pictures.c.task_id, pictures.c.id)
        async with self._db.read() as connection:
            return [Picture(**row) for row in (await connection.execute(query)).mappings()]

    async def data(self, picture_id: int) -> bytes | None:
        """The bytes that are kept for a picture."""
        async with self._db.read() as connection:
            query = select(pictures.c.data).where(pictures.c.id == picture_id)
            data: bytes | None = (await connection.execute(query)).scalar()
            return data

    async def keep(self, picture_id: int, data: bytes) -> None:
        """Keep the bytes of a picture that Telegram doesn't have yet."""
        await self._update(picture_id, data=data)

    async def sent(self, picture_id: int, sent: Sent) -> None:
        """Telegram has it: its ids are remembered and kept bytes are forgotten."""
        await self.all_sent({picture_id: sent})

    async def all_sent(self, confirmed: Mapping[int, Sent]) -> None:
        """Telegram has these, by id. All in one step: what was confirmed together is never known in part.

        A status message that has become a picture is none any more: it must not be edited or deleted as one.
        """
        async with self._db.write() as connection:
            for picture_id, sent in confirmed.items():
                job_id = select(pictures.c.job_id).where(pictures.c.id == picture_id).scalar_subquery()
                status = update(jobs).where(jobs.c.id == job_id, jobs.c.status_id == sent.message_id)
                await connection.execute(status.values(status_id=None))
                known = {name: getattr(sent, name) for name in Sent.__slots__ if getattr(sent, name) is not None}
                change = update(pictures).where(pictures.c.id == picture_id)
                await connection.execute(change.values(**known, data=None))

    async def sent_as_file(self, picture_id: int, document_id: str) -> None:
        """The original was sent as a file."""
        await self._update(picture_id, document_id=document_id)

    async def hide(self, picture_id: int, user_id: int, now: float) -> bool:
        """Take a picture out of its owner's history. False when it isn't theirs or is hidden already."""
        mine = (pictures.c.id == picture_id, pictures.c.user_id == user_id, pictures.c.hidden_at.is_(None))
        async with self._db.write() as connection:
            return bool((await connection.execute(update(pictures).where(*mine).values(hidden_at=now))).rowcount)

    async def newest(self, shelf: Shelf) -> Picture | None:
        """The picture made last."""
        return await self._one(_on(shelf).order_by(pictures.c.id.desc()).limit(1))

    async def older(self, shelf: Shelf, than: int) -> Picture | None:
        """The next one back in time."""
        return await self._one(_on(shelf, pictures.c.id < than).order_by(pictures.c.id.desc()).limit(1))

    async def newer(self, shelf: Shelf, than: int) -> Picture | None:
        """The next one forward in time."""
        return await self._one(_on(shelf, pictures.c.id > than).order_by(pictures.c.id).limit(1))

    async def count(self, shelf: Shelf, from_id: int = 0) -> int:
        """How many there are; with `from_id`, how many from this one on to the newest."""
        query = _on(shelf, pictures.c.id >= from_id).with_only_columns(func.count(pictures.c.id))
        async with self._db.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def _one(self, query: Select[Any]) -> Picture | None:
        async with self._db.read() as connection:
            row = (await connection.execute(query)).mappings().first()
            return Picture(**row) if row else None

    async def _update(self, picture_id: int, **values: object) -> None:
        async with self._db.write() as connection:
            await connection.execute(update(pictures).where(pictures.c.id == picture_id).values(values))


def _on(shelf: Shelf, *more: ColumnElement[bool]) -> Select[Any]:
    query = select(*_COLUMNS).where(pictures.c.user_id == shelf.user_id, pictures.c.hidden_at.is_(None), *more)
    if shelf.chat_id is not None:
        query = query.where(pictures.c.chat_id == shelf.chat_id)
    if shelf.words:
        # A scan of the person's own rows by index: quicker than full-text search, and it finds two Chinese characters.
        query = query.join(jobs, jobs.c.id == pictures.c.job_id).where(*_contains(shelf.words))
    return query


def _contains(words: Sequence[str]) -> list[ColumnElement[bool]]:
    return [jobs.c.prompt.icontains(word, autoescape=True) for word in words]
