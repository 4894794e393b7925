"""Fair slots: keys get them in turns, and a slow holder blocks nobody."""

import asyncio
from collections.abc import Callable, Hashable

from bot.fair_slots import FairSlots, Slot


class Crowd:
    """People who take a slot with `ask` and give it back with `end`."""

    def __init__(self, slots: FairSlots) -> None:
        self.slots = slots
        self.order: list[Hashable] = []
        self.held: dict[int, Slot] = {}
        self.ends: dict[int, asyncio.Event] = {}
        self.tasks: list[asyncio.Task[None]] = []

    async def ask(self, *keys: Hashable) -> None:
        for key in keys:
            number = len(self.tasks)
            self.ends[number] = asyncio.Event()
            self.tasks.append(asyncio.create_task(self._hold(number, key)))
        await settle()

    async def end(self, number: int) -> None:
        self.ends[number].set()
        await settle()

    async def give_up(self, number: int) -> None:
        self.tasks[number].cancel()
        await settle()

    async def go_home(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _hold(self, number: int, key: Hashable) -> None:
        async with self.slots.slot(key) as slot:
            self.order.append(key)
            self.held[number] = slot
            await self.ends[number].wait()


async def until(happens: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not happens():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.001)


async def settle() -> None:
    for _turn in range(5):
        await asyncio.sleep(0)


async def test_one_person_with_many_wishes_keeps_nobody_waiting() -> None:
    crowd = Crowd(FairSlots(2))
    await crowd.ask("ann", "ann", "ann", "ann", "ming", "bob")
    assert crowd.order == ["ann", "ann"]
    await crowd.end(0)
    await crowd.end(1)
    assert crowd.order == ["ann", "ann", "ming", "bob"]
    await crowd.end(4)
    await crowd.end(5)
    assert crowd.order[4:] == ["ann", "ann"]
    await crowd.go_home()
    assert crowd.slots.is_idle


async def test_who_was_served_last_comes_last() -> None:
    crowd = Crowd(FairSlots(1))
    await crowd.ask("ann", "ming", "ann", "ming", "ann")
    for number in (0, 1, 2, 3):
        await crowd.end(number)
    assert crowd.order == ["ann", "ming", "ann", "ming", "ann"]
    await crowd.go_home()


async def test_who_gives_up_while_waiting_leaves_the_line() -> None:
    crowd = Crowd(FairSlots(1))
    await crowd.ask("ann", "ming", "bob")
    await crowd.give_up(1)
    await crowd.end(0)
    assert crowd.order == ["ann", "bob"]
    await crowd.go_home()
    assert crowd.slots.is_idle


async def test_a_turn_that_comes_to_somebody_who_gives_up_goes_on_to_the_next() -> None:
    crowd = Crowd(FairSlots(1))
    await crowd.ask("ann", "ming", "bob")
    crowd.ends[0].set()
    crowd.held[0].leave()
    # Ming has been given the slot, and is cancelled before she runs.
    crowd.tasks[1].cancel()
    await settle()
    assert crowd.order == ["ann", "bob"]
    await crowd.go_home()
    assert crowd.slots.is_idle


async def test_a_slot_that_is_left_early_is_given_back_once() -> None:
    crowd = Crowd(FairSlots(1))
    await crowd.ask("ann", "ming", "bob")
    crowd.held[0].leave()
    crowd.held[0].leave()
    await settle()
    await crowd.end(0)
    assert crowd.order == ["ann", "ming"]
    await crowd.go_home()
    assert crowd.slots.is_idle


async def test_the_slow_go_on_in_a_lane_of_their_own() -> None:
    crowd = Crowd(FairSlots(1, slow_after=0.001, slow_most=2))
    await crowd.ask("ann", "bob", "ming")
    await until(lambda: len(crowd.order) == 3 and crowd.slots.slow == 2)
    # The slow lane is full: the third slot stays quick, however long it is held.
    await crowd.ask("eve")
    await asyncio.sleep(0.005)
    assert crowd.order == ["ann", "bob", "ming"]
    await crowd.end(0)
    await until(lambda: len(crowd.order) == 4)
    await crowd.go_home()
    assert crowd.slots.is_idle


async def test_nobody_gets_the_last_quick_place_or_more_than_a_quarter_of_all() -> None:
    crowd = Crowd(FairSlots(3, slow_after=60, slow_most=13))
    await crowd.ask(*["ann"] * 7)
    assert crowd.order == ["ann", "ann"]
    await crowd.ask("ming")
    assert crowd.order == ["ann", "ann", "ming"]
    for number in (0, 1, 7):
        crowd.held[number].step_aside()
        await settle()
    # Ann's other waiters get a slot only when one of hers ends; other keys overtake them.
    await crowd.ask("bob")
    assert crowd.order[3:] == ["ann", "ann", "bob"]
    assert crowd.slots.slow == 3
    crowd.held[2].step_aside()
    crowd.held[3].step_aside()
    await settle()
    assert crowd.order[6:] == []
    await crowd.end(0)
    assert crowd.order[6:] == ["ann"]
    await crowd.give_up(1)
    assert crowd.order[7:] == ["ann"]
    await crowd.go_home()
    assert crowd.slots.is_idle


async def test_who_steps_aside_where_there_is_no_place_keeps_the_slot() -> None:
    crowd = Crowd(FairSlots(1, slow_after=0.001, slow_most=1))
    await crowd.ask("ann", "ming", "bob")
    crowd.held[0].step_aside()
    await settle()
    crowd.held[1].step_aside()
    await settle()
    assert crowd.order == ["ann", "ming"]
    await crowd.end(0)
    await until(lambda: crowd.order == ["ann", "ming", "bob"])
    await crowd.end(1)
    crowd.held[1].step_aside()
    await crowd.go_home()
    assert crowd.slots.is_idle
