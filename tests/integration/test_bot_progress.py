"""A chat with several queued jobs: edits go first to jobs that are next or begin. On virtual time."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from bot.jobs.ports import Phase, Progress
from providers.errors import Sentence
from tests.support.queue_chat import Ask, QueueChat, queue_chat

LATE = {False: 2.0, True: 6.0}
"""Seconds within which a job that is next or begins is shown: in private, and in a group."""
MINUTE = 61.0
"""Seconds for which a sent message counts in a group's limit."""


def shown_next(asks: Iterable[Ask]) -> list[float]:
    return [min(one.first("You are next"), one.first("Drawing")) - one.next for one in asks if one.next is not None]


def shown_begun(asks: Iterable[Ask]) -> list[float]:
    return [one.first("Drawing") - one.begun for one in asks if one.begun is not None]


async def six_wait(chat: QueueChat, *, group: bool = False) -> list[Ask]:
    """Let one job be drawn and six wait; returns the waiting ones."""
    await chat.ask()
    await chat.pass_(2)
    waiting = [await chat.ask() for _ in range(6)]
    await chat.pass_(MINUTE if group else 20)
    return waiting


@pytest.mark.parametrize(("group", "seconds"), [(False, 12.0), (False, 20.0), (True, 30.0)])
async def test_who_is_next_and_who_begins_is_shown_in_time(tmp_path: Path, group: bool, seconds: float) -> None:
    async with queue_chat(tmp_path, group=group) as chat:
        chat.seconds = MINUTE
        waiting = await six_wait(chat, group=group)
        chat.learn(*[seconds] * 5)
        chat.seconds = seconds
        for _ in range(4):
            await chat.pass_(seconds / 3)
            chat.command()
            await chat.pass_(seconds * 2 / 3)
        assert max(shown_next(waiting[1:4])) <= LATE[group]
        assert max(shown_begun(waiting[:4])) <= LATE[group]
        assert max(chat.waits) == 0, "an answer never waits for progress"
        assert not [call for call in chat.telegram.calls if call.status == 429]


async def test_how_far_the_drawing_is_is_shown_more_often_than_places(tmp_path: Path) -> None:
    async with queue_chat(tmp_path, group=False) as chat:
        chat.seconds = 80.0
        chat.learn(*[80.0] * 5)
        waiting = await six_wait(chat)
        await chat.pass_(50)
        drawn = chat.asks[0]
        assert len(drawn.said) > max(len(one.said) for one in waiting)
        assert all("⏳" in one.said[-1][1] for one in waiting), "each has its place"


WAITS, BROKEN = Sentence("Telegram asks to wait."), Sentence("The picture does not come.")


async def test_what_keeps_a_picture_from_being_sent_is_told_each_time(tmp_path: Path) -> None:
    async with queue_chat(tmp_path, group=False) as chat:
        asked = await chat.ask()
        await chat.pass_(2)
        for why, seconds in ((WAITS, 60.0), (WAITS, 30.0), (BROKEN, 10.0)):
            await chat.close(asked)
            chat.show(asked, Progress(Phase.DELIVERING, why=why, retry_in=seconds))
            await chat.pass_(3)
        told = [text.removeprefix("📤 Done, but I can't send it yet: ") for _, text in asked.said[-3:]]
        assert told == [
            "Telegram asks to wait.\nTrying again in 60 s.",
            "Telegram asks to wait.\nTrying again in 30 s.",
            "The picture does not come.\nTrying again in 10 s.",
        ]


async def test_that_a_picture_is_being_sent_costs_an_edit_only_when_it_takes_a_while(tmp_path: Path) -> None:
    async with queue_chat(tmp_path, group=False) as chat:
        quick, slow = await chat.ask(), await chat.ask()
        await chat.pass_(10)
        for asked in (quick, slow):
            chat.show(asked, Progress(Phase.DELIVERING))
        await chat.pass_(0.5)
        await chat.close(quick)
        await chat.pass_(10)
        assert "Sending" not in quick.said[-1][1]
        assert "Sending" in slow.said[-1][1]


async def test_no_message_is_sent_to_say_that_a_picture_is_being_sent(tmp_path: Path) -> None:
    async with queue_chat(tmp_path, group=False) as chat:
        asked = await chat.ask(show=False)
        chat.show(asked, Progress(Phase.DELIVERING, why=WAITS))
        await chat.pass_(5)
        assert asked.said == []
