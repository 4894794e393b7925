"""What services share where one submits a task and asks for its result: schedule, passing faults, limits, events."""

import asyncio
import time
from abc import abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable

from aiohttp import ClientSession

from providers.base import Accepted, Event, Finished, ImageRequest, OptionsT, Provider, Queued, SettingsT, Working
from providers.errors import Busy, Misconfigured, ProviderError, TookTooLong
from providers.schedule import STEP, Pace, Tab

PATIENCE = 60.0
"""Seconds for which a service may go on answering with an internal error before the task counts as failed."""
_BACKOFF, _LONGEST = 2.0, 30.0


class PassingError(Exception):
    """Raised by `ask` when the service itself answered with a fault that may pass: it is asked again.

    When nothing else comes for `PATIENCE` seconds, the watch ends with `TookTooLong` and the words of `error`.
    """

    def __init__(self, error: ProviderError) -> None:
        self.error = error
        super().__init__(str(error))


class PollingProvider(Provider[SettingsT, OptionsT]):
    """A service where one submits and asks. A subclass writes `submit`, `ask`, and `check` for the credentials.

    `clock` (seconds, monotonic) and `sleep` are there for tests. The polls follow `providers.schedule`: all tasks
    together never take more of them than asking every 2 seconds would, plus 10.
    """

    def __init__(
        self,
        settings: SettingsT,
        session: ClientSession,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__(settings, session)
        self._clock = clock
        self._sleep = sleep
        self._pace = Pace()

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
        self._pace.learn(durations)

    async def imagine(self, request: ImageRequest[OptionsT], ticket: str | None = None) -> AsyncGenerator[Event, None]:
        """See `Provider.imagine`. An event that says nothing new is left out.

        Raises `TookTooLong` when `settings.time_limit` seconds have passed since the submit (or since the task was
        taken up again: how long it ran before is not known, so it is asked for at once and then every 2 seconds).
        """
        resumed = ticket is not None
        if ticket is None:
            ticket = await self.submit(request)
        watch = _Watch(self._pace, self._clock, self.settings.time_limit, resumed=resumed)
        last: Event | None = None
        try:
            if not resumed:
                yield Accepted(ticket)
            while not isinstance(last, Finished):
                await self._sleep(watch.pause())
                event = await self._asked(watch, request, ticket)
                if event is not None and event != last:
                    last = event
                    yield event
        finally:
            watch.leave()

    async def _asked(self, watch: "_Watch", request: ImageRequest[OptionsT], ticket: str) -> Event | None:
        """One poll: what it says, or None where a fault hid it."""
        watch.asks()
        try:
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
            watch.ends(well=False)
            raise
        if isinstance(event, Finished):
            watch.ends(well=True)
        else:
            watch.runs()
        return event


class _Watch:
    """The state of watching one task: when to ask next, what went wrong in a row, what it tells the schedule."""

    __slots__ = (
        "asked",
        "clock",
        "closed",
        "faults",
        "known",
        "limit",
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

    def pause(self) -> float:
        """Seconds to sleep before the next poll; the last one falls on the time limit."""
        return max(0.0, self.tab.earliest(min(self.next, self.limit)) - self._now())

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
        wait = min(_LONGEST, _BACKOFF * 2.0 ** min(self.faults, 8)) if retry_after is None else retry_after
        self.faults += 1
        self._goes_on(max(self._following(), self._now() + wait))

    def ends(self, *, well: bool) -> None:
        """The last poll ended the task."""
        self.closed = True
        self.tab.close()
        if well and not self.resumed and not self.faults:
            self.pace.seen(self.known, self.asked)

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
