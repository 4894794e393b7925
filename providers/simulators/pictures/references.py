"""Opens the references of a picture and arranges them on it."""

import io
import random
from collections.abc import Sequence

from PIL import Image, ImageFilter, ImageOps


def opened(data: bytes, side: int) -> Image.Image:
    """A picture upright, without transparency, at most `side` pixels each way. Raises `ValueError` for other bytes."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.draft("RGB", (side, side))  # a JPEG is decoded small at once
            plain = ImageOps.exif_transpose(image).convert("RGBA")
    except (OSError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise ValueError(f"a reference can't be read as a picture: {error}") from error
    plain.thumbnail((side, side))
    ground = Image.new("RGB", plain.size, "white")
    ground.paste(plain, mask=plain)
    return ground


def flow(shown: Sequence[Image.Image], ground: Image.Image, rng: random.Random) -> None:
    """Cover the whole picture; several are blended into each other."""
    axis = 0 if ground.width >= ground.height else 1
    ramp = Image.linear_gradient("L").rotate(90 * (1 - axis)).resize(ground.size)
    edge = Image.frombytes("L", (5, 5), rng.randbytes(25)).resize(ground.size, Image.Resampling.BICUBIC)
    for number, one in enumerate(shown):
        size, at = list(ground.size), [0, 0]
        size[axis] = min(size[axis], round(size[axis] / len(shown) * 1.25))
        at[axis] = round((ground.size[axis] - size[axis]) * number / max(1, len(shown) - 1))
        bleed, centre = rng.uniform(0, 0.1), (rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.6))
        fitted = ImageOps.fit(one, (size[0], size[1]), bleed=bleed, centering=centre)
        soft = [min(255, max(0, round((i - 16 - number / len(shown) * 224) * 9 + 128))) for i in range(256)]
        mask = Image.blend(ramp, edge, 0.12).point(soft).crop((at[0], at[1], at[0] + size[0], at[1] + size[1]))
        ground.paste(fitted, (at[0], at[1]), mask if number else None)


def lay_out(shown: Sequence[Image.Image], ground: Image.Image, rng: random.Random) -> None:
    """Paste them as photos with white edges, each rotated a little."""
    rows = max(1, round((len(shown) * 1.3 * ground.height / ground.width) ** 0.5))
    for row in range(rows):
        here = shown[len(shown) * row // rows : len(shown) * (row + 1) // rows]
        wide, high = ground.width / max(1, len(here)), ground.height * 0.9 / rows
        for number, one in enumerate(here):
            photo = ImageOps.contain(one, (max(8, round(wide * 0.84)), max(8, round(high * 0.84))))
            edge, turn = max(1, round(min(wide, high) * 0.03)), rng.uniform(-4, 4)
            photo = (
                ImageOps.expand(photo, edge, "#fffdf8")
                .convert("RGBA")
                .rotate(turn, Image.Resampling.BICUBIC, expand=True)
            )
            left = round(wide * (number + 0.5) - photo.width / 2)
            top = round(high * (row + 0.5) + ground.height * 0.02 - photo.height / 2)
            shade = photo.getchannel("A").point([i // 3 for i in range(256)]).filter(ImageFilter.BoxBlur(edge / 2))
            ground.paste("#20203a", (left + edge // 2, top + edge // 2), shade)
            ground.paste(photo, (left, top), photo)
