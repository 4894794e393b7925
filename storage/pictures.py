"""Pictures: the results of jobs, their Telegram ids, and how often they were sent."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Executable, Select, select

from storage.connection import Connection, Transaction
from storage.operations import Operations, reads, writes
from storage.picture_statements import (
    ADDRESSES,
    BEGIN_SENDING,
    FORGET_BYTES,
    FORGET_DOCUMENT,
    FORGET_FILES,
    FORGET_STATUS,
    HIDE,
    IS_FILE_OF,
    KEEP_BYTES,
    MADE_FROM,
    PICTURE,
    PICTURE_BYTES,
    PICTURE_COLUMNS,
    PICTURE_DETAILS,
    PICTURES_OF_JOB,
    READDRESS,
    SEND_AGAIN,
    SENT_AS_FILE,
    SHOWN_AS,
    SHOWN_AS_OR_HERE,
    STAR,
    UNCOUNT_SENDING,
    note_sent,
)


@dataclass(frozen=True, slots=True)
class Picture:
    """One result. `photo_id` and `message_id` are None until Telegram has confirmed it; `size` is in bytes.

    `former_chat_id`: the group that holds its message, where it has become this chat since; `sends`: how often it was
    sent without an answer. Its stored bytes, which `has_bytes` tells of, are read with `Pictures.data`.
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
    has_bytes: bool = False

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


