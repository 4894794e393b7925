"""How many calls of the Bot API a job with one picture costs, with room and at Telegram's limit. On virtual time.

Status messages, limits and sending are real; Telegram, the store and the service are rules only.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.methods import EditMessageMedia, EditMessageText, SendMessage, SendPhoto, TelegramMethod
from aiogram.types import Chat, InputMediaPhoto, Message

from bot.jobs.ports import Phase, Progress
from bot.telegram.delivery import EDIT_SECONDS
from bot.telegram.i18n import Languages
from bot.telegram.message_sender import Sender
from bot.telegram.newest_messages import NewestMessages, NoteOutgoing
from bot.telegram.rate_limiter import RateLimiter
from bot.telegram.status_message import StatusMessages
from storage.job_states import JobState
from storage.records import Job
from storage.settings_records import Preferences
from storage.store import Store
from tests.support.queue_chat import VirtualTime

AT_THE_LIMIT, WITH_ROOM = 2.6, 3.2
"""The most calls a job may cost on average."""
USUAL_SECONDS = (10.0, 15.0)
"""How long most tasks of Jimeng take."""
STEP = 0.1


class FakeTelegram(BaseSession):
    """Carries out every call at once and counts it."""

    def __init__(self, time: VirtualTime) -> None:
        super().__init__()
        self._time = time
        self.calls: list[tuple[float, TelegramMethod[Any]]] = []

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None) -> Any:
        self.calls.append((self._time(), method))
        if not isinstance(method, SendMessage | SendPhoto | EditMessageMedia):
            return True
        number = getattr(method, "message_id", None) or len(self.calls)
        chat = Chat(id=cast("Any", method.chat_id), type="private")
        return Message(message_id=number, date=datetime.now(UTC), chat=chat)

    async def close(self) -> None:
        pass

    async def stream_content(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError
        yield b""


@dataclass(slots=True)
class Ask:
    """A job, the time when it came, and when its picture is ready."""

    job: Job
    came: float
    ready: float
    is_open: bool = True


class Rush:
    """Many people who ask for one picture each, in private chats."""

    def __init__(self) -> None:
        self.time = VirtualTime()
        self.telegram = FakeTelegram(self.time)
        newest = NewestMessages()
        limiter = RateLimiter(clock=self.time, sleep=self.time.sleep)
        self.telegram.middleware(NoteOutgoing(newest))
        self.telegram.middleware(limiter)
        self.bot = Bot("42:TOKEN", session=self.telegram)
        self.sender = Sender(self.bot, limiter)
        self.status = StatusMessages(
            self.bot, _store(), Languages(), limiter, newest, clock=self.time, sleep=self.time.sleep
        )
        self.asks: list[Ask] = []
        self.arrived: dict[int, float] = {}
        self._deliveries: set[asyncio.Task[None]] = set()
        self._start = self.time()

    async def run(self, people: int, seconds: float) -> None:
        """So many people ask within so many seconds; until all have their pictures."""
        source, ticked = random.Random(7), 0.0
        while len(self.arrived) < people:
            now = self.time() - self._start
            while len(self.asks) < people and len(self.asks) / people * seconds <= now:
                self._ask(now, source.uniform(*USUAL_SECONDS))
            if now >= ticked:
                ticked += 1.0
                self._tick(now)
            self._deliver_ready(now)
            await self.time.pass_(STEP, _settle)

    @property
    def calls_a_job(self) -> float:
        return len(self.telegram.calls) / len(self.asks)

    def made(self, kind: type[TelegramMethod[Any]]) -> list[tuple[float, int]]:
        """When calls of this method were made, and for which chat."""
        return [
            (at - self._start, cast("Any", method).chat_id)
            for at, method in self.telegram.calls
            if isinstance(method, kind)
        ]

    @property
    def first_reactions(self) -> dict[int, float]:
        """Each person's wait for the first message, in seconds."""
        first: dict[int, float] = {}
        for at, chat in sorted(self.made(SendMessage) + self.made(SendPhoto)):
            first.setdefault(chat, at - self.asks[chat - 1].came)
        return first

    def _ask(self, now: float, seconds: float) -> None:
        number = len(self.asks) + 1
        job = Job(number, JobState.WORKING, number, None, "", 1, None, number, "en", "fake", "", {}, None, 0.0, None, 1)
        self.asks.append(Ask(job, now, now + seconds))
        self.status.show(job, Progress(Phase.PREPARING))

    def _tick(self, now: float) -> None:
        for ask in self.asks:
            elapsed = now - ask.came
            if ask.is_open and elapsed > 0:
                fraction = elapsed / (ask.ready - ask.came)
                self.status.show(ask.job, Progress(Phase.WORKING, left=ask.ready - now, fraction=fraction))

    def _deliver_ready(self, now: float) -> None:
        for ask in self.asks:
            if ask.is_open and now >= ask.ready:
                ask.is_open = False
                task = asyncio.create_task(self._deliver(ask.job))
                self._deliveries.add(task)
                task.add_done_callback(self._deliveries.discard)

    async def _deliver(self, job: Job) -> None:
        """As `Delivery` does it."""
        board = await self.status.close(job)
        if board.message_id is not None and self.status.is_fresh(board, EDIT_SECONDS):
            media = InputMediaPhoto(media="file")
            edit = EditMessageMedia(media=media, chat_id=job.chat_id, message_id=board.message_id)
            await self.sender.send(edit, person=job.user_id)
        else:
            await self.sender.send(SendPhoto(chat_id=job.chat_id, photo="file"), person=job.user_id)
            if board.message_id is not None:
                await self.status.take_away(job, board.message_id)
        self.arrived[job.id] = self.time() - self._start

    async def aclose(self) -> None:
        await self.status.aclose()
        await self.sender.aclose()


def _store() -> Store:
    async def shown_at(*_: object) -> None:
        pass

    async def get(_: int) -> None:
        pass

    async def preferences(_: int) -> Preferences:
        return Preferences()

    fake = SimpleNamespace(
        jobs=SimpleNamespace(shown_at=shown_at, get=get), users=SimpleNamespace(preferences=preferences)
    )
    return cast("Store", fake)


async def _settle() -> None:
    for _ in range(12):
        await asyncio.sleep(0)


@pytest.fixture
async def rush() -> AsyncIterator[Rush]:
    rush = Rush()
    yield rush
    await rush.aclose()


async def test_with_room_a_job_costs_little(rush: Rush) -> None:
    await rush.run(people=40, seconds=40.0)
    assert rush.calls_a_job <= WITH_ROOM
    told = Counter(chat for _, chat in rush.made(EditMessageText))
    assert len(told) == 40, "each person is told how far it is"
    assert max(rush.first_reactions.values()) <= STEP


async def test_three_hundred_at_once_cost_less(rush: Rush) -> None:
    await rush.run(people=300, seconds=1.0)
    assert rush.calls_a_job <= AT_THE_LIMIT
    first = sorted(rush.first_reactions.values())
    assert first[150] <= 150 / 20, "twenty a second, at least"
    assert max(rush.arrived.values()) <= 600 / 20
    assert not rush.made(EditMessageText), "progress takes no room from others"


async def test_more_than_telegram_takes_cost_less(rush: Rush) -> None:
    """For forty seconds, fifteen jobs a second: two calls each are more than the limit."""
    await rush.run(people=600, seconds=40.0)
    assert rush.calls_a_job <= AT_THE_LIMIT
    late = [rush.arrived[ask.job.id] - ask.ready for ask in rush.asks]
    assert max(late) <= 15.0, "no flood of requests holds back what is paid"
