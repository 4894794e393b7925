"""The limit of all chats: who goes first when many wait, and that nobody is forgotten. On virtual time."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.telegram.all_chats import DELIVERY_PATIENCE_SECONDS, AllChats
from bot.telegram.chat_limiter import IMPORTANT_PROGRESS, Ask, ChatLimiter, Limit, Permit
from tests.support.queue_chat import VirtualTime

LIMIT = Limit(10, 1.0)


async def settle() -> None:
    # Within one moment each call of a full limit may hand over to the next.
    for _ in range(5 * LIMIT.most):
        await asyncio.sleep(0)


class Line:
    """Calls that wait for one limit; `went`: which have gone, with their times and messages."""

    def __init__(self) -> None:
        self.time = VirtualTime()
        self.start = self.time()
        self.all_chats = AllChats(lambda: LIMIT, self.time, self.time.sleep)
        self.went: list[tuple[float, str, int]] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def call(self, name: str, patience: float = 0.0, messages: int = 1) -> asyncio.Task[None]:
        task = asyncio.create_task(self._take(name, self.time() + patience, messages))
        self.tasks.append(task)
        await settle()
        return task

    async def _take(self, name: str, due: float, messages: int) -> None:
        chat = ChatLimiter(LIMIT)
        permit = Permit(chat, 1, Ask(messages, name, due))
        permit.is_begun = True
        try:
            await self.all_chats.reserve(permit)
        except asyncio.CancelledError:
            permit.give_back()
            raise
        assert permit.use(chat, self.time())
        self.went.append((self.time() - self.start, name, messages))

    async def fill(self) -> None:
        """Use up the limit, and let one call wait."""
        for _ in range(LIMIT.most + 1):
            await self.call("first")

    async def pass_(self, seconds: float) -> None:
        await self.time.pass_(seconds, settle)

    @property
    def names(self) -> list[str]:
        return [name for _, name, _ in self.went if name != "first"]

    async def aclose(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    line = Line()
    yield line
    await line.aclose()


async def test_a_first_reaction_goes_before_a_delivery_that_has_hardly_waited(line: Line) -> None:
    await line.fill()
    await line.call("picture", DELIVERY_PATIENCE_SECONDS)
    await line.call("reaction")
    await line.pass_(2.0)
    assert line.names == ["reaction", "picture"]


async def test_a_delivery_that_has_waited_goes_before_new_reactions(line: Line) -> None:
    await line.fill()
    await line.call("picture", DELIVERY_PATIENCE_SECONDS)
    for number in range(100):
        await line.call(f"reaction {number}")
        await line.pass_(0.05)
    await line.pass_(10.0)
    # Twenty a second arrive.
    assert 60 <= line.names.index("picture") <= 61


async def test_progress_gets_no_room_while_anybody_waits(line: Line) -> None:
    await line.fill()
    await line.call("album", messages=LIMIT.most)
    await line.pass_(1.5)
    assert not line.all_chats.has_room_for_progress(IMPORTANT_PROGRESS), "the album waits"
    await line.pass_(2.0)
    assert line.all_chats.has_room_for_progress(IMPORTANT_PROGRESS)


async def test_one_that_is_given_up_while_it_gives_room_to_others_leaves_that_to_the_next(line: Line) -> None:
    await line.fill()
    await line.call("next")
    line.tasks[-2].cancel()
    await line.pass_(2.0)
    assert line.names == ["next"]


async def test_one_that_is_given_up_when_it_is_woken_leaves_its_turn_to_the_next(line: Line) -> None:
    await line.fill()
    woken = await line.call("woken")
    await line.call("next")
    line.tasks[-3].cancel()
    # The cancelled one wakes the next, which is cancelled before it runs.
    await asyncio.sleep(0)
    woken.cancel()
    await line.pass_(2.0)
    assert line.names == ["next"]


@given(
    st.lists(
        st.tuples(
            st.floats(0, 0.3), st.sampled_from([0.0, DELIVERY_PATIENCE_SECONDS]), st.integers(1, 10), st.booleans()
        ),
        max_size=40,
    )
)
def test_all_that_are_not_given_up_go_within_the_limit(calls: list[tuple[float, float, int, bool]]) -> None:
    async def run() -> None:
        line = Line()
        for number, (pause, patience, messages, gives_up) in enumerate(calls):
            task = await line.call(str(number), patience, messages)
            await line.pass_(pause)
            if gives_up:
                task.cancel()
        await line.pass_(sum(messages for _, _, messages, _ in calls) + 1.0)
        assert {str(number) for number, call in enumerate(calls) if not call[3]} <= set(line.names)
        for at, _, _ in line.went:
            within = sum(messages for other, _, messages in line.went if at <= other < at + LIMIT.seconds - 1e-6)
            assert within <= LIMIT.most
        await line.aclose()

    asyncio.run(run())
