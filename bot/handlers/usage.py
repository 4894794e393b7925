"""`/usage`: a person's pictures and costs this month; admins see everybody's."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from html import escape

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import RequestService
from bot.telegram.formatting import money
from bot.telegram.provider_labels import title
from storage.records import ERASED_USER_ID, ProviderUsage

MAX_PEOPLE_LISTED = 20


def make_router() -> Router:
    """Pictures and costs of a month."""
    router = Router(name="usage")
    router.message.register(usage, Command("usage"))
    return router


async def usage(message: Message, requests: RequestService, language: str) -> None:
    """Show this month's pictures and costs, by service."""
    user_id = RequestContext.of_message(message, language).user_id
    start = month_start(requests.store.clock())
    own = await requests.store.usage.since(start, user_id)
    lines = [_("<b>Your pictures this month</b>"), *(_by_provider(own, requests) or [_("None yet.")])]
    # In a group everybody can read the answer.
    if requests.access.is_admin(user_id) and message.chat.type == "private":
        everybody = await requests.store.usage.since(start)
        lines += ["", _("<b>Everyone's</b>"), *_by_person(everybody), *_by_provider(everybody, requests)]
    await message.reply("\n".join(lines))


def month_start(now: float) -> float:
    """The beginning of the month of `now`, in UTC; both in seconds since 1970."""
    today = datetime.fromtimestamp(now, UTC)
    return today.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()


def _by_provider(used: Iterable[ProviderUsage], requests: RequestService) -> list[str]:
    pictures, costs = Counter[str](), dict[str, Counter[str]]()
    for one in used:
        pictures[one.provider] += one.pictures
        _add(costs.setdefault(one.provider, Counter()), one)
    lines = [_line(escape(title(requests.providers, name)), pictures[name], costs[name]) for name in costs]
    if len(lines) > 1:
        total = Counter[str]()
        for cost in costs.values():
            total.update(cost)
        lines.append(_line(_("All"), pictures.total(), total))
    return lines


def _by_person(used: Iterable[ProviderUsage]) -> list[str]:
    pictures, costs = Counter[int](), dict[int, Counter[str]]()
    for one in used:
        pictures[one.user_id] += one.pictures
        _add(costs.setdefault(one.user_id, Counter()), one)
    shown = pictures.most_common(MAX_PEOPLE_LISTED)
    lines = [_line(_person(person), count, costs[person]) for person, count in shown]
    if len(pictures) > MAX_PEOPLE_LISTED:
        lines.append(_("… and {count} more people").format(count=len(pictures) - MAX_PEOPLE_LISTED))
    return lines


def _person(user_id: int) -> str:
    return _("Erased people") if user_id == ERASED_USER_ID else f'<a href="tg://user?id={user_id}">{user_id}</a>'


def _add(costs: Counter[str], used: ProviderUsage) -> None:
    for cost in used.costs:
        costs[cost.currency] += cost.amount


def _line(name: str, pictures: int, costs: Counter[str]) -> str:
    cost = [money(Decimal(amount) / 10_000, currency) for currency, amount in sorted(costs.items())]
    return " · ".join([_("{name}: {value}").format(name=name, value=pictures), *cost])
