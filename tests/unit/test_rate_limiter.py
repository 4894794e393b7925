"""The rate limiter on a virtual clock: deliveries wait and arrive, progress is dropped."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramRetryAfter
from aiogram.methods import AnswerCallbackQuery, EditMessageText, SendMediaGroup, SendMessage, TelegramMethod
from aiogram.types import InputMediaPhoto

from bot.telegram.chat_limiter import IMPORTANT_PROGRESS, ONE_OF_SEVERAL_JOBS, ONLY_JOB, ProgressShare
from bot.telegram.rate_limiter import DroppedError, RateLimiter, as_progress, permitted

PRIVATE, GROUP = 5, -5
BOT = Bot("1:a")


class Line:
    """A rate limiter that records the sent calls and their times."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.sent: list[tuple[float, TelegramMethod[Any]]] = []
        self.refusals: list[int] = []
        self.processes = 1
        self.control = RateLimiter(among=lambda: self.processes, clock=lambda: self.now, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.now += seconds

    async def send(self, method: TelegramMethod[Any]) -> None:
        async def make(_bot: Bot, sent: TelegramMethod[Any]) -> Any:
            if self.refusals:
                raise TelegramRetryAfter(sent, "Too Many Requests", self.refusals.pop(0))
            self.sent.append((self.now - 1000.0, sent))

        await self.control(make, BOT, method)

    async def progress(self, chat: int, progress_share: ProgressShare = ONLY_JOB) -> bool:
        try:
            async with as_progress(progress_share):
                await self.send(EditMessageText(chat_id=chat, message_id=1, text="…"))
        except DroppedError:
            return False
        return True


def album(count: int, chat: int = GROUP) -> SendMediaGroup:
    return SendMediaGroup(chat_id=chat, media=[InputMediaPhoto(media="f") for _ in range(count)])


async def repeat(times: int, work: Callable[[], Awaitable[object]]) -> list[object]:
    return [await work() for _ in range(times)]


def most_within(line: Line, seconds: float) -> int:
    """The most messages that were sent within any span of so many seconds."""
    costs = [(at, len(sent.media) if isinstance(sent, SendMediaGroup) else 1) for at, sent in line.sent]
    return max(sum(cost for other, cost in costs if at <= other < at + seconds) for at, _ in costs)


async def test_a_few_messages_go_at_once_then_one_a_second() -> None:
    line = Line()
    await repeat(12, lambda: line.send(SendMessage(chat_id=PRIVATE, text="x")))
    assert [at for at, _ in line.sent[:5]] == [0] * 5
    assert most_within(line, 5.0) == 5
    assert line.sent[-1][0] == pytest.approx(11.0)


async def test_a_group_takes_twenty_a_minute_counting_the_items_of_albums() -> None:
    line = Line()
    await repeat(6, lambda: line.send(album(7)))
    assert [round(at) for at, _ in line.sent] == [0, 0, 60, 60, 121, 121]
    assert most_within(line, 60.0) <= 20


async def test_albums_of_private_chats_count_as_one() -> None:
    line = Line()
    await repeat(5, lambda: line.send(album(5, PRIVATE)))
    assert line.now == 1000.0


async def test_over_all_chats_the_items_of_albums_count_one_by_one() -> None:
    line = Line()
    for chat in range(1, 21):
        await line.send(album(4, chat))
    assert most_within(line, 1.0) <= 30


async def test_progress_never_waits_and_leaves_room() -> None:
    line = Line()
    outcomes = await repeat(10, lambda: line.progress(GROUP))
    assert outcomes == [True] + [False] * 9
    line.now += 5
    assert await line.progress(GROUP)
    await line.send(album(8))
    line.now += 5
    assert not await line.progress(GROUP), "what is left is kept for deliveries"
    await line.send(SendMessage(chat_id=GROUP, text="x"))
    assert line.now == 1010.0


async def test_one_chat_does_not_slow_another() -> None:
    line = Line()
    await repeat(5, lambda: line.send(SendMessage(chat_id=PRIVATE, text="x")))
    line.now += 1
    assert not await line.progress(PRIVATE)
    assert await line.progress(6)


async def test_retry_after_is_obeyed_and_the_message_arrives() -> None:
    line = Line()
    line.refusals = [30, 7]
    await line.send(SendMessage(chat_id=PRIVATE, text="x"))
    assert [at for at, _ in line.sent] == [37.0]


async def test_while_muted_progress_is_dropped() -> None:
    line = Line()
    line.refusals = [30]
    assert not await line.progress(PRIVATE)
    assert not line.control.has_room_for_progress(PRIVATE)
    line.now += 31
    assert line.control.has_room_for_progress(PRIVATE)


async def test_thirty_a_second_over_all_chats() -> None:
    line = Line()
    for chat in range(1, 62):
        await line.send(SendMessage(chat_id=chat, text="x"))
    assert most_within(line, 1.0) <= 30
    assert line.sent[-1][0] == pytest.approx(2.2)


async def test_progress_of_many_chats_together_leaves_room_to_news_and_deliveries() -> None:
    line = Line()
    outcomes = [await line.progress(chat) for chat in range(1, 40)]
    assert outcomes.count(True) == 9
    outcomes = [await line.progress(chat, IMPORTANT_PROGRESS) for chat in range(41, 80)]
    assert outcomes.count(True) == 4
    await repeat(5, lambda: line.send(SendMessage(chat_id=100, text="x")))
    assert line.now == 1000.0


@pytest.mark.parametrize(("chat", "bars", "most"), [(PRIVATE, 1, 4), (GROUP, 4, 15)])
async def test_news_find_room_that_bars_leave_and_answers_find_room_that_news_leave(
    chat: int, bars: int, most: int
) -> None:
    line = Line()
    for _ in range(20):
        await line.progress(chat, ONE_OF_SEVERAL_JOBS)
        line.now += 0.25 if chat == PRIVATE else 3
    assert len(line.sent) == bars
    while await line.progress(chat, IMPORTANT_PROGRESS):
        assert len(line.sent) <= most, "some is left"
    assert len(line.sent) == most
    at = line.now
    await line.send(SendMessage(chat_id=chat, text="an answer"))
    assert line.now == at


async def test_answers_to_presses_are_not_held_up() -> None:
    line = Line()
    await repeat(50, lambda: line.send(AnswerCallbackQuery(callback_query_id="1")))
    assert line.now == 1000.0


async def test_quiet_chats_are_forgotten() -> None:
    line = Line()
    for chat in range(1, 1500):
        await line.send(SendMessage(chat_id=chat, text="x"))
        line.now += 1
    assert len(line.control.limiters) <= 1001


async def test_calls_that_are_held_up_count_when_they_leave() -> None:
    line = Line()
    methods = [SendMessage(chat_id=chat, text="x") for chat in range(1, 26)]
    permits = [await line.control.permit(method, "a person") for method in methods]
    for permit in permits:
        assert await line.control.begin(permit)
    line.now += 60
    for method, permit in zip(methods, permits, strict=True):
        with permitted(permit):
            await line.send(method)
    await line.send(SendMessage(chat_id=100, text="x"))
    assert line.sent[-1][0] == pytest.approx(61.1)


async def test_a_call_that_is_not_made_leaves_its_room_to_others() -> None:
    line = Line()
    for chat in range(1, 100):
        permit = await line.control.permit(SendMessage(chat_id=chat, text="x"), "a person")
        assert await line.control.begin(permit)
        permit.give_back()
    assert line.now == 1000.0


async def test_processes_share_what_is_allowed_over_all() -> None:
    line = Line()
    line.processes = 5
    for chat in range(1, 41):
        await line.send(SendMessage(chat_id=chat, text="x"))
    assert most_within(line, 1.0) == 5
    line.processes = 1
    line.now += 10
    line.sent.clear()
    for chat in range(1, 41):
        await line.send(SendMessage(chat_id=chat, text="x"))
    assert most_within(line, 1.0) == 25


async def test_each_message_of_inline_mode_has_a_limit_of_its_own() -> None:
    line = Line()

    async def progress(number: str) -> bool:
        try:
            async with as_progress():
                await line.send(EditMessageText(inline_message_id=number, text="…"))
        except DroppedError:
            return False
        return True

    assert [await progress("one"), await progress("one"), await progress("two")] == [True, False, True]
    went = 0
    for _ in range(60):
        line.now += 1.0
        went += await progress("one")
    assert went == 3, "half of it is for progress, which keeps its distance"
    began = line.now
    for _ in range(4):
        await line.send(EditMessageText(inline_message_id="one", text="done"))
    assert line.now == began, "the last words do not wait"
    await repeat(8, lambda: line.send(EditMessageText(inline_message_id="one", text="done")))
    assert line.now > began
    line.refusals = [30]
    began = line.now
    await line.send(EditMessageText(inline_message_id="two", text="done"))
    assert line.now - began >= 30
