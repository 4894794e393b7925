"""The wiring of the engine: the only place that puts its parts together."""

from dataclasses import dataclass

from bot.jobs.announcements import Announcements
from bot.jobs.calls import Calls
from bot.jobs.circuit_breaker import CircuitBreaker
from bot.jobs.context import JobContext
from bot.jobs.duels import Duels
from bot.jobs.engine import JobEngine
from bot.jobs.failover import Failover
from bot.jobs.finisher import JobFinisher
from bot.jobs.fresh_addresses import FreshAddresses
from bot.jobs.heartbeat import Heartbeat
from bot.jobs.lost_tickets import LostTickets
from bot.jobs.over_budget import OverBudget
from bot.jobs.own_requests import OwnRequests
from bot.jobs.preparer import Preparer
from bot.jobs.progress import ProgressTracker, by_provider
from bot.jobs.progress_loop import ProgressLoop
from bot.jobs.reconciler import Reconciler
from bot.jobs.request_builder import RequestBuilder
from bot.jobs.scheduler import TaskScheduler
from bot.jobs.service_switch import ServiceSwitch
from bot.jobs.service_tests import ServiceTests
from bot.jobs.task_failures import TaskFailures
from bot.jobs.task_runner import TaskRunner


@dataclass(frozen=True, slots=True)
class EngineParts:
    """The engine, and those of its parts that others speak to."""

    engine: JobEngine
    context: JobContext
    progress: ProgressTracker
    progress_loop: ProgressLoop
    heartbeat: Heartbeat
    finisher: JobFinisher
    announcements: Announcements
    fresh_addresses: FreshAddresses
    switch: ServiceSwitch
    tests: ServiceTests
    own_requests: OwnRequests
    duels: Duels


def wire_engine(context: JobContext) -> EngineParts:
    """An engine that is not open yet."""
    progress = ProgressTracker(durations=by_provider({name: [] for name in context.providers}))
    calls = Calls(context)
    requests = RequestBuilder(context, calls)
    lost = LostTickets(context, requests)
    failover = Failover(context)
    failures = TaskFailures(context, CircuitBreaker(context), failover)
    runner = TaskRunner(context, requests, progress, failures)
    preparer = Preparer(context, requests, progress)
    finisher = JobFinisher(context, progress)
    duels = Duels(context, finisher, progress)
    reconciler = Reconciler(context, preparer, runner, finisher, duels)
    announcements = Announcements(context, progress, calls, lost)
    heartbeat, progress_loop = Heartbeat(context, lost), ProgressLoop(context, progress)
    scheduler = TaskScheduler(context, runner, OverBudget(context, failover))
    switch, tests = ServiceSwitch(context, failover), ServiceTests(context)
    # The parts that start steps are closed before those that run them.
    starting = (calls, progress_loop, scheduler, heartbeat, reconciler, switch, tests)
    order = (*starting, duels, runner, finisher, preparer, announcements, lost)
    engine = JobEngine(context, finisher, failover, order)
    fresh = FreshAddresses(context, requests)
    return EngineParts(
        engine,
        context,
        progress,
        progress_loop,
        heartbeat,
        finisher,
        announcements,
        fresh,
        switch,
        tests,
        OwnRequests(context, progress),
        duels,
    )
