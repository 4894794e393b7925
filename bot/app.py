"""The assembled bot: it is run until it is stopped."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, cast

from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramNetworkError, TelegramServerError
from aiogram.methods import AnswerInlineQuery, EditMessageText, SendMediaGroup, SendMessage, SendPhoto
from aiogram.types import Chat, InlineQueryResultArticle, InlineQueryResultCachedPhoto, Message, Update
from tenacity import retry_if_exception_type

from bot.access import Access
from bot.background import Background
from bot.handlers import command_menu
from bot.jobs.engine import JobEngine
from bot.jobs.retry import until_stored
from bot.loop_delay import watch_delay
from bot.settings import Settings
from bot.telegram.i18n import Languages
from bot.telegram.lazy_models import build
from bot.telegram.session import said
from bot.telegram.update_inbox import UpdateInbox
from bot.telegram.webhook_watch import WebhookWatch
from bot.web import webhook
from bot.web.site import Site
from storage.database import StoreError
from storage.retry_loop import in_turn, repeat
from storage.store import Store

if TYPE_CHECKING:
    from bot.engine_wiring import EngineParts
    from bot.handlers.assistant_calls import HelpCalls
    from bot.web.bucket import Bucket

log = logging.getLogger(__name__)

TIDY_SECONDS = 3600.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
CONNECT_DELAYS = (1, 2, 5, 10, 30)
UNREACHED = retry_if_exception_type((TelegramNetworkError, TelegramServerError))
FIRST_MODELS = (
    Chat,
    Message,
    Update,
    SendMessage,
    EditMessageText,
    SendMediaGroup,
    SendPhoto,
    InlineQueryResultArticle,
    InlineQueryResultCachedPhoto,
    AnswerInlineQuery,
)
"""For the first request and the first inline query, in an order in which the later ones are built from the earlier."""


@dataclass(frozen=True, slots=True)
class App:
    """The assembled bot."""

    settings: Settings
    bot: Bot
    dispatcher: Dispatcher
    parts: "EngineParts"
    store: Store
    inbox: UpdateInbox
    site: Site
    languages: Languages
    background: Background
    bucket: "Bucket | None" = None
    help_calls: "HelpCalls | None" = None
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def access(self) -> Access:
        """Who may use the bot, and who are its admins."""
        return cast("Access", self.dispatcher["access"])

    @property
    def engine(self) -> JobEngine:
        """The engine, which runs the jobs."""
        return self.parts.engine

    async def run(self, *, handle_signals: bool = True) -> None:
        """Work until stopped by a signal or by cancellation. Raises aiogram's error when the token is refused."""
        await self._until_reached("asking Telegram for the bot's name", self.bot.me)
        log.info("ready as @%s", (await self.bot.me()).username)
        if self.help_calls:
            self.help_calls.start()
        await self.engine.start()
        self.background.spawn(self._keep_tidy(), "tidying up")
        self.background.spawn(watch_delay(self.parts.context.metrics.delayed), "measuring the event loop")
        await until_stored(self.access.refresh, "reading who may use the bot", asyncio.sleep)
        if advice := await until_stored(self.access.advice, "reading who has used the bot", asyncio.sleep):
            log.warning("%s", advice)
        # Nobody waits for this, and Telegram may make it wait.
        admins, more = sorted(self.access.admins()), self.settings.assistant.commands
        publish = partial(command_menu.publish, self.bot, self.languages, admins=admins, more=more)
        self.background.spawn(self._until_reached("telling Telegram the commands", publish), "commands")
        await self.inbox.start()
        if handle_signals:
            for number in STOP_SIGNALS:
                asyncio.get_running_loop().add_signal_handler(number, self._stop_by, number)
        if self.settings.telegram.updates == "webhook":
            await self._until_reached("setting the webhook", self._set_webhook)
        else:
            await self._until_reached("removing the webhook", self.bot.delete_webhook)
            self.inbox.poll()
        # Not before: Telegram already looks for updates meanwhile.
        self.background.spawn(build(FIRST_MODELS), "building models")
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
            log.warning("%s failed (%s); retrying in %g s", doing, said(error), seconds)

        await repeat(call, when=UNREACHED, wait=in_turn(CONNECT_DELAYS), sleep=asyncio.sleep, failed=failed)

    async def _set_webhook(self) -> None:
        updates = self.dispatcher.resolve_used_update_types()
        secret = self.site.webhook_secret
        await self.bot.set_webhook(self._webhook_address, secret_token=secret, allowed_updates=updates)
        clock, health = self.store.clock, self.inbox.health
        watch = WebhookWatch(self.bot, self._webhook_address, health, clock, asyncio.sleep)
        self.background.spawn(watch.run(), "watching the webhook")

    @property
    def _webhook_address(self) -> str:
        return self.settings.web.public_url + webhook.PATH


def end_by_sigterm() -> None:
    """Let SIGTERM cancel the current task until `App.run` takes the signal: a start may wait for a database.

    The first process of a container ignores a signal that it does not handle.
    """
    if task := asyncio.current_task():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
