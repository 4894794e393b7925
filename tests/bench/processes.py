"""A measured process of a bot: its CPU time and memory, children included, read from /proc."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.demo.telegram import TelegramSimulator

ROOT = Path(__file__).parents[2]
PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
START_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds and resident bytes of one process. `seconds` count children that have ended, too."""

    parent: int
    seconds: float
    resident: int


def parse_stat(text: str) -> Usage:
    """Read the line of /proc/<pid>/stat. The name in it may contain spaces and brackets."""
    fields = text.rpartition(")")[2].split()
    ticks = sum(int(field) for field in fields[11:15])
    return Usage(int(fields[1]), ticks / TICKS, int(fields[21]) * PAGE)


def tree(root: int, usages: dict[int, Usage]) -> list[Usage]:
    """The usage of a process and of all its descendants."""
    found = [root] if root in usages else []
    for pid in found:
        found += [child for child, usage in usages.items() if usage.parent == pid]
    return [usages[pid] for pid in found]


def read_usages() -> dict[int, Usage]:
    """The usage of every process, by its id."""
    found = {}
    for folder in PROC.iterdir():
        if folder.name.isdecimal():
            try:
                found[int(folder.name)] = parse_stat((folder / "stat").read_text(encoding="utf-8", errors="replace"))
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has just ended
    return found


class MeasuredProcess:
    """A running bot. `start`: "start_wall" and "start_cpu", the seconds from its start to its first getUpdates."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.start: dict[str, float] = {}

    @property
    def cpu(self) -> float:
        """CPU seconds so far, children included."""
        return sum(usage.seconds for usage in tree(self.pid, read_usages()))

    @property
    def waited(self) -> float:
        """Seconds for which its main thread was ready and had no core; 0 where the kernel does not tell."""
        try:
            text = (PROC / str(self.pid) / "schedstat").read_text(encoding="ascii")
        except FileNotFoundError:
            return 0.0
        return int(text.split()[1]) / 1e9

    @property
    def megabytes(self) -> float:
        """Resident memory, children included."""
        return sum(usage.resident for usage in tree(self.pid, read_usages())) / 1e6


@asynccontextmanager
async def started(
    telegram: TelegramSimulator, module: str, arguments: Sequence[str], log: Path
) -> AsyncIterator[MeasuredProcess]:
    """Run `python -m module` within, from its first getUpdates on. Raises `RuntimeError` with its log if it ends."""
    updates, began = telegram.world.updates, time.perf_counter()
    polls = updates.polls
    # A start is measured with compiled modules, as those of an installed bot are.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *arguments, cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    end = asyncio.create_task(_notice_end(process, telegram))
    try:
        found = MeasuredProcess(process.pid)
        await telegram.until(
            lambda: process.returncode is not None or telegram.world.updates.polls > polls, START_SECONDS
        )
        if process.returncode is not None:
            raise RuntimeError(await asyncio.to_thread(log.read_text, errors="replace"))
        found.start = {"start_wall": time.perf_counter() - began, "start_cpu": found.cpu}
        yield found
    finally:
        # Nothing of it is needed any more, and jobs may be under way.
        if process.returncode is None:
            process.kill()
        await end


async def _notice_end(process: asyncio.subprocess.Process, telegram: TelegramSimulator) -> None:
    await process.wait()
    # Wakes whoever waits for a call of it.
    telegram.world.changed.notify()
