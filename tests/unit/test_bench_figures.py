"""The figures of `make bench ARGS=beside`, from made-up counts."""

import os

import pytest

from tests.bench.beside import delays, per_job, per_second, table
from tests.bench.figures import percentile
from tests.bench.load import Counts, Job
from tests.bench.processes import PAGE, TICKS, Usage, parse_stat, read_usages, tree

BEFORE = Counts(at=100.0, cpu=5.0, waited=1.0, fakes_cpu=2.0, shown=10, bot_calls=50, messages=30, service_calls=40)
AFTER = Counts(at=110.0, cpu=9.0, waited=1.5, fakes_cpu=3.0, shown=30, bot_calls=110, messages=80, service_calls=120)


def test_a_job_is_charged_for_what_exceeds_the_idle_bot() -> None:
    found = per_job(BEFORE, AFTER, idle_share=0.1)
    assert found == pytest.approx({"cpu": 150.0, "bot_calls": 3.0, "service_calls": 4.0})


def test_without_a_picture_the_whole_counts_as_one_job() -> None:
    assert per_job(BEFORE, BEFORE, idle_share=0.1) == {"cpu": 0.0, "bot_calls": 0.0, "service_calls": 0.0}


def test_rates_are_per_second_and_shares_per_core() -> None:
    found = per_second(BEFORE, AFTER)
    assert found == pytest.approx({"jobs": 2.0, "messages": 5.0, "share": 40.0, "waited": 5.0, "fakes": 10.0})


def test_a_picture_that_never_came_is_counted_and_has_no_delay() -> None:
    jobs = [Job("a", 0.0, 0.01, 4.0), Job("b", 1.0, 1.03, None), Job("c", 2.0, None, None)]
    found = delays(jobs, {"a": 3.5, "b": 4.0})
    assert found == pytest.approx(
        {"missing": 2.0, "reaction_p50": 30.0, "reaction_p95": 30.0, "delivery_p50": 500.0, "delivery_p95": 500.0}
    )


def test_the_share_of_values_below_a_percentile() -> None:
    assert [percentile(range(100), share) for share in (0.0, 0.5, 0.95, 1.0)] == [0, 50, 95, 99]


def test_a_process_may_have_any_name() -> None:
    middle = "0 0 0 -1 0 0 0 0 0"
    line = f"42 (a) b (c) S 7 {middle} 100 20 3 4 20 0 1 0 999 123456 50 0"
    assert parse_stat(line) == Usage(parent=7, seconds=127 / TICKS, resident=50 * PAGE)


def test_descendants_count_and_other_processes_do_not() -> None:
    usages = {pid: Usage(parent, float(pid), 0) for pid, parent in ((1, 0), (2, 1), (3, 2), (4, 3), (5, 1))}
    assert [usage.seconds for usage in tree(2, usages)] == [2.0, 3.0, 4.0]
    assert tree(9, usages) == []


def test_this_process_is_among_the_running_ones() -> None:
    usage = read_usages()[os.getpid()]
    assert usage.parent == os.getppid()
    assert usage.resident > 1_000_000


def test_the_table_has_a_dash_where_a_figure_was_not_taken() -> None:
    lines = table({"naive bot": {"cpu": 10.04, "start_cpu": 1.0}, "on SQLite": {"cpu": 99.96}}).splitlines()
    assert [line.split()[-2:] for line in lines if "CPU" in line] == [["1.0", "–"], ["10.0", "100.0"]]
    assert not any("limit" in line for line in lines)
