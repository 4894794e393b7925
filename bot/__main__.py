"""The command line: `run`, `demo`, `check`, `backup`."""

import argparse
import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from aiogram.exceptions import TelegramUnauthorizedError

from bot.check import check
from bot.jobs.engine import RESTORED
from bot.jobs.ports import error_message
from bot.settings import Settings, SettingsError, load, variable
from bot.wiring import assembled
from providers import registry
from storage.backup import back_up
from storage.database import UnusableStoreError

WRONG_SETTINGS = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code: 0 success, 1 a check failed, 2 the settings are wrong."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.INFO,
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
    )
    for chatty in ("aiogram.event", "alembic.runtime"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        if options.command == "demo":
            # Imported here, so that only this command loads the demo.
            from bot.demo.launcher import demo  # noqa: PLC0415

            return asyncio.run(demo(options))
        settings = load(options.config)
        if options.command == "check":
            return asyncio.run(check(settings))
        if options.command == "backup":
            asyncio.run(back_up(settings.storage.url, options.file, error_message(RESTORED)))
            sys.stdout.write(f"Everything the bot remembers is in {options.file}.\n")
        else:
            asyncio.run(_run(settings))
    except (SettingsError, registry.SettingsError, registry.RegistryError, UnusableStoreError) as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_SETTINGS
    except TelegramUnauthorizedError:
        sys.stderr.write(
            f"telegram.token is not accepted by Telegram: get a new one from @BotFather (/token) and set it in "
            f"{options.config} or as {variable('telegram.token')}.\n"
        )
        return WRONG_SETTINGS
    except (KeyboardInterrupt, asyncio.CancelledError):
        pass
    return 0


async def _run(settings: Settings) -> None:
    # Loaded modules are never garbage: looking through them again blocks the event loop for 50 ms each time.
    gc.freeze()
    # Also while the start waits for the database or Telegram: the first process of a container ignores SIGTERM
    # unless it handles it. `App.run` replaces this.
    if task := asyncio.current_task():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with assembled(settings) as app:
        await app.run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="imagine-bot", description="A Telegram bot that turns words into pictures.")
    commands = parser.add_subparsers(dest="command", required=True)
    names = {
        "run": "run the bot",
        "check": "check the settings; costs nothing",
        "backup": "back up the database to one file (safe while the bot is running)",
    }
    for name, help_ in names.items():
        command = commands.add_parser(name, help=help_)
        command.add_argument("--config", type=Path, default=Path("config.toml"), help="default: config.toml")
    commands.choices["backup"].add_argument("file", type=Path, help="a new SQLite file")
    demo = commands.add_parser("demo", help="try everything on this machine, without accounts")
    for command in commands.choices.values():
        command.add_argument("--verbose", action="store_true", help="log every step")
    demo.add_argument("--port", type=int, default=8765, help="where the chat page is served (default: 8765)")
    demo.add_argument("--say", metavar="PROMPT", help="no browser: send this, print the conversation, save the album")
    demo.add_argument("--photo", type=Path, action="append", default=[], help="a reference for --say (repeatable)")
    demo.add_argument("--save", type=Path, default=Path("demo-album"), help="where --say saves (default: demo-album)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
