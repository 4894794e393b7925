"""Where a picture plays on the water, at its edge, and below it."""

import math

from PIL import Image, ImageFilter

from providers.testing.artist.brush.canvas import Fade
from providers.testing.artist.brush.colour import WHITE, darker, hexed, hexes, lighter, mix
from providers.testing.artist.brush.outline import box
from providers.testing.artist.scenery import land
from providers.testing.artist.scenery.plants import pine
from providers.testing.artist.scenery.view import View


def sea(view: View) -> None:
    """Open water that mirrors the sky; a beach in front for who can't swim."""
    _far_coast(view)
    water(view)
    if view.stage == "ground":
        beach(view)


def lake(view: View) -> None:
    """Mountains and firs mirrored in still water."""
    land.mountains(view, view.horizon + 2, min(34, view.horizon * 0.6), 0.5, hexed("56688f"))
    land.ridge(view, view.horizon - 1, 3, 0.4)
    tint = view.light.tint(0.25)
    for _ in range(round(view.width / 7)):
        pine(
            view.pen.at(view.rng.uniform(0, view.width), view.horizon + 1),
            view.rng.uniform(5, 13),
            view.season,
            tint,
            view.rng,
        )
    water(view, swell=0.4)
    if view.stage == "ground":
        beach(view)


def _far_coast(view: View) -> None:
    for _ in range(view.rng.randint(1, 2)):
        x, wide = view.rng.uniform(0, view.width), view.rng.uniform(16, 40)
        coast = view.lit(hexed("5a7a8a"), 0.62)
        view.pen.shape(
            [
                (x - wide, view.horizon + 1),
                (x - wide * 0.5, view.horizon - 3),
                (x, view.horizon - wide * 0.16),
                (x + wide * 0.4, view.horizon - 3.4),
                (x + wide, view.horizon + 1),
            ],
            coast,
        )


