"""The service calls when a task has ended: at once, late, twice, never, too early; and somebody else calls."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from providers import polling
from providers.jimeng.simulator import Fault
from tests.support.house import House, open_house

FOR_EVER = 1_000_000.0


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """A bot that asks of its own accord only when it has lost its trust in calls."""
    monkeypatch.setattr(polling, "NET", FOR_EVER)
    async with open_house(tmp_path) as house:
        house.seconds = 0.1
        yield house


def polls(house: House) -> list[int]:
    return [house.jimeng.polls[task.id] for task in house.tasks]


def url(house: House) -> str:
    return str(house.submitted()[-1]["callback_url"])


async def test_the_end_is_known_with_the_call_and_one_query(house: House) -> None:
    await house.made("a fox")
    await house.made("a cat")
    assert polls(house) == [1, 1]
    first, second = (str(submit["callback_url"]) for submit in house.submitted())
    assert first != second
    assert house.submitted()[0]["return_url"] is True


async def test_a_call_that_comes_twice(house: House) -> None:
    house.jimeng.faults.append(Fault(kind="twice", action="call"))
    await house.made("a fox")
    calls = [call for call in house.jimeng_calls if call.name == "callback"]
    await house.telegram.until(lambda: len([one for one in house.jimeng_calls if one.name == "callback"]) == 2)
    assert {call.status for call in calls} == {200}
    assert polls(house) == [1]
    assert len(house.album()) == 1


async def test_a_call_that_comes_late(house: House) -> None:
    house.jimeng.faults.append(Fault(kind="delay", action="call", seconds=0.3))
    await house.made("a fox")
    assert polls(house) == [1]


async def test_a_call_before_the_end(house: House) -> None:
    house.jimeng.faults.append(Fault(kind="early", action="call"))
    await house.made("a fox")
    assert 1 < polls(house)[0] < 20, "it is asked for as if the service couldn't call"
    assert len(house.album()) == 1


async def test_a_task_that_fails_calls_as_well(house: House) -> None:
    await house.say("an unsafe result")
    await house.ended("held it back")
    assert polls(house) == [1]


async def test_calls_that_never_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "NET", 20.0)
    async with open_house(tmp_path) as house:
        house.seconds = 0.1
        house.jimeng.faults.append(Fault(kind="drop", action="call", times=100))
        for number in range(4):
            await house.made(f"number {number}")
        assert polls(house)[:2] == [1, 1], "the net"
        assert min(polls(house)[2:]) > 1, "nobody relies on calls any more"


async def test_a_restart_still_hears_the_call(house: House) -> None:
    house.hold()
    await house.say("a fox")
    await house.all_submitted(1)
    await house.restart()
    await house.telegram.until(lambda: polls(house) == [1])
    house.release()
    await house.ended()
    assert polls(house) == [2]


@pytest.mark.parametrize("key", ["x", "1", "WzFd.aaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"])
async def test_a_forged_call_does_nothing(house: House, key: str) -> None:
    house.hold()
    await house.say("a fox")
    await house.all_submitted(1)
    forged = url(house).rsplit("/", 1)[0] + "/" + key
    async with ClientSession() as session, session.post(forged, json={"task_id": house.tasks[0].id}) as answer:
        assert answer.status == 404
    async with ClientSession() as session, session.post(url(house), json={"task_id": "another"}) as answer:
        assert answer.status == 200
    assert polls(house) == [0]
    house.release()
    await house.ended()


async def test_without_a_public_address_there_are_no_calls(tmp_path: Path) -> None:
    async with open_house(tmp_path, public=False) as house:
        await house.made("a fox")
        assert "callback_url" not in house.submitted()[0]
