"""The inbox: each update is handled once and completely, even if its process dies."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiogram import Bot, Dispatcher
from aiogram.types import Message

from bot.telegram.update_inbox import UPDATES_AT_ONCE, UpdateInbox
from storage.database import StoreError, UnstorableValueError
from storage.store import Store
from storage.updates import NewUpdate


def update(
    number: int, text: str = "a fox", album: str | None = None, kind: str = "message", chat_id: int = 5
) -> dict[str, Any]:
    """An update as Telegram sends it."""
    chat = {"id": chat_id, "type": "private", "first_name": "Ann"}
    message = {"message_id": number, "date": 1_700_000_000, "chat": chat, "text": text}
    message |= {"from": {**chat, "is_bot": False}}
    return {"update_id": number, kind: message | ({"media_group_id": album} if album else {})}


class Process:
    """A process's inbox with one handler, which records its updates. `wait`: the event that the handler waits for."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.seen: list[int] = []
        self.errors: list[Exception] = []
        self.wait: Callable[[], Awaitable[object]] = lambda: asyncio.sleep(0)
        self.worker = 0
        dispatcher = Dispatcher()
        dispatcher.message.register(self._handle)
        dispatcher.channel_post.register(self._handle)
        self.inbox = UpdateInbox(Bot("42:test"), dispatcher, store, lambda: self.worker, sleep=_soon)

    async def start(self) -> None:
        self.worker = await self.store.workers.join(1.0)
        await self.inbox.start()

    async def die(self) -> None:
        """End without cleanup."""
        # An open inbox is notified of its own worker's end and takes its updates over.
        await self.inbox.close()
        await self.inbox.work.aclose()
        await self.inbox.notes.aclose()
        await self.store.workers.leave(self.worker)

    async def saw(self, *numbers: int) -> None:
        await self.until(lambda: len(self.seen) >= len(numbers))
        await self.inbox.notes.drain()
        assert self.seen == [*numbers]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not true():  # noqa: ASYNC110 - handlers have no events
                await asyncio.sleep(0.002)

    async def _handle(self, message: Message) -> None:
        await self.wait()
        self.seen.append(message.message_id)
        if self.errors:
            raise self.errors.pop(0)


async def _soon(_seconds: float) -> None:
    await asyncio.sleep(0.001)


@pytest.fixture
async def new_process(database_url: str) -> AsyncIterator[Callable[[], Awaitable[Process]]]:
    """Makes processes on one database."""
    async with AsyncExitStack() as stack:

        async def make() -> Process:
            store = await Store.open(database_url)
            stack.push_async_callback(store.aclose)
            process = Process(store)
            stack.push_async_callback(process.inbox.aclose)
            stack.push_async_callback(process.inbox.close)
            await process.start()
            return process

        yield make


New = Callable[[], Awaitable[Process]]


async def test_what_comes_twice_acts_once(new_process: New) -> None:
    process = await new_process()
    assert await process.inbox.take([update(1), update(2)])
    assert await process.inbox.take([update(2), update(3)])
    await process.saw(1, 2, 3)
    await process.inbox.take([update(1)])
    await process.inbox.start()
    await process.saw(1, 2, 3)


async def test_a_store_that_refuses_is_asked_again(new_process: New) -> None:
    process = await new_process()
    process.errors = [StoreError("disk is full")] * 2
    await process.inbox.take([update(1)])
    await process.saw(1, 1, 1)
    assert await process.store.updates.of(process.worker) == []


async def test_what_was_begun_is_not_begun_again_before_its_end_is_stored(new_process: New) -> None:
    process, go = await new_process(), asyncio.Event()
    done = process.store.updates.done

    async def slowly(ids: Sequence[int], now: float) -> None:
        await go.wait()
        await done(ids, now)

    process.store.updates.done = slowly  # type: ignore[method-assign]
    await process.inbox.take([update(1)])
    await process.until(lambda: process.seen == [1])
    process.inbox.recover()
    await process.inbox.take([update(2)])
    await process.until(lambda: 2 in process.seen)
    # The remaining updates are taken over even while that waits.
    await process.inbox.work.drain()
    go.set()
    assert process.seen == [1, 2]


async def test_what_ends_while_others_are_looked_for_is_not_begun_again(new_process: New) -> None:
    process, read, go = await new_process(), asyncio.Event(), asyncio.Event()
    of = process.store.updates.of

    async def slowly(worker_id: int) -> list[NewUpdate]:
        found = await of(worker_id)
        read.set()
        await go.wait()
        return found

    process.store.updates.of = slowly  # type: ignore[method-assign]
    process.wait = read.wait
    await process.inbox.take([update(1)])
    process.inbox.recover()
    await process.until(lambda: process.seen == [1] and not process.inbox.is_handling)
    await process.inbox.notes.drain()
    go.set()
    await process.inbox.work.drain()
    assert process.seen == [1]


