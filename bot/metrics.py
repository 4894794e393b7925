"""Figures for Prometheus: counted in this process, with what one read of the store says at a scrape.

Labels have few values and name no person and no chat. Each process counts for itself; figures of the store (`jobs`,
`tasks`, `oldest_waiting_seconds`) are the same in all processes that share a database.
"""

import re
from collections.abc import Collection, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from pydantic import ValidationError

from bot.jobs.ports import InvalidReferenceError
from providers import errors
from providers.errors import ProviderError
from storage.job_states import CLOSED, JobState
from storage.queue_counts import QueueCounts
from storage.records import Cost

PREFIX = "imagine_bot"
OTHER = "other"
"""The service of old jobs whose provider is not set up any more."""
DURATIONS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 7200)
DELAYS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
OPEN_STATES = tuple(state for state in JobState if state not in CLOSED)


class Metrics:
    """The figures of one process. `services`: the names of the providers that are set up."""

    def __init__(self, services: Collection[str] = ()) -> None:
        self._services = frozenset(services)
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._ended = self._counter("jobs_ended", "Jobs that have ended here, by their last state.", "service", "state")
        self._job_seconds = self._histogram("job_duration_seconds", "From the request to the album.", "service")
        self._task_seconds = self._histogram("task_duration_seconds", "How long services took for a task.", "service")
        self._refusals = self._counter(
            "refusals", "Requests that were refused, and tasks that failed, by the reason.", "service", "reason"
        )
        self._spending = self._counter("spending", "Costs of tasks, in the currency.", "service", "currency")
        self._calls = self._counter("telegram_calls", "Calls of the Bot API, by their result.", "method", "result")
        self._demanded = self._counter("telegram_demanded_wait_seconds", "The waits that Telegram demanded by 429.")
        self._delay = self._histogram("event_loop_delay_seconds", "How late a timer fired.", buckets=DELAYS)

    def job_ended(self, provider: str, state: JobState, seconds: float) -> None:
        """A job has ended as `state`, so many seconds after it was asked for."""
        service = self._service(provider)
        self._ended.labels(service, state.value).inc()
        if state is JobState.DELIVERED:
            self._job_seconds.labels(service).observe(max(0.0, seconds))

    def task_done(self, provider: str, seconds: float | None) -> None:
        """A service has made pictures. `seconds`: how long it took; None: not known."""
        if seconds is not None:
            self._task_seconds.labels(self._service(provider)).observe(seconds)

    def refused(self, provider: str, why: Exception | str) -> None:
        """A request was refused, or a task failed. `why`: the error, or a word for it."""
        reason = why if isinstance(why, str) else _reason(type(why))
        self._refusals.labels(self._service(provider), reason).inc()

    def paid(self, provider: str, cost: Cost | None) -> None:
        """A task that has ended cost so much; None: nothing that is known."""
        if cost:
            self._spending.labels(self._service(provider), cost.currency).inc(cost.amount / 10_000)

    def called(self, method: str, result: str, demanded: float = 0.0) -> None:
        """A call of the Bot API has ended. `demanded`: the seconds that Telegram wants to be left alone."""
        self._calls.labels(method, result).inc()
        if demanded:
            self._demanded.inc(demanded)

    def delayed(self, seconds: float) -> None:
        """A timer of the event loop fired so late."""
        self._delay.observe(seconds)

    def page(self, counts: QueueCounts | None, now: float, *, leads: bool) -> bytes:
        """The page for a scrape. `counts`: what the store says, None when it does not answer; `now`: as in it."""
        return generate_latest(_Page([*self._of_store(counts, now, leads=leads), *self._registry.collect()]))

    def _of_store(self, counts: QueueCounts | None, now: float, *, leads: bool) -> Iterator[Metric]:
        yield _gauge("leader", "Whether this process is the one that polls Telegram.", leads)
        yield _gauge("store_up", "Whether the database has answered this scrape.", counts is not None)
        if counts is None:
            return
        jobs = GaugeMetricFamily(f"{PREFIX}_jobs", "Jobs with something left to do.", labels=["state"])
        for state in OPEN_STATES:
            jobs.add_metric([state.value], counts.jobs.get(state, 0))
        yield jobs
        yield self._tasks(counts)
        oldest = 0.0 if counts.waiting_since is None else max(0.0, now - counts.waiting_since)
        yield _gauge("oldest_waiting_seconds", "The age of the oldest request that waits; 0: none waits.", oldest)

    def _tasks(self, counts: QueueCounts) -> Metric:
        tasks = GaugeMetricFamily(f"{PREFIX}_tasks", "Tasks by service and state.", labels=["service", "state"])
        for label, found in (("waiting", counts.waiting), ("running", counts.running)):
            names = dict.fromkeys(sorted(self._services), 0)
            for name, count in found.items():
                service = self._service(name)
                names[service] = names.get(service, 0) + count
            for service, count in names.items():
                tasks.add_metric([service, label], count)
        return tasks

    def _service(self, provider: str) -> str:
        return provider if provider in self._services else OTHER

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"{PREFIX}_{name}", about, labels, registry=self._registry)

    def _histogram(self, name: str, about: str, *labels: str, buckets: tuple[float, ...] = DURATIONS) -> Histogram:
        return Histogram(f"{PREFIX}_{name}", about, labels, registry=self._registry, buckets=buckets)


class _Page:
    """The families of one page, without the times at which their series began, which nobody reads."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """The families."""
        for family in self._families:
            family.samples = [one for one in family.samples if not one.name.endswith("_created")]
            yield family


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}_{name}", about, value=float(value))


def _reason(kind: type[Exception]) -> str:
    """A class of errors as a label: of a provider's own errors the one of the contract that it derives from."""
    if issubclass(kind, InvalidReferenceError):
        return "invalid_reference"
    if issubclass(kind, ValidationError):
        return "invalid_options"
    if not issubclass(kind, ProviderError):
        return "internal"
    known = next(one for one in kind.__mro__ if one.__module__ == errors.__name__)
    return re.sub(r"(?<!^)(?=[A-Z])", "_", known.__name__.removesuffix("Error")).lower()
