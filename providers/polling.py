"""What services share where one submits a task and asks for its result: schedule, passing faults, limits, events."""

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
from providers.errors import Busy, Misconfigured, ProviderError, TookTooLong
from providers.schedule import STEP, Pace, Tab

PATIENCE = 60.0
"""Seconds for which a service may go on answering with an internal error before the task counts as failed."""
_BACKOFF, _LONGEST = 2.0, 30.0
MOST_WAIT = 60.0
"""Seconds that a service may ask to wait before the next poll of a task: its picture may be ready long before."""
NET = 45.0
"""Seconds between polls where the service calls by itself: they only catch a call that went astray."""
CALL_GAP = 3.0
"""Seconds between polls that calls ask for, however many come. The first call of a task is believed at once."""
AT_ONCE = 16
"""Polls under way at once, however many tasks are watched."""


Sleep = Callable[[float], Coroutine[Any, Any, None]]


class PassingError(Exception):
    """Raised by `ask` when the service itself answered with a fault that may pass: it is asked again.

    When nothing else comes for `PATIENCE` seconds, the watch ends with `TookTooLong` and the words of `error`.
    """

    def __init__(self, error: ProviderError) -> None:
        self.error = error
        super().__init__(str(error))


class PollingProvider(Provider[SettingsT, OptionsT]):
    """A service where one submits and asks. A subclass writes `submit`, `ask`, and `check` for the credentials.

    `clock` (seconds, monotonic) and `sleep` are there for tests, which may set them later, too. The polls follow
    `providers.schedule`: all tasks together never take more of them than asking every 2 seconds would, plus 10.
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
        self._asking = asyncio.Semaphore(AT_ONCE)

    @abstractmethod
    async def submit(self, request: ImageRequest[OptionsT]) -> str:
        """Hand the task over, once, and return its ticket. Raises `OutcomeUnknown` when the answer was lost."""

    @abstractmethod
    async def ask(self, request: ImageRequest[OptionsT], ticket: str) -> Queued | Working | Finished:
        """How the task does now. Raises `Busy` for a fault on the way (asked again until the time limit),
        `PassingError` for a fault of the service that may pass, `Misconfigured` (which may be a firewall's mood, and is
        given as much patience), and any other `ProviderError` for the task's end."""

    def learn(self, durations: Iterable[float]) -> None:
        """Told at the start how many seconds this provider's latest tasks took, oldest first."""
        self.pace.learn(durations)

    async def imagine(self, request: ImageRequest[OptionsT], ticket: str | None = None) -> AsyncGenerator[Event, None]:
        """See `Provider.imagine`. An event that says nothing new is left out.

        Raises `TookTooLong` when `settings.time_limit` seconds have passed since the submit (or since the task was
        taken up again: how long it ran before is not known, so it is asked for at once and then every 2 seconds).
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
        """Until the next poll is due, or the service calls."""
        if callback is None:
            await self.sleep(watch.pause())
            return
        net = NET if callback.is_expected() and not watch.heard else 0.0
        called = await callback.during(self.sleep(watch.pause(net)))
        if called and watch.heard:
            await self.sleep(watch.until_called_again())
        watch.called = called and not watch.heard
        watch.heard = watch.heard or called

    def _note_end(self, watch: "_Watch", callback: Callback | None) -> None:
        """A task has ended: if a call was waited for and none has come, those of others may not come either."""
        if callback and watch.net and not watch.heard:
            callback.is_missed = True

    async def _asked(self, watch: "_Watch", request: ImageRequest[OptionsT], ticket: str) -> Event | None:
        """One poll: what it says, or None where a fault hid it."""
        watch.asks()
        try:
            async with self._asking:
                event = await self.ask(request, ticket)
        except Busy as error:
            watch.stumbles(error, error.retry_after)
            return None
        except PassingError as error:
            watch.stumbles(error.error, None, passing=True)
            return None
        except Misconfigured as error:
            error.paid = None  # the task was taken
            watch.stumbles(error, None, passing=True)
            return None
        except ProviderError:
            self._note_end(watch, request.callback)
            watch.ends(well=False)
            raise
        if isinstance(event, Finished):
            self._note_end(watch, request.callback)
            watch.ends(well=True)
        else:
            watch.runs()
        return event


class _Watch:
    """The state of watching one task: when to ask next, what went wrong in a row, what it tells the schedule."""

    __slots__ = (
        "asked",
        "called",
        "clock",
        "closed",
        "faults",
        "heard",
        "known",
        "limit",
        "net",
        "next",
        "pace",
        "resumed",
        "sick",
        "start",
        "tab",
    )

    def __init__(self, pace: Pace, clock: Callable[[], float], limit: float, *, resumed: bool) -> None:
        self.pace, self.clock, self.limit, self.resumed = pace, clock, limit, resumed
        self.tab = Tab(pace.ledger, resumed=resumed)
        self.start = clock()
        self.asked = self.known = 0.0  # seconds since the start: the last poll, and the last that was answered
        self.next = 0.0 if resumed else pace.after(0)
        self.faults = 0
        self.sick: float | None = None  # since when the service answers with its own faults only
        self.closed = False
        self.called = False  # the service called just now, for the first time
        self.heard = False  # it has called: too early, or the poll that followed met a fault; no call is waited for
        self.net = 0.0

    def pause(self, net: float = 0.0) -> float:
        """Seconds to sleep before the next poll, at least `net` after the last; the last falls on the time limit."""
        # What was taken up again may have ended, and announced it, when nobody listened.
        self.net = 0.0 if self.resumed and not self.tab.polls else net
        wanted = max(self.next, self.asked + self.net) if self.net else self.next
        return max(0.0, self.tab.earliest(min(wanted, self.limit)) - self._now())

    def until_called_again(self) -> float:
        """Seconds until one more call is a reason to ask."""
        return max(0.0, self.asked + CALL_GAP - self._now())

    def asks(self) -> None:
        self.asked = self._now()
        self.tab.asked()

    def runs(self) -> None:
        """The poll was answered: the task is still under way. Raises `TookTooLong`."""
        self.known = self.asked
        self.faults, self.sick = 0, None
        self._goes_on(self._following())

    def stumbles(self, error: ProviderError, retry_after: float | None, *, passing: bool = False) -> None:
        """The poll met a fault. Raises `TookTooLong`, or the error when it has been `passing` for too long."""
        if not passing:
            self.sick = None
        elif self.sick is None:
            self.sick = self.asked
        elif self.asked - self.sick >= PATIENCE:
            self.ends(well=False)
            # The task is paid, and what is wrong with the service may pass yet: the ticket must not be given up.
            raise error if isinstance(error, Misconfigured) else TookTooLong(error.sentence, detail=error.detail)
        backoff = min(_LONGEST, _BACKOFF * 2.0 ** min(self.faults, 8))
        wait = backoff if retry_after is None else min(MOST_WAIT, retry_after)
        self.faults += 1
        self._goes_on(max(self._following(), self._now() + wait))

    def ends(self, *, well: bool) -> None:
        """The last poll ended the task."""
        self.closed = True
        self.tab.close()
        if well and not self.resumed and not self.faults and (self.called or not self.net):
            # A call says it exactly; the net is too coarse to learn from.
            self.pace.seen(self.asked if self.called else self.known, self.asked)

    def leave(self) -> None:
        """The watch is over, whatever the reason."""
        if not self.closed:
            self.closed = True
            self.tab.leave(self._now())

    def _goes_on(self, following: float) -> None:
        self.tab.running(self.asked)
        if self.asked >= self.limit:
            raise TookTooLong(detail=f"not finished after {self.asked:.0f} s")
        self.next = following

    def _following(self) -> float:
        """The schedule's next poll. How long a resumed task has run is not known: it is asked every 2 seconds."""
        return self.asked + STEP if self.resumed else self.pace.after(self.asked)

    def _now(self) -> float:
        return self.clock() - self.start
