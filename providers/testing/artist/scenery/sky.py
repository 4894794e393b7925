"""The sky: its gradient, the sun or the moon, stars, clouds, northern lights, a rainbow."""

import math

from PIL import ImageDraw

from providers.testing.artist.brush.canvas import Fade, Pen, shine
from providers.testing.artist.brush.colour import WHITE, Colour, darker, hexes, lighter, mix, turned
from providers.testing.artist.brush.outline import box, oval
from providers.testing.artist.scenery.view import View


def sky(view: View, weather: frozenset[str] = frozenset(), *, clouds: bool = True, sun: bool = True) -> None:
    """The whole sky down to the horizon, and its colour behind the land."""
    canvas = view.canvas
    bottom = round(view.horizon * view.pen.scale) + 2
    gradient = Fade(view.light.sky).render((0, 0, canvas.width, bottom), (0, 0, canvas.width, bottom))
    below = (0, bottom, canvas.width, canvas.height)
    haze = view.light.haze
    canvas.image.paste(Fade((view.light.sky[-1], mix(view.light.sky[-1], haze, 0.8), haze)).render(below, below), below)
    canvas.image.paste(gradient, (0, 0))
    if view.light.dark:
        stars(view, view.horizon)
    if "aurora" in weather:
        aurora(view)
    if sun and "rain" not in weather:
        disc(view)
    if "rainbow" in weather:
        rainbow(view)
    if clouds:
        _clouds(view, 3 if "rain" in weather else 1)


def stars(view: View, depth: float) -> None:
    """Stars down to `depth`, most of them faint, a few with a glow."""
    scale, rng = view.pen.scale, view.rng
    draw = ImageDraw.Draw(view.canvas.image)
    for _ in range(round(view.width * depth / 32)):
        x, y = rng.uniform(0, view.width) * scale, rng.uniform(0, 1) ** 1.4 * depth * scale
        size = rng.uniform(0.05, 0.22) * scale
        over = view.canvas.image.getpixel((min(round(x), view.canvas.width - 1), min(round(y), view.canvas.height - 1)))
        assert isinstance(over, tuple)
        colour = mix(
            (int(over[0]), int(over[1]), int(over[2])),
            rng.choice(hexes("ffffff fff0d0 d0e4ff")),
            rng.uniform(0.3, 0.95),
        )
        draw.ellipse((x - size, y - size, x + size, y + size), fill=colour)
    for _ in range(6):
        x, y = rng.uniform(0, view.width), rng.uniform(0, depth * 0.7)
        shine(view.canvas.image, x * scale, y * scale, 2.2 * scale, (120, 130, 160))
        for turn in (0, 90):
            view.pen.at(x, y, turn=turn).line("-1.4,0 0,0 1.4,0", (0, 0.22, 0), WHITE, alpha=0.9)


def disc(view: View, size: float = 1.0) -> None:
    """The sun or the moon at its place, with its glow; `size` 1 is the usual one."""
    x, y = view.sun
    radius = view.rng.uniform(6.5, 10) * size
    scale, colour = view.pen.scale, view.light.disc
    strength = 0.34 if view.light.dark else 0.42
    halo = mix((0, 0, 0), mix(colour, view.light.haze, 0.35), strength)
    shine(view.canvas.image, x * scale, y * scale, radius * 5.5 * scale, halo)
    shine(view.canvas.image, x * scale, y * scale, radius * 2.2 * scale, mix((0, 0, 0), colour, 0.4))
    if view.light.dark:
        _moon(view, view.pen.at(x, y, radius / 10))
    else:
        view.pen.oval(x, y, radius, radius, Fade((colour, lighter(colour, 0.4)), radial=False))


def _moon(view: View, pen: Pen) -> None:
    if view.rng.random() < 0.35:
        crescent = (
            oval(0, 0, 10, 10)[10:31] + [(math.cos(a / 20) * 6.5, math.sin(a / 20) * 10) for a in range(31, 94)][::-1]
        )
        pen.at(0, 0, turn=25).shape(crescent, Fade((view.light.disc, darker(view.light.disc, 0.12))))
        return
    moon_disc(pen, view.light.disc)


