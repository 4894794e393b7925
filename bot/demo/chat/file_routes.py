"""The files under /demo: those of the chat page, and those that people and the bot have sent."""

import asyncio
import json
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from bot.demo.bot_api.photo_sizes import thumbnail
from bot.demo.bot_api.world import World
from bot.demo.chat.forms import answered, number

INLINE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""The types that a browser shows in the page; other files are downloads."""

ASSETS_CACHED = "no-cache"
"""The `Cache-Control` of the page's files: whoever edits them sees it at once."""


class FileRoutes:
    """The routes to files. `page`: the folder of the chat page."""

    def __init__(self, world: World, page: Path) -> None:
        self._world = world
        self._page = page.resolve()

    def routes(self) -> list[web.AbstractRouteDef]:
        """The HTTP routes; the last one takes what no other has taken."""
        return [
            web.get("/", self.home),
            web.get("/demo", self.home),
            web.get("/demo/api/file/{file_id}", answered(self.file)),
            web.get("/demo/{asset:.*}", self.asset),
        ]

    async def home(self, request: web.Request) -> web.StreamResponse:
        """Redirect to the page."""
        raise web.HTTPFound("/demo/")

    async def asset(self, request: web.Request) -> web.StreamResponse:
        """A file of the page."""
        wanted = (self._page / (request.match_info["asset"] or "index.html")).resolve()
        if not wanted.is_relative_to(self._page) or not await asyncio.to_thread(wanted.is_file):
            raise web.HTTPNotFound(text="The page has no such file.")
        return web.FileResponse(wanted, headers={"Cache-Control": ASSETS_CACHED})

    async def file(self, request: web.Request) -> web.StreamResponse:
        """A picture or a file, or a preview of it."""
        stored = self._world.files.get(request.match_info["file_id"])
        if stored is None:
            raise web.HTTPNotFound(
                text=json.dumps({"error": "There is no such file."}), content_type="application/json"
            )
        if "size" in request.query:
            side = min(max(number(request.query["size"], "size"), 16), 4096)
            if preview := await asyncio.to_thread(thumbnail, stored.data, side):
                return web.Response(body=preview.data, content_type="image/jpeg")
        kind = stored.mime_type if stored.mime_type in INLINE_TYPES else "application/octet-stream"
        way = "inline" if stored.mime_type in INLINE_TYPES else "attachment"
        headers = {"Content-Disposition": f"{way}; filename*=UTF-8''{quote(stored.name, safe='')}"}
        headers |= {"X-Content-Type-Options": "nosniff", "Cache-Control": "max-age=86400"}
        return web.Response(body=stored.data, content_type=kind, headers=headers)
