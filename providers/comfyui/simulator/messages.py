"""The messages at the websockets: status, progress, previews, and the end of a task.

Source: `server.py`, `execution.py` and `main.py` of ComfyUI. A task's messages go to the client that queued it, if that
is connected, and are lost otherwise.
"""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from aiohttp import web

from providers.comfyui.simulator.sketch import preview
from providers.simulators.service import Task

if TYPE_CHECKING:
    from providers.comfyui.simulator.server import ComfyUISimulator

TELL_SECONDS = 0.25
"""How often clients are told without calling: seconds of real time, since no message moves the simulator's clock."""
_JPEG_PREVIEW = (1).to_bytes(4, "big") * 2
"""The head of a binary message: it is a preview, and a JPEG."""
_PREVIEWS = 4
"""The previews of one task."""


class Messages:
    """The connected clients, each told what happens with its tasks."""

    def __init__(self, simulator: "ComfyUISimulator") -> None:
        self._simulator = simulator
        self._sockets: dict[str, web.WebSocketResponse] = {}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The route of a websocket."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        client = request.query.get("clientId") or uuid4().hex
        self._sockets[client] = socket
        try:
            await self._send(socket, "status", {"status": self._status(), "sid": client})
            while not socket.closed:
                with suppress(TimeoutError):
                    await socket.receive(timeout=TELL_SECONDS)
                await self._tell(client)
        finally:
            if self._sockets.get(client) is socket:
                del self._sockets[client]
        return socket

    async def aclose(self) -> None:
        """Hang up."""
        for socket in list(self._sockets.values()):
            await socket.close()

    async def tell_all(self) -> None:
        """Tell every client what is new."""
        for client in list(self._sockets):
            await self._tell(client)

    def end_of(self, task: Task) -> tuple[str, dict[str, Any]]:
        """The message about the end of a task."""
        drawing, told = self._simulator.drawing(task), {"prompt_id": task.id, "timestamp": 1_790_000_000_000}
        match self._simulator.state(task):
            case "cancelled":
                return "execution_interrupted", {**told, "node_id": drawing.sampler, "node_type": "KSampler"}
            case "failed":
                words = {"exception_type": "RuntimeError", "exception_message": "mat1 and mat2 shapes differ"}
                return "execution_error", {**told, "node_id": drawing.sampler, "node_type": "KSampler", **words}
            case _:
                return "execution_success", told

    async def _tell(self, client: str) -> None:
        tasks = [task for task in self._simulator.tasks.values() if task.details["extra"].get("client_id") == client]
        for task in tasks:
            async for kind, data in self._news(task):
                socket = self._sockets.get(client)
                if socket is None or socket.closed:
                    return
                if isinstance(data, bytes):
                    await socket.send_bytes(_JPEG_PREVIEW + data)
                else:
                    await self._send(socket, kind, data)

    async def _news(self, task: Task) -> AsyncIterator[tuple[str, Any]]:
        """The events of a task since the last call."""
        drawing, state, told = self._simulator.drawing(task), self._simulator.state(task), task.details
        if state == "queued" or told.get("is_told"):
            return
        told["is_told"] = state != "running"
        node = {"node": drawing.sampler, "display_node": drawing.sampler, "prompt_id": task.id}
        if "step" not in told:
            told["step"] = 0
            yield "execution_start", {"prompt_id": task.id, "timestamp": 1_790_000_000_000}
            yield "execution_cached", {"nodes": [], "prompt_id": task.id, "timestamp": 1_790_000_000_000}
            yield "executing", node
        step = drawing.steps if state == "done" else self._step(task)
        if step > told["step"]:
            is_new = step * _PREVIEWS // drawing.steps > told["step"] * _PREVIEWS // drawing.steps
            told["step"] = step
            yield "progress", {"value": step, "max": drawing.steps, "prompt_id": task.id, "node": drawing.sampler}
            if is_new and drawing.steps > 1:
                yield "", preview(await self._simulator.previewed(task), step / drawing.steps)
        if state == "running":
            return
        if state == "done":
            end = {"node": drawing.output, "display_node": drawing.output, "output": self._simulator.output(task)}
            yield "executed", {**end, "prompt_id": task.id}
        yield self.end_of(task)
        yield "executing", {"node": None, "prompt_id": task.id}

    def _step(self, task: Task) -> int:
        begins, steps = task.details["begins"], self._simulator.drawing(task).steps
        share = (self._simulator.clock() - begins) / max(1e-9, task.finished - begins)
        return min(steps, max(0, int(share * steps)))

    def _status(self) -> dict[str, Any]:
        waiting = [
            task for task in self._simulator.tasks.values() if self._simulator.state(task) in {"queued", "running"}
        ]
        return {"exec_info": {"queue_remaining": len(waiting)}}

    async def _send(self, socket: web.WebSocketResponse, kind: str, data: Any) -> None:
        with suppress(ConnectionError):
            await socket.send_json({"type": kind, "data": data})
