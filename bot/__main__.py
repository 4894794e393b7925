"""The command line. Each command is a row of `COMMANDS`."""

import argparse
import asyncio
import gc
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from aiogram.exceptions import TelegramUnauthorizedError

from bot import copy, logs
from bot.app import end_by_sigterm
from bot.check import check
from bot.demo.photo_arguments import add_photos
from bot.init import init
from bot.jobs.engine import RESTORED
from bot.jobs.ports import error_message
from bot.settings import Settings, SettingsError
from bot.settings_reader import load
from bot.version import version
from bot.web.probe import ask_health
from bot.wiring import assembled
from providers import registry
from storage.backup import back_up
from storage.database import UnusableStoreError

WRONG_SETTINGS = 2


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `act`: its work, which returns the exit code; `add`: adds its arguments."""

    help: str
    act: Callable[[argparse.Namespace], int]
    add: Callable[[argparse.ArgumentParser], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code: 0 success, 1 a check failed, 2 the settings are wrong."""
    options = _parser().parse_args(arguments)
    logs.set_up(verbose=options.verbose)
    try:
        return COMMANDS[options.command].act(options)
    except (SettingsError, registry.SettingsError, registry.RegistryError, UnusableStoreError) as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_SETTINGS
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="imagine-bot", description="A Telegram bot that turns words into pictures.")
    parser.add_argument("--version", action="version", version=f"imagine-bot {version()}")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        added = commands.add_parser(name, help=command.help)
        command.add(added)
        added.add_argument("--verbose", action="store_true", help="log every step")
    return parser


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="the settings (default: config.local.toml here, over config.toml)"
    )


def _load(options: argparse.Namespace) -> Settings:
    """Read the settings, and set the log up as they say. Raises `SettingsError`."""
    settings = load(options.config)
    logs.set_up(settings.log, logs.secrets_of(settings), verbose=options.verbose)
    return settings


def _run(options: argparse.Namespace) -> int:
    settings = _load(options)

    async def work() -> None:
        # Loaded modules are never garbage: looking through them again blocks the event loop for 50 ms each time.
        gc.freeze()
        end_by_sigterm()
        async with assembled(settings) as app:
            await app.run()

    try:
        asyncio.run(work())
    except TelegramUnauthorizedError:
        raise SettingsError(
            f"telegram.token is not accepted by Telegram: get a new one from @BotFather (/token) and "
            f"{settings.files.set_it('telegram.token')}."
        ) from None
    return 0


def _check(options: argparse.Namespace) -> int:
    return asyncio.run(check(_load(options)))


def _backup(options: argparse.Namespace) -> int:
    asyncio.run(back_up(_load(options).storage.url, options.file, error_message(RESTORED)))
    sys.stdout.write(f"Everything the bot remembers is in {options.file}.\n")
    return 0


def _health(options: argparse.Namespace) -> int:
    return ask_health(_load(options).web)


def _add_backup(parser: argparse.ArgumentParser) -> None:
    _add_config(parser)
    parser.add_argument("file", type=Path, help="a new SQLite file")


def _copy(options: argparse.Namespace) -> int:
    # First: the bot refuses variables that it does not know.
    target = copy.target_of(options)
    return copy.copy(_load(options), target, undone=options.undo)


def _add_copy(parser: argparse.ArgumentParser) -> None:
    _add_config(parser)
    copy.add_options(parser)


def _add_init(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="the new file (default: config.local.toml)")
    parser.add_argument("--provider", metavar="NAME", help="the image service")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="has the token; -: a line of standard input")
    parser.add_argument(
        "--key-file", type=Path, metavar="FILE", action="append", default=[], help="has the service's key (repeatable)"
    )


def _demo(options: argparse.Namespace) -> int:
    # Imported here, so that only this command loads the demo.
    from bot.demo.launcher import demo  # noqa: PLC0415

    return asyncio.run(demo(options))


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8765, help="where the chat page is served (default: 8765)")
    parser.add_argument("--say", metavar="PROMPT", help="no browser: send this, print the conversation, save the album")
    add_photos(parser)
    parser.add_argument("--save", type=Path, default=Path("demo-album"), help="where --say saves (default: demo-album)")


COMMANDS = {
    "init": Command("ask for the token and a service's key, try them, write config.local.toml", init, _add_init),
    "run": Command("run the bot", _run, _add_config),
    "check": Command("check the settings; costs nothing", _check, _add_config),
    "health": Command("ask a running bot whether it is alive; for containers", _health, _add_config),
    "backup": Command("back up the database to one file (safe while the bot is running)", _backup, _add_backup),
    "copy": Command("move the bot to another database, SQLite or PostgreSQL", _copy, _add_copy),
    "demo": Command("try everything on this machine, without accounts", _demo, _add_demo),
}


if __name__ == "__main__":
    sys.exit(main())
