"""Width and height in pixels: the largest allowed ones of a shape, within the pixels that a size stands for.

From gpt-image-2 on a model takes any width and height within these bounds (developers.openai.com/api/docs/guides/
image-generation); OpenAI calls more than 2560x1440 pixels experimental.
"""

from collections.abc import Iterator, Mapping
from math import log, sqrt
from typing import NamedTuple

STEP = 16
MOST_EDGE = 3840
LEAST_PIXELS, MOST_PIXELS = 655_360, 8_294_400
LEAST_RATIO, MOST_RATIO = 1 / 3, 3.0


class Size(NamedTuple):
    """A value of `--size`: the most pixels, and the longest shorter side."""

    pixels: int
    short: int


SIZES: Mapping[str, Size] = {
    # So that 1:1 and 3:2 are the standard sizes, 1024x1024 and 1536x1024.
    "1k": Size(1536 * 1024, 1024),
    "2k": Size(2560 * 1440, 2048),
    "4k": Size(MOST_PIXELS, 2880),
}


def is_allowed(width: int, height: int) -> bool:
    """Whether a model takes this size."""
    return (
        width % STEP == height % STEP == 0
        and 0 < max(width, height) <= MOST_EDGE
        and LEAST_PIXELS <= width * height <= MOST_PIXELS
        and width <= MOST_RATIO * height
        and height <= MOST_RATIO * width
    )


def fitted(ratio: float, size: Size) -> tuple[int, int]:
    """The allowed width and height nearest to `ratio` (width/height) in this size; of equal ones the largest."""
    ratio = min(max(ratio, LEAST_RATIO), MOST_RATIO)
    height = min(sqrt(size.pixels / ratio), size.short / min(ratio, 1), MOST_EDGE / max(ratio, 1))
    allowed = [
        (wide, high)
        for wide in _around(height * ratio)
        for high in _around(height)
        if is_allowed(wide, high) and wide * high <= size.pixels and min(wide, high) <= size.short
    ]
    return min(allowed, key=lambda found: (abs(log(found[0] / found[1] / ratio)), -found[0] * found[1]))


def _around(side: float) -> Iterator[int]:
    """The steps next to a side."""
    step = int(side) // STEP
    yield from (number * STEP for number in range(step - 1, step + 2))
