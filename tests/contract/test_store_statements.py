"""Every operation of the store builds its statements once, on each database: called again, it compiles nothing."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from storage.duel_records import NewDuel
from storage.edited_prompts import Offer
from storage.history import HistoryFilter
from storage.invitations import Joined
from storage.job_states import JobState, TaskState
from storage.money import Budget, BudgetRules, Charge, Period
from storage.new_jobs import DAY
from storage.operations import Operations
from storage.pictures import Sent
from storage.quota import Quota
from storage.records import (
    CheckedReference,
    Cost,
    Draft,
    Job,
    Limits,
    NewDraft,
    NewPicture,
    NewReference,
    NewUpdate,
    Task,
)
from storage.settings_records import Style
from storage.store import Store
from tests.support.stored_jobs import ANN, ERROR_MESSAGE, claim, finished, new_job, queued

BYTES = CheckedReference(b"x", "image/png", 8, 8, [])
Calls = Callable[[Store, int], Awaitable[None]]
"""Calls operations. The number is another one at each time, and so are the rows that it makes."""


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    yield store
    await store.aclose()


async def _requests(store: Store, n: int) -> None:
    new = new_job(n, references=(NewReference("a", n),), asked_message_id=n, said="1")
    job = await _added(store, n, references=new.references, asked_message_id=n, said="1")
    await store.jobs.get(job.id)
    await store.jobs.with_tasks(job.id)
    await store.jobs.with_references(job.id)
    await store.jobs.made_by(new.idempotency_key)
    await store.jobs.asked_in(new.chat_id, n)
    await store.jobs.shown_at(job.id, n)
    await store.jobs.with_status(new.chat_id, n)
    (reference,) = await store.references.of_job(job.id)
    assert await store.references.store(reference.id, BYTES, "jimeng")
    assert await store.references.data(reference.id)
    assert await store.references.join(job.id, NewReference("b", n + 1))
    assert await store.jobs.hand_over(job.id, "ark", {}, None)
    assert await store.jobs.waiting_for("ark")
    assert await store.edits.reword(job.id, replace(new, prompt="a blue fox"), float(n))
    assert await store.edits.reword(job.id, replace(new, options={"n": 2}), float(n))
    assert await store.jobs.cancel(job.id, float(n), ERROR_MESSAGE, ERROR_MESSAGE)
    await store.jobs.told(job.id)
    assert await store.jobs.end(job.id, JobState.CANCELLED, float(n))


async def _edits(store: Store, n: int) -> None:
    job = await finished(store, n, asked_message_id=n)
    await store.edits.keep_captions(job, {n: "a", n + 1: "b"})
    assert await store.edits.captions(job.id)
    assert await store.edits.asked(job.chat_id, [n])
    assert await store.edits.is_answered(job.chat_id, [n])
    offer = Offer(job.chat_id, n, job.id, "a blue fox", "2", float(n), None)
    assert await store.edits.offer(offer) is None
    assert await store.edits.offer(offer)
    await store.edits.shown_at(offer, n)
    await store.edits.taken(offer)
    await store.edits.taken(offer, job.id)
    assert await store.edits.of_message(job.chat_id, n)


async def _drafts(store: Store, n: int) -> None:
    draft = Draft((NewReference("a", n),), {"name": "ink", "words": "in ink"})
    await store.drafts.add(NewDraft(f"draft:{n}", -5, ANN, n, draft, message_id=n), float(n))
    assert await store.drafts.join(-5, n, NewReference("b", n + 1))
    assert await store.drafts.is_waiting(-5, [n])
    assert await store.drafts.question(-5, n)
    assert (await store.drafts.take(-5, ANN, f"prompt:{n}", since=0.0)).style
    await store.drafts.set_aside(-5, ANN, float(n))
    await store.drafts.forget(n + 1.0)


async def _tasks(store: Store, n: int) -> None:
    job = await queued(store, n, parts=3)
    assert await store.tasks.awaited()
    assert await store.tasks.line("jimeng")
    await store.tasks.put_back((await claim(store, float(n))).id, 0.0)
    assert await store.tasks.running() == []
    failed, interrupted = await claim(store, float(n)), await claim(store, float(n))
    await store.tasks.announce(failed.id)
    assert await store.tasks.get(failed.id)
    assert await store.tasks.end_task(failed.id, TaskState.FAILED, ERROR_MESSAGE, float(n))
    assert await store.tasks.end_task(interrupted.id, TaskState.INTERRUPTED, ERROR_MESSAGE, float(n))
    # A ticket that comes after all is stored alone, and one that was lost is found.
    late = await claim(store, float(n))
    await store.tasks.end_task(late.id, TaskState.INTERRUPTED, ERROR_MESSAGE, float(n))
    assert (await store.tasks.accepted(late.id, f"late {n}", float(n))).is_wanted
    await _lost_tickets(store, n, interrupted)
    assert await store.jobs.fail(job.id, ERROR_MESSAGE)
    assert await store.tasks.durations("jimeng") == []
    assert len(await store.tasks.of_job(job.id)) == 3
    for task in (interrupted, late):
        await store.tasks.end_task(task.id, TaskState.OVERDUE, ERROR_MESSAGE, float(n))
    assert await store.jobs.reopen(job.id, JobState.WORKING, worker_id=n)
    for task in (interrupted, late):
        await store.tasks.end_task(task.id, TaskState.FAILED, ERROR_MESSAGE, float(n))
    await store.jobs.conclude(job.id)
    assert await store.jobs.end(job.id, JobState.FAILED, float(n))


async def _lost_tickets(store: Store, n: int, task: Task) -> None:
    await store.lost_tickets.announced(task.id, f"lost {n}", n)
    assert await store.lost_tickets.recover(n)
    assert not await store.lost_tickets.is_taken("jimeng", f"lost {n}")
    assert await store.lost_tickets.found(task.id, f"lost {n}", float(n), worker_id=n)
    await store.lost_tickets.forget(task.id, f"lost {n}")


async def _pictures(store: Store, n: int) -> None:
    pictures, job = store.pictures, await finished(store, n)
    (picture,) = await pictures.of_job(job.id)
    assert await pictures.get(picture.id)
    assert await pictures.readdress(picture.task_id, [f"https://elsewhere/{n}"])
    await pictures.keep(picture.id, b"x")
    assert await pictures.data(picture.id)
    assert await pictures.begin_sending(job.id, None, [picture.id])
    await pictures.not_sent([picture.id])
    await pictures.send_again(job.id)
    await pictures.sent(picture.id, Sent(f"photo {n}", n, 8, 8, 1, f"unique {n}"))
    await pictures.sent_as_file(picture.id, f"file {n}")
    assert await pictures.is_file_of(ANN, f"file {n}")
    assert await pictures.shown_as(f"unique {n}", job.chat_id, n)
    assert await pictures.shown_as(f"unique {n}", job.chat_id, None)
    await pictures.star(picture.id, float(n))
    assert (await pictures.details(picture)).number == 1
    again = await _added(store, n + 1, references=(NewReference("a", None, picture.id),))
    assert await store.jobs.fail(again.id, ERROR_MESSAGE)
    assert await pictures.lineage(replace(picture, job_id=again.id))
    assert await store.results.of_job(job.id)
    await _history(store, HistoryFilter(ANN, words=("fox",)))
    await pictures.forget_file_ids(picture.id)
    await pictures.forget_file_ids(picture.id, only_document=True)
    assert await pictures.hide(picture.id, ANN, float(n))
    await pictures.forget_bytes(float(n))
    await store.references.forget_bytes(float(n))


async def _history(store: Store, filters: HistoryFilter) -> None:
    assert await store.history.page(filters)
    assert await store.history.find(filters, 9)
    assert await store.history.moments(filters)


async def _people(store: Store, n: int) -> None:
    people = store.users
    await people.choose(n, "ark")
    await people.speak(n, "zh")
    await people.deliver(n, "both")
    await people.cover(n, True)
    await people.show_drafts(n, True)
    await people.set_option(n, "ark", "n", "4")
    assert (await people.preferences(n)).options
    assert await store.styles.keep(n, Style("ink", "in ink"), most=2)
    assert await store.styles.of(n)
    assert await store.styles.drop(n, "ink")


async def _data_of_people(store: Store, n: int) -> None:
    # Another number of jobs at each time: so many are on a page.
    for number in range(n, n + n // 100):
        await finished(store, number, user=n)
    assert [len(page) async for page in store.exports.pictures(n)] == [n // 100]
    assert await store.usage.since(0.0)
    await store.counts.queue()
    assert await store.usage.since(0.0, n)
    assert await store.erasure.count(n)
    assert not await store.erasure.is_under_way(n)
    await store.erasure.erase(n, float(n))
    await store.erasure.forget(float(n))


async def _groups(store: Store, n: int) -> None:
    old, new = -n, -1_000_000 - n
    await store.posted.add(old, "album", NewReference("a", n), float(n))
    await store.chats.set(old, quiet=True, provider="ark")
    await store.chats.set_option(old, "ark", "n", "4")
    assert (await store.chats.rules(old)).quiet
    assert await store.chats.open_jobs(old) == []
    await store.chats.migrate(old, new)
    assert (await store.chats.now(old))[0] == new
    assert await store.chats.former(new) == old
    assert await store.posted.album(new, "album")
    await store.posted.forget(n + 1.0)


async def _access(store: Store, n: int) -> None:
    members, invitations, people = store.members, store.invitations, store.people
    await members.decide(n, "allowed")
    await members.limit(n, "waiting", 3)
    assert not await members.make_first_admin(n)
    assert await members.ask_about_group(-n, "Foxes")
    await members.decide_group(-n, "allowed", "Foxes")
    await members.name_group(-n, "Owls")
    assert await members.groups()
    assert (await members.group(-n)).title == "Owls"
    assert (await members.all()).groups[-n] == "allowed"
    await people.seen(n, "Ann", "en", float(n))
    assert await people.lately()
    assert await people.with_access("allowed")
    assert await people.named([n])
    assert await people.open_jobs(n) == []
    assert await people.undecided({n}) == await people.undecided(())
    assert (await store.users.name(n), await store.users.spoken(n)) == ("Ann", "en")
    await people.seen(n + 1, "Bob", "en", float(n))
    await people.forget_strangers(float(n))
    invitation = await invitations.add(f"hash {n}", 1, n, float(n))
    assert await invitations.all()
    assert await invitations.is_known(f"hash {n}")
    assert await invitations.use(f"hash {n}", n + 1) is Joined.IN
    assert not await invitations.revoke(invitation)


async def _providers(store: Store, n: int) -> None:
    name, health = f"provider {n}", store.provider_health
    assert (await health.hold(name, 0.0, float(n))).busy_since
    await health.calls_arrive(name, "https://here")
    assert (await health.stumbled(name, float(n))).failures
    assert (await health.pause(name, ERROR_MESSAGE, 0.0)).is_new
    assert (await health.recovered(name)).is_news
    assert await health.pause_by_admin(name, n)
    assert await health.resume_by_admin(name)
    await health.try_now(name)
    assert name in await health.all()
    job = await _added(store, n, provider=name)
    assert (await store.queue.counts())[name].preparing
    assert (await store.queue.jobs(1))[1]
    assert await store.queue.job(job.id)
    assert await store.jobs.cancel(job.id, float(n), ERROR_MESSAGE, ERROR_MESSAGE)
    assert (await health.get(name)).calls_at


async def _workers(store: Store, n: int) -> None:
    workers, one = store.workers, await store.workers.join(float(n))
    dead = await workers.join(float(n))
    job = await _added(store, n, worker_id=dead)
    await store.tasks.queue(job.id, "jimeng", [{}], [], float(n))
    await claim(store, float(n), worker_id=dead)
    await store.tasks.requeue_unsubmitted(dead, ())
    assert await store.updates.take(dead, [NewUpdate(n, {})], float(n))
    others = await workers.heartbeat(one)
    # Without the name of its sessions, which are this process's.
    assert [await workers.evict(replace(each, session=None)) for each in others or ()] == [True]
    assert await workers.recover_jobs(one, ERROR_MESSAGE, float(n))
    assert await workers.jobs_of(one)
    (update,) = await store.updates.of(one)
    await store.updates.done([update.id], float(n))
    await store.updates.forget(n + 1.0)
    assert await workers.release_waiting(one) == [job.id]
    await workers.leave(one)
    assert await store.jobs.cancel(job.id, float(n), ERROR_MESSAGE, ERROR_MESSAGE)


async def _added(store: Store, n: int, worker_id: int | None = None, **changes: Any) -> Job:
    job = await store.jobs.add(new_job(n, **changes), float(n), worker_id=worker_id)
    assert job
    return job


async def _money(store: Store, n: int) -> None:
    rules, price = BudgetRules(bot=(Budget(10, "CNY", Period.DAY),)), Cost(8, "CNY")
    charge, now = Charge("jimeng", ANN, -5, price), n * 100 * DAY
    await store.budgets.own.set(f"u{n}", ())
    assert await store.budgets.own.get(f"u{n}") == ()
    assert await store.budgets.own.all(1)
    await store.budgets.own.set(f"u{n}", None)
    job = await store.jobs.add(new_job(n), now, price=price, budgets=rules)
    assert job
    await store.tasks.queue(job.id, "jimeng", [{}, {}], [], now, prices=[price, price])
    turns = await store.tasks.claim("jimeng", Limits(2), now, most=2, budgets=rules)
    assert await store.budgets.refuse(turns.refused[0].task.id, ERROR_MESSAGE, now)
    await store.tasks.end_task(turns.tasks[0].id, TaskState.FAILED, ERROR_MESSAGE, now, is_free=True)
    assert await store.budgets.standings(rules, charge, now)
    assert await store.budgets.shortage(rules, charge, now) is None
    await store.budgets.forget(now)
    dear = new_job(n + 1, button="b")
    asked = await store.confirmations.add(dear, price, now, apart=1.0)
    assert asked
    pressed = replace(dear, idempotency_key=f"another {n}")
    assert await store.confirmations.add(pressed, price, now, apart=1.0) is None
    await store.confirmations.shown_at(asked, n)
    found = await store.confirmations.get(asked)
    assert found
    assert found.request == dear
    assert not await store.drafts.is_asked_about(-5, n)
    late = NewReference("late", 9)
    for _ in range(2):
        joined = await store.confirmations.join(dear.idempotency_key, (late,))
        assert joined
    assert (await store.confirmations.get(asked)).request.references == (late,)  # type: ignore[union-attr]
    assert await store.confirmations.join(dear.idempotency_key, None)
    assert await store.confirmations.join(dear.idempotency_key, (late,)) is None
    await store.confirmations.drop(asked)
    await store.confirmations.forget(now)


async def _duels(store: Store, n: int) -> None:
    duels, votes, now = store.duels, store.duel_votes, float(n)
    await duels.forget(now)
    for which in (n, n + 1):
        requests = tuple(new_job(10 * which + number, provider="fake") for number in (1, 2))
        new = NewDuel(f"duel {which}", 5, ANN, requests, (None, Cost(1, "CNY")))
        duel_id = await duels.ask(new, now)
        assert duel_id
        await duels.asked_at(duel_id, n)
        asked = await duels.asked(duel_id)
        assert asked
        made = await duels.begin(asked, now, worker_id=None, quota=Quota(waiting=99), budgets=BudgetRules())
        assert len(made) == 2
        await duels.drop(duel_id)
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
    assert not await duels.void(duel_id, now)
    assert await duels.standing(duel_id)


ALL: tuple[Calls, ...] = (
    _requests,
    _edits,
    _drafts,
    _tasks,
    _pictures,
    _people,
    _data_of_people,
    _groups,
    _access,
    _providers,
    _workers,
    _money,
    _duels,
)


@pytest.mark.parametrize("calls", ALL, ids=lambda calls: calls.__name__.strip("_"))
async def test_an_operation_that_is_called_again_compiles_nothing(store: Store, calls: Calls) -> None:
    statements = store.database.backend.statements
    await calls(store, 100)
    known = statements.compilations
    await calls(store, 300)
    assert statements.compilations == known


async def test_no_operation_is_left_out(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = {f"{kind.__name__}.{name}" for kind, name in _operations()}

    def noted(kind: type[Operations], name: str) -> None:
        real = getattr(kind, name)

        def operation(*args: Any, **kwargs: Any) -> Any:
            missing.discard(f"{kind.__name__}.{name}")
            return real(*args, **kwargs)

        monkeypatch.setattr(kind, name, operation)

    for kind, name in _operations():
        noted(kind, name)
    for number, calls in enumerate(ALL, start=1):
        await calls(store, number * 100)
    assert missing == set()


def _operations() -> Iterator[tuple[type[Operations], str]]:
    """The public operations of the store, with their classes."""
    for kind in Operations.__subclasses__():
        for name, method in list(vars(kind).items()):
            is_operation = inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method)
            if kind.__module__.startswith("storage.") and is_operation and not name.startswith("_"):
                yield kind, name
