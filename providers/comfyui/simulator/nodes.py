"""The nodes that the simulated ComfyUI knows, described as `/object_info` does, and its validation of workflows.

Source: `nodes.py`, and `validate_prompt` and `validate_inputs` of `execution.py`, of ComfyUI.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Node = Mapping[str, Any]
Prompt = Mapping[str, Any]

CHECKPOINTS = ["sd_xl_base_1.0.safetensors", "v1-5-pruned-emaonly.ckpt"]


def _node(required: Mapping[str, list[Any]], output: tuple[str, ...] = (), *, is_output: bool = False) -> Node:
    return {"input": {"required": required}, "output": list(output), "output_node": is_output}


_SIDE = ["INT", {"default": 512, "min": 16, "max": 16384, "step": 8}]
NODES: Mapping[str, Node] = {
    "CheckpointLoaderSimple": _node({"ckpt_name": [CHECKPOINTS]}, ("MODEL", "CLIP", "VAE")),
    "CLIPTextEncode": _node({"text": ["STRING", {"multiline": True}], "clip": ["CLIP"]}, ("CONDITIONING",)),
    "EmptyLatentImage": _node(
        {"width": _SIDE, "height": _SIDE, "batch_size": ["INT", {"default": 1, "min": 1, "max": 4096}]}, ("LATENT",)
    ),
    "KSampler": _node(
        {
            "model": ["MODEL"],
            "seed": ["INT", {"default": 0, "min": 0, "max": 2**64 - 1}],
            "steps": ["INT", {"default": 20, "min": 1, "max": 10000}],
            "cfg": ["FLOAT", {"default": 8.0, "min": 0.0, "max": 100.0}],
            "sampler_name": ["COMBO", {"options": ["euler", "dpmpp_2m"]}],
            "scheduler": ["COMBO", {"options": ["normal", "karras"]}],
            "positive": ["CONDITIONING"],
            "negative": ["CONDITIONING"],
            "latent_image": ["LATENT"],
            "denoise": ["FLOAT", {"default": 1.0, "min": 0.0, "max": 1.0}],
        },
        ("LATENT",),
    ),
    "VAEDecode": _node({"samples": ["LATENT"], "vae": ["VAE"]}, ("IMAGE",)),
    "VAEEncode": _node({"pixels": ["IMAGE"], "vae": ["VAE"]}, ("LATENT",)),
    "LoadImage": _node({"image": [["example.png"], {"image_upload": True}]}, ("IMAGE", "MASK")),
    "ImageBatch": _node({"image1": ["IMAGE"], "image2": ["IMAGE"]}, ("IMAGE",)),
    "ImageScaleBy": _node(
        {
            "image": ["IMAGE"],
            "upscale_method": [["nearest-exact", "lanczos"]],
            "scale_by": ["FLOAT", {"default": 1.0, "min": 0.01, "max": 8.0}],
        },
        ("IMAGE",),
    ),
    "PreviewImage": _node({"images": ["IMAGE"]}, is_output=True),
    "SaveImage": _node({"images": ["IMAGE"], "filename_prefix": ["STRING", {"default": "ComfyUI"}]}, is_output=True),
}


def refusal(prompt: Any, has_file: Callable[[str], bool]) -> Mapping[str, Any] | None:
    """The 400 answer to a workflow that can't run; None where it can. `has_file`: whether an image can be loaded."""
    if not isinstance(prompt, dict):
        return _refused("no_prompt", "No prompt provided", "No prompt provided")
    for node, body in prompt.items():
        kind = body.get("class_type")
        if kind not in NODES:
            words = f"Node '{kind}' not found. The custom node may not be installed."
            return _refused("missing_node_type", words, f"Node ID '#{node}'")
    outputs = [node for node, body in prompt.items() if NODES[body["class_type"]]["output_node"]]
    if not outputs:
        return _refused("prompt_no_outputs", "Prompt has no outputs", "")
    needed = {one for node in outputs for one in upstream(prompt, node)}
    errors = {node: list(_faults(prompt, prompt[node], has_file)) for node in prompt if node in needed}
    found = {
        node: {"errors": faults, "dependent_outputs": outputs, "class_type": prompt[node]["class_type"]}
        for node, faults in errors.items()
        if faults
    }
    if not found:
        return None
    details = "\n".join(f"{one['message']}: {one['details']}" for faults in errors.values() for one in faults)
    return _refused("prompt_outputs_failed_validation", "Prompt outputs failed validation", details, found)


def upstream(prompt: Prompt, node: str) -> Iterator[str]:
    """A node, and all nodes that it depends on, nearest first."""
    yield node
    for value in prompt.get(node, {}).get("inputs", {}).values():
        if isinstance(value, list) and value and value[0] in prompt:
            yield from upstream(prompt, value[0])


def fault(kind: str, message: str, name: str, details: str, **extra: Any) -> dict[str, Any]:
    """One error of a node, about its input `name`."""
    return {"type": kind, "message": message, "details": details, "extra_info": {"input_name": name, **extra}}


def _refused(kind: str, message: str, details: str, nodes: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    error = {"type": kind, "message": message, "details": details, "extra_info": {}}
    return {"error": error, "node_errors": nodes or {}}


def _faults(prompt: Prompt, body: Prompt, has_file: Callable[[str], bool]) -> Iterator[dict[str, Any]]:
    for name, (wanted, *rest) in NODES[body["class_type"]]["input"]["required"].items():
        if name not in body["inputs"]:
            yield fault("required_input_missing", "Required input is missing", name, name)
            continue
        value, details = body["inputs"][name], rest[0] if rest else {}
        if isinstance(value, list):
            yield from _of_link(prompt, name, value, wanted)
        elif body["class_type"] == "LoadImage":
            if not has_file(str(value)):
                words = f"{name} - Invalid image file: {value}"
                yield fault("custom_validation_failed", "Custom validation failed for node", name, words)
        else:
            yield from _of_value(name, value, wanted, details)


def _of_link(prompt: Prompt, name: str, link: list[Any], wanted: Any) -> Iterator[dict[str, Any]]:
    if len(link) != 2 or link[0] not in prompt:
        yield fault(
            "bad_linked_input", "Bad linked input, must be a length-2 list of [node_id, slot_index]", name, name
        )
        return
    received = NODES[prompt[link[0]]["class_type"]]["output"][link[1]]
    if received != wanted:
        details = f"{name}, received_type({received}) mismatch input_type({wanted})"
        yield fault("return_type_mismatch", "Return type mismatch between linked nodes", name, details)


def _of_value(name: str, value: Any, wanted: Any, details: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    options = wanted if isinstance(wanted, list) else details.get("options")
    if options is not None:
        if value not in options:
            yield fault("value_not_in_list", "Value not in list", name, f"{name}: {value!r} not in {options}")
        return
    if wanted not in {"INT", "FLOAT"}:
        return
    try:
        number = int(value) if wanted == "INT" else float(value)
    except (TypeError, ValueError) as error:
        words = f"Failed to convert an input value to a {wanted} value"
        yield fault("invalid_input_type", words, name, f"{name}, {value}, {error}")
        return
    if number < details["min"]:
        words = f"Value {number} smaller than min of {details['min']}"
        yield fault("value_smaller_than_min", words, name, name, received_value=number)
    if number > details["max"]:
        words = f"Value {number} bigger than max of {details['max']}"
        yield fault("value_bigger_than_max", words, name, name, received_value=number)
