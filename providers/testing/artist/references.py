"""Pictures given as references: opened whatever they are, and brought to size."""

import io
from collections.abc import Sequence

from PIL import Image, ImageOps

SIDE = 1500
"""Pixels: a single reference is kept no larger than this, each way; of many, each is kept smaller."""


def opened_all(references: Sequence[bytes]) -> list[Image.Image]:
    """The references as pictures, none larger than it can be shown. Raises `ValueError` as `opened` does."""
    side = round(SIDE / len(references) ** 0.35)
    return [opened(data, side) for data in references]


def opened(data: bytes, side: int) -> Image.Image:
    """A picture of three bands, upright, at most `side` pixels each way; what was transparent is white.

    Takes whatever Pillow reads (JPEG, PNG and WebP among it). Raises `ValueError` if it reads nothing in it.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.draft("RGB", (side, side))  # a JPEG is decoded small at once
            image.load()
            return _upright(image, side)
    except (OSError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise ValueError(f"a reference can't be read as a picture: {error}") from error


def _upright(image: Image.Image, side: int) -> Image.Image:
    plain = _plain(image)
    plain.thumbnail((side, side), Image.Resampling.LANCZOS)
    plain.getexif().update(image.getexif())
    turned = ImageOps.exif_transpose(plain)
    if turned.mode != "RGBA":
        return turned
    ground = Image.new("RGB", turned.size, (255, 255, 255))
    ground.paste(turned, mask=turned.getchannel("A"))
    return ground


def _plain(image: Image.Image) -> Image.Image:
    """In a mode that can be scaled: palettes and 16 bits can't."""
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def rows(ratios: list[float], width: float, height: float, gap: float) -> list[tuple[float, float, float, float]]:
    """Places (x, y, width, height) for pictures of these ratios, in rows, as large as they go into an area.

    Every picture keeps its ratio; the rows are centred in the area.
    """
    layouts = (_laid(ratios, count, width, height, gap) for count in range(1, len(ratios) + 1))
    return max(layouts, key=lambda layout: min(w * h for _, _, w, h in layout))


def _laid(
    ratios: list[float], count: int, width: float, height: float, gap: float
) -> list[tuple[float, float, float, float]]:
    groups = [ratios[len(ratios) * i // count : len(ratios) * (i + 1) // count] for i in range(count)]
    most = (height - gap * (count - 1)) / count
    highs = [min(most, (width - gap * (len(group) - 1)) / sum(group)) for group in groups]
    places, y = [], (height - sum(highs) - gap * (count - 1)) / 2
    for group, high in zip(groups, highs, strict=True):
        x = (width - sum(group) * high - gap * (len(group) - 1)) / 2
        for ratio in group:
            places.append((x, y, ratio * high, high))
            x += ratio * high + gap
        y += high + gap
    return places
