import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.telegram.album_buffer import AlbumBuffer
from tests.support.virtual_timer import VirtualTimer, settle

QUIET, CAP, MEMORY = 8, 50, 6000


@dataclass(frozen=True)
class Item:
    chat_id: int
    media_group_id: str
    message_id: int


async def at_once() -> None:
    return


class Listener:
    def __init__(self, wait: Callable[[], Awaitable[object]] = at_once, *, most: int = 200) -> None:
        self.timer = VirtualTimer()
        self.calls: list[tuple[float, tuple[Item, ...], Item | None]] = []
        self.wait = wait
        self.errors: list[Exception] = []
        self.gatherer: AlbumBuffer[Item] = AlbumBuffer(
            self.gathered,
            self.late,
            failed=self.errors.append,
            quiet=QUIET,
            cap=CAP,
            memory=MEMORY,
            most=most,
            timer=self.timer,
        )

    async def gathered(self, items: tuple[Item, ...]) -> None:
        self.calls.append((self.timer.now, items, None))
        await self.wait()

    async def late(self, items: tuple[Item, ...], item: Item) -> None:
        self.calls.append((self.timer.now, items, item))
        await self.wait()

    async def play(self, arrivals: Iterable[tuple[float, Item]]) -> None:
        for at, item in arrivals:
            await self.timer.advance(at)
            self.gatherer.add(item)
            await settle()
        await self.timer.advance(self.timer.now + CAP)
        await self.gatherer.drain()
        await self.gatherer.aclose()


def album(*messages: int, chat: int = 1, group: str = "a") -> tuple[Item, ...]:
    return tuple(Item(chat, group, message) for message in messages)


ITEMS = st.builds(Item, st.integers(1, 2), st.sampled_from("ab"), st.integers(1, 6))
# Items of interleaved albums in any order, with gaps around the quiet time, repeated or late.
ARRIVALS = st.lists(st.tuples(st.integers(0, 2 * QUIET), ITEMS), max_size=40)


def timed(gaps: Iterable[tuple[int, Item]]) -> list[tuple[float, Item]]:
    at, arrivals = 0.0, []
    for gap, item in gaps:
        at += gap
        arrivals.append((at, item))
    return arrivals


def expected(arrivals: Iterable[tuple[float, Item]]) -> tuple[dict[Item, bool], dict[tuple[int, str], float]]:
    """The expected result, from the rule alone: which items are late, and when each album is handed over."""
    late: dict[Item, bool] = {}
    first: dict[tuple[int, str], float] = {}
    due: dict[tuple[int, str], float] = {}
    for at, item in arrivals:
        key = item.chat_id, item.media_group_id
        if item in late:
            continue
        late[item] = key in due and at >= due[key]
        if not late[item]:
            due[key] = min(at + QUIET, first.setdefault(key, at) + CAP)
    return late, due


@given(ARRIVALS)
async def test_every_item_is_handed_over_once_in_its_album_or_late(gaps: list[tuple[int, Item]]) -> None:
    arrivals, listener = timed(gaps), Listener()

    await listener.play(arrivals)

    late, due = expected(arrivals)
    handed: dict[tuple[int, str], set[Item]] = defaultdict(set)
    for at, items, item in listener.calls:
        key = items[0].chat_id, items[0].media_group_id
        assert list(items) == sorted(set(items), key=lambda each: each.message_id)
        if item is None:
            assert (key in handed, at) == (False, due[key])
            assert not any(late[each] for each in items)
            handed[key].update(items)
        else:
            assert late[item]
            assert handed[key] == set(items)
            assert item not in items
            handed[key].add(item)
    assert {key: {each for each in late if (each.chat_id, each.media_group_id) == key} for key in due} == handed


