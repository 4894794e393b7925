"""The schedule of a task's polls: dense near its expected end, in total no more than one every 2 seconds.

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

FIXED_POLL_SECONDS = 2.0
"""Time between polls of fixed polling, the measure and the fallback of this schedule."""
POLLS_AHEAD = 10.0
"""Polls by which all tasks together may exceed fixed polling: the constant of the guarantee."""
LEAST_GAP_SECONDS = 0.3
"""The least time between two polls of a plan."""

_DURATIONS_KEPT = 64
_AGE_FACTOR = 0.96  # each newer duration reduces the weight by this factor: after a shift 20 tasks matter, not 200
_LEAST_DURATIONS = 3  # durations needed for the first fit
_LEAST_SPREAD, _MOST_SPREAD = 0.1, 1.0
_UNBOUNDED = (-math.inf, math.inf)
_PRIOR_TASKS, _PRIOR_SPREAD = 2.0, 0.5  # the prior of the fit: 2 tasks with a sigma of 0.5
# No gap exceeds 8 s plus a quarter of the time waited: durations may have shifted.
_LONGEST_GAP_SECONDS, _GAP_GROWTH = 8.0, 0.25
_FIRST_HEIGHT = 1.1  # the first poll comes when 1.1 polls are due: by simulation the best of 0.3–1.3
_SURPLUS_TASKS = 40.0  # tasks over which a surplus is spent, or a deficit made up
_ROOT_OF_2 = math.sqrt(2)
_SNAP_SECONDS = 0.3  # a poll this near to a fixed one moves onto it: this proves that the fixed poll was due


class Ledger:
    """Keeps all polls together at or below those of fixed 2-second polling plus `POLLS_AHEAD`.

    Every task may use the polls that fixed polling would have used on it so far. The unused polls of a finished task
    go to a bank, from which tasks borrow. Its runtime counts only as far as it is proven: it still ran at `proven`.
    """

    def __init__(self) -> None:
        self.bank = POLLS_AHEAD

    @property
    def surplus(self) -> float:
        """Polls saved against fixed polling so far (negative: polls in excess)."""
        return self.bank - POLLS_AHEAD


class PollAccount:
    """One task's account with the ledger. `resumed`: fixed polling, too, would poll a resumed task at once."""

    __slots__ = ("extra", "ledger", "polls", "proven")

    def __init__(self, ledger: Ledger, *, resumed: bool) -> None:
        self.ledger = ledger
        self.polls = 0
        self.extra = 1.0 if resumed else 0.0
        self.proven = -FIXED_POLL_SECONDS if resumed else 0.0

    def earliest(self, wanted: float) -> float:
        """The time of the next poll: `wanted` (seconds since the start) or, without a budget, later."""
        if self.polls + 1 <= wanted // FIXED_POLL_SECONDS + self.extra:
            return wanted
        if self.ledger.bank >= 1:
            self.ledger.bank -= 1
            self.extra += 1
            return wanted
        return max(wanted, FIXED_POLL_SECONDS * (self.polls + 1 - self.extra))

    def asked(self) -> None:
        """A poll was sent."""
        self.polls += 1

    def running(self, at: float) -> None:
        """The poll at `at` seconds did not end the watch."""
        self.proven = at

    def close(self) -> None:
        """The watch ended with the last poll: the unused polls go to the bank."""
        self._settle(self.proven // FIXED_POLL_SECONDS + 1)

    def leave(self, at: float) -> None:
        """The watch was left at `at` seconds, before the task ended."""
        self._settle(max(at, self.proven) // FIXED_POLL_SECONDS)

    def _settle(self, fixed: float) -> None:
        self.ledger.bank = min(5 * POLLS_AHEAD, self.ledger.bank + fixed + self.extra - self.polls)


class Pace:
    """The schedule that all tasks of one provider share, learned from their latest durations."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self._logs: deque[float] = deque(maxlen=_DURATIONS_KEPT)
        self.times: Sequence[float] = ()
        self._new = 0
        self._usual = _UNBOUNDED  # the logarithms between which all but a few durations are

    def learn(self, durations: Iterable[float]) -> None:
        """Take the seconds that tasks took, oldest first."""
        for duration in durations:
            if 0 < duration < math.inf:
                self._logs.append(math.log(duration))
                self._new += 1
                self._forget_if_shifted()

    def seen(self, low: float, high: float) -> None:
        """A task ended between `low` and `high` seconds. A gap longer than any plan's teaches nothing: its poll was
        late."""
        if high - low > 1.5 * (_LONGEST_GAP_SECONDS + _GAP_GROWTH * low):
            return
        self.learn([math.sqrt(max(low, high / 2) * high)])

    def after(self, asked: float) -> float:
        """The time of the poll that follows the one at `asked` (seconds since the start; 0 when there was none)."""
        self._refit()
        place = bisect_right(self.times, asked + LEAST_GAP_SECONDS / 2)  # half: polls are sent a little late
        return self.times[place] if place < len(self.times) else asked + FIXED_POLL_SECONDS

    def _forget_if_shifted(self) -> None:
        """Drop all older durations when the latest three are far out on one side: that is no chance."""
        latest = list(self._logs)[-_LEAST_DURATIONS:]
        if min(latest) > self._usual[1] or max(latest) < self._usual[0]:
            self._logs = deque(latest, maxlen=_DURATIONS_KEPT)
            self._usual = _UNBOUNDED

    def _refit(self) -> None:
        known = len(self._logs)
        if known < _LEAST_DURATIONS or self._new < max(1, known // 8):
            return
        self._new = 0
        middle, spread = fit(self._logs)
        self._usual = middle - 2 * spread, middle + 2 * spread
        self.times = plan(middle, spread, spare=self.ledger.surplus / _SURPLUS_TASKS)


def fit(logs: Sequence[float]) -> tuple[float, float]:
    """Mean and spread of the logarithms of durations (oldest first); the latest weigh most."""
    weights = [_AGE_FACTOR**age for age in range(len(logs) - 1, -1, -1)]
    weight = sum(weights)
    middle = sum(w * x for w, x in zip(weights, logs, strict=True)) / weight
    square = sum(w * (x - middle) ** 2 for w, x in zip(weights, logs, strict=True))
    variance = (square + _PRIOR_TASKS * _PRIOR_SPREAD**2) / (weight + _PRIOR_TASKS) * (1 + 1 / weight)
    return middle, min(_MOST_SPREAD, max(_LEAST_SPREAD, math.sqrt(variance)))


def plan(middle: float, spread: float, spare: float = 0.0) -> "array[float]":
    """The polls (seconds since the start) for lognormal durations: the least mean delay within the budget.

    The budget is the ledger's average grant plus `spare` polls a task. Empty when nothing fits.
    """
    curve = _Curve(middle, spread)
    budget = math.exp(middle + spread**2 / 2) / FIXED_POLL_SECONDS + 0.5
    tries = max(4, min(48, int(2400 / budget)))  # long plans are costly to try, and fine-grained anyway
    soonest, best = math.inf, array("d")
    for number in range(tries):
        density = (budget + spare) / curve.mean * (0.6 + 0.6 * number / (tries - 1))
        times, ends, polls, granted = curve.polls(density)
        if polls <= granted + spare and ends < soonest:
            soonest, best = ends, times
    return best


class _Curve:
    """A table of the integral of √hazard over time, for one lognormal distribution."""

    def __init__(self, middle: float, spread: float) -> None:
        self.middle, self.spread = middle, spread
        # Lists: reading a number out of an array makes a new object.
        self.times, self.heights = [0.0], [0.0]
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
        """The share of tasks that still run at `time` (seconds)."""
        return math.erfc((math.log(time) - self.middle) / self.spread / _ROOT_OF_2) / 2

    def time(self, height: float) -> float:
        """The time (seconds) at which the integral reaches `height`; infinite past the table."""
        place = bisect_left(self.heights, height)
        if place >= len(self.heights):
            return math.inf
        t0, h0 = self.times[place - 1], self.heights[place - 1]
        return t0 + (self.times[place] - t0) * (height - h0) / (self.heights[place] - h0)

    def polls(self, density: float) -> tuple["array[float]", float, float, float]:
        """The polls at `density`, the mean time at which they find the end, their mean number, and the grant."""
        times = array("d")
        last, share, ends, polls, granted, height = 0.0, 1.0, 0.0, 0.0, 0.0, _FIRST_HEIGHT
        while share > 1e-3:
            wanted, furthest = self.time(height / density), last + _LONGEST_GAP_SECONDS + _GAP_GROWTH * last
            if wanted <= furthest:
                height += 1
            else:
                wanted = furthest
            at = _snapped(wanted, last)
            left = self.running(at)
            polls += share
            granted += (share - left) * (last // FIXED_POLL_SECONDS + 1)
            ends += (share - left) * at
            times.append(at)
            last, share = at, left
        return times, ends, polls, granted


def _snapped(at: float, last: float) -> float:
    near, soonest = FIXED_POLL_SECONDS * round(at / FIXED_POLL_SECONDS), last + LEAST_GAP_SECONDS
    if -_SNAP_SECONDS < near - at < _SNAP_SECONDS and near > soonest:
        return near
    return max(at, soonest)
