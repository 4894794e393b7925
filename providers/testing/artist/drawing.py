"""The one way in: from a prompt and references to a JPEG."""

import io
import math
import random
from collections.abc import Sequence

from PIL import Image

from providers.testing.artist.brush.canvas import Canvas
from providers.testing.artist.collage import paint_from
from providers.testing.artist.picture import paint
from providers.testing.artist.references import opened_all
from providers.testing.artist.scene import Scene, read
from providers.testing.artist.styles import STYLES

AREA = 1_800_000
"""Pixels painted at most; a larger picture is scaled up from so many. Bounds both time and memory."""
SIDE = 96
"""Pixels the shorter side has at least while being painted."""
RATIO = 20
"""How many times longer than wide a picture is painted at most; beyond, it is stretched."""


def draw(prompt: str, references: Sequence[bytes] = (), width: int = 1024, height: int = 1024, seed: int = 0) -> bytes:
    """Draw what the words say, as a JPEG of `width` by `height` pixels.

    `references`: pictures (JPEG, PNG, WebP; any number) that the result is visibly made from. The same arguments
    give the same bytes, another `seed` another composition. Words that aren't known still give a picture.
    Safe to call from any thread; takes a fraction of a second of CPU. Raises `ValueError` for a reference that is
    no picture, or a size below 1.
    """
    if width < 1 or height < 1:
        raise ValueError(f"a picture of {width}×{height} pixels can't be drawn")
    scene = read(prompt)
    image = _painted(scene, references, _painted_size(width, height), random.Random(f"{seed} {prompt}"))
    if image.size != (width, height):
        crisp = scene.style == "pixel"
        image = image.resize((width, height), Image.Resampling.NEAREST if crisp else Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def _painted(scene: Scene, references: Sequence[bytes], size: tuple[int, int], rng: random.Random) -> Image.Image:
    canvas = Canvas.blank(*size)
    if references:
        paint_from(opened_all(references), scene, canvas, rng)
    else:
        paint(scene, canvas, rng)
    return STYLES[scene.style](canvas.image, rng)


def _painted_size(width: int, height: int) -> tuple[int, int]:
    width, height = min(width, height * RATIO), min(height, width * RATIO)
    times = min(1.0, math.sqrt(AREA / (width * height)))
    times = max(times, SIDE / min(width, height))
    return max(round(width * times), SIDE), max(round(height * times), SIDE)
