"""Pictures: the results of jobs, their Telegram ids, and how often they were sent."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, func, or_, select, update

from storage.database import Database
from storage.rows import owned_by
from storage.schema import jobs, pictures, references, tasks


@dataclass(frozen=True, slots=True)
class Picture:
    """One result. `photo_id` and `message_id` are None until Telegram has confirmed it; `size` is in bytes.

    `former_chat_id`: the group that holds its message, where it has become this chat since; `sends`: how often it was
    sent without an answer. Its stored bytes, if any, are read with `Pictures.data`.
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
    unique_id: str | None = None
    seed: int | None = None
    starred_at: float | None = None
    sends: int = 0
    former_chat_id: int | None = None

    @property
    def is_missing(self) -> bool:
        """Whether it still has to be sent: it has not arrived, and its owner has not deleted it meanwhile."""
        return self.message_id is None and self.hidden_at is None

    @property
    def file_id(self) -> str | None:
        """Telegram's id of the photo or the file; None while Telegram does not have it."""
        return self.photo_id or self.document_id

    def message_in(self, chat_id: int) -> int | None:
        """The message that shows it in this chat; None where none does. A message of the group that this was before is
        not in this chat."""
        return self.message_id if self.chat_id == chat_id and self.former_chat_id is None else None


@dataclass(frozen=True, slots=True)
class Sent:
    """Telegram's answer for a picture that was sent. `width`, `height` and `size` are the original's.

    `message_id` is None when it was not sent as a result (say, shown in the gallery): it still has to be delivered.
    """

    photo_id: str | None
    message_id: int | None
    width: int | None
    height: int | None
    size: int | None
    unique_id: str | None = None


@dataclass(frozen=True, slots=True)
class PictureWithPrompt:
    """A picture, and the prompt that made it."""

    picture: Picture
    prompt: str


@dataclass(frozen=True, slots=True)
class PictureDetails:
    """How a picture was made: the prompt, the provider, and its `number` among the `count` pictures of its job."""

    prompt: str
    provider: str
    number: int
    count: int


_COLUMNS = [column for column in pictures.c if column is not pictures.c.data]


