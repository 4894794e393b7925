"""Hills, mountains and woods: the layers a landscape is made of, from far to near."""

import math

from providers.testing.artist.brush.canvas import Fade
from providers.testing.artist.brush.colour import WHITE, Colour, darker, hexed, hexes, lighter, mix
from providers.testing.artist.brush.outline import Point
from providers.testing.artist.scenery.plants import pine, tree
from providers.testing.artist.scenery.view import View

GROUND = {
    "spring": hexes("a8d07a 86bf6a"),
    "summer": hexes("8fc266 5fa25a"),
    "autumn": hexes("d8b060 b98a4a"),
    "winter": hexes("f8faff b2c6ec"),
}


def wave(view: View, y: float, height: float, rough: float = 1.0) -> list[Point]:
    """A gently swinging line across the view about the height `y`."""
    rng = view.rng
    parts = [
        (rng.uniform(0.5, 1.3) * rough, rng.uniform(0, math.tau), 1.0),
        (rng.uniform(1.6, 2.8) * rough, rng.uniform(0, math.tau), 0.4),
    ]
    step = view.width / 48
    line = []
    for i in range(-2, 51):
        x = i * step
        lift = sum(math.sin(x / 100 * math.tau * pace + phase) * share for pace, phase, share in parts)
        line.append((x, y - lift * height / 2))
    return line


def down(view: View, line: list[Point]) -> list[Point]:
    """The area from a line to the bottom of the view."""
    return [*line, (line[-1][0], view.height + 5), (line[0][0], view.height + 5)]


def hill(view: View, y: float, height: float, distance: float, colours: tuple[Colour, ...] = ()) -> list[Point]:
    """A layer of hills; returns its line."""
    colours = colours or GROUND[view.season]
    line = wave(view, y, height)
    lit = tuple(view.lit(colour, distance) for colour in colours)
    view.pen.shape(down(view, line), Fade(lit))
    view.pen.line([(x, at + 0.35) for x, at in line], 0.7, lighter(lit[0], 0.3), alpha=0.5, blur=0.3)
    return line


def mountains(view: View, y: float, height: float, distance: float, colour: Colour) -> None:
    """A range of mountains standing on the height `y`, their peaks about `height` above."""
    rng = view.rng
    x = rng.uniform(-20, 0)
    while x < view.width + 10:
        high = height * rng.uniform(0.55, 1.05)
        _peak(view, (x, y), (high, high * rng.uniform(0.7, 1.0)), colour, distance)
        x += high * rng.uniform(0.45, 0.9)


def _peak(view: View, foot: Point, size: tuple[float, float], colour: Colour, distance: float) -> None:
    (x, y), (high, half) = foot, size
    rng = view.rng
    rock, white = (
        view.lit(colour, distance),
        mix(view.lit(WHITE, distance * 0.65), WHITE, 0.0 if view.light.dark else 0.25),
    )
    left = [
        (x - half * t + rng.uniform(-1, 1) * half * 0.05, y - high * (1 - t) ** 1.15)
        for t in (0.12, 0.25, 0.4, 0.58, 0.8, 1)
    ]
    right = [
        (x + half * t + rng.uniform(-1, 1) * half * 0.05, y - high * (1 - t) ** 1.15)
        for t in (0.12, 0.25, 0.4, 0.58, 0.8, 1)
    ]
    top = (x, y - high)
    body = [(x - half, y + 12), *reversed(left), top, *right, (x + half, y + 12)]
    view.pen.shape(body, Fade((rock, mix(rock, view.light.haze, 0.55))))
    inside = view.pen.inside(body)
    lit_left = view.sun[0] < x
    edge = [top, *[(x + half * rng.uniform(-0.1, 0.16), y - high * (1 - t)) for t in (0.2, 0.4, 0.6, 0.8)], (x, y)]
    cap_at = y - high * (0.4 if view.season == "winter" else 0.74)
    teeth = [
        (x + half * (-0.6 + i * 0.12), cap_at + (high * 0.1 if i % 2 else -high * 0.04) * rng.uniform(0.5, 1.3))
        for i in range(11)
    ]
    inside.shape([(x - half, y - high - 2), (x + half, y - high - 2), *reversed(teeth)], white, alpha=0.92)
    shaded = [*edge, *(reversed(right) if lit_left else reversed(left))]
    inside.shape(shaded, mix(darker(rock, 0.45), view.light.sky[1], 0.35), alpha=0.42)


def ridge(view: View, y: float, height: float, distance: float) -> None:
    """A wooded ridge far away: one outline of many fir tops."""
    rng = view.rng
    outline: list[Point] = []
    for x, at in wave(view, y, height):
        for i in range(3):
            foot = x + i * view.width / 144
            tall = rng.uniform(2.2, 5.5) * (1.2 - distance * 0.5)
            outline += [
                (foot, at - 0.4),
                (foot + 0.35, at - tall * 0.45),
                (foot + 0.8, at - tall),
                (foot + 1.25, at - tall * 0.45),
            ]
    colour = view.lit(mix(hexed("2c5f5c"), hexed("8aa4b8"), 0.35 if view.season == "winter" else 0), distance)
    view.pen.shape(down(view, outline), Fade((colour, mix(colour, view.light.haze, 0.7))))


def wood(view: View, line: list[Point], size: tuple[float, float], count: int, *, distance: float, kinds: str) -> None:
    """Single trees on a hill's line, leaving room where the subject is."""
    rng = view.rng
    tint = view.light.tint(distance)
    places = sorted((rng.choice(line) for _ in range(count)), key=lambda place: place[1])
    for x, y in places:
        if abs(x - view.focus) < 15 + size[1] * 0.3:
            continue
        plant = pine if kinds == "pine" or (kinds == "mixed" and rng.random() < 0.5) else tree
        foot = view.pen.at(x, y + rng.uniform(0.5, 2.5))
        foot.oval(
            1.5, 0, size[1] * 0.22, size[1] * 0.035, darker(tint(GROUND[view.season][1]), 0.5), alpha=0.3, blur=0.8
        )
        plant(foot, rng.uniform(*size), view.season, tint, rng)
