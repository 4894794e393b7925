"""Getting pictures from a service: each is fetched whole before anything is sent, in its host's own lane.

So a slow host keeps nobody waiting who does not wait for it, a picture that breaks off spoils no album, and what is
refused once is sent again without fetching it anew. Their memory is bounded: see `spool`.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from aiohttp import ClientError, ClientResponse, ClientTimeout
from yarl import URL

from bot.fair_slots import FairSlots
from bot.telegram.public_fetcher import EncodedBodyError, FetchRefusedError, Origin, PublicFetcher
from bot.telegram.spooled_file import CHUNK, SpooledFile

MOST_BYTES = 64 * 1024 * 1024
FETCH_SECONDS, BYTES_PER_SECOND = 60.0, 200_000
"""How long one picture may take: a minute, and longer for as long as bytes come at a slow line's speed."""
SILENT_SECONDS = 8.0
"""How long a host may say nothing: with the pauses between four tries, people hear of it within a minute."""
AT_ONCE = 12
"""Pictures from one host at once."""
SLOW_AFTER = 2.0
"""Seconds after which a picture leaves its place to others of the same host, and goes on in the lane of slow ones."""
SLOW_AT_ONCE = 60
HOSTS_REMEMBERED = 200
TIMEOUT = ClientTimeout(total=None, sock_connect=SILENT_SECONDS, sock_read=SILENT_SECONDS)
GONE_STATUSES = (401, 403, 404, 410)


class FetchError(Exception):
    """A picture could not be fetched for now."""


class PictureGoneError(FetchError):
    """The address is good no more: the service may give another."""


class UnusableError(FetchError):
    """This address gives no picture that may be sent, however often it is asked: too large, or no public address."""


class CompressedError(UnusableError):
    """It is compressed although that was not asked for: a little of it may be very much."""


class TooLargeError(UnusableError):
    """More than `MOST_BYTES`."""


class Downloads:
    """Fetches pictures. Give it back with `aclose`. `fetcher`: what connects; for tests."""

    def __init__(self, fetcher: PublicFetcher | None = None) -> None:
        self._fetcher = fetcher or PublicFetcher(timeout=TIMEOUT)
        self._lanes: dict[str, FairSlots] = {}

    @asynccontextmanager
    async def open(
        self, url: str, *, person: int, trusted: Collection[Origin] = frozenset()
    ) -> AsyncIterator[SpooledFile]:
        """A picture, fetched whole in the turn of `person`. `trusted`: see `PublicFetcher.get`. Raises `FetchError`."""
        file = SpooledFile("picture")
        try:
            try:
                async with self._lane(url).slot(person), asyncio.timeout(FETCH_SECONDS) as limit:
                    await self._fetch(url, trusted, file, limit)
            except EncodedBodyError as error:
                raise CompressedError(str(error)) from error
            except FetchRefusedError as error:
                raise UnusableError(str(error)) from error
            except (ClientError, TimeoutError, OSError, ValueError) as error:
                # Not the error's own words: they may hold the address.
                raise FetchError(type(error).__name__) from error
            yield file
        finally:
            file.close()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._fetcher.aclose()

    async def _fetch(self, url: str, trusted: Collection[Origin], file: SpooledFile, limit: asyncio.Timeout) -> None:
        first = limit.when() or 0.0
        async with self._fetcher.get(url, trusted=trusted) as response:
            _check(response)
            # Counted as they come: a length that is announced may be wrong, or missing.
            async for chunk in response.content.iter_chunked(CHUNK):
                if file.size + len(chunk) > MOST_BYTES:
                    raise TooLargeError(f"more than {MOST_BYTES} bytes")
                file.write(chunk)
                limit.reschedule(first + file.size / BYTES_PER_SECOND)

    def _lane(self, url: str) -> FairSlots:
        try:
            host = URL(url).authority
        except ValueError:
            host = ""
        if (lane := self._lanes.get(host)) is None:
            if len(self._lanes) >= HOSTS_REMEMBERED:
                self._lanes = {name: known for name, known in self._lanes.items() if not known.is_idle}
            lane = self._lanes[host] = FairSlots(AT_ONCE, slow_after=SLOW_AFTER, slow_most=SLOW_AT_ONCE)
        return lane


def _check(response: ClientResponse) -> None:
    if response.status in GONE_STATUSES:
        raise PictureGoneError(f"HTTP {response.status}")
    if response.status != 200:
        raise FetchError(f"HTTP {response.status}")
    if (response.content_length or 0) > MOST_BYTES:
        raise TooLargeError(f"{response.content_length} bytes")
