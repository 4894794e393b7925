"""The composition root: the only place that wires parts, and starts and stops them in order."""

import asyncio
import hashlib
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from aiogram import Bot, Dispatcher, F
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.middlewares.base import BaseRequestMiddleware
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.exceptions import TelegramNetworkError, TelegramServerError
from aiogram.types import LinkPreviewOptions
from aiohttp import ClientSession
from tenacity import retry_if_exception_type

from bot.background import Background
from bot.handlers import (
    chat_membership,
    chat_settings,
    command_menu,
    edited_messages,
    error_handler,
    export,
    forget,
    forwarded_messages,
    hints,
    history,
    imagine,
    inline,
    models,
    result_actions,
    start,
    styles,
    usage,
    variations,
)
from bot.handlers import user_settings as personal
from bot.handlers.callback_helpers import is_chat_admin
from bot.handlers.chat_policy import ChatPolicy
from bot.handlers.request_service import RequestService
from bot.jobs.engine import Engine
from bot.jobs.requests import Addresses
from bot.middlewares.access import AccessMiddleware
from bot.middlewares.callback_guard import CallbackGuardMiddleware
from bot.middlewares.language import LanguageMiddleware
from bot.middlewares.message_groups import AlbumMiddleware
from bot.settings import Settings
from bot.telegram.captions import ResultCaptions
from bot.telegram.chat_migration import ChatMigrationMiddleware
from bot.telegram.delivery import Delivery
from bot.telegram.downloads import Downloads
from bot.telegram.i18n import Languages
from bot.telegram.image_worker import ImageWorker
from bot.telegram.message_sender import Sender
from bot.telegram.missing_targets import WithoutLostTargets
from bot.telegram.newest_messages import NewestMessages, NoteIncoming, NoteOutgoing
from bot.telegram.notifier import TelegramNotifier
from bot.telegram.originals import Originals
from bot.telegram.rate_limiter import RateLimiter
from bot.telegram.session import Session
from bot.telegram.status_message import StatusMessages
from bot.telegram.update_inbox import UpdateInbox
from bot.telegram.uploads import Uploads
from bot.web import callbacks, references, webhook
from bot.web.callbacks import Callbacks
from bot.web.publishing import open_bucket
from bot.web.references import WebPublisher
from bot.web.server import WebServer
from bot.web.signing import Signer
from bot.web.webhook import Webhook
from providers.registry import AnyProvider, Registry, build
from storage.database import StoreError
from storage.jobs import ANYTHING
from storage.records import Quota
from storage.retry import in_turn, repeat
from storage.store import Store

if TYPE_CHECKING:
    from bot.web.bucket import Bucket

log = logging.getLogger(__name__)

TIDY_SECONDS = 3600.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
CONNECT_DELAYS = (1, 2, 5, 10, 30)
UNREACHED = retry_if_exception_type((TelegramNetworkError, TelegramServerError))


@dataclass(frozen=True, slots=True)
class App:
    """The assembled bot."""

    settings: Settings
    bot: Bot
    dispatcher: Dispatcher
    engine: Engine
    store: Store
    web: WebServer
    languages: Languages
    inbox: UpdateInbox
    background: Background
    bucket: "Bucket | None" = None
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, *, handle_signals: bool = True) -> None:
        """Work until stopped by a signal or by cancellation. Raises aiogram's error when the token is refused."""
        await self._until_reached("asking Telegram for the bot's name", self.bot.me)
        log.info("ready as @%s", (await self.bot.me()).username)
        await self.engine.start()
        self.background.spawn(self._keep_tidy(), "tidying up")
        # Nobody waits for this, and Telegram may make it wait.
        tell = partial(command_menu.tell, self.bot, self.languages)
        self.background.spawn(self._until_reached("telling Telegram the commands", tell), "commands")
        await self.inbox.start()
        if handle_signals:
            for number in STOP_SIGNALS:
                asyncio.get_running_loop().add_signal_handler(number, self._stop_by, number)
        if self.settings.telegram.updates == "webhook":
            await self._until_reached("setting the webhook", self._set_webhook)
        else:
            await self._until_reached("removing the webhook", self.bot.delete_webhook)
            self.inbox.poll()
        await self.stopped.wait()

    def stop(self) -> None:
        """End `run`."""
        self.stopped.set()

    async def _keep_tidy(self) -> None:
        while True:
            try:
                await self.store.tidy(self.store.clock(), self.settings.storage.keep_days)
            except StoreError as error:
                log.warning("nothing could be tidied up: %s", error)
            if self.bucket:
                await self.bucket.tidy()
            await asyncio.sleep(TIDY_SECONDS)

    def _stop_by(self, number: signal.Signals) -> None:
        log.info("Received %s signal", number.name)
        self.stop()
        # A second one ends the process at once.
        for each in STOP_SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(each)

    async def _until_reached(self, doing: str, call: Callable[[], Awaitable[object]]) -> None:
        """Wait for Telegram to be within reach: after a reboot the network may come up after the bot."""

        def failed(error: BaseException, seconds: float) -> None:
            # Not the error's own words: those of a transport may name the address, and with it the token.
            log.warning("%s failed (%s); retrying in %g s", doing, type(error).__name__, seconds)

        await repeat(call, when=UNREACHED, wait=in_turn(CONNECT_DELAYS), sleep=asyncio.sleep, failed=failed)

    async def _set_webhook(self) -> None:
        secret = _derived("webhook", self.settings)
        address, updates = self.settings.web.public_url + webhook.PATH, self.dispatcher.resolve_used_update_types()
        await self.bot.set_webhook(address, secret_token=secret, allowed_updates=updates)


