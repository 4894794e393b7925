"""Delivery of updates to the bot: polling, webhook, a real dispatcher."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
)
from aiogram.filters import Command
from aiogram.methods import SendMessage
from aiogram.types import (
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
)
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

from bot.demo.telegram import TelegramSimulator


@pytest.fixture
def pauses() -> list[float]:
    """The simulator's sleeps, in seconds."""
    return []


@pytest.fixture
async def telegram(pauses: list[float]) -> AsyncIterator[TelegramSimulator]:
    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    async with TelegramSimulator(sleep=sleep) as running:
        yield running


async def texts(bot: Bot, **how: Any) -> list[str | None]:
    return [update.message.text for update in await bot.get_updates(**how) if update.message]


async def test_updates_stay_until_they_are_confirmed(bot: Bot, telegram: TelegramSimulator) -> None:
    for text in "abc":
        await telegram.send(telegram.ann, text=text)
    first, *_ = await bot.get_updates(limit=1)
    assert await texts(bot) == ["a", "b", "c"]
    assert await texts(bot, offset=first.update_id + 1) == ["b", "c"]
    assert await texts(bot) == ["b", "c"]
    assert await texts(bot, offset=-1) == ["c"]
    assert await texts(bot, offset=first.update_id + 3) == []
    telegram.redeliver()
    assert await texts(bot, offset=first.update_id + 3) == ["c"]
    telegram.redeliver(first.update_id)
    assert await texts(bot, offset=first.update_id + 3) == ["a"]
    assert await texts(bot) == []


async def test_a_poll_waits_for_an_update(bot: Bot, telegram: TelegramSimulator) -> None:
    waiting = asyncio.create_task(bot.get_updates(timeout=5))
    await telegram.until(lambda: telegram.world.updates.polls)
    await telegram.send(telegram.ann, text="hello")
    (update,) = await waiting
    assert update.message
    assert update.message.text == "hello"


async def test_two_pollers_are_in_conflict(bot: Bot, telegram: TelegramSimulator) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=5))
    await telegram.until(lambda: telegram.world.updates.polls)
    assert await bot.get_updates() == []
    with pytest.raises(TelegramConflictError, match="terminated by other getUpdates request"):
        await first
    assert [call.status for call in telegram.calls.named("getUpdates")] == [409]


async def test_only_allowed_updates_arrive(bot: Bot, telegram: TelegramSimulator) -> None:
    await bot.get_updates(allowed_updates=["callback_query"])
    await telegram.send(telegram.ann, text="unheard")
    assert await texts(bot) == []
    await bot.get_updates(allowed_updates=[])
    await telegram.send(telegram.ann, text="heard")
    assert await texts(bot) == ["heard"]


class Site:
    """The bot's own web server with a dispatcher behind its webhook."""

    def __init__(self) -> None:
        self.dispatcher = Dispatcher()
        self.failures = 0
        self.secrets: list[str | None] = []
        self.url = ""

    async def start(self, bot: Bot, *, in_background: bool) -> web.AppRunner:
        handler = SimpleRequestHandler(self.dispatcher, bot, handle_in_background=in_background, secret_token="s3cret")

        async def entry(request: web.Request) -> web.StreamResponse:
            self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
            if self.failures:
                self.failures -= 1
                return web.Response(status=502)
            return await handler.handle(request)

        app = web.Application()
        app.router.add_post("/hook", entry)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        return runner


@pytest.mark.parametrize("in_background", [True, False])
async def test_the_webhook_gets_updates(
    bot: Bot, telegram: TelegramSimulator, pauses: list[float], in_background: bool
) -> None:
    site = Site()

    @site.dispatcher.message()
    async def echo(message: Message) -> SendMessage:
        return message.answer(f"you said {message.text}")

    await telegram.send(telegram.ann, text="before")
    runner = await site.start(bot, in_background=in_background)
    site.failures = 2
    await bot.set_webhook(site.url, secret_token="s3cret", max_connections=1)
    await telegram.send(telegram.ann, text="after")
    # In the background they may overtake each other.
    ordered = sorted if in_background else list
    wanted = ordered(["you said before", "you said after"])
    await telegram.until(lambda: ordered(m.text for m in telegram.messages(telegram.ann.chat) if m.by_bot) == wanted)
    assert (pauses, set(site.secrets)) == ([1.0, 2.0], {"s3cret"})
    await telegram.until(lambda: not len(telegram.world.updates))
    info = await bot.get_webhook_info()
    assert (info.url, info.pending_update_count, info.max_connections) == (site.url, 0, 1)
    assert info.last_error_message == "Wrong response from the webhook: 502 Bad Gateway"
    with pytest.raises(TelegramConflictError, match="can't use getUpdates method while webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    await runner.cleanup()
    await telegram.send(telegram.ann, text="polled")
    assert await texts(bot) == ["polled"]
    assert (await bot.get_webhook_info()).url == ""


@pytest.mark.parametrize(
    ("url", "secret", "reason"),
    [
        ("http://example.org/hook", "x", "An HTTPS URL must be provided for webhook"),
        ("https://example.org:8080/hook", "x", "Webhook can be set up only on ports 80, 88, 443 or 8443"),
        ("https://example.org/hook", "x y", "secret token contains unallowed characters"),
        ("https://example.org/hook", "x" * 257, "secret token is too long"),
        ("hook", "x", "invalid webhook URL specified"),
    ],
)
async def test_wrong_webhooks_are_refused(bot: Bot, url: str, secret: str, reason: str) -> None:
    with pytest.raises(TelegramBadRequest, match=reason):
        await bot.set_webhook(url, secret_token=secret)


async def test_a_real_dispatcher_polls_and_answers(bot: Bot, telegram: TelegramSimulator) -> None:
    dispatcher = Dispatcher()
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Cancel", callback_data="cancel")]])

    @dispatcher.message(Command("imagine"))
    async def imagine(message: Message) -> None:
        status = await message.reply("working", reply_markup=keyboard)
        await status.edit_text("still working", reply_markup=keyboard)

    @dispatcher.callback_query()
    async def cancel(query: CallbackQuery) -> None:
        if isinstance(query.message, Message):
            await query.message.edit_text("cancelled")
        await query.answer("Stopped.")

    polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False))
    await telegram.send(telegram.ann, telegram.group, text="/imagine a fox")
    status = await telegram.until(
        lambda: next((m for m in telegram.messages(telegram.group) if m.text == "still working"), None)
    )
    press = telegram.press(telegram.ming, status, "Cancel")
    answer = await telegram.until(lambda: press.answer)
    assert (answer.text, status.text, status.buttons) == ("Stopped.", "cancelled", [])
    await dispatcher.stop_polling()
    await polling


async def test_until_tells_what_it_saw_instead(telegram: TelegramSimulator) -> None:
    await telegram.send(telegram.ann, text="hello there")
    with pytest.raises(TimeoutError, match="hello there"):
        await telegram.until(lambda: False, timeout=0.01)
