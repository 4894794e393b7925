"""The base class of services that give a ticket and are polled: schedule, transient faults, limits, events."""

import asyncio
import time
from abc import abstractmethod
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from typing import Any

from aiohttp import ClientSession

from providers.base import (
    Accepted,
    Callback,
    Event,
    Finished,
    ImageRequest,
    OptionsT,
    Provider,
    Queued,
    SettingsT,
    Working,
)
from providers.errors import MisconfiguredError, ProviderBusyError, ProviderError, TaskTimeoutError
from providers.schedule import FIXED_POLL_SECONDS, Pace, PollAccount

SERVICE_FAULT_SECONDS = 60.0
"""How long a service may answer with nothing but internal errors before the watch of a task ends."""
_BACKOFF_SECONDS, _LONGEST_BACKOFF_SECONDS = 2.0, 30.0
MOST_RETRY_AFTER_SECONDS = 60.0
"""The longest wait before a poll that a service may ask for: the picture may be ready long before."""
CALLBACK_POLL_SECONDS = 45.0
"""Time between polls while a callback is expected. They only catch a callback that was lost."""
CALLBACK_GAP_SECONDS = 3.0
"""Time between polls that callbacks trigger, however many arrive. The first callback of a task triggers one at once."""
CONCURRENT_POLLS = 16
"""Polls in progress at once, however many tasks are watched."""


Sleep = Callable[[float], Coroutine[Any, Any, None]]


class PassingError(Exception):
    """Raised by `ask` when the service answered with an internal fault that may pass. The task is polled again.

    After `SERVICE_FAULT_SECONDS` with nothing else, the watch ends with `TaskTimeoutError` and the sentence of `error`.
    """

    def __init__(self, error: ProviderError) -> None:
        self.error = error
        super().__init__(str(error))