class Pictures(Operations):
    """The pictures of one database."""

    async def get(self, picture_id: int) -> Picture | None:
        """The picture, or None."""
        return await self._one(PICTURE, picture_id=picture_id)

    async def shown_as(self, unique_id: str, chat_id: int, message_id: int | None) -> Picture | None:
        """The picture that a message shows: its photo has this unique id, or it was delivered in that very message
        (`message_id` is None for a message of another chat)."""
        if message_id is None:
            return await self._one(SHOWN_AS, unique_id=unique_id)
        return await self._one(SHOWN_AS_OR_HERE, unique_id=unique_id, chat_id=chat_id, message_id=message_id)

    @reads
    async def lineage(self, connection: Connection, picture: Picture, most: int = 10) -> list[PictureWithPrompt]:
        """The pictures from which a picture was made, step by step, at most `most` steps back.

        Of several references the first one counts. Pictures that were hidden from the history end the chain.
        """
        steps: list[PictureWithPrompt] = []
        while len(steps) < most:
            last = steps[-1].picture if steps else picture
            row = (await connection.execute(MADE_FROM, {"job_id": last.job_id})).mappings().first()
            if row is None:
                break
            steps.append(PictureWithPrompt(picture_of(row), row["prompt"]))
        return steps

    async def star(self, picture_id: int, now: float | None) -> None:
        """Mark a picture as one of its owner's favourites; None removes the mark."""
        await self._db.execute(STAR, {"picture_id": picture_id, "at": now})

    async def of_job(self, job_id: int) -> list[Picture]:
        """The pictures of a job in the order of its tasks."""
        return await self._db.read(lambda connection: pictures_of(connection, job_id))

    @writes
    async def readdress(self, connection: Transaction, task_id: int, urls: Sequence[str]) -> bool:
        """Store the new URLs of the pictures of a task, in order. False: nothing has changed.

        Fewer URLs than pictures change nothing: it is not known which belongs to which.
        """
        known = (await connection.execute(ADDRESSES, {"task_id": task_id})).all()
        if len(urls) < len(known):
            return False
        changed = {one.id: url for one, url in zip(known, urls, strict=False) if one.url and one.url != url}
        await connection.execute(READDRESS, [{"picture_id": key, "address": url} for key, url in changed.items()])
        return bool(changed)

    async def details(self, picture: Picture) -> PictureDetails:
        """How a picture was made."""
        which = {"job_id": picture.job_id, "task_id": picture.task_id, "picture_id": picture.id}
        return PictureDetails(*(await self._db.fetch(PICTURE_DETAILS, which)).one())

    async def data(self, picture_id: int) -> bytes | None:
        """The stored bytes of a picture, or None."""
        data: bytes | None = (await self._db.fetch(PICTURE_BYTES, {"picture_id": picture_id})).scalar()
        return data

    async def keep(self, picture_id: int, data: bytes) -> None:
        """Store the bytes of a picture that Telegram does not have yet."""
        await self._db.execute(KEEP_BYTES, {"picture_id": picture_id, "bytes": data})

    async def forget_bytes(self, before: float) -> None:
        """Delete the bytes of pictures made before this time."""
        await self._db.execute(FORGET_BYTES, {"before": before})

    @writes
    async def begin_sending(
        self, connection: Transaction, job_id: int, worker_id: int | None, ids: Collection[int]
    ) -> bool:
        """Count one more send of these pictures of a job, before they are sent. False: this worker must not send them,
        since another worker owns the job, or one of them has arrived or was deleted. Then nothing changes.
        """
        for picture_id in ids:
            which = {"picture_id": picture_id, "job_id": job_id, "worker_id": worker_id}
            if not (await connection.execute(BEGIN_SENDING, which)).rowcount:
                connection.roll_back()
                return False
        return True

    @writes
    async def not_sent(self, connection: Transaction, ids: Collection[int]) -> None:
        """Telegram has refused these: they have not arrived, so the send is not counted."""
        await connection.execute(UNCOUNT_SENDING, [{"picture_id": picture_id} for picture_id in ids])

    async def send_again(self, job_id: int) -> None:
        """A person wants pictures that may have arrived to be sent again."""
        await self._db.execute(SEND_AGAIN, {"job_id": job_id})

    async def sent(self, picture_id: int, sent: Sent) -> None:
        """Telegram has it: its ids are stored, and its bytes are deleted."""
        await self.all_sent({picture_id: sent})

    @writes
    async def all_sent(self, connection: Transaction, confirmed: Mapping[int, Sent]) -> None:
        """Telegram has these, by id. They are stored in one step, so that no crash leaves half of an album confirmed.

        A status message that has become a picture is removed from its job: it must not be edited or deleted as one.
        """
        for picture_id, sent in confirmed.items():
            await connection.execute(FORGET_STATUS, {"picture_id": picture_id, "message_id": sent.message_id})
            known = {name: getattr(sent, name) for name in Sent.__slots__ if getattr(sent, name) is not None}
            values = {f"new_{name}": value for name, value in known.items()}
            await connection.execute(note_sent(frozenset(known)), {"picture_id": picture_id, **values})

    async def forget_file_ids(self, picture_id: int, *, only_document: bool = False) -> None:
        """Telegram no longer has it, or no longer as a file: it is fetched from the service again."""
        await self._db.execute(FORGET_DOCUMENT if only_document else FORGET_FILES, {"picture_id": picture_id})

    async def sent_as_file(self, picture_id: int, document_id: str) -> None:
        """The original was sent as a file."""
        await self._db.execute(SENT_AS_FILE, {"picture_id": picture_id, "document_id": document_id})

    async def is_file_of(self, user_id: int, document_id: str) -> bool:
        """Whether this file is the original of one of this person's pictures."""
        which = {"user_id": user_id, "document_id": document_id}
        return (await self._db.fetch(IS_FILE_OF, which)).first() is not None

    async def hide(self, picture_id: int, user_id: int, now: float) -> bool:
        """Hide a picture from its owner's history. False when it is another person's or hidden already."""
        mine = {"picture_id": picture_id, "user_id": user_id, "now": now}
        return bool((await self._db.execute(HIDE, mine)).rowcount)

    async def _one(self, query: Executable, **which: object) -> Picture | None:
        row = (await self._db.fetch(query, which)).mappings().first()
        return Picture(**row) if row else None


async def pictures_of(connection: Connection, job_id: int) -> list[Picture]:
    """The pictures of a job in the order of its tasks, within a step."""
    return [Picture(**row) for row in (await connection.execute(PICTURES_OF_JOB, {"job_id": job_id})).mappings()]


def select_pictures(*more: ColumnElement[Any]) -> Select[Any]:
    """A SELECT of pictures, without their bytes, and of more columns."""
    return select(*PICTURE_COLUMNS, *more)


def picture_of(row: Mapping[str, Any]) -> Picture:
    """The picture in a row that has more columns."""
    return Picture(**{column.name: row[column.name] for column in PICTURE_COLUMNS})
