"""Draws the state diagrams of `bot/README.md`; `python -m tests.support.state_diagram` updates them."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from storage.job_states import CLOSED, JOB_MOVES, TASK_MOVES, JobState, TaskState

README = Path(__file__).parents[2] / "bot" / "README.md"
BEGIN, END = "<!-- states: begin -->", "<!-- states: end -->"


def drawn() -> str:
    """Both tables as Markdown with Mermaid diagrams."""
    job = _diagram(JOB_MOVES, [JobState.PREPARING], CLOSED)
    task = _diagram(TASK_MOVES, [TaskState.QUEUED], [TaskState.DONE])
    return f"\n\nA job:\n\n{job}\n\nA task:\n\n{task}\n\n"


def in_readme() -> str:
    """The part of the file between the two markers."""
    return README.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


def write() -> None:
    """Update the file."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    README.write_text(before + BEGIN + drawn() + END + rest.partition(END)[2], encoding="utf-8")


def _diagram(moves: Mapping[Any, Collection[StrEnum]], first: Collection[StrEnum], last: Collection[StrEnum]) -> str:
    lines = [f"[*] --> {state}" for state in first]
    lines += [f"{state} --> {to}" for state, after in moves.items() for to in after]
    lines += [f"{state} --> [*]" for state in last]
    return "\n".join(["```mermaid", "stateDiagram-v2", *(f"    {line}" for line in lines), "```"])


if __name__ == "__main__":
    write()
