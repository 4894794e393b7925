"""Delivers updates to the bot's webhook: in order, with the secret header, again and again until it answers 2xx."""

import asyncio
import ipaddress
import re
from collections.abc import Awaitable, Callable

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, MultipartReader
from yarl import URL

from bot.background import Background
from bot.demo.bot_api.body import Body, read_json, read_multipart
from bot.demo.bot_api.change_signal import Signal
from bot.demo.bot_api.errors import ApiError, bad_request
from bot.demo.bot_api.model import JSON, Clock
from bot.demo.bot_api.updates import UpdateQueue

PORTS = {80, 88, 443, 8443}
MAX_PAUSE_SECONDS = 60.0
"""The longest pause between two tries."""
ANSWER_TIMEOUT = ClientTimeout(total=60)


class Webhook:
    """The one webhook of the bot.

    `answer` takes a method that the bot puts into its response; `sleep` waits between tries; `changed` is notified
    after each try.
    """

    def __init__(
        self,
        updates: UpdateQueue,
        answer: Callable[[str, Body], Awaitable[None]],
        *,
        background: Background,
        clock: Clock,
        sleep: Callable[[float], Awaitable[object]],
        changed: Signal,
    ) -> None:
        self.url = ""
        self._updates = updates
        self._answer = answer
        self._background = background
        self._clock = clock
        self._sleep = sleep
        self._changed = changed
        self._task: asyncio.Task[None] | None = None
        self._state: JSON = {}

    def info(self) -> JSON:
        """The WebhookInfo."""
        about = {"url": self.url, "has_custom_certificate": False, "pending_update_count": len(self._updates)}
        return {**about, **self._state}

    def start(self, url: str, secret: str, max_connections: int) -> None:
        """Deliver to `url` from now on. `check_target` comes first."""
        self.url = url
        self._state = {"max_connections": max_connections, "allowed_updates": sorted(self._updates.allowed)}
        self._task = self._background.spawn(self._deliver(url, secret), "webhook")

    async def clear(self) -> None:
        """Stop the deliveries."""
        self.url, self._state = "", {}
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _deliver(self, url: str, secret: str) -> None:
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
        pause = 1.0
        async with ClientSession(headers=headers, timeout=ANSWER_TIMEOUT) as session:
            while True:
                update = await self._updates.next()
                fault = await self._post(session, url, update)
                if fault is None:
                    self._updates.done(update)
                    pause = 1.0
                else:
                    self._state |= {"last_error_date": int(self._clock()), "last_error_message": fault}
                self._changed.notify()
                if fault is not None:
                    await self._sleep(pause)
                    pause = min(pause * 2, MAX_PAUSE_SECONDS)

    async def _post(self, session: ClientSession, url: str, update: JSON) -> str | None:
        """The error for getWebhookInfo; None when the bot took the update."""
        try:
            async with session.post(url, json=update) as response:
                if not 200 <= response.status < 300:
                    return f"Wrong response from the webhook: {response.status} {response.reason}"
                body = await read_answer(response)
        except TimeoutError:
            return "Read timeout expired"
        except (ClientError, ApiError, ValueError) as error:
            return f"Connection failed: {type(error).__name__}"
        if method := body.params.pop("method", None):
            await self._answer(str(method), body)
        return None


def check_target(url: str, secret: str) -> None:
    """Refuse an address or a secret as Telegram does. Plain http and any port are fine on loopback, as with a Bot API
    server in local mode. Raises `ApiError`."""
    target = URL(url)
    if target.host is None:
        raise bad_request("invalid webhook URL specified")
    local = is_loopback(target.host)
    if target.scheme != "https" and not local:
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if target.port not in PORTS and not local:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    if len(secret) > 256:
        raise bad_request("secret token is too long")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        raise bad_request("secret token contains unallowed characters")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def read_answer(response: ClientResponse) -> Body:
    """The method call that a bot may put into its response, as JSON or multipart; anything else is no call."""
    body = Body()
    if response.content_type == "application/json":
        body.params |= read_json(await response.text())
    elif response.content_type.startswith("multipart/"):
        await read_multipart(MultipartReader.from_response(response), body)
    else:
        await response.read()
    return body
