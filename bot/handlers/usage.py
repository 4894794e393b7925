"""`/usage`: a person's pictures and costs this month; admins see everybody's."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from html import escape

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.admin.mentions import mention
from bot.handlers.budget_lines import bot_lines, own_lines
from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import RequestService
from bot.local_time import month_of
from bot.telegram.formatting import labelled, money
from bot.telegram.provider_labels import Providers, title
from storage.ledger import ASSISTANT
from storage.people import People
from storage.usage import ProviderUsage

MAX_PEOPLE_LISTED = 20


def make_router() -> Router:
    """Pictures and costs of a month."""
    router = Router(name="usage")
    router.message.register(usage, Command("usage"))
    return router


async def usage(message: Message, requests: RequestService, language: str) -> None:
    """Show this month's pictures and costs, by service."""
    context = RequestContext.of_message(message, language)
    user_id = context.user_id
    start = month_of(requests.store.clock())
    own = await requests.store.usage.since(start, user_id)
    lines = [_("<b>Your pictures this month</b>"), *(by_provider(own, requests.providers) or [_("None yet.")])]
    lines += await own_lines(requests, context)
    # In a group everybody can read the answer.
    if requests.access.is_admin(user_id) and message.chat.type == "private":
        everybody = await requests.store.usage.since(start)
        people = await by_person(everybody, requests.store.people, MAX_PEOPLE_LISTED)
        lines += ["", _("<b>Everyone's</b>"), *people, *by_provider(everybody, requests.providers)]
        lines += await bot_lines(requests)
    await message.reply("\n".join(lines))


def day_start(now: float) -> float:
    """The beginning of the day of `now`, in UTC; both in seconds since 1970."""
    return datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def month_start(now: float) -> float:
    """The same for the month."""
    return datetime.fromtimestamp(day_start(now), UTC).replace(day=1).timestamp()


def by_provider(used: Iterable[ProviderUsage], providers: Providers) -> list[str]:
    """A line for each service, and one for all of several. Different currencies are not added up."""
    pictures, costs = Counter[str](), dict[str, Counter[str]]()
    for one in used:
        pictures[one.provider] += one.pictures
        _add(costs.setdefault(one.provider, Counter()), one)
    lines = [_line(escape(title(providers, name)), pictures[name], costs[name]) for name in costs if name != ASSISTANT]
    lines += [_help_line(costs[ASSISTANT])] if ASSISTANT in costs else []
    if len(lines) > 1:
        total = Counter[str]()
        for cost in costs.values():
            total.update(cost)
        lines.append(_line(_("All"), pictures.total(), total))
    return lines


async def by_person(used: Sequence[ProviderUsage], people: People, most: int) -> list[str]:
    """A line for each of the `most` people with the most pictures, and one for how many more there are."""
    pictures, costs = Counter[int](), dict[int, Counter[str]]()
    for one in used:
        pictures[one.user_id] += one.pictures
        _add(costs.setdefault(one.user_id, Counter()), one)
    shown = await people.named([user_id for user_id, _count in pictures.most_common(most)])
    lines = [_line(mention(one.id, one.name), pictures[one.id], costs[one.id]) for one in shown]
    if len(pictures) > most:
        lines.append(_("… and {count} more people").format(count=len(pictures) - most))
    return lines


def _add(costs: Counter[str], used: ProviderUsage) -> None:
    for cost in used.costs:
        costs[cost.currency] += cost.amount


def _line(name: str, pictures: int, costs: Counter[str]) -> str:
    return " · ".join([_("{name}: {pictures}").format(name=name, pictures=pictures), *_amounts(costs)])


def _help_line(costs: Counter[str]) -> str:
    """Help with words makes no pictures."""
    return labelled(_("✨ Help with words"), " · ".join(_amounts(costs)))


def _amounts(costs: Counter[str]) -> list[str]:
    return [money(Decimal(amount) / 10_000, currency) for currency, amount in sorted(costs.items())]
