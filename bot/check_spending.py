"""`check` on money: who may use the bot, and how much they can spend where nothing stops them."""

from collections.abc import Iterator
from decimal import Decimal

from bot.access import Access
from bot.caution import Caution
from bot.settings import Settings
from providers.money import MoneyLimit
from providers.registry import AnyProvider, Registry
from storage.access_records import StoredAccess
from storage.store import Store


async def who_may_use_it(settings: Settings) -> str:
    """Who may use the bot, and who its admins are. Raises `UnusableStoreError`, `StoreError`."""
    store = await Store.open(settings.storage.url)
    try:
        access = Access(settings.access, settings.limits, store)
        await access.refresh()
        stored, advice = await store.members.all(), await access.advice()
    finally:
        await store.aclose()
    admins = ", ".join(map(str, sorted(access.admins()))) or "nobody"
    if settings.access.open:
        return Caution(f"open to everyone who finds the bot (access.open); admins: {admins}")
    if access.awaits_first_admin:
        return Caution(advice)
    said = f"by invitation; may use it: {_counted(settings, access, stored)}; admins: {admins}"
    return Caution(f"{said}; {advice}") if advice else said


def _counted(settings: Settings, access: Access, stored: StoredAccess) -> str:
    people = access.fixed() | {one for one, member in stored.people.items() if member.access in {"admin", "allowed"}}
    groups = settings.access.chats | {one for one, decided in stored.groups.items() if decided == "allowed"}
    count = {
        "person": sum(not access.is_banned(one) for one in people),
        "group": sum(access.is_open_to(one) for one in groups),
    }
    names = {"person": ("person", "people"), "group": ("group", "groups")}
    return ", ".join(f"{number} {names[kind][number != 1]}" for kind, number in count.items())


async def what_they_can_spend(settings: Settings, registry: Registry) -> str:
    """The limits of a person, the budgets, and the worst case at each service."""
    daily = settings.limits.daily
    requests = f"{daily} requests" if daily else "any number of requests"
    budgets = list(_budgets(settings, registry))
    limits = f"budgets: {'; '.join(budgets)}" if budgets else "no budget is set, [budgets] would limit it"
    said = f"a person may make {requests} in 24 hours (limits.daily), admins any number; {limits}"
    lines = [said, *(f"    {name}: {_worst(name, registry.get(name), daily)}" for name in registry.names)]
    unpriced = sorted(_unpriced(settings, registry))
    lines += [f"    {whose}: no price is in {currency}, so it limits nothing" for whose, currency in unpriced]
    text = "\n".join(lines)
    return text if budgets and not unpriced else Caution(text)


def _unpriced(settings: Settings, registry: Registry) -> Iterator[tuple[str, str]]:
    """The budgets in currencies in which nothing is paid: their keys and currencies."""
    services = {name: registry.get(name).settings for name in registry.names}
    helper = settings.assistant
    paid = {service.currency for service in services.values()} | ({helper.currency} if helper.is_on else set())
    for key in ("bot", "person", "group", "confirm"):
        used = {one.currency for one in getattr(settings.budgets, key)}
        yield from ((f"budgets.{key}", currency) for currency in used - paid)
    used = {one.currency for one in helper.budget}
    yield from (("assistant.budget", currency) for currency in used - {helper.currency})
    for name, service in services.items():
        used = {one.currency for one in service.budget}
        yield from ((f"providers.{name}.budget", currency) for currency in used - {service.currency})


def _budgets(settings: Settings, registry: Registry) -> Iterator[str]:
    named = {"the bot": settings.budgets.bot, "a person": settings.budgets.person, "a group": settings.budgets.group}
    named |= {name: registry.get(name).settings.budget for name in registry.names}
    named |= {"the assistant": settings.assistant.budget} if settings.assistant.is_on else {}
    for whose, limits in named.items():
        if limits:
            yield f"{whose} {', '.join(map(_limit, limits))}"


def _limit(limit: MoneyLimit) -> str:
    return f"{_money(limit.amount, limit.currency)} a {limit.period}"


def _worst(name: str, provider: AnyProvider, daily: int) -> str:
    """The most that a person's requests can cost at a service."""
    settings, pictures = provider.settings, provider.capabilities.pictures
    prices = [settings.prices.get(model, settings.price) for model in provider.rows or ("",)]
    known = [price for price in prices if price is not None]
    if len(known) < len(prices):
        return f"not every price is set (providers.{name}.price), so its cost is not known and no budget counts it"
    request = max(known) * pictures
    most = f"at most {_money(request * daily, settings.currency)} a person in 24 hours" if daily else "without an end"
    each = _money(max(known), settings.currency)
    return f"up to {each} a picture, {pictures} pictures a request: {most}"


def _money(amount: Decimal, currency: str) -> str:
    whole = amount == amount.to_integral_value()
    return f"{amount:.0f} {currency}" if whole else f"{amount.normalize():f} {currency}"
