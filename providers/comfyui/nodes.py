"""Compares a workflow with the nodes of a server, before anybody asks for a picture."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import RootModel

from providers.comfyui.workflow import Workflow, title


class NodeInfo(RootModel[dict[str, dict[str, Any]]]):
    """`{class: {"input": {"required": {name: [type, details]}}, "output_node"}}`; empty for a class that is unknown."""


Infos = Mapping[str, Mapping[str, Any]]
"""The description of each class that the server knows."""


def faults(name: str, workflow: Workflow, infos: Infos) -> Iterator[str]:
    """Sentences about what this server can't do in the workflow `name`."""
    where = f'workflow "{name}"'
    for node, body in workflow.nodes.items():
        info = infos.get(body["class_type"])
        if info is None:
            yield f"{where}: ComfyUI has no {title(node, body)}: install its custom node"
        else:
            yield from (f"{where}: {title(node, body)} {words}" for words in _of_inputs(node, workflow, info))
    known = [infos[body["class_type"]] for body in workflow.nodes.values() if body["class_type"] in infos]
    if not any(info.get("output_node") for info in known):
        yield f"{where} saves no picture: add a SaveImage"


def _of_inputs(node: str, workflow: Workflow, info: Mapping[str, Any]) -> Iterator[str]:
    given = workflow.nodes[node]["inputs"]
    required = _required(info)
    for name, wanted in required.items():
        if name not in given:
            yield f"lacks its input {name}"
            continue
        choices, value = _choices(wanted), given[name]
        is_open = isinstance(value, list) or workflow.fills(node, name)  # a link to another node, or filled in later
        if choices is not None and not is_open and value not in choices:
            yield f'has {name} "{value}", which is not on this server'


def _required(info: Mapping[str, Any]) -> Mapping[str, Any]:
    inputs = info.get("input")
    required = inputs.get("required") if isinstance(inputs, dict) else None
    return required if isinstance(required, dict) else {}


def _choices(wanted: Any) -> list[Any] | None:
    """The values of an input that is a choice: `[[…]]`, or `["COMBO", {"options": […]}]`. None for other inputs."""
    if not isinstance(wanted, list) or not wanted:
        return None
    if isinstance(wanted[0], list):
        return wanted[0]
    details = wanted[1] if len(wanted) > 1 and isinstance(wanted[1], dict) else {}
    options = details.get("options")
    is_choice = wanted[0] == "COMBO" and isinstance(options, list) and not details.get("remote")
    return options if is_choice else None
