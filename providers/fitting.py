"""Sizes that fit a model's bounds: the shape of a reference or of a ratio, at a given area."""

from collections.abc import Iterator
from math import isqrt, log, sqrt

GRID = 16
"""Such sides need no padding in the models."""

Size = tuple[int, int]
"""Width and height in pixels."""


def ratio_of(shape: str) -> float:
    """Width/height of a shape like "16:9"."""
    width, _colon, height = shape.partition(":")
    return int(width) / int(height)


def fitted(ratio: float, area: int, *, most_ratio: float, sides: Size | None = None) -> Size:
    """The size of this ratio (width/height) nearest to `area` pixels and no larger, on a grid of 16 pixels.

    `most_ratio`: the most extreme shape that the model takes, such as 8 for 1:8 to 8:1. `sides`: bounds of each side.
    """
    low, high = sides or (GRID, area)
    most_ratio = min(most_ratio, high / low)
    ratio = min(max(ratio, 1 / most_ratio), most_ratio)
    height = min(max(sqrt(area / ratio), low, low / ratio), high, high / ratio)
    found = [
        size
        for size in _near(ratio, height)
        if size[0] * size[1] <= area
        and low <= min(size)
        and max(size) <= high
        and 1 / most_ratio <= size[0] / size[1] <= most_ratio
    ]
    return min(found, key=lambda size: abs(log(size[0] / size[1] / ratio)) + 0.3 * abs(log(size[0] * size[1] / area)))


def _near(ratio: float, height: float) -> Iterator[Size]:
    row = int(height) // GRID
    for tall in range(max(1, row - 6) * GRID, (row + 2) * GRID, GRID):
        column = isqrt(int((tall * ratio) ** 2)) // GRID
        for wide in range(max(1, column - 1) * GRID, (column + 3) * GRID, GRID):
            yield wide, tall
