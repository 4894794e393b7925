"""Reading what others send to the web server, within bounds of size and time."""

import asyncio

from aiohttp import web

BODY_SECONDS = 10.0
"""How long a request's body may take to arrive."""


async def body_of(request: web.Request, most: int) -> bytes:
    """The body, of at most so many bytes. Raises aiohttp's errors of the statuses 408 (too slow) and 413 (too long)."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.clone(client_max_size=most).read()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