@asynccontextmanager
async def assembled(settings: Settings) -> AsyncIterator[App]:
    """Wire all parts; on leaving they stop in the reverse order. Raises the errors of wrong settings."""
    async with AsyncExitStack() as stack:
        store = await Store.open(settings.storage.url, wait=True)
        stack.push_async_callback(store.aclose)
        session = await stack.enter_async_context(ClientSession())
        registry = build(settings.providers.tables, settings.providers.default, session)
        stack.push_async_callback(registry.aclose)
        providers = {name: registry.get(name) for name in registry.names}
        # The engine comes later; nothing is sent before that.
        flood = RateLimiter(among=lambda: engine.crew.size)
        newest = NewestMessages()
        bot = make_bot(
            settings, NoteOutgoing(newest), WithoutLostTargets(), ChatMigrationMiddleware(store.chats), flood
        )
        stack.push_async_callback(bot.session.close)
        languages = Languages()
        token = settings.telegram.token.get_secret_value()
        web = WebServer(settings.web.host, settings.web.port)
        own = WebPublisher(store.references, settings.web.public_url, Signer("references", token, store.clock))
        web.app.router.add_get(references.PATH, own.serve)
        bucket = open_bucket(settings.bucket, token)
        calls = Callbacks(settings.web.public_url, Signer("callbacks", token, store.clock))
        telegram = _speak(stack, bot, store, flood=flood, newest=newest, languages=languages, providers=providers)
        by_polling = settings.telegram.updates == "polling"
        # Where one process takes all updates, the work is given to all.
        engine = Engine(store, providers, telegram.stage, Addresses(bucket or own, calls.address), share=by_polling)
        telegram.uploads.renew = engine.fresh_addresses
        telegram.status.may_show = engine.is_mine
        web.app.router.add_post(callbacks.PATH, partial(calls.serve, engine.called_back))
        requests = _make_requests(settings, engine, store, registry, bot)
        albums = AlbumMiddleware(store, languages, partial(imagine.came_late, requests=requests))
        dispatcher = make_dispatcher(settings, languages, albums, store, newest)
        dispatcher.workflow_data.update(
            requests=requests, uploads=telegram.uploads, originals=telegram.originals, languages=languages
        )
        background = Background()
        stack.push_async_callback(background.aclose)
        inbox = UpdateInbox(bot, dispatcher, store, lambda: engine.crew.id)
        engine.crew.heirs.append(inbox.inherit)
        if not by_polling:
            web.app.router.add_post(webhook.PATH, Webhook(inbox.take, _derived("webhook", settings)).serve)
        stack.push_async_callback(web.aclose)
        stack.push_async_callback(telegram.status.aclose)
        stack.push_async_callback(engine.stop)
        stack.push_async_callback(albums.aclose)
        stack.push_async_callback(inbox.aclose)
        stack.callback(albums.drop)
        stack.push_async_callback(inbox.close)
        # Updates may come by webhook as soon as the server listens.
        await engine.enter()
        await web.start()
        yield App(settings, bot, dispatcher, engine, store, web, languages, inbox, background, bucket)


