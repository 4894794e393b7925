"""Taking likenesses back: for good, or from one chat. Jobs that depict the person and are not ready are cancelled."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, BindParameter, bindparam, delete, or_, select, update

from storage.cancelling import cancel_job
from storage.connection import Transaction
from storage.depictions import lock_of
from storage.job_states import IS_OPEN, NOT_READY, is_in
from storage.operations import Operations, writes
from storage.records import ErrorMessage
from storage.references import UNFETCHED
from storage.schema import depicted, jobs, likeness_chats, likeness_questions, likenesses, references

_EVERYWHERE = 0
"""No chat has this id."""
_ID: BindParameter[int] = bindparam("likeness_id")
_PERSON: BindParameter[int] = bindparam("user_id")
_CHAT: BindParameter[int] = bindparam("chat_id", type_=BigInteger)
_HERE = or_(_CHAT == _EVERYWHERE, jobs.c.chat_id == _CHAT)
_OF_PERSON = select(likenesses.c.id).where(likenesses.c.user_id == _PERSON)
_DELETE = delete(likenesses).where(likenesses.c.id == _ID)
_DELETE_QUESTION = delete(likeness_questions).where(likeness_questions.c.user_id == _PERSON)
_DISALLOW = delete(likeness_chats).where(likeness_chats.c.likeness_id == _ID, likeness_chats.c.chat_id == _CHAT)
_JOBS = (
    select(jobs.c.id)
    .join(depicted, depicted.c.job_id == jobs.c.id)
    .where(depicted.c.likeness_id == _ID, _HERE, IS_OPEN, is_in(jobs.c.state, NOT_READY))
    .order_by(jobs.c.id)
)
_ERASE_BYTES = (
    update(references)
    .where(references.c.likeness_id == _ID, references.c.job_id.in_(select(jobs.c.id).where(_HERE)))
    .values(dict(UNFETCHED))
)


class TakingBack(Operations):
    """Takes likenesses of one database back. `free` and `paid`: the end of a job, see `Jobs.cancel`."""

    @writes
    async def everywhere(
        self, connection: Transaction, user_id: int, now: float, free: ErrorMessage, paid: ErrorMessage
    ) -> list[int] | None:
        """Delete a person's likeness, and its bytes wherever they are. Returns the ids of the jobs that are cancelled;
        None: there is none."""
        await connection.execute(_DELETE_QUESTION, {"user_id": user_id})
        likeness_id = await _locked(connection, user_id)
        if likeness_id is None:
            return None
        await connection.execute(_DELETE, {"likeness_id": likeness_id})
        return await _stop(connection, likeness_id, _EVERYWHERE, now, (free, paid))

    @writes
    async def here(
        self, connection: Transaction, user_id: int, chat_id: int, now: float, free: ErrorMessage, paid: ErrorMessage
    ) -> list[int] | None:
        """A person's likeness may not be used in this chat any more. Returns the ids of the jobs that are cancelled;
        None: it might not be used there."""
        likeness_id = await _locked(connection, user_id)
        which = {"likeness_id": likeness_id, "chat_id": chat_id}
        if likeness_id is None or not (await connection.execute(_DISALLOW, which)).rowcount:
            return None
        return await _stop(connection, likeness_id, chat_id, now, (free, paid))


async def _locked(connection: Transaction, user_id: int) -> int | None:
    """The likeness of a person. None of their jobs is added until the transaction ends."""
    likeness_id: int | None = (await connection.execute(_OF_PERSON, {"user_id": user_id})).scalar_one_or_none()
    if likeness_id is not None:
        await connection.lock(lock_of(likeness_id))
    return likeness_id


async def _stop(
    connection: Transaction, likeness_id: int, chat_id: int, now: float, words: tuple[ErrorMessage, ErrorMessage]
) -> list[int]:
    which = {"likeness_id": likeness_id, "chat_id": chat_id}
    found: Sequence[int] = (await connection.execute(_JOBS, which)).scalars()
    for job_id in found:
        await cancel_job(connection, job_id, now, *words)
    # Also of a job that is submitting at this moment, if it has not read them yet.
    await connection.execute(_ERASE_BYTES, which)
    return list(found)
