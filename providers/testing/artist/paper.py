"""What styles are made with: grain, grey masks, a trembling hand."""

import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from providers.testing.artist.brush.colour import Colour, hexed

PAPER: Colour = hexed("fbf6ea")


def unit(image: Image.Image) -> float:
    """A hundredth of the shorter side, in pixels."""
    return min(image.size) / 100


def noise(size: tuple[int, int], grain: float, rng: random.Random) -> Image.Image:
    """Grey noise about 128 whose grains are `grain` pixels wide."""
    small = (max(2, round(size[0] / grain)), max(2, round(size[1] / grain)))
    return Image.frombytes("L", small, rng.randbytes(small[0] * small[1])).resize(size, Image.Resampling.BICUBIC)


def scaled(mask: Image.Image, low: float, high: float) -> Image.Image:
    """A grey picture's range brought from 0–255 to `low`–`high`."""
    return mask.point([round(low + (high - low) * i / 255) for i in range(256)])


def grey(mask: Image.Image) -> Image.Image:
    """A grey picture in three bands."""
    return Image.merge("RGB", [mask] * 3)


def corners(size: tuple[int, int], darkest: int) -> Image.Image:
    """A mask for multiplying: white, and `darkest` in the corners."""
    radial = Image.radial_gradient("L").resize(size, Image.Resampling.BILINEAR)
    return radial.point([255 - round(max(0, i - 130) / 125 * (255 - darkest)) for i in range(256)])


def bare_rim(size: tuple[int, int], one: float, rng: random.Random) -> Image.Image:
    """A mask of the painted part: a rectangle with an uneven edge."""
    flat = Image.new("L", size)
    ImageDraw.Draw(flat).rectangle((one * 4, one * 4, size[0] - one * 4, size[1] - one * 4), fill=255)
    soft = flat.filter(ImageFilter.BoxBlur(one * 2.4))
    rough = ImageChops.add(
        soft, ImageChops.blend(noise(size, one * 4, rng), noise(size, one * 1.1, rng), 0.35), 1, -128
    )
    return rough.point([min(255, max(0, (i - 112) * 9)) for i in range(256)])


def wobbled(image: Image.Image, rng: random.Random, reach: float) -> Image.Image:
    """Every part moved a little, as by a hand."""
    columns, rows = 22, 22
    xs = [round(image.width * i / columns) for i in range(columns + 1)]
    ys = [round(image.height * i / rows) for i in range(rows + 1)]
    moved = {}
    for i, x in enumerate(xs):
        for j, y in enumerate(ys):
            at = (x + rng.uniform(-reach, reach), y + rng.uniform(-reach, reach))
            inner = 0 < i < columns and 0 < j < rows
            moved[i, j] = at if inner else (x, y)  # nothing from beyond the edges
    mesh = []
    for i in range(columns):
        for j in range(rows):
            corners = (*moved[i, j], *moved[i, j + 1], *moved[i + 1, j + 1], *moved[i + 1, j])
            mesh.append(((xs[i], ys[j], xs[i + 1], ys[j + 1]), corners))
    return image.transform(image.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)


def pencil(image: Image.Image, radius: float) -> Image.Image:
    """Dark lines where the brightness changes, on white."""
    tone = ImageOps.grayscale(image)
    soft = ImageChops.invert(tone).filter(ImageFilter.GaussianBlur(radius))
    light = ImageChops.add(tone, soft)
    rims = ImageChops.difference(tone, tone.filter(ImageFilter.GaussianBlur(radius * 0.6)))
    return ImageChops.subtract(light, rims.point([min(255, max(0, i - 3) * 3) for i in range(256)]))


def hatching(size: tuple[int, int], one: float, turn: int, rng: random.Random) -> Image.Image:
    """Slanting pencil lines on white; `turn` 1 leans the other way than 0."""
    sheet = Image.new("L", size, 255)
    draw, long = ImageDraw.Draw(sheet), size[1]
    x = -float(long)
    while x < size[0] + long:
        slant = long * 0.8 * (1 if turn else -1)
        draw.line(
            (x, 0, x + slant + rng.uniform(-one, one), long),
            fill=rng.randint(120, 190),
            width=max(1, round(one * 0.14)),
        )
        x += one * rng.uniform(0.7, 1.1)
    return sheet.filter(ImageFilter.GaussianBlur(0.6))


def dots(size: tuple[int, int], pitch: float) -> Image.Image:
    """Soft dots in staggered rows, `pitch` pixels apart: bright in their middles."""
    cell = max(4, round(pitch))
    one = ImageChops.invert(Image.radial_gradient("L")).resize((cell, cell), Image.Resampling.BILINEAR)
    row = Image.new("L", (size[0] + cell, cell))
    for x in range(0, size[0] + cell, cell):
        row.paste(one, (x, 0))
    sheet = Image.new("L", size)
    for i, y in enumerate(range(0, size[1], cell)):
        sheet.paste(row, (-(cell // 2) * (i % 2), y))
    return sheet
