"""The drawing of a workflow: its words, its references and the size."""

import io
from collections.abc import Callable
from typing import Any, NamedTuple

from PIL import Image

from providers.comfyui.simulator.nodes import NODES, Prompt, upstream


class Sketch(NamedTuple):
    """`files`: the names of its references. `sampler`: the node that draws by steps, `output`: the one that saves."""

    words: str
    files: tuple[str, ...]
    width: int
    height: int
    pictures: int
    seed: int
    steps: int
    sampler: str
    output: str
    saves: bool


def sketch(prompt: Prompt, read: Callable[[str], bytes]) -> Sketch:
    """Read a workflow that was found valid. `read` gives an uploaded file."""
    output = next(node for node, body in prompt.items() if NODES[body["class_type"]]["output_node"])
    chain = list(dict.fromkeys(upstream(prompt, output)))
    kinds = {prompt[node]["class_type"]: node for node in reversed(chain)}
    files = tuple(prompt[node]["inputs"]["image"] for node in chain if prompt[node]["class_type"] == "LoadImage")
    sampler = kinds.get("KSampler", output)
    inputs: dict[str, Any] = prompt[sampler]["inputs"]
    words = prompt[inputs["positive"][0]]["inputs"]["text"] if "positive" in inputs else "enlarged"
    canvas = prompt[kinds["EmptyLatentImage"]]["inputs"] if "EmptyLatentImage" in kinds else {}
    width, height = (canvas["width"], canvas["height"]) if canvas else _size(read(files[0]))
    scale = prompt[kinds["ImageScaleBy"]]["inputs"]["scale_by"] if "ImageScaleBy" in kinds else 1
    return Sketch(
        words,
        files,
        round(width * scale),
        round(height * scale),
        int(canvas.get("batch_size", 1)),
        int(inputs.get("seed", 0)),
        int(inputs.get("steps", 1)),
        sampler,
        output,
        prompt[output]["class_type"] == "SaveImage",
    )


def preview(picture: bytes, share: float) -> bytes:
    """A picture as it looks when this share of its steps is done: 256 pixels wide at most, of coarse squares."""
    with Image.open(io.BytesIO(picture)) as image:
        image.thumbnail((256, 256))
        size = image.size
        coarse = image.resize((max(1, round(size[0] * share)), max(1, round(size[1] * share))))
    data = io.BytesIO()
    coarse.resize(size, Image.Resampling.NEAREST).convert("RGB").save(data, "JPEG")
    return data.getvalue()


def _size(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data)) as image:
        return image.size
