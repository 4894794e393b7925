"""References published in object storage that speaks S3: under presigned addresses that expire, gone with their job."""

import asyncio
import hashlib
import hmac
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

import obstore
from obstore.exceptions import PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from bot.settings import BucketSettings
from storage.records import Source

log = logging.getLogger(__name__)

LIFETIME = timedelta(hours=1)
"""Of an address: it is signed when a task is submitted, and the service fetches at once."""
LEFT_BEHIND = timedelta(days=1)
"""After this an object is of a job whose end was missed."""
KNOWN_SECONDS = LEFT_BEHIND.total_seconds() / 2
TIMEOUT = timedelta(seconds=20)
UPLOAD_SECONDS = 8.0
"""For one reference: less than a stop of the bot waits, so that a task is not cut off on its way to the service."""
PAUSE_SECONDS = 60.0
"""For which a storage that failed is left alone."""
_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


class Bucket:
    """The bucket of `settings`. `secret` keeps the objects of several bots in one bucket apart; `clock`: monotonic."""

    def __init__(self, settings: BucketSettings, secret: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._secret = secret.encode()
        self._prefix = settings.prefix
        self._clock = clock
        self._known: dict[str, float] = {}
        self._again_at = float("-inf")
        self.store = S3Store(
            settings.name,
            endpoint=_endpoint(settings),
            region=settings.region,
            access_key_id=settings.access_key.get_secret_value(),
            secret_access_key=settings.secret_key.get_secret_value(),
            virtual_hosted_style_request=settings.virtual_host,
            client_options={"allow_http": settings.endpoint.startswith("http://"), "timeout": TIMEOUT},
            retry_config={"max_retries": 2, "retry_timeout": TIMEOUT},
        )

    async def publish(self, job_id: int, source: Source, read: Callable[[], Awaitable[bytes]]) -> str | None:
        """The address of a reference, which is uploaded before; None when the storage doesn't take it."""
        media_type = source.media_type or ""
        # What is fitted anew for another provider is another object.
        path = f"{self._folder(job_id)}{source.id}-{source.size}.{_ENDINGS.get(media_type, 'bin')}"
        if self._clock() < self._again_at:
            return None
        try:
            async with asyncio.timeout(UPLOAD_SECONDS):
                if self._clock() - self._known.get(path, -KNOWN_SECONDS) >= KNOWN_SECONDS:
                    await self._put(path, await read(), media_type)
                    self._known[path] = self._clock()
                return await obstore.sign_async(self.store, "GET", path, LIFETIME)
        except Exception as error:  # the storage's library raises more than it documents
            log.warning("reference %d can't be published, and goes along with its request: %s", source.id, _said(error))
            self._again_at = self._clock() + PAUSE_SECONDS
            return None

    async def withdraw(self, job_id: int) -> None:
        """Delete what was published for a job."""
        folder = self._folder(job_id)
        self._known = {path: at for path, at in self._known.items() if not path.startswith(folder)}
        await self._delete(folder, datetime.max.replace(tzinfo=UTC))

    async def tidy(self) -> None:
        """Delete what jobs left behind whose end was missed."""
        await self._delete(self._prefix, datetime.now(UTC) - LEFT_BEHIND)

    @asynccontextmanager
    async def trial(self) -> AsyncIterator[str]:
        """The address of an object that is there meanwhile. Raises what `said` puts into words."""
        path = f"{self._prefix}check.txt"
        await self._put(path, b"imagine-bot", "text/plain")
        try:
            yield await obstore.sign_async(self.store, "GET", path, LIFETIME)
        finally:
            await obstore.delete_async(self.store, path)

    async def _put(self, path: str, data: bytes, media_type: str) -> None:
        await obstore.put_async(self.store, path, data, attributes={"Content-Type": media_type})

    async def _delete(self, prefix: str, before: datetime) -> None:
        try:
            async for found in obstore.list(self.store, prefix):
                if old := [one["path"] for one in found if one["last_modified"] < before]:
                    await obstore.delete_async(self.store, old)
        except Exception as error:  # see above; nothing waits for this
            log.warning("objects under %s can't be deleted: %s", prefix, _said(error))

    def _folder(self, job_id: int) -> str:
        name = hmac.new(self._secret, str(job_id).encode(), hashlib.sha256).hexdigest()[:32]
        return f"{self._prefix}{name}/"


def said(error: Exception, settings: BucketSettings) -> str:
    """What the operator can do about an error of `Bucket.trial`."""
    if isinstance(error, FileNotFoundError):
        return f"there is no bucket {settings.name} at {settings.endpoint or 'AWS'}: make it, or correct bucket.name"
    if isinstance(error, (PermissionError, PermissionDeniedError, UnauthenticatedError)):
        return "the keys may not write there: check bucket.access_key, bucket.secret_key and what they are allowed"
    return f"{settings.endpoint or 'AWS'} can't be reached or is out of order: check bucket.endpoint ({_said(error)})"


def _said(error: Exception) -> str:
    """An error's first line; what follows is about the library's insides."""
    return str(error).partition("\n")[0] or type(error).__name__


def _endpoint(settings: BucketSettings) -> str | None:
    """Where the storage is, with the bucket's name in the host where it must stand there."""
    if not settings.endpoint:
        return None
    parts = urlsplit(settings.endpoint)
    host = f"{settings.name}.{parts.netloc}" if settings.virtual_host else parts.netloc
    return urlunsplit(parts._replace(netloc=host))
