"""Effects on a whole picture: the light of an hour, the weather, and the styles of `catalogue.toml`."""

import random
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from providers.simulators.pictures.scene import catalogue


def lit(image: Image.Image, hour: str) -> Image.Image:
    """The picture in the light of an hour."""
    fade = Image.linear_gradient("L").resize(image.size, Image.Resampling.BILINEAR)
    light = catalogue("looks")["hours"].get(hour)
    return ImageChops.multiply(image, ImageOps.colorize(fade, *light)) if light else image


def weather(image: Image.Image, kind: str, rng: random.Random) -> None:
    """Add snow, rain, or lights in the dark."""
    if kind == "fog":
        image.paste("#f2f4f8", mask=Image.linear_gradient("L").resize(image.size).point([i // 2 for i in range(256)]))
    count, size, colours = catalogue("looks")["falling"][kind]
    width, height = image.width // 2 + 1, image.height // 2 + 1
    for colour in colours:
        mask = Image.new("L", (width, height))
        for _ in range(count // len(colours)):
            x, y, shine = rng.uniform(0, width), rng.uniform(0, height), rng.randint(120, 235)
            reach = min(width, height) / 100 * size * rng.choice((0.25, 0.4, 0.5, 1.0))
            if kind == "rain":
                ImageDraw.Draw(mask).line((x, y, x - reach, y + reach * 7), shine // 2, max(1, round(width / 400)))
            else:
                ImageDraw.Draw(mask).ellipse((x - reach, y - reach * 0.8, x + reach, y + reach * 0.8), shine)
        image.paste(colour, mask=mask.resize(image.size, Image.Resampling.BILINEAR))


def styled(image: Image.Image, style: str, rng: random.Random) -> Image.Image:
    """The picture in this style; pixel art is returned small."""
    look = catalogue("looks")["styles"].get(style, {})
    lines, short = look.get("lines", 0), min(image.size)
    edges = _edges(image, abs(lines)) if lines else None
    if "pixels" in look:
        image = ImageOps.cover(image, (look["pixels"], look["pixels"]), Image.Resampling.BOX)
    if "smooth" in look:
        image = image.reduce(3).filter(ImageFilter.ModeFilter(5)).resize(image.size, Image.Resampling.BICUBIC)
    image = ImageEnhance.Color(image).enhance(look.get("saturation", 1))
    if "colours" in look:
        image = image.quantize(look["colours"], dither=Image.Dither.NONE).convert("RGB")
    if "inks" in look:
        grey = ImageOps.autocontrast(ImageOps.grayscale(image), 1)
        soft = ImageChops.invert(grey).filter(ImageFilter.BoxBlur(max(1, short / 90)))
        grey = ImageChops.add(grey, soft) if "pencil" in look else grey
        image = Image.blend(image, ImageOps.colorize(grey, *look["inks"]), look["ink"])
    if edges and lines > 0:
        image = ImageChops.multiply(image, edges)
    elif edges:
        glow = ImageChops.multiply(image, ImageChops.invert(edges))
        image = ImageChops.multiply(image, Image.new("RGB", image.size, "#40306c"))
        image = ImageChops.add(ImageChops.add(image, glow), glow.filter(ImageFilter.BoxBlur(max(1, short / 100))))
    if "margin" in look:
        rim = max(1, round(short * look["margin"]))
        inside = ImageOps.expand(Image.new("L", (image.width - 2 * rim, image.height - 2 * rim), 255), rim)
        inside = _grained(inside.filter(ImageFilter.BoxBlur(rim / 2)).convert("RGB"), (rim, 60), rng).convert("L")
        image.paste("#fbf6ea", mask=inside.point([min(255, max(0, (70 - i) * 9)) for i in range(256)]))
    return _grained(image, look["grain"], rng) if "grain" in look else image


def _edges(image: Image.Image, strength: float) -> Image.Image:
    """Dark lines where the brightness changes, on white."""
    grey = ImageOps.grayscale(image)
    lines = ImageChops.difference(grey, grey.filter(ImageFilter.BoxBlur(max(1, min(image.size) / 300))))
    return lines.point([max(0, 255 - round(max(0, i - 2) * strength)) for i in range(256)]).convert("RGB")


def _grained(image: Image.Image, grain_and_darkest: Sequence[int], rng: random.Random) -> Image.Image:
    """The picture darkened in grains of so many pixels, at most to so much of 255."""
    grain, low = grain_and_darkest
    small = max(2, round(image.width / grain)), max(2, round(image.height / grain))
    grey = Image.frombytes("L", small, rng.randbytes(small[0] * small[1])).resize(image.size, Image.Resampling.BICUBIC)
    return ImageChops.multiply(image, grey.point([low + (255 - low) * i // 255 for i in range(256)]).convert("RGB"))