def moon_disc(pen: Pen, colour: Colour) -> None:
    """A full moon of radius 10 with its seas."""
    pen.oval(0, 0, 10, 10, Fade((lighter(colour, 0.3), colour)))
    inside = pen.inside(oval(0, 0, 10, 10))
    for x, y, rx, ry in (
        (-3.5, -3, 3.4, 2.6),
        (2.8, 1.5, 3.8, 3),
        (-2.5, 5, 2, 1.5),
        (4.5, -5, 1.6, 1.2),
        (-6.5, 2, 1.2, 1),
    ):
        inside.oval(x, y, rx, ry, darker(colour, 0.16), alpha=0.55, blur=0.35)
    inside.oval(-7, 5, 9, 12, darker(colour, 0.35), alpha=0.25, blur=3)


def _clouds(view: View, times: int) -> None:
    rng = view.rng
    white = WHITE if not view.light.dark else mix(view.light.sky[2], WHITE, 0.12)
    for _ in range((rng.randint(2, 4) + int(view.width / 90)) * times):
        x, y = rng.uniform(-5, view.width + 5), rng.uniform(0.08, 0.72) * view.horizon
        far = y / view.horizon
        colour = mix(mix(white, view.light.sky[2], 0.35), view.light.haze, 0.35)
        cloud(
            view.pen.at(x, y, rng.uniform(0.7, 1.5) * (1.25 - far * 0.7)),
            colour,
            mix(colour, view.light.sky[1], 0.5),
            view,
        )


def cloud(pen: Pen, above: Colour, below: Colour, view: View, alpha: float = 0.75) -> None:
    """A heap of round puffs on a flat base, about 30 units wide, the origin at the middle of its base."""
    rng = view.rng
    line: list[tuple[float, float]] = [(-17, 0)]
    count = rng.randint(4, 6)
    for i in range(count):
        t = (i + 0.5) / count
        x, high = -15 + 30 * t, 3 + 6 * math.sin(math.pi * t) * rng.uniform(0.6, 1.2)
        wide = 15 / count * 1.35
        line += [(x + math.cos(a) * wide, -high * 0.55 - math.sin(a) * high * 0.6) for a in (2.6, 2.0, 1.57, 1.1, 0.5)]
    line += [(17, 0), (12, 1), (-12, 1)]
    pen.shape(line, Fade((above, above, below)), alpha=alpha, blur=0.55)


def aurora(view: View) -> None:
    """Curtains of northern lights."""
    rng = view.rng
    for hue in (0.0, 0.1, -0.12):
        y = rng.uniform(0.2, 0.5) * view.horizon
        line = [(i * view.width / 6, y + rng.uniform(-9, 9)) for i in range(-1, 8)]
        colour = turned((70, 240, 170), hue + rng.uniform(-0.04, 0.04))
        curtain = [*line, *[(x + 4, top - rng.uniform(16, 30)) for x, top in reversed(line)]]
        view.pen.shape(curtain, Fade((mix(view.light.sky[0], colour, 0.3), colour)), alpha=0.34, blur=3.5)
        view.pen.line(line, 1.4, lighter(colour, 0.3), alpha=0.4, blur=1.6)


def rainbow(view: View) -> None:
    """A rainbow standing on the horizon."""
    x, radius = view.width - view.sun[0], min(view.width, view.height) * 0.62
    for i, colour in enumerate(hexes("f06a6a f6a45c f8dc6c 7ccf86 6fb4e8 8f86d8")):
        arc = [
            (x + math.cos(a / 16) * (radius - i * 1.5), view.horizon + 4 + math.sin(a / 16) * (radius - i * 1.5))
            for a in range(-50, 1)
        ]
        view.pen.line(arc[::5], 1.7, colour, alpha=0.42, blur=0.5)


def rays(view: View, alpha: float = 0.16) -> None:
    """Broad beams of light falling from the sun."""
    x, y = view.sun
    for turn in range(-40, 60, 16):
        wide = view.rng.uniform(3, 8)
        pen = view.pen.at(x, y, turn=turn + view.rng.uniform(-5, 5))
        pen.shape(
            [(-1, 0), (1, 0), (wide, view.height * 1.3), (-wide, view.height * 1.3)],
            lighter(view.light.haze, 0.3),
            alpha=alpha * 0.6,
            blur=2,
        )


def mist(view: View, y: float, depth: float, alpha: float = 0.5) -> None:
    """A band of haze about the height `y`."""
    view.pen.shape(box(-10, y - depth / 2, view.width + 20, depth), view.light.haze, alpha=alpha, blur=depth * 0.4)
