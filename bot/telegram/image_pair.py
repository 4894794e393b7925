"""Two pictures beside each other, as one."""

from PIL import Image

from bot.telegram.image_file import ImageSource, check_memory
from bot.telegram.image_pixels import decoded, encoded
from providers.base import ReferenceLimits

HALF = ReferenceLimits(1, 10_000_000, 1280, (1 / 20, 20), frozenset({"image/jpeg"}))
"""Telegram shows about 2560 pixels a side: half of them for each."""
PAIR = ReferenceLimits(1, 10_000_000, 5000, (1 / 20, 20), frozenset({"image/jpeg"}))
HALF_MEMORY_BYTES = 270_000_000
GAP_SHARE = 1 / 60
"""The gap between them, of their height."""
WIDEST = 15.0
"""A pair that would be wider, seen by its height, is not scaled to one height: Telegram takes a ratio of 20."""


def half(source: ImageSource) -> Image.Image:
    """One of the two, scaled down, without transparency. Raises `UnusableImageError`."""
    check_memory(source, HALF_MEMORY_BYTES)
    image = decoded(source, HALF)
    if image.mode == "RGBA":
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image


def beside(left: Image.Image, right: Image.Image) -> bytes:
    """A JPEG of both, as high as the lower of them. Raises `UnusableImageError`."""
    height = min(left.height, right.height)
    ratios = left.width / left.height + right.width / right.height
    # Two strips are wide and low; with more height they would be wider than `PAIR` allows.
    height = max(1, min(height, int(PAIR.side / (ratios + GAP_SHARE)) - 1))
    sized = [one.resize((max(1, round(one.width * height / one.height)), height)) for one in (left, right)]
    gap = max(2, round(height * GAP_SHARE))
    width = sized[0].width + gap + sized[1].width
    canvas = Image.new("RGB", (width, max(height, round(width / WIDEST))), "white")
    top = (canvas.height - height) // 2
    canvas.paste(sized[0], (0, top))
    canvas.paste(sized[1], (sized[0].width + gap, top))
    return encoded(canvas, PAIR)[0]
