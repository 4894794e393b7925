"""`draw`: makes a JPEG from a prompt, references and a seed, of cut-outs on a background."""

import io
import math
import random
from collections.abc import Sequence
from contextlib import suppress
from textwrap import wrap
from zlib import crc32

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageOps

from providers.simulators.pictures.cutouts import loaded, names, place_subjects
from providers.simulators.pictures.effects import lit, styled, weather
from providers.simulators.pictures.references import flow, lay_out, opened
from providers.simulators.pictures.scene import Scene, read

MAX_COMPOSED_PIXELS = 1_000_000  # a larger picture is scaled up, which bounds both time and memory
CJK_FONTS = ("NotoSansCJK-Regular.ttc", "PingFang.ttc", "msyh.ttc")  # for words that Pillow's own font can't write


def draw(prompt: str, references: Sequence[bytes] = (), width: int = 1024, height: int = 1024, seed: int = 0) -> bytes:
    """A JPEG of `width` by `height` pixels (from 1) that shows the words and the references. Safe from any thread.

    Another `seed` gives another composition, the same one the same bytes. Raises `ValueError` for bad references.
    """
    scene, rng, turn = read(prompt), random.Random(f"{seed} {prompt}"), seed + crc32(prompt.encode())
    times = min(1.0, math.sqrt(MAX_COMPOSED_PIXELS / (width * height)))
    size = max(48, round(width * times)), max(48, round(height * times))
    place = _place(scene, rng, alone=not references)
    image = _backdrop(place or "studio", scene.time, size, rng, turn)
    if references:
        arrange = lay_out if place or len(references) > 3 else flow
        arrange([opened(data, max(size)) for data in references], image, rng)
        image = image if place else Image.blend(image, lit(image, scene.time), 0.75)
    image = (
        Image.blend(image, ImageChops.multiply(image, Image.new("RGB", size, scene.tint)), 0.5) if scene.tint else image
    )
    place_subjects(image, scene, rng, turn, 0.62 if references else 1.0)
    for kind in scene.weather:
        weather(image, kind, rng)
    _write(image, "" if references else scene.caption)
    image = styled(image, scene.style, rng)
    smooth = Image.Resampling.NEAREST if scene.style == "pixel" else Image.Resampling.BICUBIC
    out = io.BytesIO()
    (image if image.size == (width, height) else image.resize((width, height), smooth)).save(out, "JPEG", quality=88)
    return out.getvalue()


def _place(scene: Scene, rng: random.Random, *, alone: bool) -> str:
    """The background's place; "" if the words name none and references make the background."""
    positions = {subject.position for subject in scene.subjects}
    if scene.place in {"sea", "lake"} and positions & {"deep", "ground"}:
        return "underwater" if "deep" in positions else "beach"
    usual = scene.subjects[0].places if scene.subjects else "abstract" if scene.caption else "country meadow mountains"
    return scene.place or (rng.choice(usual.split()) if alone else "")


def _backdrop(place: str, time: str, size: tuple[int, int], rng: random.Random, turn: int) -> Image.Image:
    hour = time or rng.choice(("day", "day", "day", "dawn", "dusk"))
    at_hour = names("backgrounds", f"{place}-{hour}")
    chosen = at_hour or [name for name in names("backgrounds", place) if name.count("-") == 1]
    image = loaded(chosen[turn % len(chosen)])
    zoom = rng.uniform(0.82, 1.0) * min(image.width / size[0], image.height / size[1])
    wide, high = size[0] * zoom, size[1] * zoom
    left, top = (image.width - wide) * rng.random(), (image.height - high) * rng.uniform(0.8, 1.0)
    image = image.resize(size, Image.Resampling.BILINEAR, (left, top, left + wide, top + high), reducing_gap=2)
    image = ImageOps.mirror(image) if rng.random() < 0.5 else image
    return image if at_hour else lit(image, hour)


def _write(image: Image.Image, text: str) -> None:
    """Write words large across the picture, if there is a font for them."""
    one, wide = min(image.size) / 100, 0.55 if text.isascii() else 1.0
    size = one * (11 if len(text) < 16 else 8 if len(text) < 40 else 5.5)
    lines = "\n".join(wrap(text, max(4, int(image.width * 0.84 / size / wide))))
    middle, shade = (image.width / 2, image.height * 0.42), Image.new("L", image.size)
    for name in ("",) if text.isascii() else CJK_FONTS:
        with suppress(OSError):
            font = ImageFont.truetype(name, size) if name else ImageFont.load_default(size)
            ImageDraw.Draw(shade).multiline_text(middle, lines, 150, font, "mm", align="center", stroke_width=one / 2)
            image.paste("#20203a", mask=shade.filter(ImageFilter.BoxBlur(one)))
            ImageDraw.Draw(image).multiline_text(middle, lines, "#fffaf0", font, "mm", align="center")
            break
