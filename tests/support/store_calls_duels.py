"""Calls of the store's operations on duels."""

from storage.duel_records import NewDuel
from storage.money import BudgetRules
from storage.quota import Quota
from storage.records import Cost, Job, Limits, NewPicture
from storage.store import Store
from tests.support.stored_jobs import ANN, ERROR_MESSAGE, new_job


async def duels(store: Store, n: int) -> None:
    kept, votes, now = store.duels, store.duel_votes, float(n)
    await kept.forget(now)
    for which in (n, n + 1):
        requests = tuple(new_job(10 * which + number, provider="fake") for number in (1, 2))
        new = NewDuel(f"duel {which}", 5, ANN, requests, (None, Cost(1, "CNY")))
        duel_id = await kept.ask(new, now)
        assert duel_id
        await kept.asked_at(duel_id, n)
        asked = await kept.asked(duel_id)
        assert asked
        made = await kept.begin(asked, now, worker_id=None, quota=Quota(waiting=99), budgets=BudgetRules())
        assert len(made) == 2
        await kept.drop(duel_id)
        await _play(store, duel_id, made, now)
    assert await votes.records(5)
    assert await votes.take_due(now + 9000, now, 0) is None


async def _play(store: Store, duel_id: int, made: list[Job], now: float) -> None:
    duels, votes = store.duels, store.duel_votes
    assert await duels.get(duel_id)
    for job in made:
        await store.tasks.queue(job.id, "fake", [{}], [], now)
    await store.tasks.claim("fake", Limits(100), now, most=10)
    for job in made:
        (task,) = await store.tasks.of_job(job.id)
        await store.tasks.finish_task(task.id, [NewPicture(url="x")], now)
    assert await duels.stuck(now) == []
    assert await duels.unready(now) == []
    assert await duels.cancel(duel_id, now, ERROR_MESSAGE, ERROR_MESSAGE) == []
    lined_up = await duels.line_up(duel_id, now)
    assert lined_up
    assert len(lined_up.lettered) == 2
    await duels.shown(duel_id, now + 1)
    assert await duels.try_poll(duel_id)
    await duels.poll_sent(duel_id, f"poll {duel_id}", 9)
    assert await votes.duel_of_poll(f"poll {duel_id}") == duel_id
    assert await votes.vote(duel_id, ANN, "A", now)
    await votes.withdraw(duel_id, ANN)
    assert await votes.vote(duel_id, ANN, "B", now)
    assert await votes.next_closing() == now + 1
    assert await votes.end_now(duel_id, now)
    assert await votes.take(duel_id, now, now, 0)
    assert await votes.take_due(now, now, 0)
    assert [one.won for one in await votes.results(duel_id)] == [False, True]
    await votes.told(duel_id, now)
    assert await duels.late(duel_id) == [job.id for job in made]
    assert not await duels.void(duel_id, now)
    assert await duels.standing(duel_id)
