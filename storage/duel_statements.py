"""The statements of `storage.duels` and `storage.duel_votes`, built once. Their parameters are named in `bindparam`."""

from sqlalchemy import BindParameter, Float, and_, bindparam, case, delete, func, or_, select, update

from storage.duel_records import Duel, DuelState
from storage.job_states import CANCELLED_STATES, NOT_READY, TaskState, is_in
from storage.rows import IS_STARTED, is_orphaned
from storage.schema import depicted, duel_results, duels, jobs, pictures, tasks, votes
from storage.statements import upsert

DUEL_COLUMNS = [duels.c[name] for name in Duel.__slots__]
_OWN = duels.c.id == bindparam("duel")
_OF_DUEL: BindParameter[int] = bindparam("duel")
ASKED, RUNNING, VOTING = (duels.c.state == state for state in (DuelState.ASKED, DuelState.RUNNING, DuelState.VOTING))
_CLOSED = duels.c.state == DuelState.CLOSED
ADD = upsert(
    duels, "idempotency_key", "chat_id", "user_id", "requests", "created_at", state=DuelState.ASKED
).on_conflict_do_nothing(index_elements=["idempotency_key"])
BY_KEY = select(duels.c.id, duels.c.question_id).where(duels.c.idempotency_key == bindparam("key"), ASKED)
ASKED_AT = update(duels).where(_OWN).values(question_id=bindparam("question"))
DUEL = select(*DUEL_COLUMNS).where(_OWN)
REQUESTS = select(*DUEL_COLUMNS, duels.c.requests).where(_OWN, ASKED)
LOCK_REQUESTS = REQUESTS.with_for_update()
LOCK = DUEL.with_for_update()
DROP = delete(duels).where(_OWN, ASKED)
# Whom several jobs of one duel depict hears of it once.
TOLD_WITH_FIRST = update(depicted).where(depicted.c.job_id == bindparam("job_id")).values(told=True)
BEGIN = update(duels).where(_OWN).values(state=DuelState.RUNNING, requests=None)
JOBS = select(jobs).where(jobs.c.duel_id == _OF_DUEL).order_by(jobs.c.id)
WITH_PICTURES = (
    select(pictures.c.job_id).join(jobs, jobs.c.id == pictures.c.job_id).where(jobs.c.duel_id == _OF_DUEL).distinct()
)
# The jobs that may still have a picture that nobody has seen: at the service, or not sent.
LATE = (
    select(jobs.c.id)
    .where(
        jobs.c.duel_id == _OF_DUEL,
        ~is_in(jobs.c.state, (*NOT_READY, *CANCELLED_STATES)),
        or_(
            select(tasks.c.id).where(tasks.c.job_id == jobs.c.id, is_in(tasks.c.state, (TaskState.OVERDUE,))).exists(),
            select(pictures.c.id)
            .where(pictures.c.job_id == jobs.c.id, pictures.c.message_id.is_(None), pictures.c.hidden_at.is_(None))
            .exists(),
        ),
    )
    .order_by(jobs.c.id)
)
GIVE_LETTER = update(jobs).where(jobs.c.id == bindparam("job")).values(duel_letter=bindparam("letter"))
MOVE_STATUS = update(jobs).where(jobs.c.id == bindparam("job")).values(status_id=bindparam("status"))
VOID = update(duels).where(_OWN, or_(RUNNING, VOTING)).values(state=DuelState.VOID, told_at=bindparam("now"))
_CLOSES: BindParameter[float] = bindparam("closes", type_=Float)
SHOWN = (
    update(duels)
    .where(_OWN, RUNNING)
    .values(state=DuelState.VOTING, closes_at=func.coalesce(duels.c.closes_at, _CLOSES))
)
TRY_POLL = update(duels).where(_OWN, duels.c.poll_id.is_(None)).values(poll_id="")
POLL_SENT = update(duels).where(_OWN).values(poll_id=bindparam("poll"), poll_message_id=bindparam("message"))
OF_POLL = select(duels.c.id).where(duels.c.poll_id == bindparam("poll"), VOTING)
# Its buttons are there a moment before it is stored that they are.
CLOSES_AT = update(duels).where(_OWN, or_(RUNNING, VOTING)).values(closes_at=bindparam("closes"))
CLOSE = update(duels).where(_OWN).values(state=DuelState.CLOSED, closed_at=bindparam("now"))
TOLD = update(duels).where(_OWN).values(told_at=bindparam("now"))
# A vote that is over, or whose result was not told.
_IS_DUE = and_(
    duels.c.told_at.is_(None),
    or_(and_(VOTING, duels.c.closes_at <= bindparam("now", type_=Float)), _CLOSED),
    or_(duels.c.telling_until <= bindparam("now", type_=Float), is_orphaned(duels)),
)
NEXT_DUE = select(duels.c.id).where(_IS_DUE).order_by(duels.c.closes_at).limit(1).with_for_update(skip_locked=True)
TELL = (
    update(duels)
    .where(_OWN, _IS_DUE)
    .values(telling_until=bindparam("until"), worker_id=bindparam("owner"))
    .returning(*DUEL_COLUMNS)
)
NEXT_CLOSING = select(func.min(duels.c.closes_at)).where(duels.c.told_at.is_(None), VOTING)
FORGET_ASKED = delete(duels).where(ASKED, duels.c.created_at < bindparam("before", type_=Float))

