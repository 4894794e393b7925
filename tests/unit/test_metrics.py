"""The figures for Prometheus: names, values, labels of few values; what a scrape asks of the store."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from bot.jobs.ports import InvalidReferenceError
from bot.loop_delay import EVERY_SECONDS, watch_delay
from bot.metrics import Metrics
from bot.web.store_probe import CACHE_SECONDS, StoreProbe
from providers.errors import ContentRefusedError, MisconfiguredError, ProviderBusyError, Sentence
from storage.database import StoreError
from storage.job_states import JobState
from storage.queue_counts import QueueCounts
from storage.records import Cost
from tests.support.clock import Clock

COUNTS = QueueCounts({JobState.PREPARING: 2}, {"jimeng": 3, "gone": 1, "lost": 1}, {"ark": 1}, 900.0, "0017")


class SecretError(MisconfiguredError):
    """An error of a provider's own."""


def samples(metrics: Metrics, counts: QueueCounts | None = COUNTS, now: float = 1000.0) -> dict[str, float]:
    """The samples of a page: `name{label="value"}` and their values."""
    page = metrics.page(counts, now, leads=True).decode()
    families = list(text_string_to_metric_families(page))
    return {_name(one): one.value for family in families for one in family.samples}


def _name(sample: Sample) -> str:
    labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
    return f"{sample.name}{{{labels}}}" if labels else sample.name


def test_a_page() -> None:
    metrics = Metrics(["jimeng", "ark"])
    metrics.job_ended("jimeng", JobState.DELIVERED, 12.0)
    metrics.job_ended("jimeng", JobState.FAILED, 400.0)
    metrics.task_done("jimeng", 7.0)
    metrics.task_done("jimeng", None)
    metrics.paid("jimeng", Cost(2000, "CNY"))
    metrics.paid("jimeng", Cost(500, "CNY"))
    metrics.paid("jimeng", None)
    metrics.called("sendMessage", "ok")
    metrics.called("sendMessage", "too_many_requests", 7.0)
    metrics.delayed(0.02)
    found = samples(metrics)
    wanted = {
        'jobs{state="preparing"}': 2,
        'jobs{state="delivering"}': 0,
        'tasks{service="jimeng",state="waiting"}': 3,
        'tasks{service="other",state="waiting"}': 2,
        'tasks{service="ark",state="running"}': 1,
        'tasks{service="jimeng",state="running"}': 0,
        "oldest_waiting_seconds": 100,
        "store_up": 1,
        "leader": 1,
        'jobs_ended_total{service="jimeng",state="delivered"}': 1,
        'jobs_ended_total{service="jimeng",state="failed"}': 1,
        'job_duration_seconds_sum{service="jimeng"}': 12,
        'job_duration_seconds_bucket{le="10.0",service="jimeng"}': 0,
        'job_duration_seconds_bucket{le="20.0",service="jimeng"}': 1,
        'task_duration_seconds_count{service="jimeng"}': 1,
        'spending_total{currency="CNY",service="jimeng"}': 0.25,
        'telegram_calls_total{method="sendMessage",result="ok"}': 1,
        'telegram_calls_total{method="sendMessage",result="too_many_requests"}': 1,
        "telegram_demanded_wait_seconds_total": 7,
        "event_loop_delay_seconds_count": 1,
    }
    assert {name: found[f"imagine_bot_{name}"] for name in wanted} == wanted
    assert "process_resident_memory_bytes" in found
    assert not [name for name in found if "_created" in name]


def test_names_follow_prometheus_rules() -> None:
    page = Metrics(["jimeng"]).page(COUNTS, 1000.0, leads=False).decode()
    for family in text_string_to_metric_families(page):
        assert family.documentation
        assert family.type in {"counter", "gauge", "histogram"}
        assert family.type == "counter" or not family.name.endswith("_total")
        assert not family.name.endswith(("_milliseconds", "_ms", "_minutes", "_kilobytes"))


def test_refusals_by_the_errors_of_the_contract() -> None:
    metrics = Metrics(["jimeng"])
    for why in (
        ContentRefusedError("prompt"),
        ProviderBusyError(),
        SecretError("set providers.jimeng.secret_key"),
        InvalidReferenceError(Sentence("Too large.")),
        KeyError("x"),
        "daily_limit",
    ):
        metrics.refused("jimeng", why)
    reasons = [name for name in samples(metrics) if name.startswith("imagine_bot_refusals_total")]
    assert {name.partition('reason="')[2].partition('"')[0] for name in reasons} == {
        "content_refused",
        "provider_busy",
        "misconfigured",
        "invalid_reference",
        "internal",
        "daily_limit",
    }


def test_without_a_store_the_rest_is_told() -> None:
    found = samples(Metrics(["jimeng"]), None)
    assert found["imagine_bot_store_up"] == 0
    assert "imagine_bot_oldest_waiting_seconds" not in found
    assert "imagine_bot_telegram_demanded_wait_seconds_total" in found


def test_each_process_part_has_figures_of_its_own() -> None:
    one, other = Metrics(), Metrics()
    one.called("getMe", "ok")
    assert 'imagine_bot_telegram_calls_total{method="getMe",result="ok"}' in samples(one)
    assert 'imagine_bot_telegram_calls_total{method="getMe",result="ok"}' not in samples(other)


class Reader:
    """A store that answers, fails or hangs."""

    def __init__(self) -> None:
        self.reads = 0
        self.step: Callable[[], Any] = lambda: asyncio.sleep(0)

    async def __call__(self) -> QueueCounts:
        self.reads += 1
        await self.step()
        return COUNTS


async def test_however_often_it_is_scraped_the_store_is_asked_seldom() -> None:
    reader, clock = Reader(), Clock()
    probe = StoreProbe(reader, clock=clock)
    answers = await asyncio.gather(*(probe.counts() for _ in range(50)))
    assert answers == [COUNTS] * 50
    assert await probe.counts() == COUNTS
    assert reader.reads == 1
    clock.now += CACHE_SECONDS
    await probe.counts()
    assert reader.reads == 2


async def test_a_store_that_hangs_holds_up_no_scrape() -> None:
    reader, hangs = Reader(), asyncio.Event()
    reader.step = hangs.wait
    probe = StoreProbe(reader, answer_seconds=0.01)
    assert await probe.counts() is None
    assert "has not answered" in probe.trouble
    assert await probe.counts() is None
    # One question at a time, whose answer is used when it comes.
    assert reader.reads == 1
    hangs.set()
    assert await probe.counts() == COUNTS
    assert probe.trouble == ""
    await probe.aclose()


async def test_a_store_that_fails_is_told_without_its_words() -> None:
    reader, clock = Reader(), Clock()

    async def fail() -> None:
        raise StoreError("password authentication failed for user bot at db.example.org")

    reader.step = fail
    probe = StoreProbe(reader, clock=clock)
    assert await probe.counts() is None
    assert "does not answer" in probe.trouble
    assert "example.org" not in probe.trouble
    reader.step = lambda: asyncio.sleep(0)
    clock.now += CACHE_SECONDS
    assert await probe.counts() == COUNTS


async def test_the_delay_of_the_event_loop() -> None:
    clock = Clock()
    late = [0.0, 0.25, 3.0]
    observed: list[float] = []

    async def sleep(seconds: float) -> None:
        assert seconds == EVERY_SECONDS
        clock.now += seconds + late[len(observed)]

    with pytest.raises(IndexError):
        await watch_delay(observed.append, clock=clock, sleep=sleep)
    assert observed == pytest.approx(late, abs=1e-6)
