"""`copy`: moves the bot from one database to another, and shows how far it is."""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Callable
from getpass import getpass
from typing import TextIO

from bot.jobs.engine import RESTORED
from bot.jobs.ports import error_message
from bot.settings import Settings, SettingsError
from storage.copy import address, copy_database, undo
from storage.copy_steps import TARGET, Copied, Progress

VARIABLE = "BOT_COPY_TO"
FORM = "postgresql://user:password@host/name"
BAR_CELLS = 24
TERMINAL_SECONDS, FILE_SECONDS = 0.1, 5.0
"""Between two states of the progress: on a terminal, and as lines of a file."""
INTERRUPTED = 130


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `copy`."""
    parser.add_argument(
        "--to",
        metavar="URL",
        help=f"{FORM}, or sqlite:///new/file.db; others on this machine can read a password that stands here: leave it "
        f"out and be asked, or set {VARIABLE}",
    )
    parser.add_argument(
        "--undo",
        action="store_true",
        help="let the bot start again on a database that was moved; what it has not submitted there is not made",
    )


def target_of(options: argparse.Namespace) -> str:
    """The new address as it was given, or "". Its variable is no setting of the bot, and is taken away."""
    return str(options.to or os.environ.pop(VARIABLE, ""))


def copy(settings: Settings, target: str, *, undone: bool) -> int:
    """Move the bot, or take its move back. Raises `SettingsError` and `UnusableStoreError`."""
    url = settings.storage.url
    if undone:
        name = asyncio.run(undo(url, error_message(RESTORED)))
        sys.stdout.write(f"The bot starts with {name} again. Nothing that happened since the move is in it.\n")
        return 0
    shown = ProgressLine(sys.stderr)
    try:
        copied = asyncio.run(copy_database(url, target or _asked(), shown))
    except KeyboardInterrupt:
        shown.close()
        sys.stderr.write("Interrupted; the same command goes on where it was.\n")
        return INTERRUPTED
    finally:
        shown.close()
    sys.stdout.write(_told(copied, settings.files.set_it("storage.url")))
    return 0


def _asked() -> str:
    if not sys.stdin.isatty():
        raise SettingsError(f"{TARGET} is missing: give the new database as {TARGET} {FORM}, or as {VARIABLE}.")
    url = getpass(f"The new database, {FORM} (not shown): ").strip()
    address(url, TARGET)
    return url


def _told(copied: Copied, how: str) -> str:
    changed = f" In {copied.changed:,} rows texts were changed; the lines above name them." if copied.changed else ""
    return (
        f"{sum(copied.counts.values()):,} rows are in {copied.target} now, as they are in {copied.source}.{changed}\n"
        f"Now storage.url must be the new address: {how}. Then start the bot. No bot starts with the old database any "
        f"longer; keep it until you are content, then delete it.\n"
    )


class ProgressLine:
    """Shows how far a copy is: one line that is written over on a terminal, else a line every few seconds."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._terminal = stream.isatty()
        self._step = ""
        self._since = self._shown_at = clock()
        self._first_rows = 0
        self._is_open = False

    def __call__(self, progress: Progress) -> None:
        """Show it, if the latest line is old enough."""
        now = self._clock()
        if progress.step != self._step:
            # The rate is that of this step, without the rows that an earlier process has copied.
            self._step, self._since, self._first_rows = progress.step, now, progress.rows
        elif now - self._shown_at < (TERMINAL_SECONDS if self._terminal else FILE_SECONDS) and not _ends(progress):
            return
        self._shown_at = now
        line = _line(progress, progress.rows - self._first_rows, now - self._since)
        self._stream.write(f"\r{line}\033[K" if self._terminal else f"{line}\n")
        self._stream.flush()
        self._is_open = self._terminal

    def close(self) -> None:
        """End the line."""
        if self._is_open:
            self._stream.write("\n")
            self._is_open = False


def _ends(progress: Progress) -> bool:
    return progress.rows == progress.total


def _line(progress: Progress, new_rows: int, seconds: float) -> str:
    if not progress.total:
        return progress.step
    part = progress.rows / progress.total
    bar = "#" * round(BAR_CELLS * part)
    rate = new_rows / seconds if seconds else 0
    left = f", {_duration((progress.total - progress.rows) / rate)} left" if rate else ""
    return (
        f"{progress.step:9} [{bar:{BAR_CELLS}}] {part:4.0%} of {progress.total:,} rows, {rate:,.0f}/s{left} "
        f"({progress.table})"
    )


def _duration(seconds: float) -> str:
    return f"{seconds // 60:.0f}:{seconds % 60:02.0f}"
