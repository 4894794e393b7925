"""`QueueChat`: one chat whose requests wait in line, on virtual time.

Status messages, flood control and estimates are real, and so is the strict simulated Telegram. The service is a rule
only: so many tasks at once, so many seconds each.
"""

import asyncio
import heapq
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.client.telegram import TelegramAPIServer
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import InlineKeyboardMarkup

from bot.demo.telegram import Chat, ChatMessage, TelegramSimulator
from bot.jobs.eta import Paces
from bot.jobs.ports import Phase, Progress
from bot.jobs.progress import OpenJob, ProgressTracker
from bot.jobs.queue_forecast import order
from bot.telegram.i18n import Languages
from bot.telegram.newest_messages import NewestMessages
from bot.telegram.rate_limiter import RateLimiter
from bot.telegram.session import Session
from bot.telegram.status_message import StatusMessages
from storage.job_states import TaskState
from storage.records import Job, NewJob, WaitingTask
from storage.store import Store
from tests.support.blank_database import put_blank_database
from tests.support.startup_cache import cached_sessions

STEP = 0.5
"""Seconds between two steps of the virtual time."""


class VirtualTime:
    """A clock that tests move; its sleepers wake in order."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + max(seconds, 1e-3), id(woken), woken))
        await woken

    async def pass_(self, seconds: float, settle: Callable[[], Awaitable[None]]) -> None:
        """Move the clock. After each sleeper has woken, `settle` runs."""
        end = self.now + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            self.now, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)
            await settle()
        self.now = end
        await settle()


class _Calls(BaseRequestMiddleware):
    """Counts the calls that are on their way to Telegram."""

    def __init__(self) -> None:
        self.none = asyncio.Event()
        self.none.set()
        self._count = 0

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        self._count += 1
        self.none.clear()
        try:
            return await make_request(bot, method)
        finally:
            self._count -= 1
            if not self._count:
                self.none.set()


@dataclass(slots=True)
class Ask:
    """A request and its course. Times in seconds since the first; `said`: the texts shown, with their times."""

    job: Job
    came: float
    begun: float | None = None
    next: float | None = None
    ended: float | None = None
    said: list[tuple[float, str]] = field(default_factory=list)

    def first(self, words: str) -> float:
        """The time when these words were first shown; infinite if never."""
        return next((at for at, text in self.said if words in text), float("inf"))


class QueueChat:
    """The chat. `seconds`: duration of each task; `at_once`: how many run."""

    def __init__(self, telegram: TelegramSimulator, time: VirtualTime, store: Store, bot: Bot, chat: Chat) -> None:
        self.telegram, self.time, self.chat = telegram, time, chat
        self.seconds, self.at_once = 20.0, 1
        self.asks: list[Ask] = []
        self.waits: list[float] = []
        self.bot = bot
        self._store, self._calls = store, _Calls()
        flood = RateLimiter(clock=time, sleep=time.sleep)
        bot.session.middleware(flood)
        bot.session.middleware(self._calls)
        self._status = StatusMessages(bot, store, Languages(), flood, NewestMessages(), clock=time, sleep=time.sleep)
        self._progress = ProgressTracker(durations={"fake": Paces([(20.0, {})] * 5)})
        self._endings: set[asyncio.Task[None]] = set()
        self._start = time()
        self._ticked = 0.0

    @property
    def now(self) -> float:
        return self.time() - self._start

    def learn(self, *seconds: float) -> None:
        self._progress.durations = {"fake": Paces((one, {}) for one in seconds)}

    async def ask(self, *, show: bool = True) -> Ask:
        """Somebody sends a request. `show`: whether it gets a status message."""
        message = (await self.telegram.send(self.telegram.ann, self.chat, text=f"/imagine fox {len(self.asks)}"))[0]
        new = NewJob(f"message:{message.id}", self.chat.id, message.id, self.telegram.ann.id, "en", "fake", "fox", {})
        job = await self._store.jobs.add(new, self.time())
        assert job
        ask = Ask(job, self.now)
        self.asks.append(ask)
        self._progress.jobs[job.id] = OpenJob(job)
        if show:
            self._status.show(job, Progress(Phase.PREPARING))
        self._progress.jobs[job.id].phase = Phase.WORKING
        return ask

    def show(self, ask: Ask, progress: Progress) -> None:
        """Show the end of a job, which no longer waits or runs."""
        self._progress.jobs.pop(ask.job.id, None)
        ask.begun = ask.ended = self.now
        self._status.show(ask.job, progress)

    async def close(self, ask: Ask) -> None:
        """A delivery begins: progress is shown again only if it fails."""
        await self._status.close(ask.job)

    def command(self) -> None:
        """Somebody sends a command, which is answered."""
        self._spawn(self._answer())

    async def _answer(self) -> None:
        asked = self.now
        await self.bot.send_message(self.chat.id, "an answer")
        self.waits.append(self.now - asked)

    async def pass_(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self.now < end - 1e-6:
            self._serve()
            if self.now >= self._ticked:
                self._ticked = self.now + 1.0
                self._tick()
            await self.time.pass_(STEP, self._settle)
            self._look()

    async def _settle(self) -> None:
        """Run everything that can run: wait a moment for the store, and for all calls to Telegram."""
        for _ in range(3):
            await asyncio.sleep(0)
        for _ in range(3 if self._is_painting() else 0):
            await self._calls.none.wait()
            await asyncio.sleep(0.001)
        await self._calls.none.wait()

    def _is_painting(self) -> bool:
        names = (*self._status.background.running, *(task.get_name() for task in self._endings))
        return any("chat" not in name for name in names)

    def _serve(self) -> None:
        for ask in self.asks:
            if ask.begun is not None and ask.ended is None and self.now >= ask.begun + self.seconds:
                ask.ended = self.now
                self._progress.jobs.pop(ask.job.id)
                self._spawn(self._status.finish(ask.job, "done", InlineKeyboardMarkup(inline_keyboard=[])))
        running = [ask for ask in self.asks if ask.begun is not None and ask.ended is None]
        for task in order(self._waiting(), {})[: self.at_once - len(running)]:
            self.asks[task.task_id].begun = self.now
        if waiting := order(self._waiting(), {}):
            ask = self.asks[waiting[0].task_id]
            ask.next = self.now if ask.next is None else ask.next

    def _waiting(self) -> list[WaitingTask]:
        return [self._in_line(n, ask) for n, ask in enumerate(self.asks) if ask.begun is None]

    def _in_line(self, number: int, ask: Ask) -> WaitingTask:
        line = WaitingTask(number, ask.job.id, ask.job.user_id, TaskState.QUEUED, ask.came, None, 0.0)
        if ask.begun is None:
            return line
        begun = self._start + ask.begun
        return replace(line, state=TaskState.RUNNING, submitted_at=begun, begun_at=begun)

    def _tick(self) -> None:
        line = [self._in_line(n, ask) for n, ask in enumerate(self.asks) if ask.ended is None]
        for job_id, progress in self._progress.progress("fake", line, self.at_once, self.time()).items():
            self._status.show(self._progress.jobs[job_id].job, progress)

    def _look(self) -> None:
        messages: Sequence[ChatMessage] = self.telegram.messages(self.chat)
        for ask in self.asks:
            texts = [one.text for one in messages if one.by_bot and one.reply_to == ask.job.message_id]
            if texts and (not ask.said or ask.said[-1][1] != texts[0]):
                ask.said.append((self.now, texts[0]))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    async def aclose(self) -> None:
        for task in list(self._endings):
            task.cancel()
        await asyncio.gather(*self._endings, return_exceptions=True)
        await self._status.aclose()


@asynccontextmanager
async def queue_chat(folder: Path, *, group: bool) -> AsyncIterator[QueueChat]:
    """A private chat, or a group."""
    await asyncio.to_thread(put_blank_database, folder / "bot.db")
    time = VirtualTime()
    async with AsyncExitStack() as stack:
        stack.enter_context(cached_sessions())
        store = await Store.open(f"sqlite:///{folder}/bot.db")
        stack.push_async_callback(store.aclose)
        telegram = await stack.enter_async_context(TelegramSimulator(clock=time, sleep=time.sleep))
        bot = Bot(telegram.token, session=Session(api=TelegramAPIServer.from_base(telegram.url)))
        stack.push_async_callback(bot.session.close)
        chat = QueueChat(telegram, time, store, bot, telegram.group if group else telegram.ann.chat)
        stack.push_async_callback(chat.aclose)
        yield chat
