"""Where a picture plays on land: each place paints what is behind the subject, and what is before it."""

from providers.testing.artist.brush.canvas import Fade
from providers.testing.artist.brush.colour import Colour, darker, hexed, hexes, lighter, mix
from providers.testing.artist.brush.outline import Point, box
from providers.testing.artist.scenery import land, sky
from providers.testing.artist.scenery.land import GROUND, hill, mountains, ridge, wood
from providers.testing.artist.scenery.plants import LEAVES, PETALS, bush, cactus, flower, grass, pine, tree
from providers.testing.artist.scenery.view import View

ROCK = hexed("5a6f96")


def country(view: View, *, peaks: float | None = None, trees: int = 9, kinds: str = "mixed") -> None:
    """Mountains, woods and hills, one behind the other; snowy in winter."""
    horizon = view.horizon
    if peaks is None:
        peaks = view.rng.choice((0, 15, 24, 36))
    if view.season == "winter":
        kinds = "pine"
    if peaks:
        mountains(view, horizon + 4, peaks * 1.3, 0.66, ROCK)
        mountains(view, horizon + 7, peaks * 0.75, 0.46, ROCK)
    ridge(view, horizon + 8, 4, 0.66)
    sky.mist(view, horizon + 13, 8, 0.5)
    ridge(view, horizon + 12, 5, 0.42)
    count = round(trees * view.width / 100)
    wood(view, hill(view, horizon + 16, 6, 0.34), (9, 16), count, distance=0.3, kinds=kinds)
    sky.mist(view, horizon + 22, 7, 0.3)
    wood(view, hill(view, horizon + 22, 6, 0.14), (18, 32), max(count // 2, 3), distance=0.12, kinds=kinds)
    floor(view)
    frame_trees(view, kinds)


def floor(view: View) -> None:
    """The near ground, where the subject stands."""
    line = hill(view, view.ground - 13, 4, 0.0)
    pen, rng, colours = view.pen.inside(land.down(view, line)), view.rng, GROUND[view.season]
    for _ in range(5):
        x, y = rng.uniform(0, view.width), rng.uniform(view.ground - 8, view.height)
        pen.oval(
            x, y, rng.uniform(16, 40), rng.uniform(1.5, 3.5), view.lit(darker(colours[1], 0.22)), alpha=0.3, blur=2
        )
    if view.season == "winter":
        for _ in range(round(view.width * 0.7)):
            x, y = rng.uniform(0, view.width), rng.uniform(view.ground - 11, view.height)
            pen.oval(x, y, 0.22, 0.22, lighter(view.lit(colours[0]), 0.75), alpha=rng.uniform(0.3, 1))
    tint = view.lit(mix(colours[1], hexed("b08a5a"), 0.55) if view.season == "winter" else darker(colours[1], 0.2))
    for _ in range(round(view.width * (0.09 if view.season == "winter" else 0.4))):
        x, y = rng.uniform(0, view.width), rng.uniform(view.ground - 8, view.height)
        if view.season != "winter" or abs(x - view.focus) > 24:
            grass(view.pen.at(x, y), tint, rng, 2.5 + (y - view.ground + 10) * 0.14)


def frame_trees(view: View, kinds: str) -> None:
    """One or two large trees at the sides, away from the subject."""
    tint = view.light.tint(0.02)
    right = view.focus < view.width / 2
    for side, size in ((right, view.rng.uniform(48, 66)), (not right, view.rng.uniform(34, 44))):
        if not side and view.width < 90:
            continue
        x = (view.width - view.rng.uniform(-3, 8)) if side else view.rng.uniform(-3, 8)
        plant = pine if kinds == "pine" or view.rng.random() < 0.4 else tree
        foot = view.pen.at(x, view.ground - view.rng.uniform(6, 10))
        foot.oval(2, 0, size * 0.25, size * 0.035, darker(view.lit(GROUND[view.season][1]), 0.5), alpha=0.35, blur=1)
        plant(foot, size, view.season, tint, view.rng)


def meadow(view: View) -> None:
    """Hills with flowers."""
    country(view, peaks=view.rng.choice((0, 14)), trees=7, kinds="broad")
    flowers(view, round(min(view.width, 150) * 0.42))


def garden(view: View) -> None:
    """A garden in bloom, with a fence and bushes."""
    country(view, peaks=0, trees=8, kinds="broad")
    white = view.lit(hexed("fff8ee"))
    y = view.ground - 12
    for rail in (2.5, 6.5):
        view.pen.shape(box(-2, y - rail, view.width + 4, 1.1), Fade((white, darker(white, 0.15))))
    for i in range(int(view.width / 5) + 1):
        view.pen.at(i * 5, y).shape("-1,1.5! -1,-8! 0,-9.6! 1,-8! 1,1.5!", Fade((white, darker(white, 0.12))))
    for _ in range(round(view.width / 14)):
        leaf = view.lit(mix(view.rng.choice(LEAVES["summer"]), GROUND[view.season][0], 0.2))
        bush(view.pen.at(view.rng.uniform(0, view.width), y + 3, view.rng.uniform(0.5, 0.9)), leaf, view.rng)
    flowers(view, round(min(view.width, 150) * 0.6))


def flowers(view: View, count: int) -> None:
    """Flowers all over the near ground, small ones behind."""
    rng = view.rng
    if view.season == "winter":
        return
    leaf = view.lit(hexed("3f8a4f"))
    for y in sorted(rng.uniform(view.ground - 9, view.height + 2) for _ in range(count)):
        near = (y - view.ground + 12) / 12
        place = view.pen.at(rng.uniform(0, view.width), y, 0.45 + near * 0.3)
        flower(place, view.lit(rng.choice(PETALS)), leaf, rng, rng.uniform(5, 9))


def forest(view: View) -> None:
    """Deep in the wood: trunks in the mist, beams of light, ferns."""
    rng = view.rng
    sky.mist(view, view.horizon, view.height * 0.5, 0.5)
    for depth in (0.78, 0.58, 0.36, 0.14):
        tint = view.light.tint(depth)
        bark = tint(rng.choice(hexes("5a4238 4a3a3a 644a3c")))
        base = view.horizon + (1 - depth) * (view.ground - view.horizon) * 0.82
        for _ in range(round(view.width * (0.05 + depth * 0.12))):
            x, wide = rng.uniform(-4, view.width + 4), rng.uniform(1.4, 2.6) * (1.6 - depth) * 1.8
            if depth < 0.5 and abs(x - view.focus) < 24:
                continue
            _trunk(view, x, base + 2, wide, bark)
        ground = hill(view, base, 3, depth * 0.8, _forest_floor(view))
        if depth < 0.7:
            for x, y in rng.sample(ground, 9):
                grass(
                    view.pen.at(x, y + 1, 1.3 - depth),
                    tint(hexed("4a8a5a" if view.season != "winter" else "a8b8c4")),
                    rng,
                    6,
                )
        sky.mist(view, base + 1, 9, 0.32 * depth + 0.06)
    _canopy(view)
    if not view.light.dark:
        sky.rays(view, 0.3)
    floor(view)
    if view.season != "winter":
        for _ in range(round(view.width / 9)):
            _toadstool(view, rng.uniform(0, view.width), rng.uniform(view.ground - 6, view.height))


def _forest_floor(view: View) -> tuple[Colour, ...]:
    return tuple(mix(colour, hexed("4a6a4f"), 0 if view.season == "winter" else 0.45) for colour in GROUND[view.season])


def _trunk(view: View, x: float, foot: float, wide: float, bark: Colour) -> None:
    lean = view.rng.uniform(-3, 3)
    sides = [(x - wide * 0.85, foot + 1), (x - wide / 2, foot - 8), (x - wide * 0.42 + lean, -5)]
    other = [(x + wide * 0.42 + lean, -5), (x + wide / 2, foot - 8), (x + wide * 0.85, foot + 1)]
    view.pen.shape([*sides, *other], Fade((lighter(bark, 0.1), bark, darker(bark, 0.2)), turn=-90))
    side = view.rng.choice((-1, 1))
    y = foot * view.rng.uniform(0.25, 0.6)
    view.pen.line(
        [(x + lean * 0.4, y), (x + side * wide * 2, y - 7), (x + side * wide * 3.4, y - 15)],
        (wide * 0.45, wide * 0.3, 0.3),
        bark,
    )


def _canopy(view: View) -> None:
    rng = view.rng
    green = 0.12 if view.season == "winter" else 0.5
    for layer in (0.45, 0.12):
        leaf = view.lit(mix(rng.choice(LEAVES[view.season]), hexed("28503f"), green), layer)
        for i in range(int(view.width / 9) + 2):
            reach = 9 + abs(i * 9 - view.width / 2) / view.width * 22
            view.pen.oval(
                i * 9 + rng.uniform(-4, 4),
                rng.uniform(-5, 2),
                rng.uniform(8, 13),
                rng.uniform(0.6, 1.1) * reach,
                Fade((darker(leaf, 0.3), leaf)),
            )


def _toadstool(view: View, x: float, y: float) -> None:
    pen = view.pen.at(x, y, view.rng.uniform(0.6, 1.1))
    cap = view.lit(view.rng.choice(hexes("d8503f c8783a")))
    pen.shape("-0.7,-2.6! 0.7,-2.6! 0.9,0.2 -0.9,0.2", view.lit(hexed("f8ecd8")))
    pen.shape("-2.4,-2.2! -1.6,-4 0,-4.7 1.6,-4 2.4,-2.2! 0,-1.7", Fade((lighter(cap, 0.15), darker(cap, 0.15))))
    for dx, dy in ((-0.9, -3.3), (0.6, -3.8), (1.1, -2.7)):
        pen.oval(dx, dy, 0.33, 0.28, view.lit(hexed("fff6ee")))


def heights(view: View) -> None:
    """High mountains over a valley."""
    mountains(view, view.horizon + 2, min(52, view.horizon * 0.85), 0.55, hexed("56688f"))
    sky.mist(view, view.horizon + 1, 10, 0.5)
    mountains(view, view.horizon + 10, 26, 0.3, hexed("4a5c80"))
    ridge(view, view.horizon + 13, 5, 0.4)
    wood(view, hill(view, view.horizon + 19, 8, 0.18), (10, 20), round(view.width * 0.12), distance=0.15, kinds="pine")
    floor(view)
    frame_trees(view, "pine")


def desert(view: View) -> None:
    """Dunes, mesas and cacti."""
    rng = view.rng
    mesa = view.lit(hexed("b8654a"), 0.5)
    for _ in range(round(view.width / 40) + 1):
        x, wide, high = rng.uniform(0, view.width), rng.uniform(8, 18), rng.uniform(7, 16)
        y = view.horizon + 3
        shape = [
            (x - wide * 1.3, y + 3),
            (x - wide * 0.8, y - high * 0.4),
            (x - wide * 0.7, y - high),
            (x + wide * 0.6, y - high),
            (x + wide * 0.75, y - high * 0.4),
            (x + wide * 1.3, y + 3),
        ]
        view.pen.shape(shape, Fade((mesa, mix(mesa, view.light.haze, 0.6))))
    for i, (y, far) in enumerate(((2, 0.45), (9, 0.28), (18, 0.12), (view.ground - view.horizon - 12, 0.0))):
        dune(view, view.horizon + y, 6 + i * 2.5, far)
    tint = view.light.tint(0.06)
    for _ in range(round(view.width / 26)):
        x = rng.uniform(0, view.width)
        if abs(x - view.focus) > 24:
            foot = view.pen.at(x, rng.uniform(view.ground - 16, view.ground - 6), rng.uniform(0.55, 1.15))
            foot.oval(5, 0, 9, 1, darker(view.lit(hexed("d89a5a")), 0.5), alpha=0.35, blur=0.6)
            cactus(foot, tint)


def dune(view: View, y: float, high: float, far: float) -> None:
    """A layer of dunes, shaded on the side away from the sun."""
    line = land.wave(view, y, high, 1.1)
    sand = (view.lit(hexed("f8cf92"), far), view.lit(hexed("e2a565"), far))
    area = land.down(view, line)
    view.pen.shape(area, Fade(sand))
    inside = view.pen.inside(area)
    side = 1 if view.sun[0] < view.width / 2 else -1
    lee = [
        (x + side * 5, at + 0.6 + max(0.0, side * (after - before)) * 5.5)
        for (_, before), (x, at), (_, after) in zip(line, line[1:], line[2:], strict=False)
    ]
    inside.shape([*line[1:-1], *reversed(lee)], darker(sand[1], 0.34), alpha=0.5, blur=0.5)
    for i in range(4):
        ripple: list[Point] = [(x, at + 4 + i * i * 1.5) for x, at in line[::6]]
        inside.line(ripple, 0.4, darker(sand[1], 0.25), alpha=0.16, blur=0.3)
