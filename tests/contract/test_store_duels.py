"""Duels in the store, on both databases: limits of all its jobs, letters, votes, and what erasing a person leaves."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from storage.duel_records import DuelStanding, DuelState, NewDuel
from storage.history import HistoryFilter
from storage.job_states import JobState, TaskState
from storage.money import Budget, BudgetExceededError, BudgetRules, Owner, Period
from storage.quota import UNLIMITED, Quota, QuotaExceededError
from storage.records import Cost, Job, Limits, NewPicture
from storage.store import Store
from tests.support.stored_jobs import ANN, ERROR_MESSAGE, MING, new_job

SERVICES = ("jimeng", "ark", "fal")
CENT = Cost(100, "CNY")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


async def begun(store: Store, quota: Quota = UNLIMITED, budgets: BudgetRules | None = None) -> list[Job]:
    requests = tuple(new_job(number, provider=name) for number, name in enumerate(SERVICES))
    duel_id = await store.duels.ask(NewDuel("duel", -5, ANN, requests, (CENT,) * len(SERVICES)), 0.0)
    asked = await store.duels.asked(duel_id or 0)
    assert asked
    return await store.duels.begin(
        asked, 1.0, worker_id=None, quota=quota, budgets=BudgetRules() if budgets is None else budgets
    )


async def standing(store: Store) -> DuelStanding:
    found = await store.duels.standing(1)
    assert found
    return found


async def drawn(store: Store, *jobs: Job) -> None:
    """These jobs have a picture; the tasks of others fail."""
    for job in (await standing(store)).jobs:
        await store.tasks.queue(job.id, job.provider, [{}], [], 1.0, prices=[CENT])
        await store.tasks.claim(job.provider, Limits(9), 2.0)
        (task,) = await store.tasks.of_job(job.id)
        if job.id in {one.id for one in jobs}:
            await store.tasks.finish_task(task.id, [NewPicture(url="x")], 3.0, CENT, 4.0)
        else:
            await store.tasks.end_task(task.id, TaskState.FAILED, ERROR_MESSAGE, 3.0)


async def voting(store: Store) -> DuelStanding:
    await drawn(store, *await begun(store))
    found = await store.duels.line_up(1, 5.0)
    assert found
    await store.duels.shown(1, 100.0)
    return found


async def test_all_its_jobs_count_for_the_quota_or_none_is_made(store: Store) -> None:
    with pytest.raises(QuotaExceededError):
        await begun(store, Quota(daily=2))
    assert await store.duels.standing(1) is None
    assert await store.duels.asked(1)


@pytest.mark.parametrize(
    ("amount", "rules", "owner"),
    [
        (299, {"person": ()}, Owner.PERSON),
        (299, {"bot": ()}, Owner.BOT),
        (99, {"services": {"fal": ()}}, Owner.SERVICE),
    ],
)
async def test_the_price_of_all_must_fit_into_budgets(
    store: Store, amount: int, rules: dict[str, Any], owner: Owner
) -> None:
    budget = (Budget(amount, "CNY", Period.DAY),)
    limited: dict[str, Any] = {name: {"fal": budget} if name == "services" else budget for name in rules}
    with pytest.raises(BudgetExceededError) as refused:
        await begun(store, budgets=BudgetRules(**limited))
    assert refused.value.standing.owner is owner
    assert await store.duels.standing(1) is None


async def test_prices_that_fit_exactly_are_taken(store: Store) -> None:
    budget = (Budget(300, "CNY", Period.DAY),)
    services = {"fal": (Budget(100, "CNY", Period.DAY),)}
    assert len(await begun(store, budgets=BudgetRules(person=budget, bot=budget, services=services))) == 3


async def test_an_update_that_comes_twice_asks_once(store: Store) -> None:
    new = NewDuel("duel", -5, ANN, (new_job(1), new_job(2)), (None, CENT))
    first = await store.duels.ask(new, 0.0)
    assert first == await store.duels.ask(new, 0.0)
    await store.duels.asked_at(first or 0, 9)
    assert await store.duels.ask(new, 0.0) is None


async def test_a_duel_begins_once(store: Store) -> None:
    await begun(store)
    found = await store.duels.asked(1)
    assert found is None
    assert len((await standing(store)).jobs) == 3


async def test_letters_are_given_once_and_only_to_pictures(store: Store) -> None:
    jobs = await begun(store)
    assert (await standing(store)).leader is None
    await drawn(store, *jobs[:2])
    first = await store.duels.line_up(1, 5.0)
    again = await store.duels.line_up(1, 6.0)
    assert first
    assert again
    assert [one.duel_letter for one in first.lettered] == ["A", "B"]
    assert first.lettered == again.lettered
    assert first.leader == first.jobs[0]


async def test_the_only_picture_gets_the_status_message(store: Store) -> None:
    jobs = await begun(store)
    await store.jobs.shown_at(jobs[0].id, 77)
    await drawn(store, jobs[2])
    found = await store.duels.line_up(1, 5.0)
    assert found
    assert found.duel.state is DuelState.VOID
    assert [job.status_id for job in found.jobs] == [None, None, 77]


async def test_a_job_with_a_letter_gets_the_status_message(store: Store) -> None:
    jobs = await begun(store)
    await store.jobs.shown_at(jobs[0].id, 77)
    await drawn(store, *jobs[1:])
    found = await store.duels.line_up(1, 5.0)
    assert found
    assert found.first in found.lettered
    assert [job.status_id for job in found.jobs].count(77) == 1
    assert await store.duels.late(1) == [job.id for job in jobs[1:]], "they are not sent yet"


async def test_everybody_has_one_vote(store: Store) -> None:
    await voting(store)
    votes = store.duel_votes
    assert await votes.vote(1, ANN, "A", 6.0)
    assert await votes.vote(1, MING, "Z", 6.0) is None, "there is no such letter"
    changed = await votes.vote(1, ANN, "B", 7.0)
    assert changed
    assert (changed.voters, changed.is_new) == (1, False)
    assert await votes.vote(1, MING, "B", 100.0) is None, "it is over"
    duel = await votes.take_due(100.0, 160.0, 0)
    assert duel
    assert duel.state is DuelState.CLOSED
    assert [(one.letter, one.votes, one.won) for one in await votes.results(1)] == [
        ("A", 0, False),
        ("B", 1, True),
        ("C", 0, False),
    ]
    assert {one.cost for one in await votes.results(1)} == {CENT}
    (winner, *others) = await votes.records(-5)
    assert (winner.wins, winner.duels, winner.costs) == (1, 1, (CENT,))
    assert [one.wins for one in others] == [0, 0]


async def test_a_draw_has_no_winner(store: Store) -> None:
    await voting(store)
    for user, letter in ((ANN, "A"), (MING, "C")):
        await store.duel_votes.vote(1, user, letter, 6.0)
    await store.duel_votes.take_due(100.0, 160.0, 0)
    assert not any(one.won for one in await store.duel_votes.results(1))


async def test_a_result_is_told_by_one_worker_until_it_is_gone(store: Store) -> None:
    await voting(store)
    worker = await store.workers.join(0.0)
    assert await store.duel_votes.take_due(100.0, 160.0, worker)
    assert await store.duel_votes.take_due(101.0, 160.0, 9) is None
    assert await store.duel_votes.take_due(161.0, 200.0, worker), "it was not told in time"
    await store.workers.leave(worker)
    assert await store.duel_votes.take_due(162.0, 200.0, 9), "its worker is gone"
    await store.duel_votes.told(1, 163.0)
    assert await store.duel_votes.take_due(999.0, 999.0, 9) is None


async def test_what_nobody_has_begun_is_known(store: Store) -> None:
    jobs = await begun(store)
    for job in jobs[:2]:
        await store.tasks.queue(job.id, job.provider, [{}], [], 1.0)
    assert await store.duels.stuck(50.0) == []
    await store.tasks.claim("jimeng", Limits(9), 2.0)
    (task,) = await store.tasks.of_job(jobs[0].id)
    await store.tasks.finish_task(task.id, [NewPicture(url="x")], 3.0)
    assert await store.duels.stuck(2.0) == []
    assert await store.duels.stuck(50.0) == [jobs[1].id, jobs[2].id]


async def test_cancelling_leaves_what_is_ready(store: Store) -> None:
    jobs = await begun(store)
    await store.tasks.queue(jobs[0].id, "jimeng", [{}], [], 1.0)
    await store.tasks.claim("jimeng", Limits(9), 2.0)
    (task,) = await store.tasks.of_job(jobs[0].id)
    await store.tasks.finish_task(task.id, [NewPicture(url="x")], 3.0)
    cancelled = await store.duels.cancel(1, 4.0, ERROR_MESSAGE, ERROR_MESSAGE)
    assert [job.id for job in cancelled] == [jobs[1].id, jobs[2].id]
    assert (await standing(store)).ready == [await store.jobs.get(jobs[0].id)]


async def test_a_group_that_moves_takes_its_duels_along(store: Store) -> None:
    await voting(store)
    await store.chats.migrate(-5, -1005)
    await store.duel_votes.vote(1, ANN, "A", 6.0)
    await store.duel_votes.take_due(100.0, 160.0, 0)
    assert await store.duel_votes.records(-1005)
    assert (await standing(store)).duel.chat_id == -1005


async def test_erasing_who_asked_ends_the_vote(store: Store) -> None:
    found = await voting(store)
    await store.duel_votes.vote(1, MING, "A", 6.0)
    for job in found.jobs:
        await store.jobs.end(job.id, JobState.DELIVERED, 7.0)
    await store.erasure.erase(ANN, 8.0)
    assert await store.duels.standing(1) is None
    duel = await store.duels.get(1)
    assert duel
    assert (duel.state, duel.user_id) == (DuelState.VOID, 0)
    assert await store.duel_votes.take_due(999.0, 999.0, 0) is None
    assert await store.history.page(HistoryFilter(ANN)) is None


async def test_erasing_a_voter_takes_the_vote_back(store: Store) -> None:
    await voting(store)
    await store.duel_votes.vote(1, MING, "A", 6.0)
    await store.erasure.erase(MING, 7.0)
    await store.duel_votes.take_due(100.0, 160.0, 0)
    assert sum(one.votes for one in await store.duel_votes.results(1)) == 0


async def test_questions_that_nobody_answers_are_forgotten(store: Store) -> None:
    new = NewDuel("duel", -5, ANN, (new_job(1), new_job(2)), (None, None))
    await store.duels.ask(new, 0.0)
    await store.tidy(1e9)
    assert await store.duels.get(1) is None


async def test_a_vote_and_its_end_count_before_it_is_stored_that_the_chat_was_asked(store: Store) -> None:
    await drawn(store, *await begun(store))
    await store.duels.line_up(1, 5.0)
    assert await store.duel_votes.vote(1, ANN, "A", 6.0)
    assert await store.duel_votes.end_now(1, 7.0)
    await store.duels.shown(1, 100.0)
    assert await store.duel_votes.take_due(8.0, 60.0, 0)
    assert [one.votes for one in await store.duel_votes.results(1)] == [1, 0, 0]
