"""The session to Telegram: its errors tell whether a call may have been carried out."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramEntityTooLarge,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.demo.telegram import Delay, Drop, GatewayPage, TelegramSimulator
from bot.telegram import session
from bot.telegram.session import NotConnectedError, Session
from bot.telegram.telegram_errors import is_unanswered
from tests.support.gates import Gates
from tests.support.startup_cache import cached_sessions


class Hangs(AbstractResolver):
    """A resolver that never answers."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        await asyncio.Event().wait()
        return []

    async def close(self) -> None:
        pass


@pytest.fixture
async def gates() -> Gates:
    return Gates()


@pytest.fixture
async def telegram(gates: Gates) -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator(sleep=gates.sleep) as telegram:
        yield telegram


@pytest.fixture
async def bot(telegram: TelegramSimulator, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    monkeypatch.setattr(session, "CONNECTIONS", 1)
    with cached_sessions():
        async with Bot(telegram.token, Session(api=TelegramAPIServer.from_base(telegram.url))) as bot:
            yield bot


@pytest.mark.parametrize(
    ("code", "kind", "unanswered"),
    [
        (200, TelegramNetworkError, True),
        (504, TelegramServerError, True),
        (502, TelegramServerError, False),
        (403, TelegramServerError, False),
        (413, TelegramEntityTooLarge, False),
        (429, TelegramRetryAfter, False),
    ],
)
async def test_a_gateways_page_counts_by_its_status(
    telegram: TelegramSimulator, bot: Bot, code: int, kind: type[TelegramAPIError], unanswered: bool
) -> None:
    telegram.play(GatewayPage(method="sendMessage", code=code))
    with pytest.raises(kind) as caught:
        await bot.send_message(telegram.ann.id, "x")
    assert is_unanswered(caught.value) is unanswered


class WithoutNames(Session):
    """Finds no address of a name."""

    def __init__(self) -> None:
        super().__init__()
        self._connector_init["resolver"] = Hangs()


async def test_an_address_that_is_not_found_is_no_send(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "CONNECT_SECONDS", 0.02)
    with cached_sessions():
        async with Bot("42:TOKEN", WithoutNames()) as bot:
            with pytest.raises(NotConnectedError) as caught:
                await bot.send_message(1, "x")
    assert not is_unanswered(caught.value)
    assert caught.value.__suppress_context__


async def test_while_all_connections_are_busy_nothing_was_sent_and_updates_come(
    telegram: TelegramSimulator, bot: Bot, gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = gates.new()
    telegram.play(Delay(method="sendMessage", seconds=held.seconds))
    late = asyncio.create_task(bot.send_message(telegram.ann.id, "x"))
    await held.reached()
    monkeypatch.setattr(session, "CONNECT_SECONDS", 0.02)
    with pytest.raises(NotConnectedError) as caught:
        await bot.send_message(telegram.ann.id, "y")
    assert not is_unanswered(caught.value)
    await telegram.send(telegram.ann, text="hello")
    assert len(await bot.get_updates()) == 1
    held.open()
    await late


async def test_what_was_sent_and_not_answered_may_have_arrived(telegram: TelegramSimulator, bot: Bot) -> None:
    telegram.play(Drop(method="sendMessage", applied=True))
    with pytest.raises(TelegramNetworkError) as caught:
        await bot.send_message(telegram.ann.id, "x")
    assert is_unanswered(caught.value)
    assert telegram.token not in str(caught.value)
    assert caught.value.__suppress_context__
