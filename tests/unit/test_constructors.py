"""Parts of the engine get the context and few collaborators: a long list of arguments is a part that does too much."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles

import bot.jobs

MOST, NINE_OF_TEN = 6, 4


def constructors() -> Iterator[tuple[str, int]]:
    """The classes that have a constructor, and the number of its arguments without `self`."""
    for file in Path(bot.jobs.__path__[0]).glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for kind in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
            for part in kind.body:
                if isinstance(part, ast.FunctionDef) and part.name == "__init__":
                    yield f"{file.name}: {kind.name}", len([*part.args.args, *part.args.kwonlyargs]) - 1


def test_constructors_take_few_arguments() -> None:
    counts = dict(constructors())
    assert len(counts) > 10
    assert {name: count for name, count in counts.items() if count > MOST} == {}
    assert quantiles(counts.values(), n=10, method="inclusive")[-1] <= NINE_OF_TEN
