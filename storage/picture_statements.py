"""The statements of `storage.pictures`, built once. Their parameters are named in `bindparam`."""

from functools import cache
from typing import Any

from sqlalchemy import Executable, and_, bindparam, func, or_, select, update

from storage.rows import owned_by
from storage.schema import jobs, pictures, references, tasks

PICTURE_COLUMNS = [
    *(column for column in pictures.c if column is not pictures.c.data),
    pictures.c.data.is_not(None).label("has_bytes"),
]
OWN_PROMPT = func.coalesce(tasks.c.prompt, jobs.c.prompt).label("prompt")
"""SQL expression on `tasks` and `jobs`: the words of a picture."""
_OWN, _OF_JOB = pictures.c.id == bindparam("picture_id"), pictures.c.job_id == bindparam("job_id")
_SELECT = select(*PICTURE_COLUMNS)
PICTURE = _SELECT.where(_OWN)
PICTURES_OF_JOB = _SELECT.where(_OF_JOB).order_by(pictures.c.task_id, pictures.c.id)
# A message of the group that this was before is not in this chat.
_IS_HERE = and_(
    pictures.c.chat_id == bindparam("chat_id"),
    pictures.c.former_chat_id.is_(None),
    pictures.c.message_id == bindparam("message_id"),
)
_HAS_UNIQUE_ID = pictures.c.unique_id == bindparam("unique_id")
SHOWN_AS = _SELECT.where(_HAS_UNIQUE_ID).order_by(pictures.c.id).limit(1)
SHOWN_AS_OR_HERE = _SELECT.where(or_(_HAS_UNIQUE_ID, _IS_HERE)).order_by(pictures.c.id).limit(1)
_FIRST_REFERENCE = (
    select(references.c.picture_id)
    .where(references.c.job_id == bindparam("job_id"), references.c.picture_id.is_not(None))
    .order_by(references.c.message_id.nulls_first(), references.c.id)
    .limit(1)
)
MADE_FROM = (
    select(*PICTURE_COLUMNS, OWN_PROMPT)
    .join(jobs, jobs.c.id == pictures.c.job_id)
    .join(tasks, tasks.c.id == pictures.c.task_id)
    .where(pictures.c.id == _FIRST_REFERENCE.scalar_subquery(), pictures.c.hidden_at.is_(None))
)
STAR = update(pictures).where(_OWN).values(starred_at=bindparam("at"))
ADDRESSES = (
    select(pictures.c.id, pictures.c.url).where(pictures.c.task_id == bindparam("task_id")).order_by(pictures.c.id)
)
READDRESS = update(pictures).where(_OWN).values(url=bindparam("address"))
_COUNT = select(func.count()).select_from(pictures).where(_OF_JOB)
# In the order of `of_job`.
_IS_IN_SAME_TASK = and_(pictures.c.task_id == bindparam("task_id"), pictures.c.id <= bindparam("picture_id"))
_IS_EARLIER = or_(pictures.c.task_id < bindparam("task_id"), _IS_IN_SAME_TASK)
PICTURE_DETAILS = (
    select(
        OWN_PROMPT,
        tasks.c.provider,
        _COUNT.where(_IS_EARLIER).scalar_subquery().label("number"),
        _COUNT.scalar_subquery().label("count"),
    )
    .join_from(tasks, jobs, jobs.c.id == tasks.c.job_id)
    .where(tasks.c.id == bindparam("task_id"))
)
PICTURE_BYTES = select(pictures.c.data).where(_OWN)
KEEP_BYTES = update(pictures).where(_OWN).values(data=bindparam("bytes"))
FORGET_BYTES = (
    update(pictures).where(pictures.c.data.is_not(None), pictures.c.created_at < bindparam("before")).values(data=None)
)
_JOB_IS_OURS = select(jobs.c.id).where(jobs.c.id == bindparam("job_id"), owned_by(bindparam("worker_id"))).exists()
BEGIN_SENDING = (
    update(pictures)
    .where(_OWN, pictures.c.message_id.is_(None), pictures.c.hidden_at.is_(None), _JOB_IS_OURS)
    .values(sends=pictures.c.sends + 1)
)
UNCOUNT_SENDING = update(pictures).where(_OWN, pictures.c.sends > 0).values(sends=pictures.c.sends - 1)
SEND_AGAIN = update(pictures).where(_OF_JOB).values(sends=0)
_JOB_OF_PICTURE = select(pictures.c.job_id).where(_OWN).scalar_subquery()
FORGET_STATUS = (
    update(jobs).where(jobs.c.id == _JOB_OF_PICTURE, jobs.c.status_id == bindparam("message_id")).values(status_id=None)
)
FORGET_DOCUMENT = update(pictures).where(_OWN).values(document_id=None)
FORGET_FILES = update(pictures).where(_OWN).values(document_id=None, photo_id=None)
SENT_AS_FILE = update(pictures).where(_OWN).values(document_id=bindparam("document_id"))
IS_FILE_OF = (
    select(pictures.c.id)
    .where(pictures.c.user_id == bindparam("user_id"), pictures.c.document_id == bindparam("document_id"))
    .limit(1)
)
HIDE = (
    update(pictures)
    .where(_OWN, pictures.c.user_id == bindparam("user_id"), pictures.c.hidden_at.is_(None))
    .values(hidden_at=bindparam("now"))
)


@cache
def note_sent(names: frozenset[str]) -> Executable:
    """The statement that stores these fields of `Sent`, with or without a message."""
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in sorted(names)}
    if "message_id" in names:
        values["sends"] = 0
    return update(pictures).where(_OWN).values(**values, data=None)
