"""Width and height within a model's bounds, computed from a ratio and a tier."""

import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from math import isqrt, log

from providers.jimeng.models import JimengModel, Size

LEAST_RATIO, MOST_RATIO = Fraction(1, 3), Fraction(3)

_GRID = 16  # such sides need no padding in the model; the recommended 1K and 2K sizes are multiples
_NUMBER = r"(\d{1,5}(?:\.\d{1,3})?)"
_RATIO_TOLERANCE = 0.002  # tolerance: the recommended 4K sizes differ this little from their ratios


def parse_ratio(text: str) -> Fraction | None:
    """The ratio width/height of "16:9", "2.35:1" or "３：４"; None where the text is no ratio."""
    match = re.fullmatch(rf"\s*{_NUMBER}\s*[:：/]\s*{_NUMBER}\s*", text)
    if match is None:
        return None
    width, height = (Fraction(Decimal(part)) for part in match.groups())
    return width / height if width and height else None


def parse_size(text: str) -> Size | None:
    """Width and height of "2048x1152" (also with ×, * or X); None where the text is no size."""
    match = re.fullmatch(r"\s*(\d{1,5})\s*[xX×*]\s*(\d{1,5})\s*", text)
    return (int(match[1]), int(match[2])) if match else None


def allowed(model: JimengModel, size: Size) -> bool:
    """Whether the model accepts this width and height."""
    width, height = size
    least, most = model.sides
    return (
        model.area[0] <= width * height <= model.area[1]
        and least <= min(size)
        and max(size) <= most
        and LEAST_RATIO * height <= width <= MOST_RATIO * height
    )


def best_size(model: JimengModel, ratio: Fraction, tier: str) -> Size:
    """Width and height of this ratio (1:3 to 3:1) at the tier's area: the recommended ones where there are some,
    else the nearest (first by ratio, then by area) on a grid of 16 pixels within the bounds."""
    for width, height in model.sizes[tier]:
        for size in ((width, height), (height, width)):
            if _off(size, ratio) < _RATIO_TOLERANCE:
                return size
    # The area of an extreme shape is limited by its longer side.
    area = min(tier_area(model, tier), int(model.sides[1] ** 2 / max(ratio, 1 / ratio)))
    return min(_near(model, area, ratio), key=lambda size: _off(size, ratio) + 0.1 * abs(size[0] * size[1] / area - 1))


def tier_area(model: JimengModel, tier: str) -> int:
    """A tier means its square's area, in pixels."""
    width, height = model.sizes[tier][0]
    return width * height


def _near(model: JimengModel, area: int, ratio: Fraction) -> Iterator[Size]:
    """The accepted sizes on the grid near this area and ratio."""
    row = isqrt(int(area / ratio)) // _GRID
    for height in range((row - 3) * _GRID, (row + 5) * _GRID, _GRID):
        column = int(height * ratio) // _GRID
        for width in range((column - 1) * _GRID, (column + 3) * _GRID, _GRID):
            if allowed(model, (width, height)):
                yield width, height


def _off(size: Size, ratio: Fraction) -> float:
    """The deviation of a size from a ratio: 0.01 is about 1 %."""
    return abs(log(size[0] / size[1] / ratio))
