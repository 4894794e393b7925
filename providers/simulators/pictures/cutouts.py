"""Chooses, colours and places the cut-outs of a picture."""

import io
import random
from functools import lru_cache
from importlib.resources import files

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps, ImageStat

from providers.simulators.pictures.scene import Scene, Subject

CUTOUT_SCALE_SIDE = 1150  # pixels: the shorter side of a picture in which cut-outs have their own size
BASELINES = {
    "air": 0.76,
    "deep": 0.84,
    "bust": 1.01,
    "close": 1.3,
    "water": 0.9,
    "behind": 0.82,
}  # from the top, 1: the height


@lru_cache(maxsize=48)
def loaded(name: str) -> Image.Image:
    """A ready picture: "cutouts/cup-1"."""
    return Image.open(io.BytesIO(files(__package__).joinpath(f"{name}.webp").read_bytes())).copy()


@lru_cache
def names(folder: str, start: str) -> list[str]:
    """The names of the pictures of a thing: "cutouts/fox-sit-1" and "cutouts/fox-walk-1" for "fox"."""
    listed = sorted(file.name.removesuffix(".webp") for file in files(__package__).joinpath(folder).iterdir())
    return [f"{folder}/{name}" for name in listed if name.startswith(f"{start}-")]


def place_subjects(image: Image.Image, scene: Scene, rng: random.Random, turn: int, share: float) -> None:
    """Place all subjects: scenic ones behind, the others side by side. `share` 1 is the usual size."""
    each = [one for one in scene.subjects for _ in range(one.count)][:6]
    before = [one for one in each if one.position != "scenic"] or each
    behind = [one for one in each if one not in before]
    focus = rng.choice((0.34, 0.66)) if image.width > image.height * 1.3 and len(each) == 1 else rng.uniform(0.42, 0.58)
    for number, one in enumerate(behind):
        aside = (0.33 + number * 0.12) * (1 if focus < 0.5 else -1)
        _put(image, _cut(one, scene.action, turn + number), "behind", focus + aside, 0.8 * share)
    is_close = scene.action == "close" or (not scene.action and rng.random() < 0.15)
    for number, one in enumerate(before):
        spot = focus + (number - (len(before) - 1) / 2) * min(0.8 / len(before), 0.5 * image.height / image.width)
        position = "close" if is_close and share == len(each) == 1 and one.position == "ground" else one.position
        cut = _cut(one, "sit" if position == "close" else scene.action, turn + number)
        _put(image, cut, position, spot, share / (0.74 + 0.26 * len(before)))


def _cut(subject: Subject, action: str, turn: int) -> Image.Image:
    every = names("cutouts", subject.kind)
    chosen = [name for name in every if f"-{action}-" in name] or every
    name = chosen[turn % len(chosen)]
    return _dyed(name, subject.colour) if subject.colour else loaded(name)


def _put(image: Image.Image, cut: Image.Image, position: str, x: float, share: float) -> None:
    """Paste a cut-out with its middle at `x` (0 is left, 1 is right), in the light of the background."""
    rng = random.Random(f"{cut.size} {x}")
    scale = (
        min(image.size) / CUTOUT_SCALE_SIDE * share * rng.uniform(0.86, 1.06) * (1.6 if position == "close" else 1.0)
    )
    scale *= min(1.25, max(1.0, image.height / image.width) ** 0.35)
    scale = min(scale, image.width * (2.0 if position == "close" else 0.94) / cut.width)
    size = max(1, round(cut.width * scale)), max(1, round(cut.height * scale))
    cut = cut.resize(size, Image.Resampling.BICUBIC, reducing_gap=2)
    cut = ImageOps.mirror(cut) if rng.random() < 0.5 else cut
    if position in {"air", "deep"}:
        cut = cut.rotate(rng.uniform(-8, 8), Image.Resampling.BICUBIC, expand=True)
    feet = BASELINES.get(position, rng.uniform(0.89, 0.93)) * image.height
    left = round(min(max(x * image.width - cut.width / 2, 0), max(0, image.width - cut.width)))
    if position in {"ground", "scenic", "behind"}:
        wide, high = cut.width, max(4, cut.width // 12)
        shade = Image.new("L", (wide + 4 * high, 3 * high))
        ImageDraw.Draw(shade).ellipse((2 * high, high, wide + 2 * high, 2 * high), 110)
        image.paste("#20203a", (left - 2 * high, round(feet - 1.7 * high)), shade.filter(ImageFilter.BoxBlur(high / 3)))
    light = [min(255, round(115 + band * 0.77)) for band in ImageStat.Stat(image.resize((32, 32))).mean]
    tone = Image.new("RGB", cut.size, (light[0], light[1], light[2]))
    image.paste(ImageChops.multiply(cut.convert("RGB"), tone), (left, round(feet - cut.height)), cut.getchannel("A"))


@lru_cache(maxsize=16)
def _dyed(name: str, colour: str) -> Image.Image:
    """The cut-out with its main colour changed; pixels of another hue, or of none, stay."""
    cut = loaded(name)
    hue, saturation, value = cut.convert("RGB").convert("HSV").split()
    counts = hue.histogram(
        ImageChops.darker(saturation, cut.getchannel("A")).point([255 * (i > 70) for i in range(256)])
    )
    main = max(range(256), key=lambda i: sum(counts[(i + j) % 256] for j in range(-6, 7)))
    near = hue.point([255 * (min((i - main) % 256, (main - i) % 256) < 26) for i in range(256)])
    mask = ImageChops.multiply(near, saturation.point([min(255, max(0, i - 40) * 5) for i in range(256)]))
    dyed = ImageOps.colorize(value, "#1c1022", colour, whitepoint=235)
    dyed.putalpha(cut.getchannel("A"))
    return Image.composite(dyed, cut, mask)
