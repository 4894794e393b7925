"""The load of `make bench ARGS=beside`: people with prompts, both simulators, and what is seen there of a bot."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Self

from bot.demo.calls import Call
from bot.demo.telegram import TelegramSimulator
from providers.jimeng.simulator import Call as JimengCall
from providers.jimeng.simulator import JimengSimulator
from tests.bench.processes import MeasuredProcess
from tests.support.sample_pictures import draw_plain

TASK_SECONDS = (2.0, 5.0)
PICTURE_METHODS = frozenset({"sendPhoto", "sendDocument", "sendMediaGroup", "editMessageMedia"})
MESSAGE_METHODS = PICTURE_METHODS | {"sendMessage", "editMessageText", "editMessageCaption", "editMessageReplyMarkup"}
"""The calls that Telegram's limit over all chats counts."""
VISIBLE_METHODS = MESSAGE_METHODS | {"sendChatAction", "sendMessageDraft", "setMessageReaction"}
QUIET_SECONDS = 1.0
LONGEST_SECONDS = 120.0
"""The longest wait for pictures after the last prompt."""
RAMP_SECONDS = 3.0


@dataclass(slots=True)
class Job:
    """A prompt in a chat of its own; times in seconds (monotonic): sent, first reaction, picture in the chat."""

    prompt: str
    sent: float
    reacted: float | None = None
    shown: float | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What had been counted at a moment. `cpu` and `fakes_cpu`: seconds of the bot and of the simulators; `waited`:
    seconds for which the bot's main thread was ready and had no core."""

    at: float
    cpu: float
    waited: float
    fakes_cpu: float
    shown: int
    bot_calls: int
    messages: int
    service_calls: int


class Services:
    """Both simulators without limits, and the jobs of their people by chat id. An async context manager."""

    def __init__(self) -> None:
        self.telegram = TelegramSimulator(strict=False)
        self.telegram.calls.listen(self._called)
        self.jimeng = JimengSimulator(
            durations=lambda source: source.uniform(*TASK_SECONDS),
            concurrency=100_000,
            qps=10**9,
            draw=draw_plain,
            draw_scale=0.05,
            on_call=self._asked,
        )
        self.jobs: dict[int, Job] = {}
        self.shown = self.bot_calls = self.messages = self.service_calls = 0
        self._last_call = 0.0
        self._free: asyncio.Semaphore | None = None

    async def __aenter__(self) -> Self:
        await self.jimeng.start()
        await self.telegram.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.telegram.aclose()
        await self.jimeng.aclose()

    def counts(self, process: MeasuredProcess) -> Counts:
        """The counts of now."""
        return Counts(
            time.monotonic(),
            process.cpu,
            process.waited,
            time.process_time(),
            self.shown,
            self.bot_calls,
            self.messages,
            self.service_calls,
        )

    async def arrive(self, people: int, seconds: float) -> list[Job]:
        """So many people send one prompt each, evenly within these seconds."""
        began, jobs = time.monotonic(), []
        for number in range(people):
            await asyncio.sleep(began + number * seconds / people - time.monotonic())
            jobs.append(await self._prompt())
        return jobs

    async def keep_going(self, at_once: int) -> None:
        """Keep so many jobs open until cancelled: for each picture, another person sends a prompt."""
        self._free = asyncio.Semaphore(at_once)
        for number in count():
            await self._free.acquire()
            await self._prompt()
            await asyncio.sleep(RAMP_SECONDS / at_once if number < at_once else 0)

    async def quiet(self) -> None:
        """Wait until all pictures are there, at most `LONGEST_SECONDS`, and the bot makes no more calls."""
        with suppress(TimeoutError):
            await self.telegram.until(lambda: self.shown == len(self.jobs), timeout=LONGEST_SECONDS)
        while time.monotonic() - self._last_call < QUIET_SECONDS:  # noqa: ASYNC110 - each call begins the wait anew
            await asyncio.sleep(0.1)

    def ready(self) -> dict[str, float]:
        """When each job's picture was ready at the service, by prompt."""
        return {task.prompt: task.finished for task in self.jimeng.tasks.values()}

    async def _prompt(self) -> Job:
        number = len(self.jobs) + 1
        person = self.telegram.world.add_person(9_000_000 + number, f"Person {number}", f"person_{number}", "en")
        job = self.jobs[person.chat.id] = Job(f"a red fox in the snow, number {number}", time.monotonic())
        await self.telegram.send(person, text=job.prompt)
        return job

    def _called(self, call: Call) -> None:
        if call.name == "getUpdates":
            return
        self._last_call = time.monotonic()
        self.bot_calls += 1
        self.messages += call.name in MESSAGE_METHODS
        job = self.jobs.get(int(call.request.get("chat_id", 0)))
        if job is not None and call.status == 200 and call.name in VISIBLE_METHODS:
            self._seen(job, call.name in PICTURE_METHODS)

    def _seen(self, job: Job, is_picture: bool) -> None:
        job.reacted = job.reacted or self._last_call
        if is_picture and job.shown is None:
            job.shown = self._last_call
            self.shown += 1
            if self._free:
                self._free.release()

    def _asked(self, _call: JimengCall) -> None:
        self.service_calls += 1
