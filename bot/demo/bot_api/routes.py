"""The Bot API over HTTP: /bot<token>/<method> and /file/bot<token>/<path>."""

import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.demo.bot_api.body import Body, read_body
from bot.demo.bot_api.errors import ApiError, DroppedError, GatewayPageError, too_many_requests, unauthorized
from bot.demo.bot_api.faults import AnyFault, Delay, Drop, FaultPlan, Flood, GatewayPage, PartialAlbum, Refusal
from bot.demo.bot_api.flood import FloodControl
from bot.demo.bot_api.methods import FLOOD_COUNTED, HANDLERS
from bot.demo.bot_api.methods.call_context import ATTACHED, CallContext, as_id
from bot.demo.bot_api.model import JSON
from bot.demo.bot_api.params import Method, decode, method_models, parse
from bot.demo.bot_api.webhook import Webhook
from bot.demo.bot_api.world import World
from bot.demo.calls import CallLog

Answer = tuple[int, JSON]
PAGE = "<html><body><h1>Something is wrong here</h1></body></html>"


class BotApi:
    """Takes the bot's calls, plays faults, applies flood control and logs the calls."""

    def __init__(
        self,
        world: World,
        token: str,
        *,
        log: CallLog,
        flood: FloodControl,
        faults: FaultPlan,
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        self.webhook: Webhook
        self._is_revoked = False
        self._world = world
        self._token = token
        self._log = log
        self._flood = flood
        self._faults = faults
        self._sleep = sleep

    def routes(self) -> list[web.AbstractRouteDef]:
        """The HTTP routes for the bot."""
        return [
            web.route("*", "/bot{token:[^/]+}/{method}", self.handle),
            web.get("/file/bot{token:[^/]+}/{path:.+}", self.handle_file),
        ]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One call by HTTP."""
        name = request.match_info["method"]
        try:
            self._authorize(request.match_info["token"])
            status, payload = await self.call(name, await read_body(request))
        except ApiError as error:
            status, payload = refused(error)
            self._log.record("telegram", name, status=status, ms=0, request={}, response=payload)
        except GatewayPageError as paged:
            return web.Response(status=paged.status, text=PAGE, content_type="text/html")
        except DroppedError:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return web.json_response(payload, status=status)

    async def handle_file(self, request: web.Request) -> web.StreamResponse:
        """The bytes behind a path that getFile gave."""
        try:
            self._authorize(request.match_info["token"])
        except ApiError as error:
            status, payload = refused(error)
            return web.json_response(payload, status=status)
        stored = self._world.files.at(request.match_info["path"])
        # An own server itself serves no files; here only one that runs with `--local` is played.
        if stored is None or self._world.files.local:
            return web.json_response({"ok": False, "error_code": 404, "description": "Not Found"}, status=404)
        return web.Response(body=stored.data, content_type="application/octet-stream")

    def revoke(self, *, revoked: bool = True) -> None:
        """@BotFather revokes the token, or (False, which he can't) gives it back."""
        self._is_revoked = revoked
        self._world.updates.end_polls(unauthorized())

    async def call(self, name: str, body: Body) -> Answer:
        """Carry out one method and log it. Raises `DroppedError` when the connection is to be closed without an
        answer.
        """
        began = time.perf_counter()
        known = method_models().get(name.lower())
        model = known if known in HANDLERS else None
        name = model.__api_method__ if model else name
        params = decode(model, body) if model else dict(body.params)

        def record(status: int, payload: JSON) -> None:
            if name == "getUpdates" and payload.get("result") == []:
                return
            ms = (time.perf_counter() - began) * 1000
            request = summarised(params, body)
            self._log.record("telegram", name, status=status, ms=ms, request=request, response=payload)

        try:
            answer = 200, {"ok": True, "result": await self._carry_out(model, name, params, body)}
        except ApiError as error:
            answer = refused(error)
        except DroppedError:
            record(0, {})
            raise
        record(*answer)
        return answer

    async def answer(self, name: str, body: Body) -> None:
        """Carry out a method that came in the response of the webhook. Its result is not reported."""
        try:
            await self.call(name, body)
        except DroppedError:
            return

    async def _carry_out(self, model: type[Method] | None, name: str, params: JSON, body: Body) -> Any:
        due = self._faults.due(name, params.get("chat_id"))
        await self._play(due)
        if model is None:
            raise ApiError(404, "Not Found: method not found")
        call = parse(model, params)
        self._count(call)
        partial = next((fault for fault in due if isinstance(fault, PartialAlbum)), None)
        context = CallContext(self._world, self.webhook, body.uploads, partial)
        result = await HANDLERS[model](context, call)
        if any(isinstance(fault, Drop) and fault.applied for fault in due):
            raise DroppedError
        for fault in due:
            if isinstance(fault, GatewayPage) and fault.applied:
                raise GatewayPageError(fault.code)
        return result

    async def _play(self, due: list[AnyFault]) -> None:
        for fault in due:
            if isinstance(fault, Delay):
                await self._sleep(fault.seconds)
        for fault in due:
            if isinstance(fault, Drop) and not fault.applied:
                raise DroppedError
            if isinstance(fault, GatewayPage) and not fault.applied:
                raise GatewayPageError(fault.code)
            if isinstance(fault, Flood):
                raise too_many_requests(fault.retry_after)
            if isinstance(fault, Refusal):
                raise ApiError(fault.code, fault.description)

    def _count(self, call: Method) -> None:
        if type(call) not in FLOOD_COUNTED:
            return
        inline_id, chat_id = getattr(call, "inline_message_id", None), getattr(call, "chat_id", None)
        if inline_id and chat_id is None:
            # Telegram publishes no limit of edits in inline mode; here they count in the chat where they are seen.
            there = self._world.inline_messages.get(inline_id)
            chat = None if there is None else there.chat
        else:
            chat = self._world.chats.get(as_id(chat_id))
        if chat is not None:
            media = getattr(call, "media", None)
            self._flood.spend(chat, len(media) if isinstance(media, list) else 1)

    def _authorize(self, token: str) -> None:
        if not re.fullmatch(r"\d+:[\w-]+", token):
            raise ApiError(404, "Not Found")
        if token != self._token or self._is_revoked:
            raise unauthorized()


def refused(error: ApiError) -> Answer:
    """The answer for an error."""
    payload: JSON = {"ok": False, "error_code": error.code, "description": error.description}
    return error.code, {**payload, "parameters": error.parameters} if error.parameters else payload


def summarised(value: Any, body: Body) -> Any:
    """Parameters for the log: an attached file is shown by its name, size and type."""
    if isinstance(value, dict):
        return {name: summarised(item, body) for name, item in value.items()}
    if isinstance(value, list):
        return [summarised(item, body) for item in value]
    if isinstance(value, str) and value.startswith(ATTACHED):
        file = body.uploads.get(value.removeprefix(ATTACHED))
        return file.summary() if file else value
    return value
