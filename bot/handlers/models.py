"""`/models`: the services, their models, abilities and prices, and the choice of one for a person's jobs."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer, change_text, message_of
from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import RequestService
from bot.telegram.callback_data import ProviderCallback
from bot.telegram.flag_names import shown
from bot.telegram.formatting import TEXT_LENGTH, bracketed, money, shown_length
from bot.telegram.keyboards import button, keyboard
from bot.telegram.provider_labels import brand, title
from providers.base import ReferenceLimits
from providers.models import Model, today
from providers.options import Options, flags
from providers.registry import AnyProvider

BUTTONS_PER_ROW = 3
MAX_MODELS = 20
FEW_SERVICES, MAX_MODELS_IN_LIST = 3, 4
"""Of more services than a few, or with long names, only so many models are listed: a message has 4,096 characters."""


def make_router() -> Router:
    """The services."""
    router = Router(name="models")
    router.message.register(models, Command("models"))
    router.callback_query.register(choose, ProviderCallback.filter())
    return router


async def models(message: Message, command: CommandObject, requests: RequestService, language: str) -> None:
    """List the services; `/models ark` tells all about one."""
    chosen = await requests.chosen(RequestContext.of_message(message, language))
    named = (command.args or "").strip().lower()
    name = next((known for known in requests.providers if known.lower() == named), None)
    text = _listed(requests, chosen) if name is None else "\n".join(_about(requests, name, chosen, most=MAX_MODELS))
    await message.answer(text, reply_markup=_buttons(requests, chosen))


async def choose(query: CallbackQuery, callback_data: ProviderCallback, requests: RequestService) -> None:
    """Choose the service of this person's next jobs."""
    if callback_data.name not in requests.providers:
        await answer(query, _("This service is no longer available. See /models."), alert=True)
        return
    await requests.store.users.choose(query.from_user.id, callback_data.name)
    await answer(
        query, _("From now on {name} draws your pictures.").format(name=title(requests.providers, callback_data.name))
    )
    message = await message_of(query)
    # In a group everybody sees the list: it keeps showing the choice of the person who asked for it.
    if message and message.chat.type == "private":
        await change_text(message, _listed(requests, callback_data.name), _buttons(requests, callback_data.name))


def _listed(requests: RequestService, chosen: str) -> str:
    few = [MAX_MODELS] if len(requests.providers) <= FEW_SERVICES else []
    texts = [_with_models(requests, chosen, most) for most in (*few, MAX_MODELS_IN_LIST, 1)]
    return next((text for text in texts if shown_length(text) <= TEXT_LENGTH), texts[-1])


def _with_models(requests: RequestService, chosen: str, most: int) -> str:
    """The list of the services, with at most so many models of each."""
    names = list(requests.providers)
    parts = ["\n".join(_about(requests, name, chosen, most=most)) for name in names]
    hint = _("For one request: <code>--provider {name}</code>. To change your default, tap a button.")
    last = [hint.format(name=names[-1])] if len(names) > 1 else []
    return "\n\n".join([*parts, *last])


def _about(requests: RequestService, name: str, chosen: str, *, most: int) -> Iterator[str]:
    """The lines about a service, with at most so many of its models."""
    provider = requests.providers[name]
    called = brand(provider)
    title = called if called.lower() == name else bracketed(called, name)
    yield f"<b>{escape(title)}</b>" + (" ✓ " + _("your choice") if name == chosen else "")
    entries = _entries(provider)
    prices = {entry.price for entry in entries}
    facts = [_photos(provider.capabilities.references)]
    facts += [_("up to {count} pictures").format(count=provider.capabilities.pictures)]
    facts += [_("{price} a picture").format(price=price) for price in prices if price and len(prices) == 1]
    yield " · ".join(facts)
    if len(entries) > 1 or any(entry.row.ends for entry in entries):
        lines = [_entry(entry, with_price=len(prices) > 1) for entry in entries[:most]]
        if left := len(entries) - most if len(entries) > most else 0:
            lines.append(_("{count} more: <code>/models {name}</code>").format(count=left, name=escape(name)))
        yield f"<blockquote expandable>{chr(10).join(lines)}</blockquote>"


@dataclass(frozen=True, slots=True)
class _Entry:
    """A model in the list, with its price for people."""

    row: Model
    price: str


def _entries(provider: AnyProvider) -> list[_Entry]:
    offered = next((flag.choices for flag in flags(provider.Options) if flag.name == "model"), ())
    built = [provider.Options.model_validate({"model": name}) for name in offered] or [provider.Options()]
    return [_Entry(provider.model(options), _price(provider, options)) for options in built]


def _entry(entry: _Entry, *, with_price: bool) -> str:
    """The line about a model: what it is typed as, and what it can do."""
    row = entry.row
    facts = [f"<code>{shown('--model')} {escape(row.name)}</code>"]
    if row.has_ended(today()):
        facts.append(_("shut down on {date}").format(date=row.ends))
        return "⛔ " + " · ".join(facts)
    facts += [] if _is_same(row.called, row.name) else [escape(row.called)]
    facts.append(_photos(row.references))
    facts += [_("up to {size}").format(size=row.choices["size"][-1])] if row.choices.get("size") else []
    facts += [_("sets of up to {count}").format(count=row.series)] if row.series > 1 else []
    facts += [entry.price] if with_price and entry.price else []
    facts += [_("until {date}").format(date=row.ends)] if row.ends else []
    return " · ".join(facts)


def _is_same(title: str, name: str) -> bool:
    """Whether a title says nothing more than the name that is typed."""
    one, other = ("".join(filter(str.isalnum, text.lower())) for text in (title, name))
    return one in other or other in one


def _photos(limits: ReferenceLimits | None) -> str:
    if limits is None:
        return _("words only")
    return _("one photo") if limits.count == 1 else _("up to {count} photos").format(count=limits.count)


def _price(provider: AnyProvider, options: Options) -> str:
    price = provider.price(options)
    if price is None:
        return ""
    # Where the service bills something else, the operator's price of a picture is an estimate.
    sign = "" if provider.model(options).priced_by in {"picture", "nothing"} else "≈ "
    return sign + money(price, provider.settings.currency)


def _buttons(requests: RequestService, chosen: str) -> InlineKeyboardMarkup | None:
    if len(requests.providers) < 2:
        return None
    buttons = [
        button(
            ("✓ " if name == chosen else "") + title(requests.providers, name),
            ProviderCallback(name=name),
            "primary" if name == chosen else None,
        )
        for name in requests.providers
    ]
    return keyboard(*(buttons[first : first + BUTTONS_PER_ROW] for first in range(0, len(buttons), BUTTONS_PER_ROW)))
