"""Measures jobs a second from prompt to album beside a bot that only echoes, and a job's start beside a bare insert."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Callable
from functools import partial

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message
from sqlalchemy import text

from bot.demo.launcher import running
from bot.demo.telegram import ChatMessage, TelegramSimulator
from bot.telegram import rate_limiter
from bot.telegram.chat_limiter import Limit
from providers.base import Accepted, Event, Finished, ImageRequest, Picture, ProviderSettings
from providers.jimeng.simulator import JimengSimulator
from storage.records import NewJob
from storage.store import Store
from tests.bench.figures import databases, percentile
from tests.support.fakes import FakeOptions, FakeProvider, RecordingNotifier
from tests.support.parts import engine_parts
from tests.support.sample_pictures import draw_plain

JOBS = 200
STARTS = 300
_INSERT = text("INSERT INTO people (id, last_turn) VALUES (:id, 0)")


async def echoed() -> float:
    """Messages a second that a bare bot answers."""
    telegram = TelegramSimulator(strict=False)
    async with telegram:
        bot = Bot(telegram.token, session=AiohttpSession(api=TelegramAPIServer.from_base(telegram.url)))
        dispatcher = Dispatcher()

        async def echo(message: Message) -> None:
            await message.answer(message.text or "")

        dispatcher.message.register(echo)
        work = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False))
        await telegram.until(lambda: telegram.world.updates.polls, timeout=30)
        found = await _rate(telegram, lambda message: bool(message.text))
        await dispatcher.stop_polling()
        await work
        return found


async def made(over_all: Limit) -> float:
    """Jobs a second that the whole bot makes: status message, submit, call, query, picture, album."""
    rate_limiter.ALL_CHATS = over_all
    telegram = TelegramSimulator(strict=False)
    jimeng = JimengSimulator(durations=lambda _: 0.0, concurrency=50, qps=100_000, draw=draw_plain, draw_scale=0.1)
    async with running(telegram, jimeng):
        await telegram.until(lambda: telegram.world.updates.polls, timeout=30)
        return await _rate(telegram, lambda message: bool(message.photo))


async def _rate(telegram: TelegramSimulator, is_answer: Callable[[ChatMessage], bool]) -> float:
    people = [telegram.world.add_person(9000 + number, f"P {number}", f"p_{number}", "en") for number in range(JOBS)]
    started = time.perf_counter()
    for person in people:
        await telegram.send(person, text="a red fox in the snow")

    def done() -> bool:
        return all(
            any(message.by_bot and is_answer(message) for message in telegram.messages(person.chat))
            for person in people
        )

    await telegram.until(done, timeout=120)
    return JOBS / (time.perf_counter() - started)


class Noting(FakeProvider):
    """A provider that records the time of each submit and finishes at once."""

    begun: asyncio.Future[float]

    async def imagine(
        self, request: ImageRequest[FakeOptions], ticket: str | None = None
    ) -> AsyncGenerator[Event, None]:
        """Record the time of the submit."""
        self.begun.set_result(time.perf_counter())
        yield Accepted("t")
        yield Finished((Picture(url="https://pictures/1"),))


async def started(store: Store) -> tuple[list[float], list[float]]:
    """Milliseconds from asking to the submit, and those of a bare insert."""
    provider = Noting(ProviderSettings(concurrency=50))
    harness = RecordingNotifier(store)
    engine = engine_parts(store, {"fake": provider}, harness).engine
    await engine.open()
    await engine.start()
    delays, inserts = [], []
    for number in range(STARTS):
        provider.begun = asyncio.get_running_loop().create_future()
        asked = time.perf_counter()
        await engine.submit(NewJob(f"message:{number}", 1, number, number + 1, "en", "fake", "a fox", {}))
        delays.append((await provider.begun - asked) * 1000)
        # The next one starts when nothing is in flight.
        await harness.until(partial(_delivered, harness, number + 1))
        while not engine.is_idle:  # noqa: ASYNC110 - the engine has no event for it
            await asyncio.sleep(0.001)
        asked = time.perf_counter()
        await store.database.execute(_INSERT, {"id": -1 - number})
        inserts.append((time.perf_counter() - asked) * 1000)
    await engine.stop()
    return delays, inserts


def _delivered(harness: RecordingNotifier, count: int) -> bool:
    return len(harness.delivered) >= count


async def main() -> None:
    """Measure and print."""
    say = sys.stdout.write
    echoes, allowed = await echoed(), rate_limiter.ALL_CHATS
    free, jobs = await made(Limit(1_000_000, 1)), await made(allowed)
    say(f"  {JOBS} people at once: bare aiogram echo (baseline) {echoes:.0f} messages/s; from prompt to picture, with ")
    say(f"both services in the same process, {free:.0f} jobs/s ({free / echoes:.0%}); ")
    say(f"at the pace that Telegram allows {jobs:.0f} jobs/s\n")
    with databases() as urls:
        for name, url in urls.items():
            store = await Store.open(url)
            delays, inserts = await started(store)
            await store.aclose()
            base = percentile(inserts, 0.5)
            say(f"  {name}: bare insert (baseline) p50 {base:.1f} ms, p99 {percentile(inserts, 0.99):.1f} ms; ")
            p50, p99 = percentile(delays, 0.5), percentile(delays, 0.99)
            say(f"asked to submitted p50 {p50:.1f} ms ({p50 / base:.1f}×), p99 {p99:.1f} ms\n")
