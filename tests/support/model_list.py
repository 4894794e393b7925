"""Lists the models in the two READMEs, from the tables of the providers; `python -m tests.support.model_list` updates
them."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from providers.base import Model, ModelTable, Provider
from providers.registry import discover

ROOT = Path(__file__).parents[2]
BEGIN, END = "<!-- models: begin -->", "<!-- models: end -->"
ENGLISH = {
    "head": "| service | `--model` | photos | sizes | shapes | set |",
    "any": "any",
    "ended": "shutdown: {date}; use `{successor}`",
}
CHINESE = {
    "head": "| 服务 | `--model` | 参考图 | 尺寸 | 比例 | 组图 |",
    "any": "任意",
    "ended": "停用日期 {date}，请用 `{successor}`",
}
FILES: Mapping[str, Mapping[str, str]] = {"README.md": ENGLISH, "README.zh-CN.md": CHINESE}


def listed(words: Mapping[str, str]) -> str:
    """All models as a Markdown table."""
    rows = [line for name, table in _tables().items() for line in _rows(name, table, words)]
    return "\n".join(["\n", words["head"], "|---|---|---|---|---|---|", *rows, "\n"])


def in_file(name: str) -> str:
    """The part of a README between the two markers."""
    return (ROOT / name).read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


def write() -> None:
    """Update the files."""
    for name, words in FILES.items():
        before, _, rest = (ROOT / name).read_text(encoding="utf-8").partition(BEGIN)
        (ROOT / name).write_text(before + BEGIN + listed(words) + END + rest.partition(END)[2], encoding="utf-8")


def _tables() -> dict[str, ModelTable[Any]]:
    found: dict[str, type[Provider[Any, Any]]] = {
        name: entry.load() for name, entry in sorted(discover().items()) if entry.value.startswith("providers.")
    }
    return {name: provider.table for name, provider in found.items() if provider.table}


def _rows(name: str, table: ModelTable[Any], words: Mapping[str, str]) -> Iterator[str]:
    for row in sorted(table, key=lambda row: row.ends is not None):
        if row.ends:
            ended = words["ended"].format(date=row.ends, successor=row.successor)
            yield f"| `{name}` | `{row.name}` | {ended} | | | |"
        else:
            yield f"| `{name}` | {' | '.join(_cells(row, words))} |"


def _cells(row: Model, words: Mapping[str, str]) -> list[str]:
    return [
        f"`{row.name}`",
        str(row.references.count if row.references else "–"),
        ", ".join(row.choices["size"]) or "–" if "size" in row.choices else words["any"],
        _shapes(row.choices["ar"]) if "ar" in row.choices else words["any"],
        str(row.series) if row.series > 1 else "–",
    ]


def _shapes(shapes: tuple[str, ...]) -> str:
    """How many there are, the narrowest and the widest."""
    by_ratio = sorted(shapes, key=lambda shape: Fraction(shape.replace(":", "/")))
    return f"{len(shapes)}, {by_ratio[0]}–{by_ratio[-1]}" if shapes else "–"


if __name__ == "__main__":
    write()
