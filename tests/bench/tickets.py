"""Measures the time from a submit's answer to its stored ticket, for many at once, beside a transaction for each."""

import asyncio
import multiprocessing
import sys
import time
from multiprocessing.connection import Connection
from typing import Any

from aiohttp import ClientSession
from sqlalchemy import insert

from providers.jimeng import Jimeng
from providers.jimeng.simulator import Call, Fault, JimengSimulator
from storage.records import NewJob, TicketKept
from storage.schema import users
from storage.store import Store
from tests.bench.figures import databases, percentile
from tests.support.fakes import RecordingNotifier
from tests.support.parts import engine_parts

AT_ONCE, ROUNDS = 40, 10
SUBMIT = "CVSync2AsyncSubmitTask"


def serve(line: "Connection[Any, Any]") -> None:
    """The service, in a process of its own: it answers when all have submitted, and reports the time."""

    async def run() -> None:
        answered: dict[str, float] = {}
        submitted, everybody = 0, asyncio.Condition()

        async def sleep(seconds: float) -> None:
            nonlocal submitted
            if not seconds:
                return
            async with everybody:
                submitted += 1
                everybody.notify_all()
                round_ = (submitted - 1) // AT_ONCE + 1
                await everybody.wait_for(lambda: submitted >= round_ * AT_ONCE)

        def called(call: Call) -> None:
            if call.name == SUBMIT:
                answer: Any = call.response
                answered[answer["data"]["task_id"]] = time.monotonic()

        service = JimengSimulator(
            durations=lambda _: 36_000.0, concurrency=AT_ONCE * ROUNDS + 1, qps=10**9, sleep=sleep, on_call=called
        )
        service.faults.append(Fault(kind="delay", action="submit", seconds=1, times=AT_ONCE * ROUNDS))
        await service.start()
        line.send((service.url, service.keys.access, service.keys.secret))
        while await asyncio.to_thread(line.recv):
            line.send(answered)
        await service.aclose()

    asyncio.run(run())


class Stored:
    """Records when each ticket was stored."""

    def __init__(self, store: Store) -> None:
        self.at: dict[str, float] = {}
        self._accepted = store.tasks.accepted
        store.tasks.accepted = self._note  # type: ignore[method-assign]

    async def _note(self, task_id: int, ticket: str, now: float, *, worker_id: int = 0) -> TicketKept:
        kept = await self._accepted(task_id, ticket, now, worker_id=worker_id)
        self.at[ticket] = time.monotonic()
        return kept


async def submit(store: Store, address: str, access: str, secret: str) -> dict[str, float]:
    """Submit everything, so many at once; returns the time at which each ticket was stored."""
    async with ClientSession() as session:
        settings = {"access_key": access, "secret_key": secret, "endpoint": address, "concurrency": AT_ONCE * ROUNDS}
        provider = Jimeng(Jimeng.Settings.model_validate({**settings, "time_limit": 36_000}), session)
        harness, stored = RecordingNotifier(store), Stored(store)
        engine = engine_parts(store, {"jimeng": provider}, harness).engine
        await engine.open()
        await engine.start()
        for start in range(0, AT_ONCE * ROUNDS, AT_ONCE):
            wishes = [
                NewJob(f"message:{number}", number, number, number, "en", "jimeng", f"a fox {number}", {})
                for number in range(start + 1, start + AT_ONCE + 1)
            ]
            await asyncio.gather(*(engine.submit(wish) for wish in wishes))
            async with asyncio.timeout(60):
                while len(stored.at) < start + AT_ONCE:  # noqa: ASYNC110 - the store has no events
                    await asyncio.sleep(0.01)
        await engine.abandon()
        await engine.context.worker.leave()
        return stored.at


async def inserted(store: Store) -> list[float]:
    """Milliseconds of as many transactions at once, each with one row."""

    async def one(number: int) -> float:
        await store.database.execute(insert(users).values(id=-number, last_turn=0.0))
        return (time.monotonic() - began) * 1000

    found = []
    for start in range(1, AT_ONCE * ROUNDS, AT_ONCE):
        began = time.monotonic()
        found += await asyncio.gather(*(one(number) for number in range(start, start + AT_ONCE)))
    return found


async def main() -> None:
    """Both databases."""
    context = multiprocessing.get_context("spawn")
    with databases() as urls:
        for name, url in urls.items():
            line, other = context.Pipe()
            service = context.Process(target=serve, args=(other,))
            service.start()
            store = await Store.open(url)
            stored = await submit(store, *await asyncio.to_thread(line.recv))
            base = await inserted(store)
            await store.aclose()
            line.send(True)
            answered = await asyncio.to_thread(line.recv)
            line.send(False)
            service.join()
            delays = [(at - answered[ticket]) * 1000 for ticket, at in stored.items()]
            say = sys.stdout.write
            say(
                f"  {name}, {AT_ONCE} at once: a transaction for each row (baseline) p50 {percentile(base, 0.5):.0f} ms"
            )
            say(f", p99 {percentile(base, 0.99):.0f} ms; from the service's answer to the stored ticket ")
            say(f"p50 {percentile(delays, 0.5):.0f} ms, p99 {percentile(delays, 0.99):.0f} ms\n")
