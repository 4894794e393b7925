"""Showing how the open jobs do, once a second, as far as there is something to show."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from heapq import nsmallest
from typing import Any

from bot.jobs.outlook import OpenJob, Outlook
from bot.jobs.retry import Sleep
from bot.jobs.stage import Phase, Progress, Stage
from providers.base import Provider
from storage.database import StoreError
from storage.outage_log import Outage
from storage.records import Job
from storage.store import Store

log = logging.getLogger(__name__)

TICK = 1.0
# Looking around takes no more than this share of the process's time, however many jobs there are.
SHARE = 0.1
# How many jobs are shown in one go before others get their turn, and how many in one tick: more than Telegram takes.
AT_ONCE, MOST = 20, 300
STANDSTILL = 5.0
"""Seconds that a wait may last too long; then the process was frozen, or the machine was."""


class Report:
    """Shows the open jobs of this process, as long as it `is_alive`: else they may be another's."""

    def __init__(
        self,
        store: Store,
        providers: Mapping[str, Provider[Any, Any]],
        outlook: Outlook,
        stage: Stage,
        *,
        is_alive: Callable[[], bool],
        clock: Callable[[], float],
        sleep: Sleep,
    ) -> None:
        self._store = store
        self._providers = providers
        self._outlook = outlook
        self._stage = stage
        self._is_alive = is_alive
        self._clock = clock
        self._sleep = sleep
        self._opened = asyncio.Event()
        self._ticks = 0

    def open(self, job: Job) -> OpenJob:
        """From now on this job is shown."""
        opened = self._outlook.jobs[job.id] = OpenJob(job)
        self._opened.set()
        return opened

    async def run(self) -> None:
        """Report until cancelled."""
        outage = Outage(log, "progress can't be shown")
        while True:
            await self._opened.wait()
            started = time.perf_counter()
            try:
                await self._show_all()
            except StoreError as error:
                outage.lasts(error)
            else:
                outage.ends()
            if not self._outlook.jobs:
                self._opened.clear()
            await self._pause(max(TICK, (time.perf_counter() - started) / SHARE))

    async def _pause(self, seconds: float) -> None:
        began = time.monotonic()
        await self._sleep(seconds)
        if time.monotonic() - began > seconds + STANDSTILL:
            self._outlook.stood_still()

    async def _show_all(self) -> None:
        self._ticks += 1
        for name, provider in self._providers.items():
            line = await self._store.tasks.line(name)
            paused = (await self._store.provider_health.get(name)).error_message if line else None
            shown = self._outlook.progress(name, line, provider.settings.concurrency, self._clock(), paused)
            for place, (job_id, progress) in enumerate(chosen(self._outlook.jobs, shown)):
                opened = self._outlook.jobs.get(job_id)
                if opened and self._is_alive():
                    opened.told, opened.told_at = gist(progress), self._ticks
                    self._stage.show(opened.job, progress)
                if place % AT_ONCE == AT_ONCE - 1:
                    await asyncio.sleep(0)


def chosen(jobs: Mapping[int, OpenJob], shown: Mapping[int, Progress]) -> list[tuple[int, Progress]]:
    """Those to show in one tick: all, or of very many first those of which there is news, and those that have waited
    longest. The many jobs of one chat stand behind the first ones of the others."""
    if len(shown) <= MOST:
        return list(shown.items())
    known = ((jobs[job_id], progress) for job_id, progress in shown.items())
    ordered = sorted(known, key=lambda one: (one[0].told == gist(one[1]), one[0].told_at))
    chats, places = Counter[int](), []
    for place, (opened, progress) in enumerate(ordered):
        chats[opened.job.chat_id] += 1
        places.append((chats[opened.job.chat_id], place, opened.job.id, progress))
    return [(job_id, progress) for *_, job_id, progress in nsmallest(MOST, places, key=lambda one: one[:2])]


def gist(progress: Progress) -> tuple[Phase, bool]:
    """What of progress is news when it changes: what is being done, and whether the job is next."""
    return progress.phase, progress.place == 1
