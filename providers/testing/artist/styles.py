"""Ways to finish a picture: as a watercolour, in oil, in pixels... Each takes the painted picture and gives another
of the same size (pixels: smaller), using the dice only for paper and brush."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from providers.testing.artist.brush.colour import hexed
from providers.testing.artist.paper import (
    PAPER,
    bare_rim,
    corners,
    dots,
    grey,
    hatching,
    noise,
    pencil,
    scaled,
    unit,
    wobbled,
)


def plain(image: Image.Image, rng: random.Random) -> Image.Image:
    """A touch of shade in the corners, and fine grain against bands in the gradients."""
    grain = scaled(noise((256, 256), 1, rng), 125, 131)
    sheet = Image.new("L", image.size)
    for x in range(0, image.width, 256):
        for y in range(0, image.height, 256):
            sheet.paste(grain, (x, y))
    image = ImageChops.add(image, grey(sheet), 1, -128)
    return ImageChops.multiply(image, grey(corners(image.size, 200)))


def watercolour(image: Image.Image, rng: random.Random) -> Image.Image:
    """Wobbly edges where the pigment gathers, uneven washes, paper that shines through and stays bare at the rim."""
    one = unit(image)
    wet = wobbled(image, rng, one * 0.7)
    wet = wet.reduce(2).filter(ImageFilter.ModeFilter(5)).resize(image.size, Image.Resampling.BICUBIC)
    pale = ImageChops.screen(wet, Image.new("RGB", wet.size, (46, 44, 40)))
    rims = ImageChops.subtract(pale.filter(ImageFilter.GaussianBlur(one * 0.5)), pale, 0.7)
    pale = ImageChops.subtract(pale, rims)
    washes = ImageChops.blend(noise(image.size, one * 9, rng), noise(image.size, one * 2.5, rng), 0.35)
    pale = Image.composite(
        pale,
        ImageChops.screen(pale, Image.new("RGB", pale.size, (96, 92, 84))),
        scaled(washes, 60, 330).point(lambda i: i),
    )
    rim = bare_rim(image.size, one, rng)
    sheet = Image.composite(pale, Image.new("RGB", pale.size, PAPER), rim)
    tooth = ImageChops.blend(noise(image.size, 1.6, rng), noise(image.size, 4, rng), 0.5)
    return ImageChops.multiply(sheet, grey(scaled(tooth, 226, 262).point([min(i, 255) for i in range(256)])))


def oil(image: Image.Image, rng: random.Random) -> Image.Image:
    """Brush strokes, broad ones first, that follow a slow swirl; lit like thick paint."""
    one = unit(image)
    bold = ImageEnhance.Color(image).enhance(1.25)
    brush = _Brush(
        bold.filter(ImageFilter.GaussianBlur(one)), Image.new("L", image.size, 128), noise((64, 64), 12, rng), rng
    )
    for wide, share in ((2.6, 1100), (1.3, 3400), (0.75, 5200)):
        count = round(share * max(image.size) / min(image.size))
        brush.paint(bold.filter(ImageFilter.GaussianBlur(one * wide * 0.3)), one * wide, min(count, 3 * share))
    edges = ImageOps.grayscale(bold).filter(ImageFilter.FIND_EDGES).filter(ImageFilter.GaussianBlur(one * 0.35))
    brush.canvas.paste(bold, mask=edges.point([min(150, i * 6) for i in range(256)]))
    light = brush.relief.filter(ImageFilter.GaussianBlur(one * 0.06)).filter(ImageFilter.EMBOSS)
    return ImageChops.add(brush.canvas, grey(scaled(light, 64, 192)), 1, -128)


@dataclass(frozen=True, slots=True)
class _Brush:
    """Strokes on a canvas, and how thick they lie in `relief`; `field` says which way they run."""

    canvas: Image.Image
    relief: Image.Image
    field: Image.Image
    rng: random.Random

    def paint(self, source: Image.Image, wide: float, count: int) -> None:
        """Add `count` strokes in the colours of a source of the same size."""
        draw, thick = ImageDraw.Draw(self.canvas), ImageDraw.Draw(self.relief)
        colours, turns = source.tobytes(), self.field.tobytes()
        rng, (width, height) = self.rng, source.size
        for _ in range(count):
            x, y = rng.randrange(width), rng.randrange(height)
            red, green, blue = colours[3 * (y * width + x) : 3 * (y * width + x) + 3]
            turn = turns[y * 64 // height * 64 + x * 64 // width] * math.tau / 512
            long, tone = wide * rng.uniform(0.8, 1.7), rng.randint(-9, 9)
            dx, dy = math.cos(turn) * long, math.sin(turn) * long
            line = (x - dx, y - dy, x + dx, y + dy)
            draw.line(line, fill=(red + tone, green + tone, blue + tone), width=max(2, round(wide)))
            thick.line(line, fill=rng.randint(70, 190), width=max(1, round(wide * 0.8)))


def pixel(image: Image.Image, _rng: random.Random) -> Image.Image:
    """Large square pixels of few colours. The picture is small: it is to be scaled up without smoothing."""
    share = 104 / min(image.size)
    small = image.resize(
        (max(1, round(image.width * share)), max(1, round(image.height * share))), Image.Resampling.BOX
    )
    return ImageEnhance.Color(small).enhance(1.2).quantize(40, dither=Image.Dither.NONE).convert("RGB")


def sketch(image: Image.Image, rng: random.Random) -> Image.Image:
    """Pencil on paper: lines, hatching in the shadows, a breath of colour."""
    one = unit(image)
    hand = wobbled(image, rng, one * 0.35)
    lines = ImageChops.multiply(pencil(hand, one * 0.9), pencil(hand, one * 0.25))
    tone = ImageOps.autocontrast(ImageOps.grayscale(image).filter(ImageFilter.GaussianBlur(one * 0.3)), 2)
    for turn, below in ((0, 80), (1, 44)):
        hatch = hatching(image.size, one, turn, rng)
        lit = tone.point([min(255, max(0, (i - below + 26) * 5)) for i in range(256)])
        lines = ImageChops.multiply(lines, ImageChops.lighter(hatch, lit))
    paper = ImageChops.multiply(
        Image.new("RGB", image.size, PAPER), grey(scaled(noise(image.size, 1.7, rng), 236, 255))
    )
    pale = ImageChops.screen(image, Image.new("RGB", image.size, (88, 88, 88)))
    breath = Image.blend(paper, ImageChops.multiply(paper, pale), 0.42)
    graphite = Image.composite(breath, Image.new("RGB", image.size, hexed("2c2c36")), lines)
    return ImageChops.multiply(graphite, grey(corners(image.size, 240)))


def ink(image: Image.Image, rng: random.Random) -> Image.Image:
    """Ink on rice paper: soft greys, brush edges, a little of the colours, a red seal."""
    one = unit(image)
    wet = wobbled(image, rng, one * 0.5)
    tone = ImageOps.autocontrast(ImageOps.grayscale(wet), 3).filter(ImageFilter.GaussianBlur(one * 0.25))
    tone = tone.reduce(2).filter(ImageFilter.MedianFilter(5)).resize(image.size, Image.Resampling.BICUBIC)
    washes = tone.point([min(255, round(58 + (i / 255) ** 0.55 * 226)) for i in range(256)])
    lines = pencil(wet, one * 0.5).point([max(0, round(i * 1.35 - 90)) for i in range(256)])
    stain = ImageChops.multiply(washes, lines)
    stain = ImageChops.multiply(stain, scaled(noise(image.size, one * 7, rng), 228, 255))
    paper = ImageChops.multiply(
        Image.new("RGB", image.size, hexed("f8f0de")), grey(scaled(noise(image.size, 2.2, rng), 242, 255))
    )
    pale = ImageChops.screen(ImageEnhance.Color(wet).enhance(1.4), Image.new("RGB", wet.size, (64, 64, 64)))
    brush = Image.blend(grey(stain), ImageChops.multiply(pale, grey(stain)), 0.4)
    sheet = ImageChops.multiply(paper, brush)
    _seal(sheet, one, rng)
    return sheet


def _seal(sheet: Image.Image, one: float, rng: random.Random) -> None:
    draw, side = ImageDraw.Draw(sheet), one * 6.5
    x, y = sheet.width - side * 1.9, sheet.height - side * 1.9
    draw.rounded_rectangle((x, y, x + side, y + side), one * 0.8, fill=hexed("b8342c"))
    for i in range(4):
        at = y + side * (0.2 + i * 0.2)
        draw.line(
            (x + side * 0.2, at, x + side * rng.uniform(0.55, 0.8), at), fill=PAPER, width=max(1, round(one * 0.45))
        )
    for at in (0.34, 0.66):
        draw.line(
            (x + side * at, y + side * 0.2, x + side * at, y + side * 0.8), fill=PAPER, width=max(1, round(one * 0.35))
        )


def neon(image: Image.Image, _rng: random.Random) -> Image.Image:
    """The outlines glow in their colours before a dark picture."""
    one = unit(image)
    bright = ImageEnhance.Color(image).enhance(2.2)
    soft = bright.filter(ImageFilter.GaussianBlur(one * 0.12))
    edges = ImageChops.difference(soft.filter(ImageFilter.MaxFilter(3)), soft.filter(ImageFilter.MinFilter(3)))
    edges = ImageOps.grayscale(edges).point([min(255, round(max(0, i - 6) * 5.5)) for i in range(256)])
    strong = ImageEnhance.Color(ImageChops.screen(bright, Image.new("RGB", image.size, (70, 20, 90)))).enhance(2)
    lines = ImageChops.multiply(strong, grey(edges))
    dark = ImageChops.multiply(ImageEnhance.Color(image).enhance(1.5), Image.new("RGB", image.size, (64, 48, 112)))
    for radius in (one * 0.35, one * 1.2, one * 3.2):
        dark = ImageChops.screen(dark, lines.filter(ImageFilter.GaussianBlur(radius)))
    return ImageChops.screen(dark, lines)


def minimal(image: Image.Image, _rng: random.Random) -> Image.Image:
    """Flat and pale; the painter has left out most things already."""
    return ImageChops.screen(ImageEnhance.Color(image).enhance(0.92), Image.new("RGB", image.size, (22, 21, 20)))


def poster(image: Image.Image, rng: random.Random) -> Image.Image:
    """A screen print: few inks, dots in the half tones, a white margin."""
    one = unit(image)
    inks = ImageEnhance.Color(image.filter(ImageFilter.GaussianBlur(one * 0.12))).enhance(1.5)
    flat = ImageOps.posterize(inks.quantize(14, dither=Image.Dither.NONE).convert("RGB"), 5)
    spots = dots(image.size, one * 1.1)
    tone = ImageOps.grayscale(image)
    shade = ImageChops.multiply(
        ImageChops.subtract(spots, tone.point([min(255, round(i * 1.5)) for i in range(256)])),
        Image.new("L", image.size, 96),
    )
    printed = ImageChops.subtract(flat, grey(shade))
    sheet = Image.new("RGB", image.size, PAPER)
    margin = round(one * 3.4)
    sheet.paste(printed.crop((margin, margin, image.width - margin, image.height - margin)), (margin, margin))
    return ImageChops.multiply(sheet, grey(scaled(noise(image.size, 1.5, rng), 238, 255)))


def mono(image: Image.Image, rng: random.Random) -> Image.Image:
    """Black and white, with grain."""
    tone = ImageOps.autocontrast(ImageOps.grayscale(image), 1)
    grain = scaled(noise(image.size, 1.4, rng), 116, 140)
    return grey(ImageChops.multiply(ImageChops.add(tone, grain, 1, -128), corners(image.size, 150)))


def vintage(image: Image.Image, rng: random.Random) -> Image.Image:
    """An old photograph: faded blacks, warm lights, grain."""
    toned = ImageOps.colorize(ImageOps.grayscale(image), hexed("3a2c2a"), hexed("fbeccb"), hexed("b08a68"))
    faded = Image.blend(ImageEnhance.Color(image).enhance(0.75), toned, 0.5)
    lifted = ImageChops.screen(faded, Image.new("RGB", image.size, (34, 24, 20)))
    grain = grey(scaled(noise(image.size, 1.5, rng), 118, 138))
    return ImageChops.multiply(ImageChops.add(lifted, grain, 1, -128), grey(corners(image.size, 140)))


Style = Callable[[Image.Image, random.Random], Image.Image]


STYLES: dict[str, Style] = {
    "": plain, "watercolour": watercolour, "oil": oil, "pixel": pixel, "sketch": sketch, "ink": ink, "neon": neon,
    "minimal": minimal, "poster": poster, "mono": mono, "vintage": vintage,
}  # fmt: skip
