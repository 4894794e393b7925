"""Showing how the open jobs do, once a second, as far as there is something to show."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Mapping
from heapq import nsmallest
from typing import Any

from bot.background import Background
from bot.jobs.component import Component
from bot.jobs.context import JobContext
from bot.jobs.ports import Phase, Progress
from bot.jobs.progress import OpenJob, ProgressTracker, by_provider
from bot.jobs.retry import START_DELAYS
from storage.database import StoreError
from storage.outage_log import Outage

log = logging.getLogger(__name__)

TICK = 1.0
# Looking around takes no more than this share of the process's time, however many jobs there are.
SHARE = 0.1
# How many jobs are shown in one go before others get their turn, and how many in one tick: more than Telegram takes.
AT_ONCE, MOST = 20, 300
STANDSTILL = 5.0
"""Seconds that a wait may last too long; then the process was frozen, or the machine was."""


class ProgressLoop(Component):
    """Shows the open jobs of this process."""

    def __init__(self, context: JobContext, progress: ProgressTracker) -> None:
        self._context = context
        self._progress = progress
        self._background = Background()
        self._ticks = 0

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to show."""
        return not self._progress.jobs

    async def start(self) -> None:
        """Learn how long tasks take, and show progress from now on."""
        known = await self._context.until_stored(self._durations, "reading how long tasks take", START_DELAYS)
        self._progress.durations = by_provider(known)
        for name, provider in self._context.providers.items():
            provider.learn([seconds for seconds, _ in known[name]])
        self._background.spawn(self._run(), "progress")

    async def aclose(self) -> None:
        """Show nothing more."""
        await self._background.aclose()

    async def show_all(self) -> None:
        """Show all open jobs once. Raises `StoreError`."""
        self._ticks += 1
        for name in self._context.providers:
            await self._show_those_of(name)

    async def _show_those_of(self, name: str) -> None:
        context, jobs = self._context, self._progress.jobs
        line = await context.store.tasks.line(name)
        health = await context.store.provider_health.get(name) if line else None
        slots = context.providers[name].settings.concurrency
        shown = self._progress.progress(name, line, slots, context.clock(), health)
        for place, (job_id, progress) in enumerate(chosen(jobs, shown)):
            opened = jobs.get(job_id)
            if opened and context.worker.may_show(opened.job):
                opened.told, opened.told_at = news_of(progress), self._ticks
                context.notifier.show(opened.job, progress)
            if place % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)

    async def _run(self) -> None:
        outage = Outage(log, "progress can't be shown")
        while True:
            await self._progress.any_open.wait()
            started = time.perf_counter()
            try:
                await self.show_all()
            except StoreError as error:
                outage.lasts(error)
            else:
                outage.ends()
            if not self._progress.jobs:
                self._progress.any_open.clear()
            await self._pause(max(TICK, (time.perf_counter() - started) / SHARE))

    async def _pause(self, seconds: float) -> None:
        began = time.monotonic()
        await self._context.sleep(seconds)
        if time.monotonic() - began > seconds + STANDSTILL:
            self._progress.stood_still()

    async def _durations(self) -> dict[str, list[tuple[float, dict[str, Any]]]]:
        return {name: await self._context.store.tasks.durations(name) for name in self._context.providers}


def chosen(jobs: Mapping[int, OpenJob], shown: Mapping[int, Progress]) -> list[tuple[int, Progress]]:
    """Those to show in one tick: all, or of very many first those of which there is news, and those that have waited
    longest. The many jobs of one chat stand behind the first ones of the others."""
    if len(shown) <= MOST:
        return list(shown.items())
    known = ((jobs[job_id], progress) for job_id, progress in shown.items())
    ordered = sorted(known, key=lambda one: (one[0].told == news_of(one[1]), one[0].told_at))
    chats, places = Counter[int](), []
    for place, (opened, progress) in enumerate(ordered):
        chats[opened.job.chat_id] += 1
        places.append((chats[opened.job.chat_id], place, opened.job.id, progress))
    return [(job_id, progress) for *_, job_id, progress in nsmallest(MOST, places, key=lambda one: one[:2])]


def news_of(progress: Progress) -> tuple[Phase, bool]:
    """The facts of progress that are news when they change: the phase, and whether the job is next."""
    return progress.phase, progress.place == 1