@dataclass(frozen=True, slots=True)
class _Telegram:
    """The parts that show jobs and send pictures."""

    stage: TelegramNotifier
    status: StatusMessages
    uploads: Uploads
    originals: Originals


def _speak(
    stack: AsyncExitStack,
    bot: Bot,
    store: Store,
    *,
    flood: RateLimiter,
    newest: NewestMessages,
    languages: Languages,
    providers: Mapping[str, AnyProvider],
) -> _Telegram:
    downloads = Downloads()
    stack.push_async_callback(downloads.aclose)
    images = ImageWorker()
    stack.push_async_callback(images.aclose)
    sender = Sender(bot, flood)
    stack.push_async_callback(sender.aclose)
    status = StatusMessages(bot, store, languages, flood, newest)
    uploads = Uploads(store, downloads, images, providers)
    originals, labels = Originals(sender, store, uploads), ResultCaptions(store, providers)
    delivery = Delivery(bot, store, sender, status=status, uploads=uploads, originals=originals, labels=labels)
    stage = TelegramNotifier(
        bot, store, languages=languages, status=status, delivery=delivery, uploads=uploads, images=images
    )
    return _Telegram(stage, status, uploads, originals)


def make_bot(settings: Settings, *middlewares: BaseRequestMiddleware) -> Bot:
    """The connection to Telegram (or to `telegram.api_url`). `middlewares`: what each call goes through, in order."""
    session = Session(api=TelegramAPIServer.from_base(settings.telegram.api_url))
    for middleware in middlewares:
        session.middleware(middleware)
    default = DefaultBotProperties(
        parse_mode=ParseMode.HTML, link_preview=LinkPreviewOptions(is_disabled=True), allow_sending_without_reply=True
    )
    return Bot(settings.telegram.token.get_secret_value(), session=session, default=default)


def make_dispatcher(
    settings: Settings, languages: Languages, albums: AlbumMiddleware, store: Store, newest: NewestMessages
) -> Dispatcher:
    """All handlers, in the order in which they are asked."""
    dispatcher = Dispatcher(pages=personal.Pages())
    dispatcher.update.outer_middleware(LanguageMiddleware(languages, store.users))
    dispatcher.update.outer_middleware(AccessMiddleware(settings.access, store.chats))
    dispatcher.callback_query.outer_middleware(CallbackGuardMiddleware())
    for observer in (dispatcher.message, dispatcher.channel_post):
        observer.outer_middleware(NoteIncoming(newest))
        observer.outer_middleware(albums)
    dispatcher.edited_message.outer_middleware(albums.edited)
    dispatcher.edited_channel_post.outer_middleware(albums.edited)
    # What was posted in a channel was meant for the channel.
    dispatcher.message.filter(~F.is_automatic_forward)
    dispatcher.edited_message.filter(~F.is_automatic_forward)
    dispatcher.include_routers(
        inline.make_router(),
        chat_membership.make_router(),
        chat_settings.make_router(),
        personal.make_router(),
        export.make_router(),
        forget.make_router(),
        start.make_router(),
        history.make_router(),
        models.make_router(),
        usage.make_router(),
        result_actions.make_router(),
        variations.make_router(),
        styles.make_router(),
        hints.make_router(),
        imagine.make_router(),
        edited_messages.make_router(),
        forwarded_messages.make_router(),
        start.make_fallback(),
        error_handler.make_router(),
    )
    return dispatcher


def _make_requests(settings: Settings, engine: Engine, store: Store, registry: Registry, bot: Bot) -> RequestService:
    return RequestService(
        engine,
        store,
        {name: registry.get(name) for name in registry.names},
        registry.default,
        chat_policy=ChatPolicy(store.chats, partial(is_chat_admin, bot), partial(chat_membership.may_write, bot)),
        admins=settings.access.admins,
        quota=_quotas(settings),
    )


def _quotas(settings: Settings) -> Callable[[int], Quota]:
    """What each person may ask for, by their id."""
    limited = Quota(settings.limits.waiting or None, settings.limits.daily or None)
    return lambda user_id: ANYTHING if user_id in settings.access.admins else limited


def _derived(purpose: str, settings: Settings) -> str:
    """A secret of its own for each purpose, the same in every process, with nothing to configure."""
    token = settings.telegram.token.get_secret_value()
    return hashlib.sha256(f"{purpose} {token}".encode()).hexdigest()
