"""Flood control, faults on request and broken connections."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.types import (
    BufferedInputFile,
    InputMediaPhoto,
)
from aiohttp import ClientSession
from PIL import Image
from pydantic import ValidationError

from bot.demo.telegram import Delay, Drop, Flood, PartialAlbum, Refusal, TelegramSimulator
from tests.support.clock import Clock


@pytest.fixture
def pauses() -> list[float]:
    """The simulator's sleeps, in seconds."""
    return []


@pytest.fixture
async def telegram(clock: Clock, pauses: list[float]) -> AsyncIterator[TelegramSimulator]:
    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    async with TelegramSimulator(clock=clock, sleep=sleep) as running:
        yield running


def photos(count: int) -> list[Any]:
    out = BytesIO()
    Image.new("RGB", (64, 48), "orange").save(out, "JPEG")
    return [InputMediaPhoto(media=BufferedInputFile(out.getvalue(), "a.jpg")) for _ in range(count)]


async def texts(bot: Bot, **how: Any) -> list[str | None]:
    return [update.message.text for update in await bot.get_updates(**how) if update.message]


async def test_a_private_chat_takes_a_burst_and_then_one_a_second(
    bot: Bot, telegram: TelegramSimulator, clock: Clock
) -> None:
    ann = telegram.ann.id
    message = await bot.send_message(ann, "0")
    for number in range(1, 5):
        await message.edit_text(str(number))
    with pytest.raises(TelegramRetryAfter) as muted:
        await message.edit_text("5")
    assert muted.value.retry_after == 5
    await bot.send_message(telegram.ming.id, "other chats go on")
    clock.now += 5
    await message.edit_text("5")
    assert telegram.calls.named("editMessageText")[-2].response["parameters"] == {"retry_after": 5}


async def test_calling_on_while_muted_lengthens_the_mute(bot: Bot, telegram: TelegramSimulator, clock: Clock) -> None:
    waits = []
    for number in range(10):
        try:
            await bot.send_message(telegram.ann.id, str(number))
        except TelegramRetryAfter as error:
            waits.append(error.retry_after)
    assert waits == [5, 10, 20, 35, 55]
    clock.now += 55
    await bot.send_message(telegram.ann.id, "at last")


async def test_a_group_takes_twenty_a_minute_items_one_by_one(
    bot: Bot, telegram: TelegramSimulator, clock: Clock
) -> None:
    group = telegram.group.id
    await bot.send_media_group(group, photos(10))
    clock.now += 10
    await bot.send_media_group(group, photos(9))
    with pytest.raises(TelegramRetryAfter) as muted:
        await bot.send_media_group(group, photos(2))
    assert muted.value.retry_after == 50
    clock.now += 50
    await bot.send_media_group(group, photos(2))


async def test_thirty_a_second_over_all(bot: Bot, telegram: TelegramSimulator) -> None:
    people = [telegram.world.add_person(1000 + n, f"P{n}", f"person_{n}", "en") for n in range(31)]
    answers = [bot.send_message(person.id, "x") for person in people]
    results = await asyncio.gather(*answers, return_exceptions=True)
    assert sum(isinstance(result, TelegramRetryAfter) for result in results) == 1


async def test_faults_are_played(bot: Bot, telegram: TelegramSimulator, pauses: list[float]) -> None:
    ann = telegram.ann.id
    telegram.play(Flood(method="sendMessage", retry_after=7))
    with pytest.raises(TelegramRetryAfter) as muted:
        await bot.send_message(ann, "x")
    assert muted.value.retry_after == 7
    telegram.play({"kind": "error", "method": "getMe", "code": 500, "description": "Internal Server Error", "times": 2})
    for _ in range(2):
        with pytest.raises(TelegramServerError):
            await bot.get_me()
    telegram.play(Refusal(method="getMe", code=400, description="Bad Request: whatever"))
    with pytest.raises(TelegramBadRequest, match="whatever"):
        await bot.get_me()
    telegram.play(Delay(seconds=3))
    assert await bot.get_updates() == []
    await bot.get_me()
    assert pauses == [3]
    telegram.play(Refusal())
    telegram.faults.clear()
    await bot.get_me()
    with pytest.raises(ValidationError):
        telegram.play({"kind": "fox"})


@pytest.mark.parametrize("applied", [False, True])
async def test_a_connection_breaks_before_or_after(
    bot: Bot, telegram: TelegramSimulator, applied: bool, caplog: pytest.LogCaptureFixture
) -> None:
    telegram.play(Drop(method="sendMessage", applied=applied))
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(telegram.ann.id, "x")
    assert len(telegram.messages(telegram.ann.chat)) == applied
    assert telegram.calls.named("sendMessage")[0].status == 0
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    await bot.send_message(telegram.ann.id, "y")


@pytest.mark.parametrize(
    ("kind", "data"),
    [("application/json", b"\xff"), ("multipart/form-data", b"x"), ("multipart/form-data; boundary=y", b"x")],
)
async def test_broken_requests_are_refused(telegram: TelegramSimulator, kind: str, data: bytes) -> None:
    url = f"{telegram.url}/bot{telegram.token}/sendMessage"
    async with ClientSession() as session, session.post(url, data=data, headers={"Content-Type": kind}) as response:
        assert (await response.json())["description"] == "Bad Request: can't parse the request"


async def test_a_bot_dies_in_the_middle_of_an_upload(
    telegram: TelegramSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = telegram.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /bot{telegram.token}/sendPhoto HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n"
    part = '--y\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\nabc'
    writer.write(f"{head}Content-Type: multipart/form-data; boundary=y\r\n\r\n{part}".encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    await telegram.aclose()
    assert not telegram.messages(telegram.ann.chat)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_an_album_is_delivered_in_part(bot: Bot, telegram: TelegramSimulator) -> None:
    telegram.play(PartialAlbum(items=2, retry_after=9))
    with pytest.raises(TelegramRetryAfter) as muted:
        await bot.send_media_group(telegram.ann.id, photos(4))
    assert muted.value.retry_after == 9
    assert len(telegram.messages(telegram.ann.chat)) == 2
