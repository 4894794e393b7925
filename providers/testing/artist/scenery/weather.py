"""What falls, drifts and glows in the air. Each is painted in two goes: behind the subject and before it."""

import math
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFilter

from providers.testing.artist.brush.canvas import Fade, shine
from providers.testing.artist.brush.colour import WHITE, Colour, hexed, hexes, lighter, mix
from providers.testing.artist.scenery import sky
from providers.testing.artist.scenery.plants import LEAVES
from providers.testing.artist.scenery.view import View


def snow(view: View, *, near: bool) -> None:
    """Snowflakes: many small ones far away, a few large soft ones near."""
    rng, scale = view.rng, view.pen.scale
    for size, blur, share in ((0.85, 0.35, 0.22), (1.7, 0.9, 0.035)) if near else ((0.32, 0.12, 0.9), (0.55, 0.2, 0.5)):
        flakes = [_dot(size * f * scale, blur * scale) for f in (0.7, 1, 1.3)]
        for _ in range(round(view.width * view.height / 100 * share)):
            flake = rng.choice(flakes)
            place = (round(rng.uniform(-2, view.width) * scale), round(rng.uniform(-2, view.height) * scale))
            view.canvas.image.paste(WHITE, place, flake)


def _dot(radius: float, blur: float) -> Image.Image:
    side = math.ceil((radius + blur * 2) * 2) + 2
    mask = Image.new("L", (side * 3, side * 3))
    middle = side * 1.5
    ImageDraw.Draw(mask).ellipse(
        (middle - radius * 3, middle - radius * 3, middle + radius * 3, middle + radius * 3), fill=225
    )
    return mask.reduce(3).filter(ImageFilter.GaussianBlur(blur))


def rain(view: View, *, near: bool) -> None:
    """Slanting rain, and rings where it falls."""
    rng, scale = view.rng, view.pen.scale
    mask = Image.new("L", view.canvas.image.size)
    draw = ImageDraw.Draw(mask)
    for _ in range(round(view.width * view.height / 100 * (0.7 if near else 1.7))):
        x, y = rng.uniform(-5, view.width + 5) * scale, rng.uniform(-8, view.height) * scale
        long = rng.uniform(4, 8) * scale * (1.3 if near else 0.7)
        draw.line(
            (x, y, x - long * 0.2, y + long),
            fill=rng.randint(70, 150),
            width=max(1, round(scale * (0.22 if near else 0.13))),
        )
    view.canvas.image.paste(lighter(view.light.haze, 0.55), mask=mask.filter(ImageFilter.GaussianBlur(scale * 0.05)))
    if near:
        for _ in range(round(view.width / 5)):
            x, y = rng.uniform(0, view.width), rng.uniform(view.ground - 8, view.height)
            view.pen.oval(x, y, 1.7, 0.45, lighter(view.light.haze, 0.5), alpha=0.4)


def fog(view: View, *, near: bool) -> None:
    """Banks of fog."""
    for step in range(3):
        y = view.height * (0.86 + step * 0.05 if near else 0.5 + step * 0.12)
        sky.mist(view, y, view.height * (0.09 if near else 0.16), 0.42 if near else 0.55)


def petals(view: View, *, near: bool) -> None:
    """Petals of cherry blossom on the wind."""
    _drift(view, LEAVES["spring"][:2], "0,0! 2.2,-2.6 1.2,-4.6 0,-4! -1.2,-4.6 -2.2,-2.6", near=near)


def leaves(view: View, *, near: bool) -> None:
    """Falling leaves."""
    _drift(view, LEAVES["autumn"], "0,1.6! 0,0 2.4,-2.4 1.6,-4.8 0,-6.4! -1.6,-4.8 -2.4,-2.4 0,0", near=near)


def _drift(view: View, colours: tuple[Colour, ...], shape: str, *, near: bool) -> None:
    rng = view.rng
    for _ in range(round(view.width * (0.12 if near else 0.26))):
        size = rng.uniform(0.55, 1.1) if near else rng.uniform(0.25, 0.5)
        pen = view.pen.at(rng.uniform(0, view.width), rng.uniform(0, view.height), size, turn=rng.uniform(0, 360))
        colour = mix(view.lit(rng.choice(colours)), WHITE, 0.1)
        pen.shape(shape, Fade((lighter(colour, 0.25), colour)), blur=0.9 if near and size > 0.95 else 0)


def fireflies(view: View, *, near: bool) -> None:
    """Small warm lights."""
    rng, scale = view.rng, view.pen.scale
    for _ in range(round(view.width * (0.1 if near else 0.22))):
        x, y = rng.uniform(0, view.width) * scale, rng.uniform(view.height * 0.35, view.height) * scale
        radius = rng.uniform(1.2, 3.2 if near else 2) * scale
        shine(view.canvas.image, x, y, radius, (210, 180, 70))
        shine(view.canvas.image, x, y, radius * 0.3, (255, 250, 190))


def bubbles(view: View, *, near: bool) -> None:
    """Soap bubbles."""
    rng = view.rng
    for _ in range(round(view.width * (0.05 if near else 0.1))):
        x, y, r = rng.uniform(0, view.width), rng.uniform(0, view.height), rng.uniform(1, 4.5)
        tones = [lighter(tone, 0.3) for tone in rng.sample(hexes("f0a8d0 a8d0f8 b8f0d8 f8e0a8"), 3)]
        view.pen.oval(x, y, r, r, Fade(tuple(tones), turn=30), alpha=0.34)
        view.pen.oval(x - r * 0.4, y - r * 0.45, r * 0.22, r * 0.15, WHITE, alpha=0.9, turn=-40)


def nothing(view: View, *, near: bool) -> None:
    """A clear sky: what `sky` paints itself (northern lights, rainbows) is done."""


Weather = Callable[..., None]
WEATHERS: dict[str, Weather] = {
    "snow": snow, "rain": rain, "fog": fog, "petals": petals, "leaves": leaves, "fireflies": fireflies,
    "bubbles": bubbles, "aurora": nothing, "rainbow": nothing,
}  # fmt: skip
GLOOM: Colour = hexed("7f8a9c")
