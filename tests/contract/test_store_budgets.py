"""Budgets in the store, on both databases: reserved at the claim, settled at the end, each task counted once."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update

from storage import ledger
from storage.job_states import JobState, TaskState
from storage.ledger import DAY_SECONDS
from storage.migrate import upgrade
from storage.money import Budget, BudgetExceededError, BudgetRules, Charge, Owner, Period
from storage.records import Cost, Job, Limits, NewPicture, Task
from storage.schema import tasks
from storage.store import Store
from tests.support.books import counted, written
from tests.support.raw_database import connected
from tests.support.stored_jobs import ANN, ERROR_MESSAGE, MING, new_job

GROUP, SUPERGROUP = -5, -1000
PRICE = 2000
NOON = 20_000 * DAY_SECONDS + 43_200  # 2024-10-04, 12:00
JANUARY_ENDS = 1_738_367_940.0  # 2025-01-31, 23:59


def yuan(amount: int, period: Period = Period.DAY) -> tuple[Budget, ...]:
    return (Budget(amount, "CNY", period),)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    assert await written(store) == await counted(store), "the ledger has the sums of the tasks"
    await store.aclose()


async def queued(
    store: Store,
    number: int,
    user: int = ANN,
    parts: int = 1,
    now: float = NOON,
    *,
    price: Cost | None = None,
    **changes: Any,
) -> Job:
    job = await store.jobs.add(new_job(number, user, **changes), now)
    assert job
    prices = [price or Cost(PRICE, "CNY")] * parts
    options = [{"n": 1}] * parts
    assert await store.tasks.queue(job.id, job.provider, options, [], now, prices=prices) is JobState.WORKING
    return job


async def claimed(store: Store, rules: BudgetRules, now: float = NOON, provider: str = "jimeng") -> list[Task]:
    """Claim all that the budgets have room for, and end the others."""
    found: list[Task] = []
    while True:
        turns = await store.tasks.claim(provider, Limits(100), now, most=100, budgets=rules)
        found += turns.tasks
        for refused in turns.refused:
            assert await store.budgets.refuse(refused.task.id, ERROR_MESSAGE, now)
        if not turns.has_more:
            return found


async def spent(store: Store, payer: str = ledger.BOT) -> int:
    return sum(amount for (of, _currency, _day), amount in (await written(store)).items() if of == payer)


@pytest.mark.parametrize(
    ("rules", "left"),
    [
        (BudgetRules(bot=yuan(2 * PRICE)), 0),
        (BudgetRules(person=yuan(2 * PRICE + 1)), 1),
        (BudgetRules(group=yuan(2 * PRICE, Period.MONTH)), 0),
        (BudgetRules(services={"jimeng": yuan(3 * PRICE - 1)}), PRICE - 1),
    ],
)
async def test_a_job_of_four_tasks_with_room_for_two(store: Store, rules: BudgetRules, left: int) -> None:
    job = await queued(store, 1, parts=4)
    turns = await store.tasks.claim("jimeng", Limits(100), NOON, most=100, budgets=rules)
    assert (len(turns.tasks), {one.standing.left for one in turns.refused}) == (2, {left})
    for task in await claimed(store, rules):
        raise AssertionError(task)
    for task in turns.tasks:
        await store.tasks.finish_task(task.id, [NewPicture("u")], NOON, Cost(PRICE, "CNY"))
    ended = await store.jobs.get(job.id)
    assert ended
    assert (ended.state, ended.error_message) == (JobState.DELIVERING, ERROR_MESSAGE)
    assert [task.state for task in await store.tasks.of_job(job.id)] == [TaskState.DONE] * 2 + [TaskState.FAILED] * 2
    assert await spent(store) == 2 * PRICE


async def test_nobody_waits_for_a_person_without_a_budget(store: Store) -> None:
    await queued(store, 1, ANN)
    await queued(store, 2, MING, now=NOON + 1)
    await store.budgets.own.set(ledger.person(ANN), yuan(0))
    turns = await store.tasks.claim("jimeng", Limits(1), NOON + 2)
    assert (list(turns.tasks), [one.task.user_id for one in turns.refused]) == ([], [ANN])
    assert [task.user_id for task in await claimed(store, BudgetRules(), NOON + 2)] == [MING]
    # Effective at once: no limit, and back to the configuration.
    for own, made in (((), 1), (None, 0)):
        await store.budgets.own.set(ledger.person(ANN), own)
        await queued(store, 3 + made, ANN)
        assert len(await claimed(store, BudgetRules(person=yuan(1)), NOON + 3)) == made


@pytest.mark.parametrize(
    ("state", "how", "counts"),
    [
        (TaskState.FAILED, {"is_free": True}, 0),
        (TaskState.FAILED, {}, PRICE),
        (TaskState.FAILED, {"cost": Cost(500, "CNY")}, 500),
        (TaskState.OVERDUE, {}, PRICE),
        (TaskState.INTERRUPTED, {}, PRICE),
    ],
)
async def test_what_may_be_paid_counts(store: Store, state: TaskState, how: dict[str, Any], counts: int) -> None:
    await queued(store, 1)
    (task,) = await claimed(store, BudgetRules())
    assert await spent(store) == PRICE
    assert await store.tasks.end_task(task.id, state, ERROR_MESSAGE, NOON, **how)
    assert await store.tasks.end_task(task.id, state, ERROR_MESSAGE, NOON, **how) is None
    assert await spent(store) == counts
    # A ticket that comes late: the task runs after all, and is counted once.
    await store.tasks.accepted(task.id, "late", NOON + 1)
    assert await spent(store) == PRICE
    assert await store.tasks.finish_task(task.id, [NewPicture("u")], NOON + 2, Cost(PRICE, "CNY"))
    assert await spent(store) == PRICE


async def test_fewer_pictures_than_reserved_give_the_rest_back(store: Store) -> None:
    await queued(store, 1, price=Cost(4 * PRICE, "CNY"))
    (task,) = await claimed(store, BudgetRules())
    assert await store.tasks.finish_task(task.id, [NewPicture("u")], NOON, Cost(PRICE, "CNY"))
    assert {payer: await spent(store, payer) for payer in ("bot", "sjimeng", f"u{ANN}", f"g{GROUP}")} == dict.fromkeys(
        ("bot", "sjimeng", f"u{ANN}", f"g{GROUP}"), PRICE
    )


async def test_a_task_that_waits_again_reserves_nothing(store: Store) -> None:
    rules = BudgetRules(bot=yuan(PRICE))
    await queued(store, 1)
    (task,) = await claimed(store, rules)
    await store.tasks.put_back(task.id, 0.0)
    assert await spent(store) == 0
    (task,) = await claimed(store, rules)
    # With its ticket it may be paid, and is not reserved again.
    await store.tasks.accepted(task.id, "t", NOON)
    await store.tasks.put_back(task.id, 0.0)
    assert await spent(store) == PRICE
    assert len(await claimed(store, rules)) == 1
    assert await spent(store) == PRICE


async def test_what_a_worker_never_heard_of_reserves_nothing(store: Store) -> None:
    worker_id = await store.workers.join(NOON)
    job = await store.jobs.add(new_job(1), NOON, worker_id=worker_id)
    assert job
    await store.tasks.queue(job.id, "jimeng", [{}, {}], [], NOON, prices=[Cost(PRICE, "CNY")] * 2)
    turns = await store.tasks.claim("jimeng", Limits(5), NOON, worker_id=worker_id, most=5)
    await store.tasks.requeue_unsubmitted(worker_id, [turns.tasks[0].id])
    assert await spent(store) == PRICE
    # A worker that dies: what it was submitting may be paid.
    await store.workers.leave(worker_id)
    await store.workers.recover_jobs(0, ERROR_MESSAGE, NOON)
    assert await spent(store) == PRICE


async def test_another_service_takes_over_in_another_currency(store: Store) -> None:
    job = await queued(store, 1)
    (task,) = await claimed(store, BudgetRules())
    assert await store.jobs.hand_over(job.id, "openai", {}, task.id)
    assert await spent(store) == 0
    await store.tasks.queue(job.id, "openai", [{}], [], NOON, prices=[Cost(420, "USD")])
    rules = BudgetRules(bot=(Budget(0, "CNY", Period.DAY), Budget(420, "USD", Period.DAY)))
    assert len(await claimed(store, rules, provider="openai")) == 1
    assert {currency for _payer, currency, _day in await written(store)} == {"USD"}


async def test_a_task_counts_on_the_day_of_its_claim(store: Store) -> None:
    rules = BudgetRules(bot=yuan(PRICE, Period.MONTH))
    await queued(store, 1, now=JANUARY_ENDS, parts=2)
    turns = await store.tasks.claim("jimeng", Limits(1), JANUARY_ENDS, budgets=rules)
    february = JANUARY_ENDS + 120
    # January is used up, February is not.
    (refused,) = (await store.tasks.claim("jimeng", Limits(2), JANUARY_ENDS, budgets=rules)).refused
    assert refused.standing.again_at == JANUARY_ENDS + 60
    assert len(await claimed(store, rules, february)) == 1
    await store.tasks.end_task(turns.tasks[0].id, TaskState.FAILED, ERROR_MESSAGE, february, is_free=True)
    days = {day for _payer, _currency, day in await written(store)}
    assert days == {ledger.day_of(february)}
    # A clock that goes back finds January's budget as it was, and then February's.
    await queued(store, 2, now=JANUARY_ENDS, parts=2)
    assert len(await claimed(store, rules, JANUARY_ENDS)) == 1
    await queued(store, 3, now=JANUARY_ENDS)
    assert await claimed(store, rules, february) == []


async def test_a_group_that_becomes_a_supergroup_keeps_its_budget(store: Store) -> None:
    rules = BudgetRules(group=yuan(5 * PRICE))
    await store.budgets.own.set(ledger.group(GROUP), yuan(2 * PRICE))
    await queued(store, 1, parts=2)
    running, waiting = (await claimed(store, rules))[0], await queued(store, 2)
    await store.chats.migrate(GROUP, SUPERGROUP)
    assert (await store.jobs.get(waiting.id)).chat_id == SUPERGROUP  # type: ignore[union-attr]
    assert await store.budgets.own.get(ledger.group(SUPERGROUP)) == yuan(2 * PRICE)
    assert await claimed(store, rules) == []
    await store.tasks.end_task(running.id, TaskState.FAILED, ERROR_MESSAGE, NOON, is_free=True)
    assert (await spent(store, ledger.group(SUPERGROUP)), await spent(store, ledger.group(GROUP))) == (PRICE, 0)


async def test_a_request_without_room_is_refused_at_once(store: Store) -> None:
    rules, price = BudgetRules(person=yuan(PRICE), is_exempt=lambda user_id: user_id == MING), Cost(PRICE, "CNY")
    assert await store.jobs.add(new_job(1), NOON, price=price, budgets=rules)
    await queued(store, 2)
    assert len(await claimed(store, rules)) == 1
    with pytest.raises(BudgetExceededError) as error:
        await store.jobs.add(new_job(3), NOON, price=price, budgets=rules)
    standing = error.value.standing
    assert (standing.owner, standing.left, standing.again_at) == (Owner.PERSON, 0, NOON + 43_200)
    assert await store.jobs.made_by(new_job(3).idempotency_key) is None
    # In another currency, tomorrow, and for admins there is room.
    assert await store.jobs.add(new_job(4), NOON, price=Cost(PRICE, "USD"), budgets=rules)
    assert await store.jobs.add(new_job(5), NOON + DAY_SECONDS, price=price, budgets=rules)
    for number in (6, 7):
        await queued(store, number, MING)
    assert len(await claimed(store, rules)) == 2
    assert await store.jobs.add(new_job(8, MING), NOON, price=price, budgets=rules)


async def test_forgetting_a_person_does_not_give_the_budget_back(store: Store) -> None:
    rules = BudgetRules(person=yuan(PRICE, Period.MONTH), group=yuan(9 * PRICE))
    job = await queued(store, 1)
    (task,) = await claimed(store, rules)
    await store.tasks.end_task(task.id, TaskState.FAILED, ERROR_MESSAGE, NOON)
    await store.jobs.end(job.id, JobState.FAILED, NOON)
    before = await written(store)
    await store.erasure.erase(ANN, NOON)
    charge = Charge("jimeng", ANN, GROUP, Cost(PRICE, "CNY"))
    assert [one.left for one in await store.budgets.standings(rules, charge, NOON)] == [0, 8 * PRICE]
    assert await written(store) == before
    # Of the person nothing stays when the month is over.
    await store.tidy(NOON + 40 * DAY_SECONDS)
    assert await written(store) == {}
    await store.database.execute(_FORGET_COUNTS)


_FORGET_COUNTS = update(tasks).values(counted=None)
"""The ledger forgets what no budget asks for; the tasks keep it."""


async def test_what_was_spent_this_month_counts_after_an_update(tmp_path: Path) -> None:
    url, now = f"sqlite:///{tmp_path}/bot.db", time.time()
    async with connected(url) as connection:
        await connection.run_sync(upgrade, "0018")
        for statement in _SPENT_BEFORE:
            await connection.execute(text(statement), {"now": now})
    store = await Store.open(url)
    charge = Charge("jimeng", ANN, GROUP, Cost(PRICE, "CNY"))
    rules = BudgetRules(bot=yuan(PRICE), group=yuan(PRICE, Period.MONTH), services={"jimeng": yuan(2 * PRICE)})
    assert [one.left for one in await store.budgets.standings(rules, charge, now)] == [500, 500, PRICE + 500]
    assert await written(store) == await counted(store)
    await store.aclose()


_SPENT_BEFORE = (
    "INSERT INTO jobs (id, state, chat_id, user_id, language, provider, prompt, options, created_at) "
    f"VALUES (1, 'delivered', {GROUP}, {ANN}, 'en', 'jimeng', 'a fox', '{{}}', :now)",
    "INSERT INTO tasks (job_id, user_id, provider, state, options, queued_at, cost, currency, finished_at) "
    f"VALUES (1, {ANN}, 'jimeng', 'done', '{{}}', :now, 1500, 'CNY', :now)",
    "INSERT INTO tasks (job_id, user_id, provider, state, options, queued_at, cost, currency, finished_at) "
    f"VALUES (1, {ANN}, 'jimeng', 'done', '{{}}', :now, 1500, 'CNY', :now - 32 * 86400)",
)
