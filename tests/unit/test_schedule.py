"""The schedule of polls: its plan, what it learns, and the budget of its ledger."""

import math
from itertools import pairwise

from providers.schedule import LEAST_GAP_SECONDS, Ledger, Pace, PollAccount, fit, plan


def test_watching_costs_little_memory() -> None:
    pace = Pace()
    pace.learn([12.0] * 20)
    first = pace.after(0)
    assert first > 0
    times = pace.times
    assert all(pace.after(number / 10) for number in range(5000))
    assert pace.times is times, "the schedule is computed once and shared"


def test_polls_of_a_plan_keep_apart() -> None:
    times = plan(math.log(12), 0.1)
    assert min(later - earlier for earlier, later in pairwise(times)) >= LEAST_GAP_SECONDS - 1e-9


def test_the_latest_durations_weigh_most() -> None:
    middle, _ = fit([math.log(100)] * 20 + [math.log(10)] * 40)
    assert math.exp(middle) < 20


def test_an_account_without_budget_waits_for_the_next_fixed_poll() -> None:
    ledger = Ledger()
    ledger.bank = 0
    account = PollAccount(ledger, resumed=False)
    assert account.earliest(0.5) == 2
    account.asked()
    assert account.earliest(2.5) == 4


def test_what_a_process_that_stood_still_noticed_late_is_not_learned() -> None:
    pace = Pace()
    pace.learn([3.0] * 20)
    before = [pace.after(asked) for asked in (0.0, 2.0, 4.0)]
    for _ in range(3):
        pace.seen(2.0, 62.0)
    assert [pace.after(asked) for asked in (0.0, 2.0, 4.0)] == before
