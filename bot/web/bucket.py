"""References in S3 object storage: presigned addresses that expire, objects that are deleted with their job."""

import asyncio
import hashlib
import hmac
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import obstore
from obstore.exceptions import PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store
from yarl import URL

from bot.settings import BucketSettings, SettingsError
from providers.proxies import environment_way
from storage.records import StoredReference

if TYPE_CHECKING:
    from obstore.store import ClientConfig

log = logging.getLogger(__name__)

ADDRESS_LIFETIME = timedelta(hours=1)
"""The lifetime of an address: it is signed when a task is submitted, and the service fetches at once."""
LEFTOVER_AGE = timedelta(days=1)
"""The age at which an object must be left over from a job whose end was missed."""
UPLOADED_SECONDS = LEFTOVER_AGE.total_seconds() / 2
"""The time after which an object is uploaded again, long before it counts as a leftover."""
REQUEST_TIMEOUT = timedelta(seconds=20)
UPLOAD_SECONDS = 8.0
"""The limit for one reference: shorter than the bot's stop, so that a stop does not interrupt a submit."""
FAILURE_PAUSE_SECONDS = 60.0
"""The time without uploads after the storage has failed."""
AWS = "https://s3.amazonaws.com"
_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


class Bucket:
    """The bucket of `settings`. `secret` separates the objects of several bots in one bucket. `clock`: monotonic."""

    def __init__(self, settings: BucketSettings, secret: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._secret = secret.encode()
        self._prefix = settings.prefix
        self._clock = clock
        self._uploaded_at: dict[str, float] = {}
        self._paused_until = float("-inf")
        self.store = S3Store(
            settings.name,
            endpoint=_endpoint(settings),
            region=settings.region,
            access_key_id=settings.access_key.get_secret_value(),
            secret_access_key=settings.secret_key.get_secret_value(),
            virtual_hosted_style_request=settings.virtual_host,
            client_options=_client_options(settings),
            retry_config={"max_retries": 2, "retry_timeout": REQUEST_TIMEOUT},
        )

    async def publish(
        self, job_id: int, reference: StoredReference, read: Callable[[], Awaitable[bytes]]
    ) -> str | None:
        """Upload a reference; return its address, or None when the storage fails."""
        media_type = reference.media_type or ""
        # A reference scaled again for another provider is another object.
        path = f"{self._folder(job_id)}{reference.id}-{reference.size}.{_ENDINGS.get(media_type, 'bin')}"
        if self._clock() < self._paused_until:
            return None
        try:
            async with asyncio.timeout(UPLOAD_SECONDS):
                if self._clock() - self._uploaded_at.get(path, -UPLOADED_SECONDS) >= UPLOADED_SECONDS:
                    await self._put(path, await read(), media_type)
                    self._uploaded_at[path] = self._clock()
                return await obstore.sign_async(self.store, "GET", path, ADDRESS_LIFETIME)
        except Exception as error:  # the storage's library raises more than it documents
            log.warning(
                "uploading reference %d failed; it is sent inside the request: %s", reference.id, _first_line(error)
            )
            self._paused_until = self._clock() + FAILURE_PAUSE_SECONDS
            return None

    async def withdraw(self, job_id: int) -> None:
        """Delete the references of a job."""
        folder = self._folder(job_id)
        self._uploaded_at = {path: at for path, at in self._uploaded_at.items() if not path.startswith(folder)}
        await self._delete(folder, datetime.max.replace(tzinfo=UTC))

    async def tidy(self) -> None:
        """Delete the objects of jobs whose end was missed."""
        await self._delete(self._prefix, datetime.now(UTC) - LEFTOVER_AGE)

    @asynccontextmanager
    async def trial(self) -> AsyncIterator[str]:
        """Upload an object for the block and give its address. `said` explains the errors."""
        path = f"{self._prefix}check.txt"
        await self._put(path, b"imagine-bot", "text/plain")
        try:
            yield await obstore.sign_async(self.store, "GET", path, ADDRESS_LIFETIME)
        finally:
            await obstore.delete_async(self.store, path)

    async def _put(self, path: str, data: bytes, media_type: str) -> None:
        await obstore.put_async(self.store, path, data, attributes={"Content-Type": media_type})

    async def _delete(self, prefix: str, before: datetime) -> None:
        try:
            async for found in obstore.list(self.store, prefix):
                if old := [one["path"] for one in found if one["last_modified"] < before]:
                    await obstore.delete_async(self.store, old)
        except Exception as error:  # any error, as above; nothing depends on the deletion
            log.warning("deleting objects under %s failed; they are deleted later: %s", prefix, _first_line(error))

    def _folder(self, job_id: int) -> str:
        name = hmac.new(self._secret, str(job_id).encode(), hashlib.sha256).hexdigest()[:32]
        return f"{self._prefix}{name}/"


def said(error: Exception, settings: BucketSettings) -> str:
    """Explain an error of `Bucket.trial` to the operator, with advice."""
    if isinstance(error, FileNotFoundError):
        return f"there is no bucket {settings.name} at {settings.endpoint or 'AWS'}: make it, or correct bucket.name"
    if isinstance(error, (PermissionError, PermissionDeniedError, UnauthenticatedError)):
        return "the keys may not write there: check bucket.access_key, bucket.secret_key and what they are allowed"
    address, reason = settings.endpoint or "AWS", _first_line(error)
    return f"{address} can't be reached or is out of order: check bucket.endpoint ({reason})"


def _first_line(error: Exception) -> str:
    """The first line of an error; further lines are about the library's internals."""
    return str(error).partition("\n")[0] or type(error).__name__


def _client_options(settings: BucketSettings) -> "ClientConfig":
    """The options of the HTTP client. Of the environment's proxies it would take one for this machine, too, and it
    knows no SOCKS. Raises `SettingsError`."""
    options: ClientConfig = {"allow_http": settings.endpoint.startswith("http://"), "timeout": REQUEST_TIMEOUT}
    if (way := environment_way()) is None:
        return options
    address = URL(_endpoint(settings) or AWS)
    if (proxy := way(address)) is None:
        # With a proxy of its own it does not ask the environment.
        return {**options, "proxy_url": "http://127.0.0.1", "proxy_excludes": address.host or ""}
    if proxy.is_socks:
        advice = f"use an HTTP proxy, or add {address.host} to NO_PROXY"
        raise SettingsError(f"The bucket can't be reached through the SOCKS proxy of {proxy.key}: {advice}.")
    return {**options, "proxy_url": proxy.secret_url}


def _endpoint(settings: BucketSettings) -> str | None:
    """The address of the storage, with the bucket's name in the host where that is required."""
    if not settings.endpoint:
        return None
    parts = urlsplit(settings.endpoint)
    host = f"{settings.name}.{parts.netloc}" if settings.virtual_host else parts.netloc
    return urlunsplit(parts._replace(netloc=host))
