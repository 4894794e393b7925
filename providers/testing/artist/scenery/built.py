"""Places that people have made: the city, a road, a room; and the two plainest, for things shown by themselves."""

from providers.testing.artist.brush.canvas import Fade
from providers.testing.artist.brush.colour import darker, hexed, hexes, lighter, mix
from providers.testing.artist.brush.outline import box, oval
from providers.testing.artist.scenery import sky
from providers.testing.artist.scenery.land import hill, wood
from providers.testing.artist.scenery.places import country, floor
from providers.testing.artist.scenery.view import View


def city(view: View) -> None:
    """A skyline behind a park."""
    for layer, (far, tallest) in enumerate(((0.66, 52), (0.4, 40), (0.16, 26))):
        blocks(view, view.horizon + 6 + layer * 6, tallest * min(1.0, view.horizon / 55), far)
        sky.mist(view, view.horizon + 9 + layer * 5, 9, 0.4)
    ground = hill(view, view.ground - 18, 2, 0.1)
    wood(view, ground, (11, 19), round(view.width * 0.14), distance=0.08, kinds="broad")
    floor(view)
    for i in range(int(view.width / 34) + 1):
        _lamp(view, 12 + i * 34 + view.rng.uniform(-4, 4))


def blocks(view: View, foot: float, tallest: float, far: float) -> None:
    """A row of houses on the height `foot`, `far` away (0–1), with windows lit in the dark."""
    rng = view.rng
    x = -3.0
    wall_colours = hexes("6a7a9a 7a6a8a 5a7a8a 8a7488")
    glow, pane = hexed("ffdf9a"), view.lit(hexed("dceaf4"), far)
    while x < view.width + 3:
        wide, high = rng.uniform(6, 12), tallest * rng.uniform(0.35, 1) ** 1.3
        wall = view.lit(rng.choice(wall_colours), far)
        top = foot - high
        view.pen.shape(box(x, top, wide, high + 30), Fade((wall, mix(wall, view.light.haze, 0.4))))
        view.pen.shape(box(x + wide * 0.72, top, wide * 0.28, high + 30), darker(wall, 0.3), alpha=0.4)
        if rng.random() < 0.3:
            view.pen.line([(x + wide / 2, top), (x + wide / 2, top - rng.uniform(3, 8))], (0.8, 0.2), wall)
        for row in range(int(high / 3.2)):
            for column in range(int((wide - 1.4) / 2.1)):
                lit = view.light.dark and rng.random() < 0.42
                if lit or (not view.light.dark and rng.random() < 0.6):
                    colour = mix(glow, view.light.haze, far * 0.5) if lit else pane
                    view.pen.shape(
                        box(x + 1 + column * 2.1, top + 1.6 + row * 3.2, 1.2, 1.7), colour, alpha=0.9 if lit else 0.5
                    )
        x += wide + rng.uniform(-0.5, 1.5)


def _lamp(view: View, x: float) -> None:
    iron = view.lit(hexed("3a3f50"))
    pen = view.pen.at(x, view.ground - 9)
    pen.line("0,1 0,-12 0,-22", (1.4, 0.8, 0.7), iron)
    pen.shape(
        "-1.8,-22! -2.4,-26.5! 2.4,-26.5! 1.8,-22!",
        Fade((hexed("fff4cc"), hexed("ffd88a"))) if view.light.dark else view.lit(hexed("f4f0e4")),
    )
    pen.shape("-3,-26.5! 0,-29 3,-26.5!", iron)
    if view.light.dark:
        pen.glow(0, -24, 15, (170, 120, 56))


def road(view: View) -> None:
    """A road across the hills."""
    country(view, peaks=18, trees=8)
    y = view.ground - 5
    grey = view.lit(hexed("6a6a76"))
    view.pen.shape(box(-5, y, view.width + 10, 11), Fade((lighter(grey, 0.1), darker(grey, 0.2))))
    for edge in (y, y + 10.2):
        view.pen.shape(box(-5, edge, view.width + 10, 0.8), view.lit(hexed("e8e0d0")))
    for i in range(int(view.width / 12) + 2):
        view.pen.shape(box(i * 12 - 5, y + 5, 6, 0.9), view.lit(hexed("f4ecd8")))


def room(view: View) -> None:
    """A window with a view, a curtain, a table before it."""
    country(view, peaks=20, trees=6)
    window_frame(view)


