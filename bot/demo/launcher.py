"""Starts the demo: the real bot between a simulated Telegram and image services on loopback. No account, no network."""

import argparse
import asyncio
import random
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot import logs
from bot.app import App
from bot.demo import assistant
from bot.demo.calls import CallLog
from bot.demo.photo_arguments import missing
from bot.demo.ports import free_port
from bot.demo.say import Words, say
from bot.demo.services import ServiceFaults, serving, settings_of
from bot.demo.telegram import TelegramSimulator
from bot.settings import LogSettings, Settings
from bot.wiring import assembled
from providers.jimeng.simulator import Call, Fault, JimengSimulator
from providers.simulators.service import ServiceSimulator

HOST = "127.0.0.1"
USAGE_ERROR = 2
PICTURE_SPEED = 2.0
"""Pictures are made so many times as fast as by the real service."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo. `services`: the image services beside Jimeng, by name; `work`: the asyncio task of the bot,
    which ends only by an error; None where the caller runs `app`."""

    telegram: TelegramSimulator
    jimeng: JimengSimulator
    services: Mapping[str, ServiceSimulator]
    app: App
    work: asyncio.Task[None] | None


class _JimengFaults:
    """Lets the chat page play faults of the simulated Jimeng."""

    def __init__(self, jimeng: JimengSimulator) -> None:
        self._jimeng = jimeng

    def play(self, fault: Mapping[str, Any]) -> None:
        self._jimeng.faults.append(Fault.model_validate(fault))

    def clear(self) -> None:
        self._jimeng.faults.clear()


async def demo(options: argparse.Namespace) -> int:
    """The command: serve the chat page until stopped or, with `--say`, send one prompt. Returns the exit code."""
    logs.set_up(LogSettings(level="warning"), verbose=options.verbose)
    if sentence := missing(options.photo):
        sys.stderr.write(sentence)
        return USAGE_ERROR
    if options.say is not None:
        words = Words(options.say, options.photo, options.save)
        async with running(*simulators()) as parts:
            talk = asyncio.create_task(say(parts.telegram, parts.app.store, words))
            # A bot that has failed never answers.
            await asyncio.wait({talk, *([parts.work] if parts.work else [])}, return_when=asyncio.FIRST_COMPLETED)
            if parts.work and parts.work.done():
                talk.cancel()
                parts.work.result()
            return await talk
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, options.port))
    except OSError as error:
        sys.stderr.write(f"Port {options.port} can't be used ({error.strerror}): choose another with --port.\n")
        return USAGE_ERROR
    async with running(*simulators(options.port), at_work=False) as parts:
        sys.stdout.write(f"\n  imagine-bot, all on this machine: {parts.telegram.url}/\n  Stop it with Ctrl+C.\n\n")
        sys.stdout.flush()
        await parts.app.run()
    return 0


def simulators(port: int = 0) -> tuple[TelegramSimulator, JimengSimulator]:
    """The simulators of Telegram and Jimeng with the demo's settings: strict, pictures in half the usual time.

    `port`: where the chat page is served, 0 for any.
    """
    calls = CallLog()
    telegram = TelegramSimulator(port=port, calls=calls, album_gap=0.05, shuffle=True)
    jimeng = JimengSimulator(speed=PICTURE_SPEED, concurrency=2, seed=random.randrange(1 << 30), draws_ahead=True)
    return telegram, jimeng


@asynccontextmanager
async def running(
    telegram: TelegramSimulator,
    jimeng: JimengSimulator,
    *,
    at_work: bool = True,
    speed: float = PICTURE_SPEED,
    draw_scale: float = 1,
) -> AsyncIterator[Demo]:
    """Start all simulators and the bot; stop them at the end.

    `at_work`: whether to run the bot; False leaves `app.run()` to the caller; `speed` and `draw_scale`: of the services
    beside Jimeng.
    """
    async with simulated(telegram, jimeng, speed=speed, draw_scale=draw_scale) as services:
        with TemporaryDirectory(prefix="imagine-bot-demo-") as folder:
            settings = Settings.model_validate(settings_tables(telegram, jimeng, services, Path(folder)))
            async with assembled(settings) as app:
                work = asyncio.create_task(app.run(handle_signals=False)) if at_work else None
                try:
                    yield Demo(telegram, jimeng, services, app, work)
                finally:
                    if work:
                        app.stop()
                        work.cancel()
                        await asyncio.wait({work})


@asynccontextmanager
async def simulated(
    telegram: TelegramSimulator, jimeng: JimengSimulator, *, speed: float = PICTURE_SPEED, draw_scale: float = 1
) -> AsyncIterator[Mapping[str, ServiceSimulator]]:
    """Start all simulators, without a bot; gives the services beside Jimeng by name, the assistant among them."""
    jimeng.on_call = _recorder(telegram.calls)
    telegram.bot_user.feedback = True
    telegram.add_service("jimeng", _JimengFaults(jimeng))
    await jimeng.start()
    try:
        async with (
            telegram,
            serving(telegram.calls, speed, draw_scale) as image_services,
            assistant.serving(telegram.calls, speed) as helper,
        ):
            services: dict[str, ServiceSimulator] = {**image_services, assistant.NAME: helper}
            for name, service in services.items():
                telegram.add_service(name, ServiceFaults(service))
            yield services
    finally:
        await jimeng.aclose()


def settings_tables(
    telegram: TelegramSimulator, jimeng: JimengSimulator, services: Mapping[str, ServiceSimulator], folder: Path
) -> dict[str, dict[str, Any]]:
    """The bot's configuration, by table, with its database in `folder`."""
    port = free_port()
    provider = {
        "access_key": jimeng.keys.access,
        "secret_key": jimeng.keys.secret,
        "endpoint": jimeng.url,
        "concurrency": jimeng.concurrency,
        "fallback": "ark",
    }
    return {
        "telegram": {"token": telegram.token, "api_url": telegram.url},
        "web": {"host": HOST, "port": port, "public_url": f"http://{HOST}:{port}"},
        "storage": {"url": f"sqlite:///{folder}/bot.db"},
        "access": {"open": True, "admins": [telegram.ann.id]},
        "assistant": assistant.table_of(services[assistant.NAME]),
        "providers": {"default": "jimeng", "jimeng": provider, **settings_of(services)},
    }


def _recorder(calls: CallLog) -> Callable[[Call], None]:
    def record(call: Call) -> None:
        calls.record("jimeng", call.name, status=call.status, ms=call.ms, request=call.request, response=call.response)

    return record
