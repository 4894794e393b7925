"""The page of one person: access, limits, and what they have made lately."""

from collections import Counter
from decimal import Decimal

from aiogram.types import InlineKeyboardButton
from aiogram.utils.i18n import gettext as _

from bot.access import Access
from bot.handlers.admin.menu import AdminCallback, AdminMenu, View
from bot.handlers.admin.names import person
from bot.handlers.request_service import RequestService
from bot.handlers.usage import month_start
from bot.telegram.formatting import money
from bot.telegram.keyboards import button, in_rows
from storage.access_records import LimitName, SeenPerson
from storage.usage import ProviderUsage

PAGE = "people"
LIMITS: dict[str, LimitName] = {"w": "waiting", "t": "daily"}
"""The limits, by what their keys begin with."""
PRESETS: dict[LimitName, tuple[int, ...]] = {"waiting": (1, 3, 10, 30, 0), "daily": (5, 20, 100, 500, 0)}
"""The limits that an admin can choose; 0: none."""


async def show(one: SeenPerson, requests: RequestService, menu: AdminMenu) -> View:
    """A person, and what can be decided about them."""
    access, now = requests.access, requests.store.clock()
    lines = [
        f"👤 <b>{person(one)}</b>",
        f"<code>{one.id}</code>",
        "",
        _standing(access, one.id),
        *([_("Seen: {when}").format(when=ago(now - one.seen_at))] if one.seen_at is not None else []),
        *_made(await requests.store.usage.since(month_start(now), one.id)),
        _("Waiting or being made now: {count}").format(count=len(await requests.store.people.open_jobs(one.id))),
    ]
    rows = [*in_rows(_decisions(access, one.id))]
    if not access.is_admin(one.id):
        # Admins have no limits and no budget of their own.
        rows += [[_limit_button(access, one.id, kind)] for kind in LIMITS]
        rows.append(menu.link(_("💰 Budget"), "budgets", f"u{one.id}"))
    return View("\n".join(lines), rows)


def ask_limit(access: Access, user_id: int, name: LimitName) -> View:
    """The presets of a limit."""
    questions: dict[LimitName, str] = {
        "waiting": _("How many requests may wait or be drawn at once?"),
        "daily": _("How many requests may this person make in 24 hours?"),
    }
    now = getattr(access.person(user_id), name)
    usual = _("usual: {value}").format(value=_most(getattr(access.usual, name)))
    kind = next(kind for kind, each in LIMITS.items() if each == name)

    def choice(value: int | None, label: str) -> InlineKeyboardButton:
        key = f"u{user_id}={'' if value is None else value}"
        return button(("✓ " if value == now else "") + label, AdminCallback(page=PAGE, action=kind, key=key))

    presets = [choice(value, _most(value)) for value in PRESETS[name]]
    return View(questions[name], [[choice(None, usual)], *in_rows(presets)], _back_to(user_id))


def ask_new_admin(one: SeenPerson) -> View:
    """The question before a person becomes an admin."""
    text = _(
        "Make {person} an admin of this bot? Admins have no limits, see everyone's costs, and decide who may use me."
    )
    sure = button(_("Yes, make them an admin"), AdminCallback(page=PAGE, action="admin", key=f"u{one.id}"), "danger")
    return View(text.format(person=person(one)), [[sure]], _back_to(one.id))


def ago(seconds: float) -> str:
    """How long ago somebody was seen, which is known to the hour."""
    hours = int(max(0.0, seconds) // 3600)
    if hours < 1:
        return _("just now")
    if hours < 48:
        return _("{hours} h ago").format(hours=hours)
    return _("{days} days ago").format(days=hours // 24)


def _standing(access: Access, user_id: int) -> str:
    """Whether a person may use the bot, and who says so."""
    stored = access.person(user_id).access
    if access.is_fixed_admin(user_id):
        return _("🔑 Admin by the configuration")
    texts = {
        "admin": _("🔑 Admin"),
        "banned": _("🚫 Banned, in groups too"),
        "allowed": _("✅ Let in by an admin"),
    }
    if stored is not None:
        return texts[stored]
    return _("✅ Let in by the configuration") if access.is_fixed_user(user_id) else _("▫️ Not let in")


def _decisions(access: Access, user_id: int) -> list[InlineKeyboardButton]:
    """The decisions that change something."""
    stored, fixed = access.person(user_id).access, access.is_fixed_user(user_id)
    if access.is_fixed_admin(user_id):
        return []

    def decide(text: str, action: str, style: str | None = None) -> InlineKeyboardButton:
        return button(text, AdminCallback(page=PAGE, action=action, key=f"u{user_id}"), style)

    if stored == "banned":
        return [decide(_("Lift the ban"), "reset"), *([] if fixed else [decide(_("✅ Let in"), "allow", "success")])]
    if stored == "admin":
        return [decide(_("No admin any more"), "demote"), decide(_("🚫 Ban"), "ban", "danger")]
    return [
        *([] if stored == "allowed" or fixed else [decide(_("✅ Let in"), "allow", "success")]),
        *([decide(_("Take access back"), "reset")] if stored == "allowed" and not fixed else []),
        decide(_("🚫 Ban"), "ban", "danger"),
        button(_("🔑 Make admin"), AdminCallback(page=PAGE, key=f"k{user_id}")),
    ]


def _limit_button(access: Access, user_id: int, kind: str) -> InlineKeyboardButton:
    name = LIMITS[kind]
    own = getattr(access.person(user_id), name)
    most = _most(getattr(access.usual, name) if own is None else own)
    labels: dict[LimitName, str] = {"waiting": _("At once: {most}"), "daily": _("In 24 hours: {most}")}
    return button(labels[name].format(most=most), AdminCallback(page=PAGE, key=f"{kind}{user_id}"))


def _most(most: int) -> str:
    return str(most) if most else _("no limit")


def _made(used: list[ProviderUsage]) -> list[str]:
    costs: Counter[str] = Counter()
    for one in used:
        for cost in one.costs:
            costs[cost.currency] += cost.amount
    count = _("Pictures this month: {count}").format(count=sum(one.pictures for one in used))
    return [" · ".join([count, *(money(Decimal(costs[each]) / 10_000, each) for each in sorted(costs))])]


def _back_to(user_id: int) -> AdminCallback:
    return AdminCallback(page=PAGE, key=f"u{user_id}")