def water(view: View, swell: float = 1.0) -> None:
    """Water below the horizon that mirrors whatever has been painted above it."""
    canvas, rng = view.canvas, view.rng
    top = min(round(view.horizon * view.pen.scale), canvas.height - 2)
    deep = view.lit(hexed("1f5f86"))
    mirror = canvas.image.crop((0, max(0, 2 * top - canvas.height), canvas.width, top)).transpose(
        Image.Transpose.FLIP_TOP_BOTTOM
    )
    mirror = mirror.resize((max(canvas.width // 4, 1), max((canvas.height - top) // 6, 1))).filter(
        ImageFilter.GaussianBlur(1.5)
    )
    mirror = mirror.resize((canvas.width, canvas.height - top), Image.Resampling.BICUBIC)
    canvas.image.paste(Image.blend(mirror, Image.new("RGB", mirror.size, deep), 0.34), (0, top))
    area = box(-5, view.horizon, view.width + 10, view.height - view.horizon + 5)
    view.pen.shape(area, deep, alpha=0.16)
    view.pen.shape([(x, y + (view.height - view.horizon) * 0.45) for x, y in area], deep, alpha=0.5, blur=14)
    for _ in range(round(view.width * 1.1)):
        t = rng.random() ** 1.7
        x, y = rng.uniform(-5, view.width + 5), view.horizon + 0.6 + t * (view.height - view.horizon)
        wide = 1.5 + t * 13 * swell
        light = rng.random() < 0.6
        view.pen.line(
            [(x - wide, y), (x, y - 0.1 - t * 0.5), (x + wide, y)],
            (0, 0.25 + t * 0.9, 0),
            mix(view.light.haze, WHITE, 0.3) if light else darker(deep, 0.3),
            alpha=0.32 if light else 0.22,
        )
    for _ in range(46):
        t = rng.random()
        x, y = (
            view.sun[0] + rng.uniform(-1, 1) * (3 + t * 15),
            view.horizon + 0.6 + t * (view.height - view.horizon) * 0.85,
        )
        view.pen.line(
            [(x - 1.4 - t * 4, y), (x, y), (x + 1.4 + t * 4, y)],
            (0, 0.3 + t * 0.7, 0),
            lighter(view.light.disc, 0.3),
            alpha=0.75,
        )


def swell(view: View) -> None:
    """Waves before what swims: painted after the subject."""
    deep = view.lit(hexed("2a719c"))
    for i, (y, high) in enumerate(((view.ground - 1.5, 2.2), (view.ground + 3.5, 2.8))):
        line = land.wave(view, y, high, 3.2)
        colour = mix(mix(deep, view.light.sky[1], 0.3), darker(deep, 0.3), i * 0.55)
        view.pen.shape(land.down(view, line), Fade((lighter(colour, 0.14), darker(colour, 0.25))), alpha=0.93)
        view.pen.line([(x, at + 0.2) for x, at in line], 0.6, mix(view.light.haze, WHITE, 0.5), alpha=0.7)


def beach(view: View) -> None:
    """Sand along the lower edge, with foam, shells and a starfish."""
    rng = view.rng
    line = land.wave(view, view.ground - 10, 4)
    sand = view.lit(hexed("f4dcae")), view.lit(hexed("d8ac78"))
    if view.season == "winter":
        sand = view.lit(hexed("f2f6ff")), view.lit(hexed("c8d6ec"))
    for lift, colour, alpha in ((3.4, WHITE, 0.35), (1.3, WHITE, 0.85), (0.0, sand[1], 1.0)):
        view.pen.shape(
            land.down(view, [(x, y - lift) for x, y in line]),
            view.lit(colour) if colour == WHITE else colour,
            alpha=alpha,
        )
    view.pen.shape(land.down(view, [(x, y + 0.8) for x, y in line]), Fade(sand))
    for _ in range(round(view.width * 0.5)):
        x, y = rng.uniform(0, view.width), rng.uniform(view.ground - 6, view.height)
        view.pen.oval(x, y, rng.uniform(0.2, 0.5), 0.2, darker(sand[1], 0.25), alpha=0.5)
    for _ in range(round(view.width / 25)):
        x, y = rng.uniform(0, view.width), rng.uniform(view.ground - 4, view.height - 1)
        shell = view.lit(rng.choice(hexes("f8b8a0 fff0e0 f0907a")))
        points = [
            (
                x + math.sin(i * math.pi / 5) * (2.2 if i % 2 == 0 else 0.9),
                y - math.cos(i * math.pi / 5) * (1.6 if i % 2 == 0 else 0.7),
            )
            for i in range(10)
        ]
        view.pen.shape(points, Fade((lighter(shell, 0.2), darker(shell, 0.15))))


def underwater(view: View) -> None:
    """Below the surface: beams of light, weeds, corals, bubbles."""
    rng = view.rng
    above, below = mix(hexed("7fdce0"), view.light.sky[1], 0.25), view.lit(hexed("0f4a78"))
    stops = (lighter(view.lit(above), 0.1), view.lit(hexed("2f9ab8")), view.lit(hexed("1c6c9a")), below)
    view.pen.shape(box(-2, -2, view.width + 4, view.height + 4), Fade(stops))
    for i in range(7):
        x, wide = view.width * (i + rng.random()) / 7, rng.uniform(2, 6)
        lean = (x - view.sun[0]) * 0.3 + rng.uniform(-6, 6)
        beam = [
            (x - wide / 2, -2),
            (x + wide / 2, -2),
            (x + lean + wide * 2.4, view.height * 0.85),
            (x + lean - wide * 2, view.height * 0.85),
        ]
        view.pen.shape(beam, lighter(stops[0], 0.4), alpha=0.13, blur=2)
    seabed(view)


def seabed(view: View) -> None:
    """Sand, weeds and corals, and bubbles above them."""
    rng, far_off, bright = view.rng, view.lit(hexed("1c6c9a")), view.lit(hexed("2f9ab8"))
    for far, y in ((0.62, 0.74), (0.35, 0.82), (0.0, 0.9)):
        line = land.wave(view, view.height * y, 9 - y * 4, 1.6)
        for x, at in rng.sample(line, round(8 * min(view.width / 100, 2))):
            if far or abs(x - view.focus) > 16:
                _weed(
                    view,
                    x,
                    at + 2,
                    rng.uniform(12, 30) * (1.2 - far),
                    mix(view.lit(rng.choice(hexes("2f8a6a e0607a f0a04a 6a5ab0 3fa88a"))), far_off, far),
                )
        floor = mix(view.lit(hexed("e0cfa0")), far_off, 0.25 + far * 0.7)
        view.pen.shape(land.down(view, line), Fade((floor, darker(floor, 0.3))))
    for _ in range(round(view.width * 0.35)):
        x, y, r = rng.uniform(0, view.width), rng.uniform(0, view.height * 0.9), rng.uniform(0.3, 1.3)
        view.pen.oval(x, y, r, r, lighter(bright, 0.5), alpha=0.35)
        view.pen.oval(x - r * 0.3, y - r * 0.35, r * 0.3, r * 0.25, WHITE, alpha=0.9)


def _weed(view: View, x: float, y: float, high: float, colour: tuple[int, int, int]) -> None:
    rng = view.rng
    if rng.random() < 0.4:
        for turn in (-34, -14, 6, 26):
            pen = view.pen.at(x, y, turn=turn + rng.uniform(-6, 6))
            pen.line(
                [(0, 0), (rng.uniform(-1, 1), -high * 0.3), (0, -high * 0.55)],
                (2.4, 1.9, 1.5),
                Fade((lighter(colour, 0.25), darker(colour, 0.2))),
            )
        return
    for i in range(3):
        sway = rng.uniform(2, 5) * rng.choice((-1, 1))
        tall = high * rng.uniform(0.6, 1)
        line = [
            (x + i * 1.6, y),
            (x + i * 1.6 + sway, y - tall * 0.35),
            (x + i * 1.6 - sway * 0.6, y - tall * 0.7),
            (x + i * 1.6 + sway * 0.5, y - tall),
        ]
        view.pen.line(line, (1.2, 2, 1.6, 0.1), Fade((lighter(colour, 0.25), darker(colour, 0.3))))
