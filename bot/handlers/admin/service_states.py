"""How a service does, in words: for the page "services" of `/admin`."""

from collections.abc import Mapping
from html import escape

from aiogram.utils.i18n import gettext as _

from bot.handlers.admin.moments import lasting, moment
from bot.handlers.admin.service_advice import advice_for
from bot.jobs.service_tests import TEST_SECONDS, ServiceTest
from bot.telegram.formatting import plain
from providers.errors import MisconfiguredError, ProviderError
from storage.provider_health import Problem, ProviderHealth
from storage.queue_overview import ProviderQueue


def short_state(health: ProviderHealth, now: float) -> str:
    """One line: "🟢 works"."""
    if health.paused_by is not None:
        return _("⏸ paused by an admin")
    if health.error_message is not None:
        return _("🔴 paused by itself: {why}").format(why=_reason(health.problem))
    if health.is_held(now):
        return _("🟡 busy")
    return _("🟡 failing") if health.failures else _("🟢 works")


def state_lines(health: ProviderHealth, now: float, paused_by: str) -> list[str]:
    """The state in full: whether an admin has paused it (`paused_by`: as HTML), and whether it is paused by itself."""
    lines = []
    if health.paused_by is not None and health.paused_at is not None:
        words = _("⏸ Paused by {name} since {time}. What has started goes on; nothing new starts.")
        lines.append(words.format(name=paused_by, time=moment(health.paused_at, now)))
    if health.error_message is not None:
        lines += _paused_by_itself(health, now)
    elif health.is_held(now):
        words = _("🟡 It says it's busy. I'll ask again in {time}.")
        lines.append(words.format(time=lasting(health.not_before - now)))
    elif health.failures:
        lines.append(_("🟡 Failed tasks in a row: {count}").format(count=health.failures))
    return lines or [_("🟢 It works.")]


def _paused_by_itself(health: ProviderHealth, now: float) -> list[str]:
    why = _reason(health.problem)
    if health.problem_since is None:
        lines = [_("🔴 Paused by itself: {why}.").format(why=why)]
    else:
        words = _("🔴 Paused by itself since {time}: {why}.")
        lines = [words.format(time=moment(health.problem_since, now), why=why)]
    if health.advice:
        lines.append(advice_for(health.name, health.advice))
    if health.paused_by is not None:
        return lines
    if health.is_held(now):
        words = _("Next try: {time}, in {duration}.")
        again = words.format(time=moment(health.not_before, now), duration=lasting(health.not_before - now))
        return [*lines, again]
    return [*lines, _("One request at a time tries it now.")]


def _reason(problem: str | None) -> str:
    reasons: Mapping[str, str] = {
        Problem.KEY: _("its key is refused"),
        Problem.BALANCE: _("its account has nothing left"),
        Problem.SETUP: _("it refuses requests until you change something"),
        Problem.BUSY: _("it has been too busy for a long time"),
    }
    return reasons.get(problem or "", _("it isn't working properly"))


def counts(queue: ProviderQueue) -> str:
    """How much waits and runs: "2 drawing, 5 waiting"."""
    words = _("{running} drawing, {waiting} waiting").format(running=queue.running, waiting=queue.waiting)
    if not queue.preparing:
        return words
    return _("{counts}, {preparing} being prepared").format(counts=words, preparing=queue.preparing)


def test_line(name: str, test: ServiceTest, now: float) -> str:
    """The outcome of the latest test."""
    if test.ended_at is None:
        return _("🧪 It is being tested… Refresh shows the answer.")
    at = moment(test.ended_at, now)
    if test.error is not None:
        return _("🧪 Tested at {time}: {why}").format(time=at, why=_failure(name, test.error))
    if test.has_resumed:
        return _("🧪 Tested at {time}: it accepts the credentials, so it goes on.").format(time=at)
    return _("🧪 Tested at {time}: it accepts the credentials.").format(time=at)


def _failure(name: str, error: Exception) -> str:
    if isinstance(error, MisconfiguredError):
        return advice_for(name, error.advice)
    if isinstance(error, TimeoutError):
        return _("it gave no answer within {seconds} s.").format(seconds=round(TEST_SECONDS))
    if isinstance(error, ProviderError):
        words = escape(plain(error.sentence), quote=False)
        return f"{words} <i>{escape(error.detail, quote=False)}</i>" if error.detail else words
    return _("something went wrong on my side; my log says what.")
