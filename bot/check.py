"""`check`: tries the token, the database and the providers' credentials, and says what to do. Pays for nothing."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from functools import partial

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramNetworkError, TelegramNotFound, TelegramUnauthorizedError
from aiogram.types import User
from aiohttp import ClientError, ClientSession
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from bot.assistant.client import AssistantClient
from bot.caution import Caution
from bot.check_address import AddressError, try_public_url
from bot.check_inline import inline_advice
from bot.check_spending import what_they_can_spend, who_may_use_it
from bot.settings import Settings
from bot.telegram.connection import make_bot
from bot.telegram.rate_limiter import RateLimiter
from bot.telegram.session import NoProxyError, ServerStateError
from bot.telegram.telegram_files import TelegramFiles, UnreadableFileError, has_own_server
from bot.web.publishing import open_bucket
from providers.errors import MisconfiguredError, ProviderError
from providers.model_rules import ends
from providers.models import today
from providers.proxies import is_private
from providers.registry import AnyProvider, build
from providers.sessions import Sessions
from storage.database import UnusableStoreError
from storage.store import Store

HELPS = ("improves prompts", "describes pictures", "hears voice messages")
"""What an assistant does."""


class CheckError(Exception):
    """A check that failed; the message says what to do. `refused`: it was reached, and doesn't accept the settings."""

    def __init__(self, message: str, *, refused: bool = True) -> None:
        super().__init__(message)
        self.refused = refused


async def check(settings: Settings) -> int:
    """Print a line for each part; return 0 when all work, else 1. Raises the errors of wrong settings."""
    async with aclosing(Sessions()) as sessions:
        registry = build(settings.providers.tables, settings.providers.default, sessions.of, files=settings.files)
        session = sessions.of(SecretStr(""), "")
        results = [
            await _one("settings", lambda: _settings(settings)),
            await _one("telegram", lambda: _telegram(settings)),
            await _one("database", lambda: _database(settings)),
            await _one("references", lambda: _references(settings, session)),
        ]
        if settings.web.public_url:
            results.append(await _one("public address", partial(_public_address, settings, session)))
        for name in registry.names:
            kind = settings.providers.tables[name].get("type", name)
            results.append(await _one(name, partial(check_provider, name, kind, registry.get(name))))
        if settings.assistant.is_on:
            client = AssistantClient(settings.assistant, sessions.of(settings.assistant.proxy, "assistant.proxy"))
            results.append(await _one("assistant", partial(check_assistant, client)))
        if results[2]:
            results.append(await _one("access", partial(who_may_use_it, settings)))
        results.append(await _one("spending", partial(what_they_can_spend, settings, registry)))
        await registry.aclose()
    return 0 if all(results) else 1


async def _one(name: str, trial: Callable[[], Awaitable[str]]) -> bool:
    try:
        words = await trial()
        sign = "!" if isinstance(words, Caution) else "✓"
    except CheckError as error:
        sign, words = "✗", str(error)
    sys.stdout.write(f"{sign} {name}: {words}\n")
    return sign != "✗"


async def _settings(settings: Settings) -> str:
    files = " and, for what it doesn't name, ".join(map(str, settings.files.paths))
    if shown := settings.files.shown_to_others:
        return Caution(f"from {files}; others on this machine can read secrets: chmod 600 {shown[0]}")
    return f"from {files}" if files else "from the environment alone"


async def _telegram(settings: Settings) -> str:
    async with _connected(settings) as bot:
        me = await bot.me()
        own = await _own_server(settings, bot) if has_own_server(bot) else ""
    return f"ready as @{me.username}{own}{await inline_advice(settings, is_on=bool(me.supports_inline_queries))}"


async def _own_server(settings: Settings, bot: Bot) -> str:
    """What is to be said of an own Bot API server: whether the bot gets the files that people send to it."""
    notes = [" at " + settings.telegram.api_url]
    if not is_private(settings.telegram.api_url):
        notes.append("http:// shows the token to everybody on the way: use https:// or a private network")
    photos = (await bot.get_user_profile_photos(bot.id, limit=1)).photos
    if photos:
        async with AsyncExitStack() as stack:
            await TelegramFiles(bot).open(photos[0][0].file_id, stack)
        notes.append("its files can be read")
    else:
        notes.append("whether its files can be read shows once the bot has a photo: send /setuserpic to @BotFather")
    notes.append("if updates are missing, call logOut once at https://api.telegram.org")
    return "; ".join(notes)


