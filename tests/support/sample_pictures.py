"""Plain pictures for tests, and the format and size of a picture."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from PIL import Image


def picture(width: int = 300, height: int = 200, kind: str = "JPEG", colour: str = "teal", **how: Any) -> bytes:
    """A plain picture. `how`: further arguments of Pillow's `save`."""
    out = BytesIO()
    Image.new("RGB", (width, height), colour).save(out, kind, **how)
    return out.getvalue()


def picture_info(data: bytes) -> tuple[str, int, int]:
    """Format, width and height of a picture's bytes."""
    with Image.open(BytesIO(data)) as image:
        return str(image.format), image.width, image.height


def draw_halves(prompt: str, references: Sequence[bytes], width: int, height: int, seed: int) -> bytes:
    """Like `draw_plain`, with a dark half: blurred, it is another picture."""
    image = Image.new("RGB", (width, height), f"#{seed % 0xFFFFFF:06x}")
    image.paste("black", (0, 0, width // 2, height))
    image.save(out := BytesIO(), "JPEG")
    return out.getvalue()


def draw_plain(prompt: str, references: Sequence[bytes], width: int, height: int, seed: int) -> bytes:
    """The drawing function of the simulated Jimeng in tests: one colour for each seed."""
    return picture(width, height, colour=f"#{seed % 0xFFFFFF:06x}")
