"""Reading of request bodies within limits of size and time."""

import asyncio

from aiohttp import web

BODY_SECONDS = 10.0
"""The time that a request's body may take to arrive."""


async def body_of(request: web.Request, most: int) -> bytes:
    """Read a body of at most `most` bytes. Raises aiohttp's errors 408 (too slow) and 413 (too long)."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.clone(client_max_size=most).read()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