async def reach_telegram(settings: Settings) -> User:
    """Ask Telegram for the bot itself. Raises `CheckError`."""
    async with _connected(settings) as bot:
        return await bot.me()


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[Bot]:
    """A connection to Telegram; its errors are those of the check."""
    bot, server = make_bot(settings, RateLimiter()), settings.telegram.api_url
    try:
        yield bot
    except (NoProxyError, ServerStateError) as error:
        raise CheckError(f"{error.message}.", refused=False) from error
    except UnreadableFileError as error:
        raise CheckError(f"{error}.", refused=False) from error
    except OSError as error:
        advice = "run it with --local, or put a web server before it that serves its folder under /file/bot<token>/"
        raise CheckError(f"the server at {server} gives no files ({error}): {advice}.", refused=False) from error
    except TelegramNetworkError as error:
        advice = "check the network, telegram.proxy and telegram.api_url"
        raise CheckError(f"{server} can't be reached: {advice}.", refused=False) from error
    except (TelegramUnauthorizedError, TelegramNotFound) as error:
        advice = f"get a token from @BotFather and {settings.files.set_it('telegram.token')}"
        raise CheckError(f"the token is not accepted ({error.message}): {advice}.") from error
    except TelegramAPIError as error:
        raise CheckError(f"Telegram answers “{error.message}”: try again later.", refused=False) from error
    finally:
        await bot.session.close()


async def _database(settings: Settings) -> str:
    try:
        store = await Store.open(settings.storage.url)
    except UnusableStoreError as error:
        raise CheckError(str(error)) from error
    await store.aclose()
    return f"{make_url(settings.storage.url).render_as_string(hide_password=True)} is ready"


async def _public_address(settings: Settings, session: ClientSession) -> str:
    try:
        return await try_public_url(settings, session)
    except AddressError as error:
        raise CheckError(f"{error}.", refused=False) from error


async def _references(settings: Settings, session: ClientSession) -> str:
    if bucket := open_bucket(settings.bucket, settings.telegram.token.get_secret_value()):
        from bot.web.bucket import said  # noqa: PLC0415 - see `open_bucket`

        try:
            async with bucket.trial() as address, session.get(address, raise_for_status=True):
                pass
        except (ClientError, TimeoutError) as error:
            advice = "check bucket.endpoint and bucket.virtual_host"
            raise CheckError(f"uploaded files can't be fetched ({type(error).__name__}): {advice}") from error
        except Exception as error:  # any error is about these settings
            raise CheckError(said(error, settings.bucket)) from error
        return f"published in the bucket {settings.bucket.name}"
    if settings.web.public_url:
        return f"published under {settings.web.public_url}"
    return "neither web.public_url nor bucket.name: they are sent along with the request, up to about 7 MB a prompt"


async def check_assistant(client: AssistantClient) -> str:
    """Ask the assistant for its models, which is free. Raises `CheckError`."""
    settings = client.settings
    kinds = ("improve", "describe", "listen")
    offered = [told for kind, told in zip(kinds, HELPS, strict=True) if settings.model_for(kind)]
    try:
        await client.check()
    except MisconfiguredError as error:
        raise CheckError(f"{error.advice}.") from error
    except ProviderError as error:
        advice = "check the network and assistant.base_url, or try again later"
        raise CheckError(f"{settings.host} can't be reached: {advice} ({error.detail}).", refused=False) from error
    if not offered:
        return Caution("no model is set (assistant.model), so it helps with nothing")
    said = f"{settings.host} accepts the credentials; it {', '.join(offered)}"
    if unpriced := settings.unpriced:
        return Caution(f"{said}; no {' and no '.join(unpriced)} is set, so no budget counts it")
    return said


async def check_provider(name: str, kind: str, provider: AnyProvider) -> str:
    """Try the provider with the table `name`; its own advice speaks of the table `kind`. Raises `CheckError`."""
    try:
        await provider.check()
    except MisconfiguredError as error:
        raise CheckError(error.advice.replace(f"providers.{kind}.", f"providers.{name}.")) from error
    except ProviderError as error:
        advice = f"Check the network and the address in [providers.{name}], or try again later"
        raise CheckError(f"{error.sentence} {advice} ({error.detail}).", refused=False) from error
    over, soon = ends(provider.rows.values(), today())
    if over:
        raise CheckError(f"{'; '.join(over)}. Change providers.{name}.models.")
    return "; ".join([f"{provider.title} accepts the credentials", *soon])
