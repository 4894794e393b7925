"""Outlines: lists of points, made from few by smoothing.

An outline may be written as text: `"0,-50 20,-40 25,0! -25,0!"`. The curve runs smoothly through all points,
but has a corner at those with an exclamation mark. Units are those of the pen that draws it; y grows downwards.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, pairwise

Point = tuple[float, float]
Outline = Sequence[Point]

STEPS = 7
"""Points a curve gets for each point given: enough that no corner shows at the sizes drawn."""


@lru_cache(maxsize=1024)
def written(text: str, *, closed: bool = True) -> tuple[Point, ...]:
    """The outline of a text (see the module's docstring)."""
    points, corners = [], []
    for word in text.split():
        corners.append(word.endswith("!"))
        x, y = word.rstrip("!").split(",")
        points.append((float(x), float(y)))
    return tuple(smooth(points, corners, closed=closed))


def smooth(points: Outline, corners: Sequence[bool] = (), *, closed: bool = True) -> list[Point]:
    """A curve through all `points`, with corners where `corners` says so."""
    count = len(points)
    sharp = list(corners) or [False] * count
    if not closed:
        sharp[0] = sharp[-1] = True
    curve: list[Point] = []
    for i in range(count if closed else count - 1):
        here, there = points[i], points[(i + 1) % count]
        before = None if sharp[i] else points[i - 1]
        after = None if sharp[(i + 1) % count] else points[(i + 2) % count]
        curve += _piece(here, there, before, after)
    return curve if closed else [*curve, points[-1]]


def _piece(here: Point, there: Point, before: Point | None, after: Point | None) -> list[Point]:
    length = math.dist(here, there) * 0.37
    out = _towards(here, before or here, there, length)
    back = _towards(there, after or there, here, length)
    if before is None and after is None:
        return [here]
    piece = []
    for step in range(STEPS):
        t = step / STEPS
        a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
        x = a * here[0] + b * out[0] + c * back[0] + d * there[0]
        y = a * here[1] + b * out[1] + c * back[1] + d * there[1]
        piece.append((x, y))
    return piece


def _towards(start: Point, one: Point, other: Point, length: float) -> Point:
    x, y = other[0] - one[0], other[1] - one[1]
    size = math.hypot(x, y) or 1.0
    return start[0] + x / size * length, start[1] + y / size * length


def oval(x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> list[Point]:
    """An ellipse about (x, y), turned by `turn` degrees."""
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    ring = [(math.cos(i * math.tau / 40) * rx, math.sin(i * math.tau / 40) * ry) for i in range(40)]
    return [(x + a * cos - b * sin, y + a * sin + b * cos) for a, b in ring]


def box(x: float, y: float, width: float, height: float) -> list[Point]:
    """A rectangle with its upper left corner at (x, y)."""
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def ribbon(line: Outline, widths: Sequence[float]) -> list[Point]:
    """A band along a smooth `line`; its width runs evenly through `widths`. Ends are round where they are wide."""
    left: list[Point] = []
    right: list[Point] = []
    last = len(line) - 1
    run = [0.0, *accumulate(math.dist(a, b) for a, b in pairwise(line))]
    for i, (x, y) in enumerate(line):
        (ax, ay), (bx, by) = line[max(i - 1, 0)], line[min(i + 1, last)]
        size = math.hypot(bx - ax, by - ay) or 1.0
        half = _between(widths, run[i] / (run[last] or 1)) / 2
        dx, dy = -(by - ay) / size * half, (bx - ax) / size * half
        left.append((x + dx, y + dy))
        right.append((x - dx, y - dy))
    return [*left, *_cap(line[-1], left[-1], right[-1]), *reversed(right), *_cap(line[0], right[0], left[0])]


def _between(values: Sequence[float], at: float) -> float:
    """A smooth run through evenly spaced values (Catmull and Rom's)."""
    place = at * (len(values) - 1)
    index = min(int(place), len(values) - 2)
    t = place - index
    one, two = values[index], values[index + 1]
    zero, three = values[max(index - 1, 0)], values[min(index + 2, len(values) - 1)]
    rise, fall = (two - zero) / 2, (three - one) / 2
    bend = (2 * t**3 - 3 * t**2 + 1) * one + (t**3 - 2 * t**2 + t) * rise
    return max(0.0, bend + (3 * t**2 - 2 * t**3) * two + (t**3 - t**2) * fall)


def mirrored(right: str) -> str:
    """A symmetrical outline in writing, from its right half written from above to below."""
    words = right.split()
    left = [f"-{word}" for word in reversed(words) if not word.startswith("0,")]
    return " ".join(words + left)


def _cap(middle: Point, start: Point, end: Point) -> list[Point]:
    radius = math.dist(start, end) / 2
    if radius < 0.01:
        return []
    angle = math.atan2(start[1] - middle[1], start[0] - middle[0])
    turns = (angle - math.pi * step / 6 for step in range(1, 6))
    return [(middle[0] + math.cos(turn) * radius, middle[1] + math.sin(turn) * radius) for turn in turns]