def window_frame(view: View) -> None:
    """A room about what has been painted so far, which is seen through its window."""
    rng = view.rng
    paint = rng.choice(hexes("e8d4bc d4dcd0 e0ccd0 ccd8e4"))
    wall = mix(view.lit(paint), hexed("6a4a3f"), 0.28 if view.light.dark else 0.0)
    left, top, right, bottom = view.width * 0.12, view.height * 0.07, view.width * 0.88, view.height * 0.7
    wide, high = right - left, bottom - top
    sides = ((-1, -1, left + 1, view.height + 2), (right, -1, view.width - right + 1, view.height + 2))
    for part in (*sides, (-1, -1, view.width + 2, top + 1), (-1, bottom, view.width + 2, view.height - bottom + 1)):
        view.pen.shape(box(*part), wall)
    frame = view.lit(hexed("fff8ee"))
    bars = [(left - 2, top - 2, wide + 4, 3), (left - 2, top, 3, high), (right - 1, top, 3, high)]
    bars += [(left, top + high * 0.36, wide, 1.2), *((left + wide * part / 3 - 0.6, top, 1.2, high) for part in (1, 2))]
    for bar in bars:
        view.pen.shape(box(*bar), Fade((frame, darker(frame, 0.12))))
    view.pen.shape(box(left - 5, bottom - 1, wide + 10, 3.4), Fade((frame, darker(frame, 0.25))))
    _curtains(view, left, right, bottom)
    _table(view)


def _table(view: View) -> None:
    y = view.ground - 9
    table = mix(view.lit(hexed("a8704a")), hexed("7a4a30"), 0.2)
    view.pen.shape(box(-2, y, view.width + 4, view.height - y + 2), Fade((lighter(table, 0.16), darker(table, 0.3))))
    for i in range(5):
        at = y + 2 + i * i * 1.2
        grain = [(-2, at), (view.width / 2, at + view.rng.uniform(-0.5, 0.5)), (view.width + 2, at)]
        view.pen.line(grain, 0.3, darker(table, 0.4), alpha=0.5)
    if view.light.dark:
        view.pen.glow(view.focus, view.ground - 20, 70, (96, 62, 28))


def _curtains(view: View, left: float, right: float, bottom: float) -> None:
    cloth = view.lit(view.rng.choice(hexes("d87a6a 7aa0b0 e0b06a 9a8ab8")))
    for edge, out in ((left, -1), (right, 1)):
        for fold in range(4):
            x = edge + out * (fold * 2.6 - 3)
            shape = [(x - 2.2, -2), (x + 2.2, -2), (x + 2.2 + out * 2, bottom + 6), (x - 2.2 + out * 2, bottom + 6)]
            view.pen.shape(shape, Fade((lighter(cloth, 0.15), cloth, darker(cloth, 0.3)), turn=90 * out))


def still(view: View) -> None:
    """Nothing but a soft ground: for things shown by themselves."""
    colour = mix(view.light.sky[2], view.light.haze, 0.5)
    view.pen.shape(
        box(-2, -2, view.width + 4, view.height + 4),
        Fade((lighter(colour, 0.3), colour, mix(colour, view.light.sky[0], 0.35))),
    )
    view.pen.oval(view.focus, view.ground - 36, 46, 46, lighter(colour, 0.4), alpha=0.6, blur=6)
    table = mix(colour, view.light.sky[1], 0.3)
    view.pen.shape(
        [*oval(view.width / 2, view.ground + 22, view.width * 0.9, 34)],
        Fade((lighter(table, 0.15), darker(table, 0.12))),
    )


def calm(view: View) -> None:
    """A great disc, two hills and nothing more."""
    rng = view.rng
    flat = mix(view.light.sky[1], view.light.haze, rng.uniform(0.2, 0.6))
    view.pen.shape(box(-2, -2, view.width + 4, view.height + 4), Fade((flat, lighter(flat, 0.12))))
    radius = rng.uniform(24, 34)
    tone = mix(view.light.disc, view.light.sky[2], 0.25)
    view.pen.oval(view.focus + rng.uniform(-12, 12), view.height * 0.42, radius, radius, tone)
    hill(view, view.horizon + 16, 12, 0.45)
    hill(view, view.ground - 12, 6, 0.05)
