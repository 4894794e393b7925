"""The service calls back when a task has ended: at once, late, twice, never, too early; and forged calls."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from sqlalchemy import text

from bot.jobs.announcements import LOOK_SECONDS
from providers import polling
from providers.jimeng.simulator import Fault
from tests.support.app_harness import AppHarness, open_app_harness

FOR_EVER = 1_000_000.0


@pytest.fixture
async def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AppHarness]:
    """A bot that has received a call: it polls only after a call was missed."""
    monkeypatch.setattr(polling, "CALLBACK_POLL_SECONDS", FOR_EVER)
    async with open_app_harness(tmp_path) as harness:
        harness.seconds = 0.1
        await harness.made("the first of all")
        yield harness


def polls(harness: AppHarness) -> list[int]:
    """The numbers of polls of all tasks but the first."""
    return [harness.jimeng.polls[task.id] for task in harness.tasks[1:]]


def url(harness: AppHarness) -> str:
    return str(harness.submitted()[-1]["callback_url"])


async def test_the_end_is_known_with_the_call_and_one_query(harness: AppHarness) -> None:
    await harness.made("a fox")
    await harness.made("a cat")
    assert polls(harness) == [1, 1]
    first, second = (str(submit["callback_url"]) for submit in harness.submitted()[1:])
    assert first != second
    assert harness.submitted()[0]["return_url"] is True


async def test_a_call_that_comes_twice(harness: AppHarness) -> None:
    harness.jimeng.faults.append(Fault(kind="twice", action="call"))
    await harness.made("a fox")
    calls = [call for call in harness.jimeng_calls if call.name == "callback"]
    await harness.telegram.until(lambda: len([one for one in harness.jimeng_calls if one.name == "callback"]) == 3)
    assert {call.status for call in calls} == {200}
    assert polls(harness) == [1]
    assert len(harness.album()) == 2


async def test_a_call_that_comes_late(harness: AppHarness) -> None:
    harness.jimeng.faults.append(Fault(kind="delay", action="call", seconds=0.3))
    await harness.made("a fox")
    assert polls(harness) == [1]


async def test_a_call_before_the_end(harness: AppHarness) -> None:
    harness.jimeng.faults.append(Fault(kind="early", action="call"))
    await harness.made("a fox")
    assert 1 < polls(harness)[0] < 20, "it is polled as if the service couldn't call"
    assert len(harness.album()) == 2


async def test_a_task_that_fails_calls_as_well(harness: AppHarness) -> None:
    await harness.say("an unsafe result")
    await harness.ended("held it back")
    assert polls(harness) == [1]


async def test_calls_that_never_come(harness: AppHarness) -> None:
    await harness.app.store.database.execute(text("UPDATE services SET calls_at = NULL"))
    harness.jimeng.faults.append(Fault(kind="drop", action="call", times=100))
    calls = len(harness.jimeng_calls)
    for _ in range(2):
        await harness.restart()
        await harness.made("a fox")
        await harness.made("a cat")
    # Normal polling begins when they are probably ready, so the first query may find them done.
    assert len(harness.album()) == 5, "none of them waited for a call"
    assert not [call for call in harness.jimeng_calls[calls:] if call.name == "callback"]


async def test_one_call_that_does_not_come(harness: AppHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "CALLBACK_POLL_SECONDS", 20.0)
    harness.jimeng.faults.append(Fault(kind="drop", action="call"))
    service = harness.app.store.provider_health.get
    assert (await service("jimeng")).calls_at
    await harness.made("a fox")
    assert polls(harness) == [1], "the call was missed"
    assert (await service("jimeng")).calls_at is None, "the next task is polled at the normal pace"
    await harness.made("a cat")
    assert (await service("jimeng")).calls_at, "its call has come"


async def test_who_waits_for_a_call_hears_that_others_are_missed(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.hold()
    await harness.say("a fox")
    await harness.all_submitted(2)
    monkeypatch.setattr(polling, "CALLBACK_POLL_SECONDS", 20.0)
    harness.jimeng.faults.append(Fault(kind="drop", action="call", times=2))
    await harness.say("a cat")
    await harness.all_submitted(3)
    harness.release()
    await harness.telegram.until(lambda: len(harness.album()) == 3)


async def test_a_restart_does_not_forget_that_calls_come(harness: AppHarness) -> None:
    await harness.restart()
    await harness.made("a fox")
    assert polls(harness) == [1]


async def test_a_restart_still_hears_the_call(harness: AppHarness) -> None:
    harness.hold()
    await harness.say("a fox")
    await harness.all_submitted(2)
    await harness.restart()
    await harness.telegram.until(lambda: polls(harness) == [1])
    harness.release()
    await harness.ended()
    assert polls(harness) == [2]


@pytest.mark.parametrize("key", ["x", "1", "WzFd.aaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"])
async def test_a_forged_call_does_nothing(harness: AppHarness, key: str) -> None:
    harness.hold()
    await harness.say("a fox")
    await harness.all_submitted(2)
    forged = url(harness).rsplit("/", 1)[0] + "/" + key
    async with ClientSession() as session, session.post(forged, json={"task_id": harness.tasks[1].id}) as answer:
        assert answer.status == 404
    async with ClientSession() as session, session.post(url(harness), json={"task_id": "another"}) as answer:
        assert answer.status == 200
    assert polls(harness) == [0]
    harness.release()
    await harness.ended()


async def test_without_a_public_address_there_are_no_calls(tmp_path: Path) -> None:
    async with open_app_harness(tmp_path, public=False) as harness:
        await harness.made("a fox")
        assert "callback_url" not in harness.submitted()[0]


async def call(harness: AppHarness, *bodies: bytes, address: str = "") -> list[int]:
    """The answers to calls with these bodies, one after the other, at the address of the latest task."""
    statuses = []
    async with ClientSession() as session:
        for body in bodies:
            async with session.post(address or url(harness), data=body) as answer:
                statuses.append(answer.status)
    return statuses


NONSENSE = {
    "nested": b'{"task_id":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "closed never": b"[" * 200_000,
    "too many parts": b"[" + b"0," * 110_000 + b"0]",
    "no JSON": b"<html>",
    "nothing": b"",
    "a list": b"[]",
    "not UTF-8": b'{"task_id": "\xff\xfe"}',
    "half a surrogate": b'{"task_id": "\\ud800"}',
    "NUL": b'{"task_id": "1\\u00002"}',
    "NaN": b'{"task_id": NaN}',
    "a number": b'{"task_id": 12}',
    "long": b'{"task_id": "' + b"1" * 100_000 + b'"}',
}


async def test_what_is_no_call_is_refused(harness: AppHarness, caplog: pytest.LogCaptureFixture) -> None:
    harness.hold()
    await harness.say("a fox")
    await harness.all_submitted(2)
    ended = str(harness.submitted()[0]["callback_url"])
    for address in ("", ended):
        answers = dict(zip(NONSENSE, await call(harness, *NONSENSE.values(), address=address), strict=True))
        assert set(answers.values()) == {400}, answers
    assert await call(harness, b" " * 300_000) == [413]
    assert polls(harness) == [0]
    assert "Traceback" not in caplog.text
    harness.release()
    await harness.ended()


async def test_many_calls_are_one_question(harness: AppHarness) -> None:
    harness.hold()
    await harness.say("a fox")
    await harness.all_submitted(2)
    clock = harness.app.engine.context.providers["jimeng"].clock  # type: ignore[attr-defined]
    begun = clock()
    body = json.dumps({"task_id": harness.tasks[1].id}).encode()
    assert set(await call(harness, *[body] * 500)) == {200}
    # After the first call, which came too early, it is polled at the normal pace as well: every 2 s.
    assert polls(harness)[0] <= 2 + (clock() - begun) / 2
    harness.release()
    await harness.ended()
    reads = harness.app.store.tasks.get
    looks = []

    async def counted(task_id: int) -> object:
        looks.append(task_id)
        return await reads(task_id)

    harness.app.store.tasks.get = counted  # type: ignore[method-assign,assignment]
    now = harness.app.store.clock()
    harness.app.store.clock = lambda: now
    assert set(await call(harness, *[body] * 100)) == {200}
    assert len(looks) <= 1
    assert len(harness.album()) == 2
    # Also where they come at once.
    looks.clear()
    harness.app.store.clock = lambda: now + LOOK_SECONDS
    await asyncio.gather(*(harness.app.parts.announcements.take(2, body) for _ in range(50)))
    assert looks == [2]
