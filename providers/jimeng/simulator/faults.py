"""Faults that the simulator plays on request."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["status", "code", "gateway", "html", "text", "drop", "lost", "delay", "cut", "twice", "early"]


class Fault(BaseModel):
    """One fault, played on the next `times` calls of `action` (None: any) instead of the normal answer.

    `status`: an empty answer with HTTP `status`. `code`: the service's envelope with `code`. `gateway`: the gateway's
    envelope with `name` and `status`. `html`: a gateway's page with `status`. `text`: `text` with `status`.
    `drop`: the connection breaks before the call is processed. `lost`: the call is processed, then the connection
    breaks. `delay`: the normal answer, `seconds` later. `cut`: a picture breaks off in the middle. `retry_after`: that
    header, with any answer that the fault plays.

    For callbacks (`call`), which the service makes at a task's end: `drop`: it never comes; `delay`: `seconds` later;
    `twice`: once more; `early`: once more, before the end.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    action: Literal["submit", "result", "picture", "call"] | None = None
    times: int = Field(1, ge=1)
    status: int = Field(502, ge=200, le=599)
    code: int = 50500
    name: str = "InternalError"
    text: str = ""
    seconds: float = Field(0, ge=0)
    retry_after: str | None = None


def take(faults: list[Fault], action: str, *, own: bool = False) -> Fault | None:
    """Take the first fault that fits off the list, or count it down. `own`: only one that names the action."""
    for fault in faults:
        if fault.action == action or (fault.action is None and not own):
            fault.times -= 1
            if fault.times < 1:
                faults.remove(fault)
            return fault
    return None
