"""A client that nobody here wrote works with the simulator, so the simulator is a valid test of ours.

The steps and the calls are those of `script_examples/websockets_api_example.py` of ComfyUI, in this project's words:
the same library for the websocket, the same requests, the same way to know the end.
"""

import asyncio
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator
from typing import Any

import pytest
import websocket

from providers.comfyui.simulator import ComfyUISimulator
from providers.testing.bench import small_picture

CLIENT = "3f0c4b9e-9a55-4f4e-8f0c-6a7f5a1d2b3c"
TEXT = """
{"3": {"class_type": "KSampler", "inputs": {"cfg": 8, "denoise": 1, "latent_image": ["5", 0], "model": ["4", 0],
   "negative": ["7", 0], "positive": ["6", 0], "sampler_name": "euler", "scheduler": "normal", "seed": 8566257,
   "steps": 20}},
 "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "v1-5-pruned-emaonly.ckpt"}},
 "5": {"class_type": "EmptyLatentImage", "inputs": {"batch_size": 1, "height": 512, "width": 512}},
 "6": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["4", 1], "text": "a fox"}},
 "7": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["4", 1], "text": "bad hands"}},
 "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
 "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "ComfyUI", "images": ["8", 0]}}}
"""


@pytest.fixture
async def simulator() -> AsyncIterator[ComfyUISimulator]:
    simulator = ComfyUISimulator(durations=lambda _: 0.5, draw=lambda *_: small_picture())
    await simulator.start()
    yield simulator
    await simulator.aclose()


def opened(request: str | urllib.request.Request) -> bytes:
    with urllib.request.urlopen(request) as response:
        data: bytes = response.read()
    return data


def queue_prompt(url: str, prompt: Any) -> str:
    data = json.dumps({"prompt": prompt, "client_id": CLIENT}).encode("utf-8")
    answer = json.loads(opened(urllib.request.Request(f"{url}/prompt", data=data)))
    return str(answer["prompt_id"])


def get_images(url: str, prompt: Any) -> tuple[dict[str, list[bytes]], list[Any]]:
    """The pictures of each node, and all messages on the way."""
    socket: Any = websocket.WebSocket()
    socket.connect(f"{url.replace('http', 'ws', 1)}/ws?clientId={CLIENT}")
    told: list[Any] = []
    try:
        prompt_id = queue_prompt(url, prompt)
        while True:
            out = socket.recv()
            told.append(json.loads(out) if isinstance(out, str) else out)
            if isinstance(out, str) and told[-1]["type"] == "executing":
                data = told[-1]["data"]
                if data["node"] is None and data["prompt_id"] == prompt_id:
                    break
    finally:
        socket.close()
    history = json.loads(opened(f"{url}/history/{prompt_id}"))[prompt_id]
    images = {
        node: [opened(f"{url}/view?{urllib.parse.urlencode(one)}") for one in output["images"]]
        for node, output in history["outputs"].items()
    }
    return images, told


async def test_the_example_of_comfyui(simulator: ComfyUISimulator) -> None:
    images, told = await asyncio.to_thread(get_images, simulator.url, json.loads(TEXT))
    assert images == {"9": [small_picture()]}
    kinds = [one["type"] for one in told if isinstance(one, dict)]
    assert kinds[0] == "status"
    assert kinds[-3:] == ["executed", "execution_success", "executing"]
    previews = [one for one in told if isinstance(one, bytes)]
    assert previews, "no preview came"
    assert all(one.startswith(b"\0\0\0\1\0\0\0\1\xff\xd8\xff") for one in previews)


async def test_a_file_that_is_not_there(simulator: ComfyUISimulator) -> None:
    prompt = json.loads(TEXT)
    prompt["4"]["inputs"]["ckpt_name"] = "missing.ckpt"
    with pytest.raises(urllib.error.HTTPError) as caught:
        await asyncio.to_thread(queue_prompt, simulator.url, prompt)
    with caught.value as answer:
        told = json.loads(answer.read())
    assert answer.code == 400
    assert told["error"]["type"] == "prompt_outputs_failed_validation"
    assert told["node_errors"]["4"]["errors"][0]["type"] == "value_not_in_list"
