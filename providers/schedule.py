"""When to ask for a task's result: densely near the expected end, and never more often than every 2 seconds would.

Durations of image tasks look lognormal. For polls of density r(t) the expected delay is ∫ f/2r and the expected number
of polls ∫ r·S (f: density of the durations, S: the share still running); at a given number of polls the delay is least
where r ∝ √(f/S), the square root of the hazard. Simulated with a median of 12 s and sigma 0.4, learning as it goes:
0.65 s of mean delay with 6.7 polls a job, against 1.0 s with 7.0 for fixed 2-second polling.
"""

import math
from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Sequence

STEP = 2.0
"""Seconds between polls of the fixed schedule that this one is measured against, and falls back to."""
START = 10.0
"""Polls that all jobs together may be ahead of fixed polling: the "small constant" of the guarantee."""
LEAST_GAP = 0.3
"""Seconds: no two polls of a plan are closer."""

_WINDOW = 64
_FORGET = 0.96  # the weight of a duration falls by this with each newer one: after a shift 20 jobs matter, not 200
_ENOUGH = 3  # durations before the first fit
_LEAST_SPREAD, _MOST_SPREAD = 0.1, 1.0
_ANY = (-math.inf, math.inf)
_DOUBT, _SPREAD = 2.0, 0.5  # the fit starts as if it had seen 2 jobs with a sigma of 0.5
_TRUST, _GROWTH = 8.0, 0.25  # no gap is longer than 8 s and a quarter of the time waited: durations may have shifted
_FIRST = 1.1  # the first poll comes when 1.1 are due: by simulation the best of 0.3–1.3
_SPEND = 40.0  # a surplus is spent, or made up for, over this many jobs
_SNAP = 0.3  # a poll this near to one of the fixed schedule is moved onto it: that proves a fixed poll was due


class Ledger:
    """Sees to it that all polls together never exceed what fixed 2-second polling would have used, plus `START`.

    Every task may use the polls that the fixed schedule would have used on it so far; what a finished task left over
    goes to a bank, from which tasks borrow. Of a finished task only what is proven counts: it still ran at `proven`.
    """

    def __init__(self) -> None:
        self.bank = START

    @property
    def surplus(self) -> float:
        """Polls below fixed polling so far (negative: above it)."""
        return self.bank - START


