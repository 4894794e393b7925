"""Measures five thousand jobs in flight in one process: memory above the idle process, and delays of the loop."""

import asyncio
import gc
import multiprocessing
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from aiohttp import ClientSession

from bot.jobs.ports import NOWHERE, Addresses
from providers.jimeng import Jimeng
from providers.jimeng.simulator import JimengSimulator
from storage.records import NewJob
from storage.store import Store
from tests.bench.figures import databases, percentile
from tests.support.fakes import RecordingNotifier
from tests.support.parts import engine_parts

JOBS = 5_000
WATCHED_SECONDS = 30.0
ROUND_TRIP_SECONDS = 0.1
"""Seconds of network time of a call to the real service."""


def serve(line: "Connection[str, object]") -> None:
    """The service, in a process of its own."""

    async def run() -> None:
        async def sleep(seconds: float) -> None:
            await asyncio.sleep(seconds or ROUND_TRIP_SECONDS)

        service = JimengSimulator(durations=lambda _: 36_000.0, concurrency=JOBS + 1, qps=10**9, sleep=sleep)
        await service.start()
        line.send(" ".join((service.url, service.keys.access, service.keys.secret)))
        await asyncio.to_thread(line.recv)
        await service.aclose()

    asyncio.run(run())


def resident() -> float:
    """The memory of this process, in megabytes."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


async def lateness(seconds: float) -> list[float]:
    """Milliseconds by which the loop is late, every 5 ms."""
    found, end = [], time.perf_counter() + seconds
    while (now := time.perf_counter()) < end:
        await asyncio.sleep(0.005)
        found.append((time.perf_counter() - now - 0.005) * 1000)
    return found


async def fly(url: str, address: str, access: str, secret: str, addresses: Addresses) -> None:
    """Bring all jobs into flight and print memory and delays."""
    store = await Store.open(url)
    async with ClientSession() as session:
        settings = {"access_key": access, "secret_key": secret, "endpoint": address, "concurrency": JOBS}
        provider = Jimeng(Jimeng.Settings.model_validate({**settings, "time_limit": 36_000}), session)
        engine = engine_parts(store, {"jimeng": provider}, RecordingNotifier(store), addresses=addresses).engine
        await engine.open()
        await engine.start()
        idle, idle_late = resident(), await lateness(5)
        began = time.perf_counter()
        for number in range(JOBS):
            prompt = f"a red fox in the snow, number {number}"
            await engine.submit(NewJob(f"message:{number}", number, number, number + 1, "en", "jimeng", prompt, {}))
        await _until(lambda: _all_run(store))
        brought = time.perf_counter() - began
        late, full = await lateness(WATCHED_SECONDS), resident()
        say = sys.stdout.write
        say(f"idle (baseline) {idle:.0f} MB, loop late p99 {percentile(idle_late, 0.99):.1f} ms; ")
        say(f"{JOBS} in flight (brought there in {brought:.0f} s) {full - idle:+.0f} MB, ")
        say(f"loop late p50 {percentile(late, 0.5):.1f} ms, p99 {percentile(late, 0.99):.1f} ms\n")
        with suppress(TimeoutError):
            await engine.stop()
    await store.aclose()


async def _all_run(store: Store) -> bool:
    return len(await store.tasks.running()) == JOBS


async def _until(true: Callable[[], Awaitable[bool]]) -> None:
    while not await true():  # noqa: ASYNC110 - the store has no events
        await asyncio.sleep(1)


def alone(url: str, address: str, access: str, secret: str, *, called: bool) -> None:
    """One measurement in a process of its own, so that none inherits another's memory."""
    calls = Addresses(NOWHERE.references, lambda task: f"http://127.0.0.1:9/callbacks/{task}")
    asyncio.run(fly(url, address, access, secret, calls if called else NOWHERE))


async def main() -> None:
    """Run it on both databases, with callbacks and with polling."""
    context = multiprocessing.get_context("spawn")
    for called in (True, False):
        with databases() as urls:
            for name, url in urls.items():
                sys.stdout.write(f"  {name}, {'the service calls back' if called else 'the service is asked'}: ")
                sys.stdout.flush()
                line, other = context.Pipe()
                service = context.Process(target=serve, args=(other,))
                service.start()
                words = str(await asyncio.to_thread(line.recv)).split()
                bot = context.Process(target=alone, args=(url, *words), kwargs={"called": called})
                bot.start()
                await asyncio.to_thread(bot.join)
                line.send("end")
                service.join()
