"""The trial of `web.public_url`: a question to this bot, asked through its public address."""

import errno
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
)
from yarl import URL

from bot.caution import Caution
from bot.settings import Settings, SettingsError, WebSettings
from bot.web.private_pages import PRIVATE, private_pages
from bot.web.self_check import PATH, SelfCheck, address, answer
from bot.web.server import HEALTHY, WebServer
from providers.proxies import is_loopback

SECONDS = 15.0
"""The longest wait for an answer."""
MOST_BYTES = 100
GATEWAY = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
PAGES = "/health, /ready and /metrics"
MOVED = {301, 302, 303, 307, 308}


class AddressError(Exception):
    """The address doesn't lead to this bot; the message says what to do."""


async def try_public_url(settings: Settings, session: ClientSession) -> str:
    """Ask; returns what to say where it works. Raises `AddressError`.

    The bot's own server answers: the one that is running, or one for this trial.
    """
    web, token, nonce = settings.web, settings.telegram.token.get_secret_value(), secrets.token_urlsafe(16)
    if not web.port:
        raise AddressError("web.port is 0, so that no web server can know where to pass requests on: set it")
    async with _answering(web, token) as started:
        if not started and await _got(session, address(_inside(web), nonce)) != (200, answer(token, nonce)):
            raise AddressError(
                f"{_inside(web)} is used by another program: stop that, or set web.port to another one for the bot"
            )
        status, text = await _got(session, address(web.public_url, nonce))
        if (status, text) != (HTTPStatus.OK, answer(token, nonce)):
            raise AddressError(_wrong_answer(web, status, text))
        is_shown = await _shows_private_pages(web, session)
    said = f"{web.public_url} leads to {'this' if started else 'the running'} bot"
    if is_shown:
        return Caution(f"{said}; the web server there shows {PAGES} to everybody: let it send X-Forwarded-For")
    return said


async def _shows_private_pages(web: WebSettings, session: ClientSession) -> bool:
    """Whether strangers see the pages for whoever runs the bot: also those who name the host as the bot's neighbours
    do. A web server that passes requests on without a word looks to the bot like such a neighbour."""
    if is_loopback(URL(web.public_url).host or ""):
        return False
    for headers in ({}, {"Host": f"127.0.0.1:{web.port}"}):
        try:
            if await _got(session, f"{web.public_url}/health", headers) == (HTTPStatus.OK, HEALTHY):
                return True
        except AddressError:
            # It takes no request for another host.
            continue
    return False


@asynccontextmanager
async def _answering(web: WebSettings, token: str) -> AsyncIterator[bool]:
    """A server that answers; False: another program, maybe the bot itself, uses its port."""
    server = WebServer(web.host, web.port)
    server.app.middlewares.append(private_pages(PRIVATE, web.public_url))
    server.app.router.add_get(PATH, SelfCheck(token).serve)
    try:
        await server.start()
    except SettingsError as error:
        if not isinstance(error.__cause__, OSError) or error.__cause__.errno != errno.EADDRINUSE:
            raise AddressError(str(error).rstrip(".")) from error
        yield False
        return
    try:
        yield True
    finally:
        await server.aclose()


async def _got(session: ClientSession, url: str, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Status and beginning of an answer, or where it redirects to. Raises `AddressError`: there is none."""
    host = URL(url).authority
    try:
        async with session.get(url, headers=headers, allow_redirects=False, timeout=ClientTimeout(SECONDS)) as response:
            body = await response.content.read(MOST_BYTES)
            moved = response.headers.get("Location", "") if response.status in MOVED else ""
            return response.status, moved or body.decode("utf-8", "replace")
    except ClientConnectorDNSError as error:
        raise AddressError(
            f"the name {URL(url).host} has no address: check its DNS entry and web.public_url"
        ) from error
    except ClientConnectorCertificateError as error:
        raise AddressError(f"the certificate of {host} isn't valid: {error.certificate_error}") from error
    except ClientSSLError as error:
        raise AddressError(
            f"{host} doesn't speak TLS: web.public_url needs a server that does, such as Caddy"
        ) from error
    except ClientConnectorError as error:
        why = error.os_error.strerror or str(error)
        raise AddressError(f"nothing answers at {host} ({why}): start the web server there, open its port") from error
    except TimeoutError as error:
        raise AddressError(
            f"{host} gives no answer within {SECONDS:.0f} seconds: a firewall may be in between"
        ) from error
    except ClientError as error:
        raise AddressError(f"{host} gives no proper answer ({type(error).__name__})") from error


def _wrong_answer(web: WebSettings, status: int, text: str) -> str:
    advice = f"let the web server there pass all below {web.public_url} to {_inside(web)}"
    if status in MOVED:
        return f"{web.public_url} redirects to {URL(text).origin() if '://' in text else text}: {advice}"
    if status in GATEWAY:
        return f"the web server at {web.public_url} doesn't reach this bot ({status}): {advice}"
    if status == HTTPStatus.OK:
        return f"another site answers at {web.public_url}: {advice}"
    return f"the web server at {web.public_url} answers {status} itself: {advice}"


def _inside(web: WebSettings) -> str:
    """The address of the bot's own server on this machine."""
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(web.host, web.host)  # noqa: S104 - compared
    return f"http://{f'[{host}]' if ':' in host and '[' not in host else host}:{web.port}"
