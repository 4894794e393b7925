"""Measures `imagine-bot copy` of a million pictures from SQLite to PostgreSQL, and back."""

import asyncio
import re
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from storage.copy import copy_database
from storage.copy_steps import Progress
from storage.store import Store
from tests.bench import history
from tests.support import postgres


async def measure(source: str, target: str) -> None:
    """Copy, and print the seconds of each step, the rows of a second, and the process's highest memory."""
    steps: dict[str, float] = {}
    began = since = time.perf_counter()
    step = "opening the databases"

    def report(progress: Progress) -> None:
        nonlocal since, step
        if progress.step != step:
            now = time.perf_counter()
            steps[step] = now - since
            since, step = now, progress.step

    copied = await copy_database(source, target, report)
    seconds, rows = time.perf_counter() - began, sum(copied.counts.values())
    parts = ", ".join(f"{name} {took:.1f} s" for name, took in steps.items())
    sys.stdout.write(
        f"{rows:,} rows in {seconds:.1f} s ({time.process_time():.1f} s of CPU here): {rows / seconds:,.0f} rows/s, at "
        f"most {_highest_memory()} MB ({parts})\n"
    )


async def main(count: int = history.PICTURES) -> None:
    """Fill a SQLite database; copy it there and back, each in a process of its own."""
    with TemporaryDirectory() as folder, postgres.running() as server:
        source, target = f"sqlite:///{folder}/bot.db", server.url(server.database())
        store = await Store.open(source)
        await history.fill(store, count)
        await store.aclose()
        sys.stdout.write(f"{_megabytes(folder)} MB in SQLite\n")
        for ends in ((source, target), (target, f"sqlite:///{folder}/back.db")):
            subprocess.run([sys.executable, "-m", "tests.bench.moving", *ends], check=True)  # noqa: ASYNC221


def _highest_memory() -> int:
    """Megabytes. (`getrusage` begins with those of the process that has started this one.)"""
    return int(re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))[0]) >> 10


def _megabytes(folder: str) -> int:
    return Path(folder, "bot.db").stat().st_size >> 20


if __name__ == "__main__":
    asyncio.run(measure(*sys.argv[1:]))
