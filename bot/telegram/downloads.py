"""Downloading pictures from services: each is fetched whole before it is sent, in the slots of its host.

So a slow host delays no other, a download that breaks off spoils no album, and a refused picture is sent again without
fetching it again. Memory is bounded: see `spooled_file`.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import MappingProxyType
from typing import Any

from aiohttp import ClientError, ClientResponse, ClientTimeout
from yarl import URL

from bot.fair_slots import FairSlots
from bot.telegram.public_fetcher import EncodedBodyError, FetchRefusedError, Origin, PublicFetcher
from bot.telegram.spooled_file import CHUNK_BYTES, SpooledFile
from providers.base import Provider
from providers.proxies import ProxyFailedError, Way, environment_way, way_of
from providers.settings import ProviderSettings

MOST_BYTES = 64 * 1024 * 1024
FETCH_SECONDS, BYTES_PER_SECOND = 60.0, 200_000
"""The time limit of one picture: a minute, and more while bytes come at least at a slow line's speed."""
SILENT_SECONDS = 8.0
"""The longest silence of a host: with the pauses between four tries, a person is told within a minute."""
PER_HOST_AT_ONCE = 12
"""How many pictures are fetched from one host at once."""
SLOW_AFTER_SECONDS = 2.0
"""A picture that takes longer gives its slot to others of the same host and goes on in a slot for slow ones."""
SLOW_PER_HOST_AT_ONCE = 60
HOSTS_REMEMBERED = 200
TIMEOUT = ClientTimeout(total=None, sock_connect=SILENT_SECONDS, sock_read=SILENT_SECONDS)
GONE_STATUSES = (401, 403, 404, 410)


class FetchError(Exception):
    """A picture could not be fetched now."""


class PictureGoneError(FetchError):
    """The address is no longer valid; the service may give another."""


class UnusableError(FetchError):
    """This address never gives a picture that may be sent: it is too large, or the address is not public."""


class CompressedError(UnusableError):
    """The body is compressed although that was not asked for: it may unpack to a huge size."""


class TooLargeError(UnusableError):
    """More than `MOST_BYTES`."""


class Downloads:
    """Fetches pictures. Close it with `aclose`. `fetcher` makes the requests, `fetchers` those for the pictures of some
    providers, by name."""

    def __init__(
        self, fetcher: PublicFetcher | None = None, fetchers: Mapping[str, PublicFetcher] = MappingProxyType({})
    ) -> None:
        self._fetcher = fetcher or PublicFetcher(timeout=TIMEOUT)
        self._fetchers = fetchers
        self._slots: dict[str, FairSlots] = {}

    @asynccontextmanager
    async def open(
        self, url: str, *, person: int, trusted: Collection[Origin] = frozenset(), provider: str = ""
    ) -> AsyncIterator[SpooledFile]:
        """Fetch a picture whole; people take turns. `trusted`: see `PublicFetcher.get`; `provider`: the name of the one
        that gave the address. Raises `FetchError`."""
        fetcher = self._fetchers.get(provider, self._fetcher)
        file = SpooledFile("picture")
        try:
            try:
                async with self._slots_of(url).slot(person), asyncio.timeout(FETCH_SECONDS) as limit:
                    await self._fetch(fetcher.get(url, trusted=trusted), file, limit)
            except EncodedBodyError as error:
                raise CompressedError(str(error)) from error
            except FetchRefusedError as error:
                raise UnusableError(str(error)) from error
            except ProxyFailedError as error:
                raise FetchError(error.words) from error
            except (ClientError, TimeoutError, OSError, ValueError) as error:
                # The error's own text may contain the address.
                raise FetchError(type(error).__name__) from error
            yield file
        finally:
            file.close()

    async def aclose(self) -> None:
        """Close the connections."""
        for fetcher in (self._fetcher, *self._fetchers.values()):
            await fetcher.aclose()

    async def _fetch(
        self, answer: AbstractAsyncContextManager[ClientResponse], file: SpooledFile, limit: asyncio.Timeout
    ) -> None:
        first = limit.when() or 0.0
        async with answer as response:
            _check(response)
            # Count the bytes: an announced length may be wrong or missing.
            async for chunk in response.content.iter_chunked(CHUNK_BYTES):
                if file.size + len(chunk) > MOST_BYTES:
                    raise TooLargeError(f"more than {MOST_BYTES} bytes")
                file.write(chunk)
                limit.reschedule(first + file.size / BYTES_PER_SECOND)

    def _slots_of(self, url: str) -> FairSlots:
        try:
            host = URL(url).authority
        except ValueError:
            host = ""
        if (slots := self._slots.get(host)) is None:
            if len(self._slots) >= HOSTS_REMEMBERED:
                self._slots = {name: known for name, known in self._slots.items() if not known.is_idle}
            slots = self._slots[host] = FairSlots(
                PER_HOST_AT_ONCE, slow_after=SLOW_AFTER_SECONDS, slow_most=SLOW_PER_HOST_AT_ONCE
            )
        return slots


def downloads_for(providers: Mapping[str, Provider[Any, Any]]) -> Downloads:
    """Downloads that take the proxies of the providers' settings; without any, those of the environment."""
    ways = {name: _way(name, provider.settings) for name, provider in providers.items() if _has_own(provider.settings)}
    fetchers = {name: PublicFetcher(timeout=TIMEOUT, way=way) for name, way in ways.items()}
    return Downloads(PublicFetcher(timeout=TIMEOUT, way=environment_way()), fetchers)


def _has_own(settings: ProviderSettings) -> bool:
    return any(proxy.get_secret_value() for proxy in (settings.picture_proxy, settings.proxy))


def _way(name: str, settings: ProviderSettings) -> Way | None:
    if settings.picture_proxy.get_secret_value():
        return way_of(settings.picture_proxy, f"providers.{name}.picture_proxy")
    return way_of(settings.proxy, f"providers.{name}.proxy")


def _check(response: ClientResponse) -> None:
    if response.status in GONE_STATUSES:
        raise PictureGoneError(f"HTTP {response.status}")
    if response.status != 200:
        raise FetchError(f"HTTP {response.status}")
    if (response.content_length or 0) > MOST_BYTES:
        raise TooLargeError(f"{response.content_length} bytes")
