"""The composition root: the only place that wires parts."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from aiogram import Bot, Dispatcher, F

from bot.access import Access
from bot.app import App
from bot.background import Background
from bot.engine_wiring import EngineParts, wire_engine
from bot.handlers import chat_membership, forwarded_messages, late_items
from bot.handlers.admin.menu import AdminMenu
from bot.handlers.admin.notices import AdminNotices
from bot.handlers.admin.pages import make_menu
from bot.handlers.admin.service_pages import add_service_pages
from bot.handlers.callback_helpers import is_chat_admin
from bot.handlers.chat_policy import ChatPolicy
from bot.handlers.depicted_people import DepictedPeople
from bot.handlers.inline_requests import InlineService
from bot.handlers.option_menus import Pages
from bot.handlers.request_service import RequestService
from bot.handlers.routers import make_routers
from bot.handlers.use_notices import UseNotices
from bot.help_wiring import wire_help
from bot.jobs.context import JobContext
from bot.jobs.engine import JobEngine
from bot.jobs.ports import Addresses
from bot.jobs.worker import Worker
from bot.metrics import Metrics
from bot.middlewares.access import AccessMiddleware
from bot.middlewares.callback_guard import CallbackGuardMiddleware
from bot.middlewares.language import LanguageMiddleware
from bot.middlewares.message_groups import AlbumMiddleware
from bot.middlewares.seen import SeenMiddleware
from bot.money import budget_rules
from bot.settings import Settings
from bot.telegram.call_counter import CallCounter
from bot.telegram.captions import ResultCaptions
from bot.telegram.chat_migration import ChatMigrationMiddleware
from bot.telegram.comparison import Comparisons
from bot.telegram.connection import make_bot
from bot.telegram.delivery import Delivery
from bot.telegram.downloads import downloads_for
from bot.telegram.duel_board import DuelBoard
from bot.telegram.duel_delivery import DuelDelivery
from bot.telegram.ephemeral_menus import EphemeralMenusMiddleware
from bot.telegram.i18n import Languages
from bot.telegram.image_worker import ImageWorker
from bot.telegram.inline_messages import InlineMessages
from bot.telegram.inline_notifier import InlineNotifier
from bot.telegram.message_sender import Sender
from bot.telegram.missing_targets import MissingTargetMiddleware
from bot.telegram.newest_messages import NewestMessages, NoteIncoming, NoteOutgoing
from bot.telegram.originals import Originals
from bot.telegram.private_chats import PrivateChats
from bot.telegram.provider_labels import Providers
from bot.telegram.rate_limiter import RateLimiter
from bot.telegram.status_message import StatusMessages
from bot.telegram.telegram_files import TelegramFiles, has_own_server
from bot.telegram.update_health import UpdateHealth
from bot.telegram.update_inbox import UpdateInbox
from bot.telegram.uploads import DOCUMENT_BYTES, OWN_SERVER_DOCUMENT_BYTES, Uploads
from bot.web.publishing import open_bucket
from bot.web.site import Site
from providers.registry import AnyProvider, build
from providers.sessions import Sessions
from storage.store import Store


@asynccontextmanager
async def assembled(settings: Settings) -> AsyncIterator[App]:
    """Wire all parts; on leaving they stop in the reverse order. Raises the errors of wrong settings."""
    async with AsyncExitStack() as stack:
        store = await Store.open(settings.storage.url, wait=True)
        stack.push_async_callback(store.aclose)
        sessions = await stack.enter_async_context(aclosing(Sessions()))
        registry = build(settings.providers.tables, settings.providers.default, sessions.of, files=settings.files)
        stack.push_async_callback(registry.aclose)
        providers = {name: registry.get(name) for name in registry.names}
        by_polling = settings.telegram.updates == "polling"
        # Where one process takes all updates, the work is given to all.
        worker = Worker(store, shares=by_polling)
        flood = RateLimiter(among=lambda: worker.size)
        newest, metrics = NewestMessages(), Metrics(registry.names)
        bot = _connect(stack, settings, store, newest, metrics, flood=flood)
        languages = Languages()
        site = Site(settings, store)
        bucket = open_bucket(settings.bucket, settings.telegram.token.get_secret_value())
        telegram = _speak(
            stack,
            bot,
            store,
            flood=flood,
            newest=newest,
            languages=languages,
            providers=providers,
            helps=settings.assistant.improves,
        )
        telegram.status.may_show = telegram.stage.there.may_show = worker.may_show
        access = Access(settings.access, settings.limits, store)
        notices = _make_notices(stack, bot, store, languages, providers, access)
        addresses = Addresses(bucket or site.references, site.callbacks.address)
        parts = wire_engine(
            JobContext(
                store,
                providers,
                telegram.stage,
                worker,
                addresses,
                budgets=budget_rules(settings.budgets, providers, access.is_admin, settings.assistant.budget),
                confirm=settings.budgets.confirm,
                refresh=access.refresh,
                admins=notices,
                metrics=metrics,
            )
        )
        telegram.uploads.renew = parts.fresh_addresses.of_job
        site.take_callbacks(parts.announcements.take)
        people = _make_people(stack, bot, store, access, languages)
        requests = _make_requests(parts.engine, registry.default, bot, people)
        help_calls = wire_help(settings, requests, sessions, bot, languages)
        parts.context.companions = albums = _make_albums(store, languages, requests)
        dispatcher = make_dispatcher(access, languages, albums, store, newest)
        private_chats = PrivateChats(bot, store.clock)
        dispatcher.workflow_data.update(
            requests=requests,
            own_requests=parts.own_requests,
            private_chats=private_chats,
            inline=InlineService(bot, requests, telegram.stage.there, private_chats),
            admin_menu=_make_menu(requests, parts, bot, languages),
            uploads=telegram.uploads,
            originals=telegram.originals,
            duels=parts.duels,
            help_calls=help_calls,
            comparisons=telegram.comparisons,
        )
        background = Background()
        stack.push_async_callback(background.aclose)
        health = UpdateHealth(by_webhook=not by_polling)
        inbox = UpdateInbox(bot, dispatcher, store, lambda: worker.id, health=health)
        site.show(metrics, health)
        if not by_polling:
            site.take_updates(inbox.take)
        shown_by = (site.aclose, telegram.status.aclose, telegram.stage.there.aclose)
        helping = (help_calls.aclose,) if help_calls else ()
        for stop in (*shown_by, parts.engine.stop, *helping, albums.aclose, inbox.aclose):
            stack.push_async_callback(stop)
        stack.callback(albums.drop)
        stack.push_async_callback(inbox.close)
        # Updates may come by webhook as soon as the server listens.
        await parts.engine.open()
        await site.start()
        yield App(settings, bot, dispatcher, parts, store, inbox, site, languages, background, bucket, help_calls)


def _connect(
    stack: AsyncExitStack,
    settings: Settings,
    store: Store,
    newest: NewestMessages,
    metrics: Metrics,
    *,
    flood: RateLimiter,
) -> Bot:
    """The bot with its middlewares, in the order in which a call passes them."""
    notes = (NoteOutgoing(newest), EphemeralMenusMiddleware(store.menus, store.clock))
    migration, counter = ChatMigrationMiddleware(store.chats), CallCounter(metrics)
    bot = make_bot(settings, *notes, MissingTargetMiddleware(), migration, flood, counter)
    stack.push_async_callback(bot.session.close)
    return bot


@dataclass(frozen=True, slots=True)
class _Telegram:
    """The parts that show jobs and send pictures."""

    stage: InlineNotifier
    status: StatusMessages
    uploads: Uploads
    originals: Originals
    comparisons: Comparisons


def _speak(
    stack: AsyncExitStack,
    bot: Bot,
    store: Store,
    *,
    flood: RateLimiter,
    newest: NewestMessages,
    languages: Languages,
    providers: Mapping[str, AnyProvider],
    helps: bool,
) -> _Telegram:
    downloads = downloads_for(providers)
    stack.push_async_callback(downloads.aclose)
    images = ImageWorker()
    stack.push_async_callback(images.aclose)
    sender = Sender(bot, flood)
    stack.push_async_callback(sender.aclose)
    status = StatusMessages(bot, store, languages, flood, newest)
    document_bytes = OWN_SERVER_DOCUMENT_BYTES if has_own_server(bot) else DOCUMENT_BYTES
    uploads = Uploads(store, downloads, images, providers, document_bytes=document_bytes)
    originals, captions = Originals(sender, store, uploads), partial(ResultCaptions, store, providers, helps=helps)
    duels = DuelDelivery(bot, store, sender, status, uploads)
    delivery = Delivery(
        bot, store, sender, status=status, uploads=uploads, originals=originals, captions=captions, duels=duels
    )
    stage = InlineNotifier(
        bot,
        store,
        InlineMessages(bot, languages),
        languages=languages,
        status=status,
        delivery=delivery,
        uploads=uploads,
        images=images,
        duels=DuelBoard(bot, store, status, languages, providers),
    )
    stage.helps = helps
    return _Telegram(stage, status, uploads, originals, Comparisons(TelegramFiles(bot), uploads, images))


def make_dispatcher(
    access: Access, languages: Languages, albums: AlbumMiddleware, store: Store, newest: NewestMessages
) -> Dispatcher:
    """All handlers, in the order in which they are asked."""
    dispatcher = Dispatcher(pages=Pages(), languages=languages, access=access)
    dispatcher.update.outer_middleware(LanguageMiddleware(languages, store.users, access))
    dispatcher.update.outer_middleware(SeenMiddleware(store))
    dispatcher.update.outer_middleware(AccessMiddleware(access, store))
    dispatcher.callback_query.outer_middleware(CallbackGuardMiddleware())
    for observer in (dispatcher.message, dispatcher.channel_post):
        observer.outer_middleware(NoteIncoming(newest))
        observer.outer_middleware(albums)
    dispatcher.edited_message.outer_middleware(albums.edited)
    dispatcher.edited_channel_post.outer_middleware(albums.edited)
    # A post in a channel was meant for the channel.
    dispatcher.message.filter(~F.is_automatic_forward)
    dispatcher.edited_message.filter(~F.is_automatic_forward)
    dispatcher.include_routers(*make_routers())
    return dispatcher


def _make_albums(store: Store, languages: Languages, requests: RequestService) -> AlbumMiddleware:
    late = partial(late_items.handle_late_item, requests=requests)
    return AlbumMiddleware(store, languages, late, partial(forwarded_messages.join_forwarded, requests=requests))


def _make_notices(
    stack: AsyncExitStack, bot: Bot, store: Store, languages: Languages, providers: Providers, access: Access
) -> AdminNotices:
    notices = AdminNotices(bot, store, languages, providers, access)
    stack.push_async_callback(notices.aclose)
    return notices


def _make_menu(requests: RequestService, parts: EngineParts, bot: Bot, languages: Languages) -> AdminMenu:
    menu = make_menu(requests, bot, languages)
    add_service_pages(menu, requests, parts.switch, parts.tests)
    return menu


def _make_people(stack: AsyncExitStack, bot: Bot, store: Store, access: Access, languages: Languages) -> DepictedPeople:
    people = DepictedPeople(bot, store, access, UseNotices(bot, store, languages))
    stack.push_async_callback(people.notices.aclose)
    people.notices.start()
    return people


def _make_requests(engine: JobEngine, default: str, bot: Bot, people: DepictedPeople) -> RequestService:
    store, providers, confirm = engine.context.store, engine.context.providers, engine.context.confirm
    policy = ChatPolicy(store.chats, partial(is_chat_admin, bot), partial(chat_membership.may_write, bot))
    return RequestService(
        engine, store, providers, default, chat_policy=policy, access=people.access, people=people, confirm=confirm
    )
