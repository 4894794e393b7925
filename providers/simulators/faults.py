"""The faults that a simulator plays on request: by words in a prompt, or on the next calls."""

from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

Problem = Literal[
    "prompt", "reference", "result", "broken", "invalid", "busy", "credentials", "unknown", "credit", "unfetched"
]
WORDS: dict[str, Problem] = {
    "forbidden": "prompt",
    "impossible wish": "invalid",
    "unsafe reference": "reference",
    "unsafe result": "result",
    "broken result": "broken",
    "unpaid bill": "credit",
}
ONE_FLAGGED = "one flagged"
"""These words make the service hold back the last picture of a set."""


def problem_of(prompt: str, *, has_references: bool) -> Problem | None:
    """The problem that the words of a prompt ask for, None for none."""
    found = (problem for words, problem in WORDS.items() if words in prompt)
    return next((one for one in found if one != "reference" or has_references), None)


class Fault(BaseModel):
    """One fault, played on the next `times` calls of `action` (a route's name; None: any), instead of the usual answer.

    `problem`: the service's error for `name`. `html`: a gateway's page with `status`. `text`: `text` with 200. `json`:
    `text` with `status` and `headers`. `drop`: the connection breaks before anything is processed. `lost`: the call is
    processed, then the connection breaks.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Literal["problem", "html", "text", "json", "drop", "lost"]
    action: str | None = None
    times: int = Field(1, ge=1)
    status: int = Field(502, ge=200, le=599)
    name: Problem = "busy"
    text: str = "[1, 2"
    headers: dict[str, str] = {}

    def page(self) -> web.Response | None:
        """The answer that is not the service's own, None for other kinds."""
        if self.kind == "html":
            return web.Response(status=self.status, text="<html><h1>gateway</h1></html>", content_type="text/html")
        if self.kind not in {"text", "json"}:
            return None
        status = self.status if self.kind == "json" else 200
        return web.Response(text=self.text, status=status, headers=self.headers, content_type="application/json")


def next_fault(faults: list[Fault], action: str) -> Fault | None:
    """The fault to play on this call; it is counted, and removed from the list with its last call."""
    for fault in faults:
        if fault.action in {None, action}:
            fault.times -= 1
            if fault.times < 1:
                faults.remove(fault)
            return fault
    return None
