"""Measures the bot beside a naive one, each a process of its own between the same simulators, and prints one table.

The simulators live in this process, so their CPU time does not count. The naive bot keeps nothing and keeps no limit.

"""

import asyncio
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from storage.store import Store
from tests.bench.figures import database_makers, percentile
from tests.bench.load import TASK_SECONDS, Counts, Job, Services
from tests.bench.processes import MeasuredProcess, started
from tests.support.bot_process import write_config

PEOPLE, ARRIVAL_SECONDS = 100, 20.0
SETTLE_SECONDS, IDLE_SECONDS = 1.5, 3.0
AT_LIMIT_OPEN_JOBS = 60
"""More than the bot can serve at Telegram's limit: about 25 messages a second, two or three for a job of 5 s."""
WARM_UP_SECONDS, WINDOW_SECONDS = 8.0, 8.0
JOB_SECONDS = 6.0
"""About how long a job takes, to keep enough of them open that a core is full."""
OPEN_JOBS = range(30, 600)
LABEL_WIDTH = 50
NOTE = """\
A bot's children count; the simulators and PostgreSQL's server do not. getUpdates is not counted. "Ready without a
core": how much of the time the bot waited for other work on this machine; where it is high, trust only CPU.
"""

Figures = dict[str, float]

STEADY = f"{PEOPLE} people in {ARRIVAL_SECONDS:.0f} s, tasks of {TASK_SECONDS[0]:.0f} to {TASK_SECONDS[1]:.0f} s"
SECTIONS = {
    "start and memory": (
        ("start_wall", "start to first getUpdates, s", ".1f"),
        ("start_cpu", "  CPU of it, s", ".1f"),
        ("idle_memory", "resident memory idle, MB", ".0f"),
        ("end_memory", "  after the load, MB", ".0f"),
        ("idle_share", "CPU idle, % of a core", ".1f"),
    ),
    STEADY: (
        ("cpu", "CPU a job less idle, ms", ".1f"),
        ("reaction_p50", "first reaction p50, ms", ".0f"),
        ("reaction_p95", "  p95, ms", ".0f"),
        ("delivery_p50", "picture ready to in the chat p50, ms", ".0f"),
        ("delivery_p95", "  p95, ms", ".0f"),
        ("bot_calls", "Bot API calls a job", ".2f"),
        ("service_calls", "calls to the service a job", ".2f"),
        ("missing", "pictures that never came", ".0f"),
        ("waited", "ready without a core, % of the time", ".0f"),
    ),
    "at Telegram's limit, with the bot's limiter": (
        ("limit_jobs", "jobs/s", ".1f"),
        ("limit_messages", "  messages/s", ".1f"),
        ("limit_share", "CPU, % of a core", ".0f"),
        ("limit_waited", "  ready without a core, % of the time", ".0f"),
        ("limit_calls", "Bot API calls a job", ".2f"),
        ("limit_reaction", "first reaction p50, ms", ".0f"),
    ),
    "without that limit, until one core is full": (
        ("full_estimate", "jobs/s by the CPU a job above (1000 ÷ it)", ".1f"),
        ("full_cpu", "CPU a job under this load, ms", ".1f"),
        ("full_scaled", "  jobs/s by it", ".1f"),
        ("full_jobs", "jobs/s measured", ".1f"),
        ("full_share", "  at CPU, % of a core", ".0f"),
        ("full_waited", "  ready without a core, % of the time", ".0f"),
        ("full_fakes", "  CPU of the simulators, % of a core", ".0f"),
    ),
}
"""By heading: each figure's name, label and format."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A bot to measure: the module that runs it, and that which runs it without a limit over all chats.

    `arguments` gets the services and an empty folder. `is_loaded`: it makes pictures, else it is only started;
    `is_limited`: it keeps Telegram's limit, and waits for posts that are forwarded with a comment.
    """

    name: str
    module: str
    unlimited: str
    arguments: Callable[[Services, Path], Sequence[str]]
    is_loaded: bool = True
    is_limited: bool = False


