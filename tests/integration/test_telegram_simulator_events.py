"""The simulator's stream of events, its call log, and faults by HTTP."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramRetryAfter
from aiohttp import ClientSession

from bot.demo.calls import MAX_STRING_LENGTH, CallLog
from bot.demo.telegram import TelegramSimulator
from tests.support.people_client import PeopleClient, RecordedFaults


@pytest.fixture
async def telegram(tmp_path: Path) -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator(strict=False, page=tmp_path / "page") as running:
        yield running


@pytest.fixture
async def page(telegram: TelegramSimulator) -> AsyncIterator[PeopleClient]:
    async with ClientSession(telegram.url) as session:
        yield PeopleClient(session)


async def read_events(page: PeopleClient, count: int, **how: Any) -> list[tuple[int, Any]]:
    """The first events of the stream with their numbers."""
    found: list[tuple[int, Any]] = []
    async with page.session.get("/demo/api/events", **how) as response:
        assert response.content_type == "text/event-stream"
        number = 0
        while len(found) < count:
            line = (await response.content.readline()).decode().strip()
            if line.startswith("id: "):
                number = int(line[4:])
            elif line.startswith("data: "):
                found.append((number, json.loads(line[6:])))
    return found


async def test_the_stream_of_events(page: PeopleClient, bot: Bot, telegram: TelegramSimulator) -> None:
    ann = telegram.ann.id
    await telegram.send(telegram.ann, text="hello")
    message = await bot.send_message(ann, "one")
    await message.edit_text("two")
    await message.delete()
    await bot.send_chat_action(ann, "upload_photo")
    events = await read_events(page, 8, params={"since": "0"})
    assert [event["kind"] for _, event in events] == [
        "message", "message", "call", "edited", "call", "deleted", "call", "action",
    ]  # fmt: skip
    assert [number for number, _ in events] == list(range(1, 9))
    assert events[3][1]["message"]["text"] == "two"
    assert events[3][1]["message"]["edited"]
    assert events[5][1] == {"kind": "deleted", "chat": ann, "ids": [message.message_id]}
    assert events[2][1]["call"]["name"] == "sendMessage"
    later = await read_events(page, 1, headers={"Last-Event-ID": "7"})
    assert later == events[7:]


async def test_the_stream_goes_on_live_and_ends_with_the_server(
    page: PeopleClient, telegram: TelegramSimulator
) -> None:
    async with page.session.get("/demo/api/events") as response:
        assert await response.content.readline() == b": hello\n"
        await telegram.send(telegram.ann, text="live")
        text = b""
        while b"live" not in text:
            text = await response.content.readline()
        await telegram.aclose()
        assert b"live" not in await response.content.read()


async def test_calls_and_faults(page: PeopleClient, bot: Bot, telegram: TelegramSimulator) -> None:
    jimeng = RecordedFaults()
    telegram.add_service("jimeng", jimeng)
    fault = {"kind": "flood", "method": "sendMessage", "retry_after": 3}
    assert await page.post("faults", json={"service": "telegram", "fault": fault}) == (200, {})
    assert await page.post("faults", json={"service": "jimeng", "fault": {"any": 1}}) == (200, {})
    assert jimeng.played == [{"any": 1}]
    with pytest.raises(TelegramRetryAfter):
        await bot.send_message(telegram.ann.id, "x")
    status, wrong = await page.post("faults", json={"service": "telegram", "fault": {"kind": "fox"}})
    assert status == 400
    assert wrong["error"].startswith("This fault is not known")
    await bot.get_updates()
    await bot.get_me()
    calls = (await page.get("calls"))["calls"]
    assert [(call["n"], call["name"], call["status"]) for call in calls] == [(1, "sendMessage", 429), (2, "getMe", 200)]
    assert " ".join(calls[0]) == "n at service name status ms request response"
    assert (await page.get("calls?since=1"))["calls"] == calls[1:]
    await page.post("faults", json={"service": "telegram", "fault": fault})
    async with page.session.delete("/demo/api/faults") as response:
        assert await response.json() == {}
    assert jimeng.played == []
    await bot.send_message(telegram.ann.id, "x")


async def test_the_log_is_shared() -> None:
    log = CallLog()
    assert TelegramSimulator(calls=log).calls is log


def test_the_log_is_bounded_shortened_and_redacted() -> None:
    log = CallLog(keep=2, clock=lambda: 5.0)
    log.hide("s3cret")
    heard: list[int] = []
    log.listen(lambda call: heard.append(call.n))
    for name in "abc":
        log.record("jimeng", name, status=200, ms=1.26, request={"Authorization": "HMAC x", "n": 1}, response=None)
    assert ([call.name for call in log], heard, len(log)) == (["b", "c"], [1, 2, 3], 2)
    assert log.since(2)[0].as_json() == {
        "n": 3, "at": 5.0, "service": "jimeng", "name": "c", "status": 200, "ms": 1.3,
        "request": {"Authorization": "***", "n": 1}, "response": None,
    }  # fmt: skip
    call = log.record(
        "x", "y", status=1, ms=1, request=("a s3cret", b"12", Path("s3cret")), response={"text": "x" * 9999, 1: True}
    )
    assert call.request == ["a ***", {"size": 2}, "***"]
    assert call.response["1"] is True
    assert len(call.response["text"]) < MAX_STRING_LENGTH + 30
