"""Workflow files: what is wrong with one is said in a sentence; the websocket's messages are taken with care."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from providers.base import Working
from providers.comfyui.listener import MOST_FRAME_BYTES, Listener
from providers.comfyui.sizes import size_of
from providers.comfyui.workflow import Workflow, load

FRAME = b"\0\0\0\1\0\0\0\1"


def node(**inputs: Any) -> dict[str, Any]:
    return {"class_type": "CLIPTextEncode", "inputs": inputs}


def loaded(tmp_path: Path, nodes: Any) -> Workflow:
    file = tmp_path / "my.json"
    file.write_text(json.dumps(nodes))
    workflow = load(str(file))
    assert isinstance(workflow, Workflow)
    return workflow


@pytest.mark.parametrize(
    ("nodes", "sentence"),
    [
        ([], "is no JSON file of a workflow"),
        ({}, "is no JSON file of a workflow"),
        ({"nodes": [], "links": []}, r"saved for ComfyUI's editor: save it there by Workflow → Export \(API\)"),
        ({"6": {"inputs": {}}}, "node 6 lacks its class_type or its inputs"),
        ({"6": {"class_type": "X", "inputs": []}}, "node 6 lacks its class_type or its inputs"),
        ({"6": "text"}, "node 6 lacks its class_type or its inputs"),
        ({"6": node(text="a fox")}, "it has neither {prompt} nor {reference_1}"),
        ({"6": node(text="{promt}")}, r"node 6 \(CLIPTextEncode\): there is no placeholder {promt}; .* {prompt}\?"),
        ({"6": node(text="{Prompt}")}, "there is no placeholder {Prompt}; did you mean {prompt}?"),
        ({"6": node(text="{prompt}", a="{reference1}")}, "did you mean {reference_1}?"),
        ({"6": node(text="{prompt}", a="x {reference_1}")}, "{reference_1} must be the whole value of a"),
        ({"6": node(text="{prompt}", a="{reference_2}")}, "it has 1 references, but no {reference_1}"),
        ({"6": node(text="{prompt}", width="{width}")}, "{width} and {height} only go together"),
        ({"6": node(text="{prompt}", seed="{seed:any}")}, "{seed} has a default that is no number: any"),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path: Path, nodes: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence.replace("{", r"\{").replace("}", r"\}").replace("?", r"\?")):
        loaded(tmp_path, nodes)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"can't read /.*none\.json: No such file"):
        load(str(tmp_path / "none.json"))
    broken = tmp_path / "broken.json"
    broken.write_bytes(b"\xff{")
    with pytest.raises(ValueError, match="no JSON file"):
        load(str(broken))


def test_filling_in(tmp_path: Path) -> None:
    workflow = loaded(
        tmp_path,
        {
            "6": node(
                text="best, {prompt}, {red|blue}, {dance}",
                deep=[{"a": "{negative}"}, 3, None],
                link=["5", 0],
                seed="{seed}",
                file="{seed}-{width:512}",
                size=["{width:512}", "{height:768}"],
            )
        },
    )
    filled = workflow.filled({"prompt": "a {seed}", "seed": 7})
    assert filled["6"]["inputs"] == {
        "text": "best, a {seed}, {red|blue}, {dance}",
        "deep": [{"a": ""}, 3, None],
        "link": ["5", 0],
        "seed": 7,
        "file": "7-512",
        "size": [512, 768],
    }
    assert workflow.nodes["6"]["inputs"]["seed"] == "{seed}", "the file's own nodes stay as they are"


@pytest.mark.parametrize(
    ("ar", "reference", "size"),
    [
        ("auto", None, (832, 1216)),
        ("1:1", None, (1024, 1024)),
        ("16:9", None, (1344, 768)),
        ("auto", (3000, 2000), (1216, 832)),
        ("auto", (9000, 100), (1728, 576)),
        ("9:16", (3000, 2000), (768, 1344)),
    ],
)
def test_sizes(tmp_path: Path, ar: str, reference: tuple[int, int] | None, size: tuple[int, int]) -> None:
    """The area is that of the defaults; a reference gives the shape where nobody asks for one."""
    workflow = loaded(tmp_path, {"6": node(text="{prompt}", width="{width:832}", height="{height:1216}")})
    assert size_of(workflow, ar, reference) == size


@asynccontextmanager
async def listening(play: Callable[[web.WebSocketResponse], Any]) -> AsyncIterator[Listener]:
    """A listener at a server that plays its messages and hangs up."""

    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        try:
            await play(socket)
            await socket.close()
        finally:
            played.set()
        return socket

    played = asyncio.Event()
    app = web.Application()
    app.router.add_get("/ws", serve)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with ClientSession() as session:
            listener = Listener(session, url, {}, "c/1")
            listener.listen()
            await played.wait()
            yield listener
            await listener.aclose()
    finally:
        await runner.cleanup()


async def test_messages_that_make_no_sense() -> None:
    async def play(socket: web.WebSocketResponse) -> None:
        for text in (
            "",
            "[",
            "[]",
            "null",
            '{"type": "progress"}',
            '{"type": "progress", "data": {"value": "x", "max": 2}}',
            '{"type": "progress", "data": {"value": 1, "max": 1}}',
            '{"type": "progress", "data": {"value": 9, "max": 2}}',
            '{"type": "executing", "data": {}}',
            "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
        ):
            await socket.send_str(text)
        for data in (b"", b"\0\0\0\1", FRAME + b"<html>", b"\0\0\0\2\0\0\0\1\xff\xd8\xff"):
            await socket.send_bytes(data)
        await socket.send_str('{"type": "progress", "data": {"value": 10, "max": 20}}')
        await socket.send_bytes(FRAME + b"\xff\xd8\xffok")
        await socket.send_str('{"type": "progress", "data": {"value": 1, "max": 4}}')

    async with listening(play) as listener:
        assert listener.seen == Working(0.5, b"\xff\xd8\xffok"), "a second sampler does not take the bar back"
        assert not await listener.during(asyncio.sleep(0))


async def test_the_end_triggers_a_poll() -> None:
    async def play(socket: web.WebSocketResponse) -> None:
        await socket.send_str('{"type": "executing", "data": {"node": "3", "prompt_id": "c/1"}}')
        await socket.send_str('{"type": "executing", "data": {"node": null, "prompt_id": "c/1"}}')

    async with listening(play) as listener:
        assert await listener.during(asyncio.sleep(3600))


async def test_a_message_that_is_too_long_ends_the_connection() -> None:
    async def play(socket: web.WebSocketResponse) -> None:
        await socket.send_bytes(FRAME + b"\xff\xd8\xff" + bytes(MOST_FRAME_BYTES))

    async with listening(play) as listener:
        assert listener.seen == Working()


async def test_nobody_listens() -> None:
    async with ClientSession() as session:
        listener = Listener(session, "http://127.0.0.1:9", {}, "c")
        await listener.aclose()
        listener.listen()
        await listener.aclose()
        listener.listen()
        await listener.aclose()
        assert listener.seen == Working()