def naive(services: Services, _folder: Path) -> list[str]:
    """The arguments of the naive bot."""
    telegram, jimeng = services.telegram, services.jimeng
    keys = ["--access-key", jimeng.keys.access, "--secret-key", jimeng.keys.secret]
    return ["--telegram", telegram.url, "--token", telegram.token, "--jimeng", jimeng.url, *keys]


def bare(services: Services, _folder: Path) -> list[str]:
    """The arguments of the bare bot."""
    return [services.telegram.url, services.telegram.token]


def ours(make_database: Callable[[], str]) -> Callable[[Services, Path], list[str]]:
    """The arguments of the bot, with a new database."""

    def arguments(services: Services, folder: Path) -> list[str]:
        config = write_config(folder, services.telegram, services.jimeng, 100_000, make_database())
        return ["run", "--config", str(config)]

    return arguments


def per_job(before: Counts, after: Counts, idle_share: float) -> Figures:
    """What a job took between two moments; `cpu` in ms, less what the idle bot would have used (share of a core)."""
    jobs = max(1, after.shown - before.shown)
    seconds = after.at - before.at
    return {
        "cpu": (after.cpu - before.cpu - idle_share * seconds) * 1000 / jobs,
        "bot_calls": (after.bot_calls - before.bot_calls) / jobs,
        "service_calls": (after.service_calls - before.service_calls) / jobs,
    }


def per_second(before: Counts, after: Counts) -> Figures:
    """What happened each second between two moments; shares in % of a core."""
    seconds = after.at - before.at
    return {
        "jobs": (after.shown - before.shown) / seconds,
        "messages": (after.messages - before.messages) / seconds,
        "share": (after.cpu - before.cpu) / seconds * 100,
        "waited": (after.waited - before.waited) / seconds * 100,
        "fakes": (after.fakes_cpu - before.fakes_cpu) / seconds * 100,
    }


def delays(jobs: Sequence[Job], ready: Mapping[str, float]) -> Figures:
    """Percentiles in ms of the waits of these jobs, and how many pictures never came."""
    reactions = [job.reacted - job.sent for job in jobs if job.reacted]
    deliveries = [job.shown - ready[job.prompt] for job in jobs if job.shown]
    found = {"missing": float(len(jobs) - len(deliveries))}
    for name, values in (("reaction", reactions), ("delivery", deliveries)):
        for percent in (50, 95) if values else ():
            found[f"{name}_p{percent}"] = percentile(values, percent / 100) * 1000
    return found


async def idle(process: MeasuredProcess) -> float:
    """The share of a core that an idle bot uses, after it has settled."""
    await asyncio.sleep(SETTLE_SECONDS)
    cpu, began = process.cpu, time.monotonic()
    await asyncio.sleep(IDLE_SECONDS)
    return (process.cpu - cpu) / (time.monotonic() - began)


async def steady(services: Services, process: MeasuredProcess, idle_share: float) -> Figures:
    """People arrive evenly, as many as a usual day has at its busiest."""
    before = services.counts(process)
    jobs = await services.arrive(PEOPLE, ARRIVAL_SECONDS)
    await services.quiet()
    after = services.counts(process)
    found = per_job(before, after, idle_share) | delays(jobs, services.ready())
    return found | {"waited": per_second(before, after)["waited"]}


async def window(services: Services, process: MeasuredProcess, open_jobs: int) -> tuple[Counts, Counts]:
    """Keep so many jobs open; the counts at both ends of a window after a warm-up."""
    load = asyncio.create_task(services.keep_going(open_jobs))
    await asyncio.sleep(WARM_UP_SECONDS)
    before = services.counts(process)
    await asyncio.sleep(WINDOW_SECONDS)
    after = services.counts(process)
    load.cancel()
    await asyncio.wait({load})
    return before, after


