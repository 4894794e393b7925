"""`/models`: the services with their abilities and prices, and the choice of one for a person's jobs."""

from collections.abc import Iterator
from html import escape

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message
from aiogram.utils.i18n import gettext as _

from bot.handlers.callback_helpers import answer, change_text, message_of
from bot.handlers.request_context import RequestContext
from bot.handlers.request_service import RequestService
from bot.telegram.callback_data import ProviderCallback
from bot.telegram.flag_names import shown
from bot.telegram.formatting import money
from bot.telegram.keyboards import button, keyboard
from bot.telegram.provider_labels import brand, title
from providers.options import flags
from providers.registry import AnyProvider

BUTTONS_PER_ROW = 3
MAX_MODELS_LISTED = 6


def make_router() -> Router:
    """The services."""
    router = Router(name="models")
    router.message.register(models, Command("models"))
    router.callback_query.register(choose, ProviderCallback.filter())
    return router


async def models(message: Message, requests: RequestService, language: str) -> None:
    """List the services."""
    chosen = await requests.chosen(RequestContext.of_message(message, language))
    await message.answer(_listed(requests, chosen), reply_markup=_buttons(requests, chosen))


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
    parts = [
        "\n".join(_about(name, provider, is_chosen=name == chosen)) for name, provider in requests.providers.items()
    ]
    hint = _("For one request: <code>--provider {name}</code>. To change your default, tap a button.")
    last = [hint.format(name=list(requests.providers)[-1])] if len(requests.providers) > 1 else []
    return "\n\n".join([*parts, *last])


def _about(name: str, provider: AnyProvider, *, is_chosen: bool) -> Iterator[str]:
    """The lines about a service."""
    can = provider.capabilities
    called = brand(provider)
    title = called if called.lower() == name else f"{called} ({name})"
    yield f"<b>{escape(title)}</b>" + (" ✓ " + _("your choice") if is_chosen else "")
    photos = _("up to {count} photos").format(count=can.references.count) if can.references else _("words only")
    facts = [photos, _("up to {count} pictures").format(count=can.pictures)]
    offered = next((flag.choices for flag in flags(provider.Options) if flag.name == "model"), ())[:MAX_MODELS_LISTED]
    prices = [_price(provider, {"model": model}) for model in offered] or [_price(provider, {})]
    if is_same := len(set(prices)) == 1:
        facts += [_("{price} a picture").format(price=prices[0])] if prices[0] else []
    yield " · ".join(facts)
    for model, price in zip(offered, prices, strict=False):
        yield f"<code>{shown('--model')} {escape(model)}</code>" + (f" · {price}" if price and not is_same else "")


def _price(provider: AnyProvider, options: dict[str, str]) -> str:
    price = provider.price(provider.Options.model_validate(options))
    return "" if price is None else money(price, provider.settings.currency)


def _buttons(requests: RequestService, chosen: str) -> InlineKeyboardMarkup | None:
    if len(requests.providers) < 2:
        return None
    buttons = [
        button(
            ("✓ " if name == chosen else "") + name, ProviderCallback(name=name), "primary" if name == chosen else None
        )
        for name in requests.providers
    ]
    return keyboard(*(buttons[first : first + BUTTONS_PER_ROW] for first in range(0, len(buttons), BUTTONS_PER_ROW)))