async def test_what_is_taken_up_before_it_is_taken_in_is_not_begun_again(new_process: New) -> None:
    process = await new_process()
    take = process.store.updates.take

    async def slowly(worker_id: int, new: Sequence[NewUpdate], now: float) -> list[NewUpdate]:
        mine = await take(worker_id, new, now)
        process.inbox.recover()
        await process.saw(1)
        return mine

    process.store.updates.take = slowly  # type: ignore[method-assign]
    await process.inbox.take([update(1)])
    await process.inbox.work.drain()
    assert process.seen == [1]


async def test_what_fails_is_not_tried_for_ever(new_process: New, caplog: pytest.LogCaptureFixture) -> None:
    process = await new_process()
    process.errors = [ValueError("no")]
    await process.inbox.take([update(1), {"update_id": 2, "message": {"message_id": "?"}}, update(3)])
    await process.saw(1, 3)
    assert await process.store.updates.of(process.worker) == []
    assert "handling update 1 failed" in caplog.text
    assert "handling update 2 failed" in caplog.text


async def test_a_stop_lets_handlers_end_and_takes_nothing_more(new_process: New) -> None:
    process = await new_process()
    go = asyncio.Event()
    process.wait = go.wait
    await process.inbox.take([update(1)])
    await process.inbox.close()
    assert not await process.inbox.take([update(2)])
    asyncio.get_running_loop().call_later(0.02, go.set)
    await process.inbox.aclose()
    assert process.seen == [1]
    assert await process.store.updates.of(process.worker) == []


async def test_what_a_process_could_not_end_is_taken_up(new_process: New) -> None:
    first = await new_process()
    first.wait = asyncio.Event().wait
    await first.inbox.take([update(1), update(2)])
    await first.die()
    second = Process(first.store)
    await second.start()
    await second.saw(1, 2)


async def test_a_chat_that_waits_fills_its_own_lane_only(new_process: New) -> None:
    process, go, began = await new_process(), asyncio.Event(), 0

    async def wait() -> None:
        nonlocal began
        began += 1
        await go.wait()

    process.wait = wait
    # The limit of updates at once does not split an album.
    many = [update(number, album="a" if number in {100, 101, 102} else None) for number in range(1, 251)]
    await process.inbox.take(many)
    await process.until(lambda: began == UPDATES_AT_ONCE + 2)
    process.wait = lambda: asyncio.sleep(0)
    await process.inbox.take([update(251, chat_id=6)])
    await process.until(lambda: process.seen == [251])
    assert began == UPDATES_AT_ONCE + 2
    go.set()
    await process.saw(251, *range(1, 251))
    assert await process.store.updates.of(process.worker) == []


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
class TestSeveral:
    """Several processes on one database."""

    async def test_one_update_at_two_processes_acts_once(self, new_process: New) -> None:
        one, two = await new_process(), await new_process()
        await asyncio.gather(*(each.inbox.take([update(number)]) for number in range(20) for each in (one, two)))
        async with asyncio.timeout(20):
            while len(one.seen) + len(two.seen) < 20:  # noqa: ASYNC110 - handlers have no events
                await asyncio.sleep(0.002)
        assert sorted(one.seen + two.seen) == list(range(20))

    @pytest.mark.parametrize("kind", ["message", "channel_post"])
    async def test_an_album_stays_together(self, new_process: New, kind: str) -> None:
        one, two = await new_process(), await new_process()
        await one.inbox.take([update(1, album="a", kind=kind)])
        await two.inbox.take([update(2, album="a", kind=kind), update(3)])
        await one.saw(1, 2)
        assert two.seen == [3]

    async def test_a_living_process_takes_up_what_a_dead_one_left(self, new_process: New) -> None:
        one, two = await new_process(), await new_process()
        one.wait = asyncio.Event().wait
        await one.inbox.take([update(1)])
        await one.die()
        await two.saw(1)

    async def test_one_leads_and_another_follows_when_it_ends(self, new_process: New) -> None:
        one, two = await new_process(), await new_process()
        first, second = one.store.database.backend, two.store.database.backend
        assert (await first.become_leader(), await second.become_leader()) == (True, False)
        await one.inbox.close()
        assert await second.become_leader()
        assert not await first.become_leader()


async def test_an_update_that_can_never_be_stored_holds_no_other(
    new_process: New, caplog: pytest.LogCaptureFixture
) -> None:
    process = await new_process()
    assert await process.inbox.take(
        [update(1), update(10**20), update(2, "a\x00fox \ud800"), update(3, album="9" * 99)]
    )
    await process.saw(1, 2, 3)
    assert caplog.text.count("failed for good") == 1


async def test_a_handler_that_asks_for_what_can_never_be_stored_is_not_asked_again(
    new_process: New, caplog: pytest.LogCaptureFixture
) -> None:
    process = await new_process()
    process.errors = [UnstorableValueError("a number without end")]
    await process.inbox.take([update(1), update(2)])
    await process.saw(1, 2)
    assert await process.store.updates.of(process.worker) == []
    assert caplog.text.count("it is not repeated") == 1