async def at_limit(services: Services, process: MeasuredProcess) -> Figures:
    """As many jobs as the bot's own limiter lets through."""
    before, after = await window(services, process, AT_LIMIT_OPEN_JOBS)
    found = {f"limit_{name}": value for name, value in per_second(before, after).items()}
    found["limit_calls"] = per_job(before, after, 0.0)["bot_calls"]
    # A prompt that has no reaction yet waits at least until now.
    waits = [(job.reacted or after.at) - job.sent for job in services.jobs.values() if before.at <= job.sent < after.at]
    return found | {"limit_reaction": percentile(waits, 0.5) * 1000}


async def full_core(services: Services, process: MeasuredProcess, estimate: float) -> Figures:
    """As many jobs as one core can do; `estimate`: jobs a second."""
    open_jobs = min(max(round(estimate * JOB_SECONDS), OPEN_JOBS.start), OPEN_JOBS.stop)
    before, after = await window(services, process, open_jobs)
    found = {f"full_{name}": value for name, value in per_second(before, after).items()}
    cpu = per_job(before, after, 0.0)["cpu"]
    return found | {"full_estimate": estimate, "full_cpu": cpu, "full_scaled": 1000 / cpu}


async def measured(subject: Subject, folder: Path, *, quick: bool) -> Figures:
    """All figures of one bot. Of two starts the quicker one counts: other work on the machine only slows them down."""
    found = await usual(subject, folder, quick=quick)
    if quick:
        return found
    async with Services() as services:
        arguments = subject.arguments(services, folder)
        async with started(services.telegram, subject.unlimited, arguments, folder / "log") as process:
            found |= {name: min(found[name], value) for name, value in process.start.items()}
            if subject.is_loaded:
                await asyncio.sleep(SETTLE_SECONDS)
                found |= await full_core(services, process, 1000 / found["cpu"])
    return found


async def usual(subject: Subject, folder: Path, *, quick: bool) -> Figures:
    """The figures of a start, of the steady load and, unless `quick`, of the load at Telegram's limit."""
    async with Services() as services:
        arguments = subject.arguments(services, folder)
        async with started(services.telegram, subject.module, arguments, folder / "log") as process:
            share = await idle(process)
            found = process.start | {"idle_share": share * 100, "idle_memory": process.megabytes}
            if subject.is_loaded:
                found |= await steady(services, process, share)
                found["end_memory"] = process.megabytes
            if subject.is_limited and not quick:
                found |= await at_limit(services, process)
    return found


def table(found: Mapping[str, Figures]) -> str:
    """The table: a line for each figure, a column for each bot; a figure that was not taken is a dash."""
    taken = {key for figures in found.values() for key in figures}
    lines = [" " * LABEL_WIDTH + "".join(f"{name:>16}" for name in found)]
    for heading, rows in SECTIONS.items():
        shown = [row for row in rows if row[0] in taken]
        lines += [heading] if shown else []
        for key, label, shape in shown:
            cells = [format(figures[key], shape) if key in figures else "–" for figures in found.values()]
            lines.append(f"  {label:<{LABEL_WIDTH - 2}}" + "".join(f"{cell:>16}" for cell in cells))
    return "\n".join(lines)


async def migrated(make_database: Callable[[], str]) -> Callable[[], str]:
    """Two databases that a bot need not migrate any more at its start, one after the other."""
    urls = [make_database(), make_database()]
    for url in urls:
        await (await Store.open(url)).aclose()
    return urls.pop


async def main(*, quick: bool = False) -> None:
    """Measure all bots one after another and print. `quick`: only start, memory and the steady load."""
    found: dict[str, Figures] = {}
    with database_makers() as makers:
        subjects = [
            Subject("naive bot", "tests.bench.naive_bot", "tests.bench.naive_bot", naive),
            Subject("bare aiogram", "tests.bench.bare_bot", "tests.bench.bare_bot", bare, is_loaded=False),
        ]
        for name, make in makers.items():
            arguments = ours(await migrated(make))
            subjects.append(Subject(f"on {name}", "bot", "tests.bench.unlimited_bot", arguments, is_limited=True))
        for subject in subjects:
            with TemporaryDirectory() as folder:
                found[subject.name] = await measured(subject, Path(folder), quick=quick)
    sys.stdout.write(f"{table(found)}\n{NOTE}")
