"""Calls of every operation of the store, on rows that they make."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from storage.edited_prompts import Offer
from storage.history import HistoryFilter
from storage.inline_offers import offer_id
from storage.job_states import JobState, TaskState
from storage.likeness_records import AllowedChat, LikenessQuestion, NewLikeness
from storage.money import Budget, BudgetRules, Charge, Period
from storage.new_jobs import DAY
from storage.pictures import Sent
from storage.records import CheckedReference, Cost, Draft, Job, Limits, NewDraft, NewReference, Task
from storage.store import Store
from storage.updates import NewUpdate
from tests.support.store_calls_duels import duels
from tests.support.store_calls_help import help_with_words
from tests.support.store_calls_people import access, data_of_people, groups, people
from tests.support.stored_jobs import ANN, ERROR_MESSAGE, claim, finished, new_job, queued

BYTES = CheckedReference(b"x", "image/png", 8, 8, [])
Calls = Callable[[Store, int], Awaitable[None]]
"""Calls operations. The number is another one at each time, and so are the rows that it makes."""


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
    await store.drafts.asked(f"draft:{n}", n)
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


async def _likenesses(store: Store, n: int) -> None:
    likenesses, chat = store.likenesses, AllowedChat(-n, "Foxes")
    await likenesses.ask(LikenessQuestion(n, -n, "file", float(n)))
    assert await likenesses.question(n)
    await likenesses.drop_question(n)
    await likenesses.forget(float(n))
    await likenesses.keep(NewLikeness(n, f"ann{n}", "Ann", b"photo", "image/jpeg"), chat, float(n))
    assert await likenesses.allow(n, chat)
    own = await likenesses.of(n)
    assert own
    assert await likenesses.data(own.id)
    await likenesses.mute(n, muted=False)
    await likenesses.rename(n, f"ann{n}")
    assert len(await likenesses.named([n, f"ann{n}"], -n)) == 2
    reference = NewReference("", None, likeness_id=own.id, named="@ann")
    assert await likenesses.in_references([reference, NewReference("a", 1, picture_id=n)], -n)
    job = await _added(store, n, chat_id=-n, user=n + 1, references=(reference,))
    assert job.id in await likenesses.untold(0.0)
    assert await likenesses.take_notices(job.id, float(n))
    assert await store.taking_back.here(n, -n, float(n), ERROR_MESSAGE, ERROR_MESSAGE) == [job.id]
    assert await store.taking_back.everywhere(n, float(n), ERROR_MESSAGE, ERROR_MESSAGE) == []


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
    assert await store.own_queues.of(job.user_id)
    assert await store.own_queues.put_first(job.user_id, job.id)
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


async def _inline(store: Store, n: int) -> None:
    words = f"a fox {n}"
    await store.inline_offers.add(ANN, words, float(n))
    for by_feedback in (True, False):
        assert await store.inline_offers.take(offer_id(ANN, words), float(n), by_feedback=by_feedback)
    await store.inline_offers.feedback()
    await store.inline_offers.forget(float(n + 1))


ALL: tuple[Calls, ...] = (
    _requests,
    _edits,
    _drafts,
    _tasks,
    _pictures,
    people,
    data_of_people,
    groups,
    _likenesses,
    access,
    _providers,
    _workers,
    _money,
    _inline,
    help_with_words,
    duels,
)
