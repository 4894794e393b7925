"""`pytest --late telegram` (or `services`): the stand-ins answer late, at random.

It finds tests, and code, that take two moments for one. Each call takes effect, or is answered, up to
`LONGEST_SECONDS` late. Run it with many workers, as most of them wait:
`.venv/bin/pytest --late telegram -n 12 tests/integration`. A few tests hold a service to a time, and fail then.
"""

import asyncio
import random
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

SIDES = {"telegram": "bot.demo.bot_api.routes", "services": "providers."}
"""The modules with the handlers of each side."""
LONGEST_SECONDS = 0.7
PROMPT = {"getUpdates", "getMe"}
"""Methods that are answered at once: their delay would only delay the test."""


def be_late(side: str) -> None:
    """Let this side answer late from here on. Call it before a stand-in starts."""
    original = web.Application.__init__

    @web.middleware
    async def late(request: web.Request, handler: Handler) -> web.StreamResponse:
        is_of_side = getattr(request.match_info.handler, "__module__", "").startswith(SIDES[side])
        # Most are little late.
        seconds = LONGEST_SECONDS * random.random() ** 2 if is_of_side else 0.0
        if request.match_info.get("method") in PROMPT:
            seconds = 0.0
        before, after = random.choice([(seconds, 0.0), (0.0, seconds)])
        await asyncio.sleep(before)
        answer = await handler(request)
        await asyncio.sleep(after)
        return answer

    def init(app: web.Application, *arguments: Any, middlewares: Any = (), **options: Any) -> None:
        original(app, *arguments, middlewares=[late, *middlewares], **options)

    web.Application.__init__ = init  # type: ignore[assignment,method-assign]