class Pictures:
    """The pictures of one database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def get(self, picture_id: int) -> Picture | None:
        """The picture, or None."""
        return await self._one(select(*_COLUMNS).where(pictures.c.id == picture_id))

    async def shown_as(self, unique_id: str, chat_id: int, message_id: int | None) -> Picture | None:
        """The picture that a message shows: its photo has this unique id, or it was delivered in that very message
        (`message_id` is None for a message of another chat)."""
        shown = pictures.c.unique_id == unique_id
        if message_id is not None:
            # A message of the group that this was before is not in this chat.
            is_here = and_(pictures.c.chat_id == chat_id, pictures.c.former_chat_id.is_(None))
            shown = or_(shown, and_(is_here, pictures.c.message_id == message_id))
        return await self._one(select(*_COLUMNS).where(shown).order_by(pictures.c.id).limit(1))

    async def lineage(self, picture: Picture, most: int = 10) -> list[PictureWithPrompt]:
        """The pictures from which a picture was made, step by step, at most `most` steps back.

        Of several references the first one counts. Pictures that were hidden from the history end the chain.
        """
        steps: list[PictureWithPrompt] = []
        async with self._db.read() as connection:
            while len(steps) < most:
                last = steps[-1].picture if steps else picture
                first = (
                    select(references.c.picture_id)
                    .where(references.c.job_id == last.job_id, references.c.picture_id.is_not(None))
                    .order_by(references.c.message_id.nulls_first(), references.c.id)
                    .limit(1)
                )
                query = (
                    select(*_COLUMNS, jobs.c.prompt)
                    .join(jobs, jobs.c.id == pictures.c.job_id)
                    .where(pictures.c.id == first.scalar_subquery(), pictures.c.hidden_at.is_(None))
                )
                row = (await connection.execute(query)).mappings().first()
                if row is None:
                    break
                steps.append(PictureWithPrompt(picture_of(row), row["prompt"]))
        return steps

    async def star(self, picture_id: int, now: float | None) -> None:
        """Mark a picture as one of its owner's favourites; None removes the mark."""
        await self._update(picture_id, starred_at=now)

    async def of_job(self, job_id: int) -> list[Picture]:
        """The pictures of a job in the order of its tasks."""
        query = select(*_COLUMNS).where(pictures.c.job_id == job_id).order_by(pictures.c.task_id, pictures.c.id)
        async with self._db.read() as connection:
            return [Picture(**row) for row in (await connection.execute(query)).mappings()]

    async def readdress(self, task_id: int, urls: Sequence[str]) -> bool:
        """Store the new URLs of the pictures of a task, in order. False: nothing has changed.

        Fewer URLs than pictures change nothing: it is not known which belongs to which.
        """
        query = select(pictures.c.id, pictures.c.url).where(pictures.c.task_id == task_id).order_by(pictures.c.id)
        async with self._db.write() as connection:
            known = (await connection.execute(query)).all()
            if len(urls) < len(known):
                return False
            changed = {one.id: url for one, url in zip(known, urls, strict=False) if one.url and one.url != url}
            for picture_id, url in changed.items():
                await connection.execute(update(pictures).where(pictures.c.id == picture_id).values(url=url))
            return bool(changed)

    async def details(self, picture: Picture) -> PictureDetails:
        """How a picture was made."""
        of_job = select(func.count()).select_from(pictures).where(pictures.c.job_id == picture.job_id)
        # In the order of `of_job`.
        is_earlier = or_(
            pictures.c.task_id < picture.task_id,
            and_(pictures.c.task_id == picture.task_id, pictures.c.id <= picture.id),
        )
        query = select(
            jobs.c.prompt,
            tasks.c.provider,
            of_job.where(is_earlier).scalar_subquery().label("number"),
            of_job.scalar_subquery().label("count"),
        )
        query = query.join_from(tasks, jobs, jobs.c.id == tasks.c.job_id).where(tasks.c.id == picture.task_id)
        async with self._db.read() as connection:
            return PictureDetails(*(await connection.execute(query)).one())

    async def data(self, picture_id: int) -> bytes | None:
        """The stored bytes of a picture, or None."""
        async with self._db.read() as connection:
            query = select(pictures.c.data).where(pictures.c.id == picture_id)
            data: bytes | None = (await connection.execute(query)).scalar()
            return data

    async def keep(self, picture_id: int, data: bytes) -> None:
        """Store the bytes of a picture that Telegram does not have yet."""
        await self._update(picture_id, data=data)

    async def forget_bytes(self, before: float) -> None:
        """Delete the bytes of pictures made before this time."""
        async with self._db.write() as connection:
            old = (pictures.c.data.is_not(None), pictures.c.created_at < before)
            await connection.execute(update(pictures).where(*old).values(data=None))

    async def begin_sending(self, job_id: int, worker_id: int | None, ids: Collection[int]) -> bool:
        """Count one more send of these pictures of a job, before they are sent. False: this worker must not send them,
        since another worker owns the job, or one of them has arrived or was deleted. Then nothing changes.
        """
        own = select(jobs.c.id).where(jobs.c.id == job_id, owned_by(worker_id))
        missing = (pictures.c.id.in_(ids), pictures.c.message_id.is_(None), pictures.c.hidden_at.is_(None))
        sending = update(pictures).where(*missing, own.exists()).values(sends=pictures.c.sends + 1)
        async with self._db.write() as connection:
            if (await connection.execute(sending)).rowcount == len(ids):
                return True
            await connection.rollback()
            return False

    async def not_sent(self, ids: Collection[int]) -> None:
        """Telegram has refused these: they have not arrived, so the send is not counted."""
        refused = update(pictures).where(pictures.c.id.in_(ids), pictures.c.sends > 0)
        async with self._db.write() as connection:
            await connection.execute(refused.values(sends=pictures.c.sends - 1))

    async def send_again(self, job_id: int) -> None:
        """A person wants pictures that may have arrived to be sent again."""
        async with self._db.write() as connection:
            await connection.execute(update(pictures).where(pictures.c.job_id == job_id).values(sends=0))

    async def sent(self, picture_id: int, sent: Sent) -> None:
        """Telegram has it: its ids are stored, and its bytes are deleted."""
        await self.all_sent({picture_id: sent})

    async def all_sent(self, confirmed: Mapping[int, Sent]) -> None:
        """Telegram has these, by id. They are stored in one step, so that no crash leaves half of an album confirmed.

        A status message that has become a picture is removed from its job: it must not be edited or deleted as one.
        """
        async with self._db.write() as connection:
            for picture_id, sent in confirmed.items():
                job_id = select(pictures.c.job_id).where(pictures.c.id == picture_id).scalar_subquery()
                status = update(jobs).where(jobs.c.id == job_id, jobs.c.status_id == sent.message_id)
                await connection.execute(status.values(status_id=None))
                known = {name: getattr(sent, name) for name in Sent.__slots__ if getattr(sent, name) is not None}
                if sent.message_id is not None:
                    known["sends"] = 0
                change = update(pictures).where(pictures.c.id == picture_id)
                await connection.execute(change.values(**known, data=None))

    async def forget_file_ids(self, picture_id: int, *, only_document: bool = False) -> None:
        """Telegram no longer has it, or no longer as a file: it is fetched from the service again."""
        stale: dict[str, None] = {"document_id": None}
        await self._update(picture_id, **(stale if only_document else {**stale, "photo_id": None}))

    async def sent_as_file(self, picture_id: int, document_id: str) -> None:
        """The original was sent as a file."""
        await self._update(picture_id, document_id=document_id)

    async def is_file_of(self, user_id: int, document_id: str) -> bool:
        """Whether this file is the original of one of this person's pictures."""
        query = select(pictures.c.id).where(pictures.c.user_id == user_id, pictures.c.document_id == document_id)
        async with self._db.read() as connection:
            return (await connection.execute(query.limit(1))).first() is not None

    async def hide(self, picture_id: int, user_id: int, now: float) -> bool:
        """Hide a picture from its owner's history. False when it is another person's or hidden already."""
        mine = (pictures.c.id == picture_id, pictures.c.user_id == user_id, pictures.c.hidden_at.is_(None))
        async with self._db.write() as connection:
            return bool((await connection.execute(update(pictures).where(*mine).values(hidden_at=now))).rowcount)

    async def _one(self, query: Select[Any]) -> Picture | None:
        async with self._db.read() as connection:
            row = (await connection.execute(query)).mappings().first()
            return Picture(**row) if row else None

    async def _update(self, picture_id: int, **values: object) -> None:
        async with self._db.write() as connection:
            await connection.execute(update(pictures).where(pictures.c.id == picture_id).values(values))


def select_pictures(*more: ColumnElement[Any]) -> Select[Any]:
    """A SELECT of pictures, without their bytes, and of more columns."""
    return select(*_COLUMNS, *more)


def picture_of(row: RowMapping) -> Picture:
    """The picture in a row that has more columns."""
    return Picture(**{column.name: row[column.name] for column in _COLUMNS})
