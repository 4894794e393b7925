"""Draws the badges of the READMEs from `pyproject.toml`; `python -m tests.support.badges` updates them."""

import tomllib
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "e2e" / "screenshots" / "badges"
PYTHON = "Programming Language :: Python :: "
LETTER_PIXELS = 6.6
"""The mean width of a letter, of a font of 11 pixels."""
LABEL, VALUE = "#4c5660", "#1a6dbd"
SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="20" role="img" aria-label="{label}: {value}">
<title>{label}: {value}</title>
<clipPath id="r"><rect width="{wide}" height="20" rx="4"/></clipPath>
<g clip-path="url(#r)"><path fill="{grey}" d="M0 0h{left}v20H0z"/>
<path fill="{blue}" d="M{left} 0h{right}v20H{left}z"/></g>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{label_at}" y="14">{label}</text><text x="{value_at}" y="14">{value}</text></g>
</svg>
"""


def badges() -> dict[str, str]:
    """The SVG of each badge by its file's name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = [name.removeprefix(PYTHON) for name in project["classifiers"] if name.startswith(PYTHON)]
    return {
        f"{name}.svg": drawn(name, value)
        for name, value in {
            "version": project["version"],
            "licence": project["license"],
            "python": f"{versions[0]}–{versions[-1]}",
            "database": _databases(project["optional-dependencies"]),
        }.items()
    }


def drawn(label: str, value: str) -> str:
    """A badge as SVG."""
    left, right = (round(len(words) * LETTER_PIXELS) + 14 for words in (label, value))
    colours = {"grey": LABEL, "blue": VALUE}
    places = {"wide": left + right, "left": left, "right": right, "label_at": left / 2, "value_at": left + right / 2}
    return SVG.format(label=escape(label), value=escape(value), **places, **colours)


def _databases(extras: Mapping[str, Any]) -> str:
    return "SQLite, PostgreSQL" if "postgres" in extras else "SQLite"


if __name__ == "__main__":
    for name, badge in badges().items():
        (FOLDER / name).write_text(badge, encoding="utf-8")
