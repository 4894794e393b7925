"""Workflows: files in ComfyUI's API format, with placeholders for what people ask for.

`{prompt}`, `{negative}`, `{seed}`, `{width}`, `{height}`, `{reference_1}`, `{reference_2}` … stand in the texts of a
node's inputs. A default follows a colon: `{width:1344}`, `{negative:blurry}`. A text that is nothing but a number's
placeholder becomes a number. Other braces, such as `{red|blue}`, are left alone.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

MOST_FILE_BYTES = 4 << 20
NUMBERS = frozenset({"seed", "width", "height"})
_NAMES = ("prompt", "negative", "seed", "width", "height", "reference_1")
_PLACEHOLDER = re.compile(r"\{(prompt|negative|seed|width|height|reference_[1-9])(?::([^{}]*))?\}")
_LIKE_ONE = re.compile(r"\{([a-z]+(?:_?[0-9]+)?)(?::[^{}]*)?\}", re.IGNORECASE)

Values = Mapping[str, str | int]


class Place(NamedTuple):
    """Where a placeholder stands. `is_whole`: it is the whole value of the input. `default`: None without one."""

    name: str
    node: str
    input: str
    is_whole: bool
    default: str | None


@dataclass(frozen=True)
class Workflow:
    """A checked workflow. `nodes` by their ids, as in the file."""

    nodes: Mapping[str, Any] = field(repr=False)

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Where the placeholders stand."""
        return tuple(_places(self.nodes))

    @property
    def references(self) -> int:
        """The number of references that it needs."""
        return len({place.name for place in self.places if place.name.startswith("reference_")})

    def has(self, name: str) -> bool:
        """Whether it has this placeholder."""
        return any(place.name == name for place in self.places)

    def default(self, name: str) -> str | None:
        """The first default of this placeholder."""
        return next((place.default for place in self.places if place.name == name and place.default is not None), None)

    def fills(self, node: str, name: str) -> bool:
        """Whether a placeholder stands in this input of this node."""
        return any((place.node, place.input) == (node, name) for place in self.places)

    def filled(self, values: Values) -> dict[str, Any]:
        """The workflow with these values. A placeholder without one gets its default, or nothing."""
        return {
            node: {**body, "inputs": _mapped(body["inputs"], lambda text: _filled(text, values))}
            for node, body in self.nodes.items()
        }


def load(path: object) -> object:
    """The workflow in this file (relative paths: from the working directory). Raises `ValueError` with a sentence."""
    if isinstance(path, Workflow):
        return path
    file = Path(str(path)).resolve()
    try:
        with file.open("rb") as opened:
            text = opened.read(MOST_FILE_BYTES + 1)
    except OSError as error:
        raise ValueError(f"can't read {file}: {error.strerror}") from None
    try:
        nodes = json.loads(text) if len(text) <= MOST_FILE_BYTES else None
    except ValueError:
        nodes = None
    if not isinstance(nodes, dict) or not nodes:
        raise ValueError(f"{file} is no JSON file of a workflow")
    workflow = Workflow(nodes)
    _check(workflow, file.name)
    return workflow


def title(node: str, body: Any) -> str:
    """A node as people know it: "node 3 (KSampler)"."""
    return f"node {node} ({body['class_type']})"


def _check(workflow: Workflow, file: str) -> None:
    """Raise `ValueError` where the file can't be a workflow for this bot."""
    nodes = workflow.nodes
    if isinstance(nodes.get("nodes"), list):
        raise ValueError(  # noqa: TRY004 - pydantic expects it
            f"{file} is saved for ComfyUI's editor: save it there by Workflow → Export (API)"
        )
    for node, body in nodes.items():
        is_node = isinstance(body, dict) and isinstance(body.get("class_type"), str)
        if not is_node or not isinstance(body.get("inputs"), dict):
            raise ValueError(f"{file}: node {node} lacks its class_type or its inputs")
    for fault in _faults(workflow):
        raise ValueError(f"{file}: {fault}")


def _faults(workflow: Workflow) -> Iterator[str]:
    for node, body in workflow.nodes.items():
        for _name, text in _texts(body["inputs"]):
            yield from (f"{title(node, body)}: {words}" for words in _misspelt(text))
    for place in workflow.places:
        where = f"{title(place.node, workflow.nodes[place.node])}: {{{place.name}}}"
        if place.name.startswith("reference_") and not place.is_whole:
            yield f"{where} must be the whole value of {place.input}"
        if place.name in NUMBERS and place.default is not None and not place.default.isdecimal():
            yield f"{where} has a default that is no number: {place.default}"
    for number in range(1, workflow.references + 1):
        if not workflow.has(f"reference_{number}"):
            yield f"it has {workflow.references} references, but no {{reference_{number}}}"
    if workflow.has("width") != workflow.has("height"):
        yield "{width} and {height} only go together"
    if not workflow.has("prompt") and not workflow.references:
        yield "it has neither {prompt} nor {reference_1}: write one where the words or the picture belong"


def _misspelt(text: str) -> Iterator[str]:
    """Sentences about what looks like a placeholder that does not exist."""
    for found in _LIKE_ONE.finditer(text):
        near = get_close_matches(found[1].lower(), _NAMES, 1, 0.75)
        if near and not _PLACEHOLDER.fullmatch(found[0]):
            yield f"there is no placeholder {found[0]}; did you mean {{{near[0]}}}?"


def _places(nodes: Mapping[str, Any]) -> Iterator[Place]:
    for node, body in nodes.items():
        for name, text in _texts(body["inputs"]):
            for found in _PLACEHOLDER.finditer(text):
                yield Place(found[1], node, name, found[0] == text, found[2])


def _texts(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """All texts in the inputs of a node, each with its input's name."""
    for name, value in inputs.items():
        found: list[str] = []
        _mapped(value, found.append)
        yield from ((name, text) for text in found)


def _mapped(value: Any, change: Callable[[str], Any]) -> Any:
    """A copy of a JSON value with each text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _mapped(one, change) for name, one in value.items()}
    return [_mapped(one, change) for one in value] if isinstance(value, list) else value


def _filled(text: str, values: Values) -> str | int:
    whole = _PLACEHOLDER.fullmatch(text)
    if whole and whole[1] in NUMBERS:
        return int(values.get(whole[1], whole[2] or 0))
    return _PLACEHOLDER.sub(lambda found: str(values.get(found[1], found[2] or "")), text)
