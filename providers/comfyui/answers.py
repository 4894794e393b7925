"""ComfyUI's answers: its queue, its history and its errors. Source: server.py and execution.py of ComfyUI."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from pydantic import Field, RootModel

from providers.comfyui.workflow import Workflow
from providers.errors import GenerationFailedError, ProviderError, Sentence
from providers.json_api import error_object
from providers.wire import Items, WireModel

OURS = "imagine_bot"
"""The name of what the bot keeps with a task at the server: ComfyUI passes unknown extra data through."""
WORKFLOW, VALUE = "workflow", "value"
"""Codes for a refused submit: the fault is the workflow's, or it is about a value of the person who asked."""
_NO_MEMORY = re.compile(r"OutOfMemory|out of memory|Allocation on device", re.IGNORECASE)
_TOO_LARGE = Sentence("The image server ran out of memory. Try a smaller reference, or try again later.")


class Made(WireModel):
    """The answer to a submit."""

    prompt_id: str


class Uploaded(WireModel):
    """The place of an uploaded file."""

    name: str
    subfolder: str = ""
    type: str = "input"

    @property
    def value(self) -> str:
        """The file as LoadImage names it: "imagine-bot/1.png [temp]"."""
        path = f"{self.subfolder}/{self.name}" if self.subfolder else self.name
        return f"{path} [{self.type}]"


class Queue(WireModel):
    """The tasks that run and wait, each as `[number, id, workflow, extra data, outputs]`, in no order."""

    queue_running: Items[list[Any]] = Field([])
    queue_pending: Items[list[Any]] = Field([])

    def runs(self, ticket: str) -> bool:
        """Whether this task is being drawn."""
        return any(ticket in item[1:2] for item in self.queue_running)

    def position(self, ticket: str) -> int | None:
        """The place of a waiting task: 1 is next. None: it doesn't wait."""
        numbers: dict[str, float] = {str(item[1]): item[0] for item in self.queue_pending if _has_number(item)}
        if ticket not in numbers:
            return None
        return 1 + sum(number < numbers[ticket] for number in numbers.values())


def _has_number(item: list[Any]) -> bool:
    return len(item) > 1 and isinstance(item[0], (int, float))


class _Status(WireModel):
    status_str: str = ""
    messages: Items[list[Any]] = Field([])


class Entry(WireModel):
    """A task that has ended."""

    prompt: list[Any] = Field([])
    outputs: dict[str, Any] = Field({})
    status: _Status = _Status()

    @property
    def seed(self) -> int | None:
        """The seed that the bot sent along."""
        extra = self.prompt[3] if len(self.prompt) > 3 and isinstance(self.prompt[3], dict) else {}
        kept = extra.get(OURS)
        seed = kept.get("seed") if isinstance(kept, dict) else None
        return seed if isinstance(seed, int) else None

    @property
    def pictures(self) -> tuple[str, ...]:
        """The queries of `/view` for its pictures: those that are saved, else those that are only shown."""
        listed = [one for output in self.outputs.values() if isinstance(output, dict) for one in _images(output)]
        saved = [one for one in listed if one.get("type") == "output"]
        return tuple(
            urlencode({name: str(one.get(name) or "") for name in ("filename", "subfolder", "type")})
            for one in saved or listed
            if one.get("filename")
        )

    @property
    def error(self) -> ProviderError | None:
        """The error that it ended with. Nothing is ever paid."""
        if self.status.status_str == "error":
            return _ended(self.status.messages)
        if not self.pictures:
            return GenerationFailedError(detail="the workflow has no picture among its outputs", paid=False)
        return None


class History(RootModel[dict[str, Entry]]):
    """Tasks that have ended, by their ids."""


class Stats(WireModel):
    """The server itself."""

    class System(WireModel):
        """Its version is "unknown" for some ways of installing it."""

        comfyui_version: str = ""

    system: System


class Cancelled(WireModel):
    """The answer to a cancellation."""

    cancelled: bool


def read_error(workflow: Workflow | None, answer: Any) -> tuple[str, str] | None:
    """`{"error": {"type", "message", "details"}, "node_errors": {id: {"class_type", "errors"}}}`: the code tells whose
    fault it is, the message names the nodes."""
    found = error_object(answer)
    if found is None:
        return None
    error, nodes = answer["error"], answer.get("node_errors")
    words = [f"{found[1]} {error.get('details') or ''}".strip() if isinstance(error, dict) else found[1]]
    faults = [
        (node, body.get("class_type"), fault)
        for node, body in (nodes.items() if isinstance(nodes, dict) else ())
        if isinstance(body, dict)
        for fault in body.get("errors") or ()
        if isinstance(fault, dict)
    ]
    words += [
        f"node {node} ({kind}): {one.get('message')} {one.get('details') or ''}".strip() for node, kind, one in faults
    ]
    is_value = bool(faults) and all(workflow and workflow.fills(node, _input(one)) for node, _kind, one in faults)
    return VALUE if is_value else WORKFLOW, "; ".join(words)


def _input(fault: Mapping[str, Any]) -> str:
    extra = fault.get("extra_info")
    return str(extra.get("input_name")) if isinstance(extra, dict) else ""


def _images(output: Mapping[str, Any]) -> list[dict[str, Any]]:
    listed = output.get("images")
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _ended(messages: list[list[Any]]) -> ProviderError:
    """The error of a task that failed: `["execution_error", {"node_id", "node_type", "exception_message"}]`."""
    told = {str(one[0]): one[1] for one in messages if len(one) > 1 and isinstance(one[1], dict)}
    if "execution_interrupted" in told:
        return GenerationFailedError(detail="somebody interrupted it at the server", paid=False)
    error = told.get("execution_error", {})
    words = f"{error.get('exception_type')}: {error.get('exception_message')}"
    detail = f"node {error.get('node_id')} ({error.get('node_type')}): {words}"
    return GenerationFailedError(_TOO_LARGE if _NO_MEMORY.search(words) else None, detail=detail, paid=False)