VOTE = upsert(
    votes, duel_id=bindparam("duel"), user_id=bindparam("person"), letter=bindparam("letter"), voted_at=bindparam("now")
).on_conflict_do_update(
    index_elements=["duel_id", "user_id"], set_={"letter": bindparam("letter"), "voted_at": bindparam("now")}
)
OWN_VOTE = select(votes.c.letter).where(votes.c.duel_id == _OF_DUEL, votes.c.user_id == bindparam("person"))
UNVOTE = delete(votes).where(votes.c.duel_id == _OF_DUEL, votes.c.user_id == bindparam("person"))
COUNT_VOTERS = select(func.count()).select_from(votes).where(votes.c.duel_id == _OF_DUEL)
COUNT_VOTES = (
    select(votes.c.letter, func.count().label("number")).where(votes.c.duel_id == _OF_DUEL).group_by(votes.c.letter)
)
DELETE_VOTES = delete(votes).where(votes.c.duel_id == _OF_DUEL)
COSTS = (
    select(
        tasks.c.job_id,
        tasks.c.cost,
        tasks.c.currency,
        func.coalesce(tasks.c.seconds, tasks.c.finished_at - tasks.c.begun_at).label("seconds"),
    )
    .join(jobs, jobs.c.id == tasks.c.job_id)
    .where(jobs.c.duel_id == _OF_DUEL, is_in(tasks.c.state, (TaskState.DONE,)))
)
ADD_RESULT = upsert(
    duel_results, "duel_id", "letter", "chat_id", "provider", "votes", "won", "cost", "currency", "seconds"
)
RESULTS = select(duel_results).where(duel_results.c.duel_id == _OF_DUEL).order_by(duel_results.c.letter)
RECORDS = (
    select(
        duel_results.c.provider,
        duel_results.c.currency,
        func.count().label("duels"),
        func.sum(case((duel_results.c.won, 1), else_=0)).label("wins"),
        func.sum(duel_results.c.votes).label("votes"),
        func.sum(duel_results.c.cost).label("cost"),
    )
    .where(duel_results.c.chat_id == bindparam("chat_id"))
    .group_by(duel_results.c.provider, duel_results.c.currency)
)
_ready = jobs.alias("ready")
# In a duel that has a picture for long, the jobs that are not ready.
UNREADY = (
    select(jobs)
    .join(duels, duels.c.id == jobs.c.duel_id)
    .where(
        RUNNING,
        duels.c.told_at.is_(None),
        is_in(jobs.c.state, NOT_READY),
        select(_ready.c.id)
        .join(tasks, tasks.c.job_id == _ready.c.id)
        .where(
            _ready.c.duel_id == duels.c.id,
            is_in(tasks.c.state, (TaskState.DONE,)),
            tasks.c.finished_at < bindparam("before", type_=Float),
        )
        .exists(),
    )
    .order_by(jobs.c.id)
)
# Those of them that nobody has begun.
STUCK = UNREADY.with_only_columns(jobs.c.id).where(
    ~IS_STARTED, ~select(tasks.c.id).where(tasks.c.job_id == jobs.c.id, tasks.c.ticket.is_not(None)).exists()
)
