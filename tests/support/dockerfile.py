"""Reads the Dockerfile: its stages, and the instructions of each."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Instruction(NamedTuple):
    """`name` in capitals; `text`: all that follows it, on one line."""

    name: str
    text: str


def stages() -> list[list[Instruction]]:
    """The instructions of each stage, which begins with its FROM."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    joined = re.sub(r"\\\n\s*", "", "\n".join(line for line in lines if not line.startswith("#")))
    found: list[list[Instruction]] = []
    for line in filter(None, joined.splitlines()):
        name, _, text = line.partition(" ")
        if name == "FROM":
            found.append([])
        found[-1].append(Instruction(name, text))
    return found


def texts(stage: list[Instruction], name: str) -> list[str]:
    """The texts of a stage's instructions of this name."""
    return [text for each, text in stage if each == name]


def environment(stage: list[Instruction]) -> dict[str, str]:
    """The environment variables that a stage sets."""
    pairs = (pair.partition("=") for text in texts(stage, "ENV") for pair in text.split())
    return {name: value for name, _, value in pairs}
