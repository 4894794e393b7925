"""Advice to install something names packages that exist: those of `constraints.txt`, or the bot's own folder."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
INSTALL = re.compile(r"pip install ((?:[\w'.,\[\]/-]+ ?)+)")
OWN = re.compile(r"'?(\.|\.\./imagine-bot(-sketch)?)(\[[\w,]+\])?'?|--?\w+|constraints\.txt")
"""The own folder, and options with their file."""


def test_packages_that_are_advised_exist() -> None:
    known = {line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines()}
    sources = [*ROOT.glob("README*.md"), *ROOT.glob("providers/README.md")]
    sources += [path for room in ("bot", "providers", "storage") for path in (ROOT / room).rglob("*.py")]
    advised = {
        word.strip(".")
        for path in sources
        for words in INSTALL.findall(path.read_text(encoding="utf-8"))
        for word in words.split()
        if not OWN.fullmatch(word)
    }
    assert {"asyncpg", "greenlet", "obstore"} <= advised
    assert advised - known == set()