class PollingProvider(Provider[SettingsT, OptionsT]):
    """A service that gives a ticket and is polled. A subclass writes `submit`, `ask`, and `check` for the credentials.

    Tests inject `clock` (seconds, monotonic) and `sleep`. The polls follow `providers.schedule`: all tasks together
    never use more of them than polling every 2 seconds would, plus 10.
    """

    def __init__(
        self,
        settings: SettingsT,
        session: ClientSession,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        super().__init__(settings, session)
        self.clock = clock
        self.sleep = sleep
        self.pace = Pace()
        self._asking = asyncio.Semaphore(CONCURRENT_POLLS)

    @abstractmethod
    async def submit(self, request: ImageRequest[OptionsT]) -> str:
        """Submit the task, once, and return its ticket. Raises `OutcomeUnknownError` when the answer was lost."""

    @abstractmethod
    async def ask(self, request: ImageRequest[OptionsT], ticket: str) -> Queued | Working | Finished:
        """Query the state of the task. Raises `ProviderBusyError` for a transport fault (repeated until the time
        limit), `PassingError` for a fault of the service that may pass, `MisconfiguredError` (repeated as long, since a
        firewall may cause it for a while), and any other `ProviderError` for the task's end."""

    def learn(self, durations: Iterable[float]) -> None:
        """See `Provider.learn`."""
        self.pace.learn(durations)

    async def imagine(self, request: ImageRequest[OptionsT], ticket: str | None = None) -> AsyncGenerator[Event, None]:
        """See `Provider.imagine`. An event equal to the last one is left out.

        Raises `TaskTimeoutError` when `settings.time_limit` seconds have passed since the submit. A resumed task is
        timed from its resumption: how long it ran before is unknown, so it is polled at once and then every 2 seconds.
        """
        resumed = ticket is not None
        if ticket is None:
            ticket = await self.submit(request)
        watch = _Watch(self.pace, self.clock, self.settings.time_limit, resumed=resumed)
        last: Event | None = None
        try:
            if not resumed:
                yield Accepted(ticket)
            while not isinstance(last, Finished):
                await self._wait(watch, request.callback)
                event = await self._asked(watch, request, ticket)
                if event is not None and event != last:
                    last = event
                    yield event
        finally:
            watch.leave()

    async def _wait(self, watch: "_Watch", callback: Callback | None) -> None:
        """Wait until the next poll is due or a callback arrives."""
        if callback is None:
            await self.sleep(watch.pause())
            return
        spacing = CALLBACK_POLL_SECONDS if callback.is_expected() and not watch.has_called else 0.0
        called = await callback.during(self.sleep(watch.pause(spacing)))
        if called and watch.has_called:
            await self.sleep(watch.until_called_again())
        watch.called = called and not watch.has_called
        watch.has_called = watch.has_called or called

    def _note_missing_callback(self, watch: "_Watch", callback: Callback | None) -> None:
        """A task has ended. If its callback was expected and is missing, those of other tasks may be missing, too."""
        if callback and watch.spacing and not watch.has_called:
            callback.is_missed = True

    async def _asked(self, watch: "_Watch", request: ImageRequest[OptionsT], ticket: str) -> Event | None:
        """Poll once. Returns the event, or None after a fault that may pass."""
        watch.note_poll()
        try:
            async with self._asking:
                event = await self.ask(request, ticket)
        except ProviderBusyError as error:
            watch.note_fault(error, error.retry_after)
            return None
        except PassingError as error:
            watch.note_fault(error.error, None, passing=True)
            return None
        except MisconfiguredError as error:
            error.paid = None  # the task was taken
            watch.note_fault(error, None, passing=True)
            return None
        except ProviderError:
            self._note_missing_callback(watch, request.callback)
            watch.note_end(well=False)
            raise
        if isinstance(event, Finished):
            self._note_missing_callback(watch, request.callback)
            watch.note_end(well=True)
        else:
            watch.note_running()
        return event


class _Watch:
    """The state of watching one task: the time of the next poll, the faults in a row, the account of its polls."""

    __slots__ = (
        "account",
        "answered",
        "asked",
        "called",
        "clock",
        "closed",
        "faults",
        "faulty_since",
        "has_called",
        "limit",
        "next",
        "pace",
        "resumed",
        "spacing",
        "start",
    )

    def __init__(self, pace: Pace, clock: Callable[[], float], limit: float, *, resumed: bool) -> None:
        self.pace, self.clock, self.limit, self.resumed = pace, clock, limit, resumed
        self.account = PollAccount(pace.ledger, resumed=resumed)
        self.start = clock()
        self.asked = self.answered = 0.0  # seconds since the start: the last poll, and the last that was answered
        self.next = 0.0 if resumed else pace.after(0)
        self.faults = 0
        self.faulty_since: float | None = None  # since when the service has answered with internal faults only
        self.closed = False
        self.called = False  # the first callback triggered this poll
        self.has_called = False  # a callback came, but too early or before a fault; no more are expected
        self.spacing = 0.0  # least seconds between polls while a callback is expected

    def pause(self, spacing: float = 0.0) -> float:
        """Seconds to sleep before the next poll, at least `spacing` after the last; the final one is at the limit."""
        # A resumed task may have ended, and announced it, while nobody listened.
        self.spacing = 0.0 if self.resumed and not self.account.polls else spacing
        wanted = max(self.next, self.asked + self.spacing) if self.spacing else self.next
        return max(0.0, self.account.earliest(min(wanted, self.limit)) - self._now())

    def until_called_again(self) -> float:
        """Seconds until one more callback may trigger a poll."""
        return max(0.0, self.asked + CALLBACK_GAP_SECONDS - self._now())

    def note_poll(self) -> None:
        self.asked = self._now()
        self.account.asked()

    def note_running(self) -> None:
        """The poll was answered: the task has not ended. Raises `TaskTimeoutError`."""
        self.answered = self.asked
        self.faults, self.faulty_since = 0, None
        self._continue(self._next_poll())

    def note_fault(self, error: ProviderError, retry_after: float | None, *, passing: bool = False) -> None:
        """The poll met a fault. Raises `TaskTimeoutError`, or a `passing` `MisconfiguredError` that has lasted too
        long.
        """
        if not passing:
            self.faulty_since = None
        elif self.faulty_since is None:
            self.faulty_since = self.asked
        elif self.asked - self.faulty_since >= SERVICE_FAULT_SECONDS:
            self.note_end(well=False)
            # The task is paid, and the service may recover: the ticket must not be given up.
            raise (
                error
                if isinstance(error, MisconfiguredError)
                else TaskTimeoutError(error.sentence, detail=error.detail)
            )
        backoff = min(_LONGEST_BACKOFF_SECONDS, _BACKOFF_SECONDS * 2.0 ** min(self.faults, 8))
        wait = backoff if retry_after is None else min(MOST_RETRY_AFTER_SECONDS, retry_after)
        self.faults += 1
        self._continue(max(self._next_poll(), self._now() + wait))

    def note_end(self, *, well: bool) -> None:
        """The last poll ended the task."""
        self.closed = True
        self.account.close()
        if well and not self.resumed and not self.faults and (self.called or not self.spacing):
            # A callback is exact; the rare polls beside it are too coarse to learn from.
            self.pace.seen(self.asked if self.called else self.answered, self.asked)

    def leave(self) -> None:
        """The watch has ended, for whatever reason."""
        if not self.closed:
            self.closed = True
            self.account.leave(self._now())

    def _continue(self, following: float) -> None:
        self.account.running(self.asked)
        if self.asked >= self.limit:
            raise TaskTimeoutError(detail=f"not finished after {self.asked:.0f} s")
        self.next = following

    def _next_poll(self) -> float:
        """The time of the next poll. How long a resumed task has run is unknown: it is polled every 2 seconds."""
        return self.asked + FIXED_POLL_SECONDS if self.resumed else self.pace.after(self.asked)

    def _now(self) -> float:
        return self.clock() - self.start