@given(ARRIVALS, st.integers(0, 40))
async def test_callbacks_of_an_album_follow_one_another_and_never_hold_up_the_caller(
    gaps: list[tuple[int, Item]], freed_after: int
) -> None:
    free = asyncio.Event()
    running: list[tuple[int, str]] = []
    listener = Listener()

    async def slowly() -> None:
        items = listener.calls[-1][1]
        key = items[0].chat_id, items[0].media_group_id
        assert key not in running
        running.append(key)
        await free.wait()
        running.remove(key)

    listener.wait = slowly
    for number, (at, item) in enumerate(timed(gaps)):
        await listener.timer.advance(at)
        listener.gatherer.add(item)
        if number == freed_after:
            free.set()
    free.set()
    await listener.timer.advance(listener.timer.now + CAP)
    await listener.gatherer.drain()
    await listener.gatherer.aclose()

    handed = [each for _, items, item in listener.calls for each in ([item] if item else items)]
    assert sorted(map(repr, handed)) == sorted({repr(item) for _, item in gaps})
    assert not listener.errors


async def test_an_album_waits_for_the_last_of_its_items() -> None:
    listener = Listener()

    await listener.play([(0, album(3)[0]), (7, album(1)[0]), (14, album(2)[0])])

    assert listener.calls == [(22, album(1, 2, 3), None)]


async def test_an_album_that_never_rests_is_handed_over_at_the_cap() -> None:
    listener = Listener()

    await listener.play([(at, album(at)[0]) for at in range(0, 56, 7)])

    assert listener.calls[0] == (50, album(*range(0, 50, 7)), None)


async def test_a_repeated_item_changes_nothing() -> None:
    listener = Listener()

    await listener.play([(0, album(1)[0]), (5, album(1)[0]), (20, album(1)[0])])

    assert listener.calls == [(8, album(1), None)]


async def test_albums_are_forgotten_by_age() -> None:
    listener = Listener()

    await listener.play([(0, album(1)[0]), (MEMORY + 8, album(2)[0]), (MEMORY + 9, album(3)[0])])

    assert listener.calls == [
        (8, album(1), None),
        (MEMORY + 8, album(1), album(2)[0]),
        (MEMORY + 17, album(3), None),
    ]


async def test_albums_are_forgotten_by_number() -> None:
    listener = Listener(most=2)

    for at in range(100):
        await listener.timer.advance(10 * at)
        listener.gatherer.add(Item(1, str(at), 1))
        assert listener.gatherer.remembered <= 3

    await listener.timer.advance(listener.timer.now + CAP)
    await listener.gatherer.drain()
    assert len(listener.calls) == 100
    await listener.gatherer.aclose()


async def test_a_callback_that_fails_is_told_and_the_next_is_called(caplog: pytest.LogCaptureFixture) -> None:
    listener = Listener()

    async def fail() -> None:
        raise ValueError("no")

    listener.wait = fail
    with caplog.at_level(logging.ERROR):
        await listener.play([(0, album(1)[0]), (9, album(2)[0])])

    assert [items for _, items, _ in listener.calls] == [album(1), album(1)]
    assert [str(error) for error in listener.errors] == ["no", "no"]
    assert len(caplog.records) == 2


async def test_what_is_waited_for_can_be_dropped() -> None:
    listener = Listener()
    assert listener.gatherer.add(album(1)[0])
    await listener.timer.advance(CAP)
    assert listener.gatherer.add(album(1, group="b")[0])

    assert listener.gatherer.drop() == [*album(1, group="b")]
    await listener.timer.advance(2 * CAP)

    assert listener.calls == [(QUIET, album(1), None)]
    await listener.gatherer.aclose()


async def test_closing_cancels_what_waits_and_what_runs() -> None:
    ended = asyncio.Event()

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    listener = Listener(forever)
    listener.gatherer.add(album(1)[0])
    await listener.timer.advance(8)
    listener.gatherer.add(album(1, group="b")[0])

    await listener.gatherer.aclose()
    await listener.timer.advance(100)

    assert ended.is_set()
    assert [items for _, items, _ in listener.calls] == [album(1)]
    with pytest.raises(RuntimeError):
        listener.gatherer.add(album(2)[0])


async def test_the_running_loop_is_the_default_timer() -> None:
    handed: asyncio.Queue[tuple[Item, ...]] = asyncio.Queue()

    async def late(items: tuple[Item, ...], item: Item) -> None:
        raise AssertionError

    gatherer: AlbumBuffer[Item] = AlbumBuffer(handed.put, late, quiet=0)
    for item in album(2, 1):
        gatherer.add(item)

    assert await handed.get() == album(1, 2)
    await gatherer.aclose()
