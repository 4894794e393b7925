"""Telling the admins in their private chats how the services do: each event once, by the process that stored it."""

import asyncio
import logging
from collections.abc import Mapping
from html import escape
from weakref import WeakValueDictionary

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramNetworkError, TelegramServerError
from aiogram.types import InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _
from tenacity import retry_if_exception, stop_after_attempt

from bot.access import Access
from bot.background import Background
from bot.handlers.admin.names import NAME_LENGTH, plain
from bot.handlers.admin.service_advice import advice_for
from bot.handlers.admin.services import buttons_of
from bot.jobs.ports import ServiceEvent, ServiceNews
from bot.telegram.i18n import Languages
from bot.telegram.provider_labels import Providers, title
from bot.telegram.telegram_errors import is_unanswered
from storage.database import StoreError
from storage.provider_health import Problem
from storage.retry_loop import in_turn, repeat
from storage.store import Store

log = logging.getLogger(__name__)

RETRY_DELAYS = (2.0, 10.0, 30.0, 120.0, 600.0)
"""While Telegram can't be reached: the network that keeps a service away may keep Telegram away, too."""


class AdminNotices:
    """Tells the admins. Each admin gets the news in order.

    One who can't be told delays no other, and nothing shared is held meanwhile.
    """

    def __init__(self, bot: Bot, store: Store, languages: Languages, providers: Providers, access: Access) -> None:
        self._bot = bot
        self._users = store.users
        self._languages = languages
        self._providers = providers
        self._access = access
        self.background = Background()
        self._order = asyncio.Lock()
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def tell(self, news: ServiceNews) -> None:
        """See `AdminNotifier`."""
        self.background.spawn(self._tell_all(news), "telling the admins")

    async def aclose(self) -> None:
        """Tell nothing more."""
        await self.background.aclose()

    async def _tell_all(self, news: ServiceNews) -> None:
        async with self._order:
            try:
                await self._access.refresh()
            except StoreError as error:
                log.warning("the admins could not be read (%s); those known before are told", error)
            for admin in self._access.admins() - {news.by}:
                turn = self._turns.setdefault(admin, asyncio.Lock())
                self.background.spawn(self._tell(admin, news, turn), "telling an admin")

    async def _tell(self, admin: int, news: ServiceNews, turn: asyncio.Lock) -> None:
        async with turn:
            try:
                text, buttons = await self._message(admin, news)
                await repeat(
                    lambda: self._bot.send_message(admin, text, reply_markup=buttons),
                    # Nothing was sent, so that nothing comes twice.
                    when=retry_if_exception(_is_worth_a_retry),
                    wait=in_turn(RETRY_DELAYS),
                    stop=stop_after_attempt(len(RETRY_DELAYS) + 1),
                    sleep=asyncio.sleep,
                )
            except (TelegramAPIError, StoreError) as error:
                # One who has blocked the bot, or never started it. The menu of /admin shows it all the same.
                log.info("an admin could not be told about %s (%s)", news.provider, type(error).__name__)

    async def _message(self, admin: int, news: ServiceNews) -> tuple[str, InlineKeyboardMarkup]:
        name = await self._users.name(news.by) if news.by is not None else None
        by = escape(plain(name, news.by or 0, NAME_LENGTH), quote=False) if name else None
        with self._languages.speaking(self._languages.pick(await self._users.spoken(admin))):
            return _text(news, by, self._providers), buttons_of(news.provider)


def _is_worth_a_retry(error: BaseException) -> bool:
    return isinstance(error, TelegramNetworkError | TelegramServerError) and not is_unanswered(error)


def _text(news: ServiceNews, by: str | None, providers: Providers) -> str:
    """The news in the current language, as HTML."""
    service = escape(title(providers, news.provider))
    if isinstance(news.event, Problem):
        lines = [_problem(news.event, service), _what_waits(news.provider, providers), _what_to_do(news.event)]
        advice = advice_for(news.provider, news.advice) if news.advice else ""
        return "\n".join(filter(None, [*lines, advice]))
    return _event(news.event).format(service=service, name=by or _("An admin"))


def _event(event: ServiceEvent) -> str:
    texts: Mapping[ServiceEvent, str] = {
        ServiceEvent.WORKS: _("✅ <b>{service}</b> works again."),
        ServiceEvent.PAUSED: _("⏸ {name} has paused <b>{service}</b>. Nothing new starts there until it's resumed."),
        ServiceEvent.RESUMED: _("▶️ {name} has resumed <b>{service}</b>."),
    }
    return texts[event]


def _problem(problem: Problem, service: str) -> str:
    texts: Mapping[Problem, str] = {
        Problem.KEY: _("🔑 <b>{service}</b> refuses its key, so I've paused it."),
        Problem.BALANCE: _("💳 <b>{service}</b> says that its account has nothing left, so I've paused it."),
        Problem.SETUP: _("🛠 <b>{service}</b> refuses requests until you change something, so I've paused it."),
        Problem.BUSY: _("⏸ <b>{service}</b> has been too busy for a long time, so I've paused it."),
        Problem.DOWN: _("⏸ <b>{service}</b> isn't working properly, so I've paused it."),
    }
    return texts[problem].format(service=service)


def _what_waits(name: str, providers: Providers) -> str:
    provider = providers.get(name)
    if provider is None or provider.settings.fallback is None:
        return _("Requests wait. Now and then I let one of them try.")
    other = escape(title(providers, provider.settings.fallback))
    return _("Requests go to {other} where it can take them; the others wait.").format(other=other)


def _what_to_do(problem: Problem) -> str:
    texts: Mapping[Problem, str] = {
        Problem.KEY: _("Correct the key in the configuration and restart me. “Test now” then lets it go on at once."),
        Problem.BALANCE: _("Top up the account or pay its bill. It goes on by itself then."),
        Problem.SETUP: _("This is what it needs:"),
    }
    return texts.get(problem, _("There's nothing to do: I'll tell you when it works again."))