class Tab:
    """One task's account with the ledger. `resumed`: taken up again, so that fixed polling, too, asks at once."""

    __slots__ = ("extra", "ledger", "polls", "proven")

    def __init__(self, ledger: Ledger, *, resumed: bool) -> None:
        self.ledger = ledger
        self.polls = 0
        self.extra = 1.0 if resumed else 0.0
        self.proven = -STEP if resumed else 0.0

    def earliest(self, wanted: float) -> float:
        """When the next poll may be sent: at `wanted` (seconds since the start) or, if there is no budget, later."""
        if self.polls + 1 <= wanted // STEP + self.extra:
            return wanted
        if self.ledger.bank >= 1:
            self.ledger.bank -= 1
            self.extra += 1
            return wanted
        return max(wanted, STEP * (self.polls + 1 - self.extra))

    def asked(self) -> None:
        """A poll was sent."""
        self.polls += 1

    def running(self, at: float) -> None:
        """The poll sent `at` seconds did not end the watch."""
        self.proven = at

    def close(self) -> None:
        """The watch ended with the last poll: what is left goes to the bank."""
        self._settle(self.proven // STEP + 1)

    def leave(self, at: float) -> None:
        """The watch was left `at` seconds, without an end."""
        self._settle(max(at, self.proven) // STEP)

    def _settle(self, fixed: float) -> None:
        self.ledger.bank = min(5 * START, self.ledger.bank + fixed + self.extra - self.polls)


class Pace:
    """The schedule that all tasks of one provider share, learned from its latest durations."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self._logs: deque[float] = deque(maxlen=_WINDOW)
        self.times: Sequence[float] = ()
        self._new = 0
        self._usual = _ANY  # between which logarithms all but a few durations are

    def learn(self, durations: Iterable[float]) -> None:
        """Seconds that tasks took, oldest first."""
        for duration in durations:
            if 0 < duration < math.inf:
                self._logs.append(math.log(duration))
                self._new += 1
                self._forget_if_shifted()

    def seen(self, low: float, high: float) -> None:
        """A task ended between `low` and `high` seconds. Nothing is learned from a gap that no plan leaves: that poll
        came late."""
        if high - low > 1.5 * (_TRUST + _GROWTH * low):
            return
        self.learn([math.sqrt(max(low, high / 2) * high)])

    def after(self, asked: float) -> float:
        """The time of the poll that follows the one at `asked` (seconds since the start; 0 when there was none)."""
        self._refit()
        place = bisect_right(self.times, asked + LEAST_GAP / 2)  # half: polls go out a little late
        return self.times[place] if place < len(self.times) else asked + STEP

    def _forget_if_shifted(self) -> None:
        """Three in a row far out on one side are no accident: what came before them tells nothing any more."""
        latest = list(self._logs)[-_ENOUGH:]
        if min(latest) > self._usual[1] or max(latest) < self._usual[0]:
            self._logs = deque(latest, maxlen=_WINDOW)
            self._usual = _ANY

    def _refit(self) -> None:
        known = len(self._logs)
        if known < _ENOUGH or self._new < max(1, known // 8):
            return
        self._new = 0
        middle, spread = fit(self._logs)
        self._usual = middle - 2 * spread, middle + 2 * spread
        self.times = plan(middle, spread, spare=self.ledger.surplus / _SPEND)


def fit(logs: Sequence[float]) -> tuple[float, float]:
    """Mean and spread of the logarithms of durations (oldest first), the latest weighing most."""
    weights = [_FORGET**age for age in range(len(logs) - 1, -1, -1)]
    weight = sum(weights)
    middle = sum(w * x for w, x in zip(weights, logs, strict=True)) / weight
    square = sum(w * (x - middle) ** 2 for w, x in zip(weights, logs, strict=True))
    variance = (square + _DOUBT * _SPREAD**2) / (weight + _DOUBT) * (1 + 1 / weight)
    return middle, min(_MOST_SPREAD, max(_LEAST_SPREAD, math.sqrt(variance)))


def plan(middle: float, spread: float, spare: float = 0.0) -> "array[float]":
    """The polls (seconds since the start) for lognormal durations: the least mean delay within the budget.

    The budget is what the ledger will grant on average, and `spare` polls a job on top. Empty when nothing fits.
    """
    curve = _Curve(middle, spread)
    budget = math.exp(middle + spread**2 / 2) / STEP + 0.5
    tries = max(4, min(48, int(2400 / budget)))  # long plans are costly to try, and their grain is fine anyway
    soonest, best = math.inf, array("d")
    for number in range(tries):
        density = (budget + spare) / curve.mean * (0.6 + 0.6 * number / (tries - 1))
        times, ends, polls, granted = curve.polls(density)
        if polls <= granted + spare and ends < soonest:
            soonest, best = ends, times
    return best


class _Curve:
    """The integral of √hazard over time, tabulated, for one lognormal distribution."""

    def __init__(self, middle: float, spread: float) -> None:
        self.middle, self.spread = middle, spread
        self.times, self.heights = array("d", [0.0]), array("d", [0.0])
        self.mean = 0.0  # the expected height at the end of a task
        rate, running = 0.0, 1.0
        for number in range(81):
            z = number / 10 - 4
            time = math.exp(middle + spread * z)
            left = self.running(time)
            faster = math.sqrt(math.exp(-z * z / 2) / math.sqrt(2 * math.pi) / (spread * time * left))
            self.heights.append(self.heights[-1] + (time - self.times[-1]) * (rate + faster) / 2)
            self.times.append(time)
            self.mean += self.heights[-1] * (running - left)
            rate, running = faster, left

    def running(self, time: float) -> float:
        """The share of tasks that still run at `time`."""
        return math.erfc((math.log(time) - self.middle) / self.spread / math.sqrt(2)) / 2

    def time(self, height: float) -> float:
        """When the integral reaches `height`; infinite past the table."""
        place = bisect_left(self.heights, height)
        if place >= len(self.heights):
            return math.inf
        (t0, t1), (h0, h1) = self.times[place - 1 : place + 1], self.heights[place - 1 : place + 1]
        return t0 + (t1 - t0) * (height - h0) / (h1 - h0)

    def polls(self, density: float) -> tuple["array[float]", float, float, float]:
        """The polls at `density`, the mean time at which they find the end, their mean number, and the ledger's."""
        times = array("d")
        last, share, ends, polls, granted, height = 0.0, 1.0, 0.0, 0.0, 0.0, _FIRST
        while share > 1e-3:
            wanted, furthest = self.time(height / density), last + _TRUST + _GROWTH * last
            height += wanted <= furthest
            at = _snapped(min(wanted, furthest), last)
            left = self.running(at)
            polls += share
            granted += (share - left) * (last // STEP + 1)
            ends += (share - left) * at
            times.append(at)
            last, share = at, left
        return times, ends, polls, granted


def _snapped(at: float, last: float) -> float:
    near = STEP * round(at / STEP)
    return near if abs(near - at) < _SNAP and near > last + LEAST_GAP else max(at, last + LEAST_GAP)
