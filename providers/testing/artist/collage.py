"""Pictures made from references: one becomes the scene itself, several are shown in it or flow into one another."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from providers.testing.artist.brush.canvas import Canvas, Fade
from providers.testing.artist.brush.colour import WHITE, Colour, darker, hexed, hexes, lighter, mix
from providers.testing.artist.brush.outline import box
from providers.testing.artist.cast import cast, smaller
from providers.testing.artist.overlays import OVER, graded, nothing, something_in_the_air
from providers.testing.artist.paper import noise
from providers.testing.artist.picture import backdrop, front
from providers.testing.artist.plan import INDOORS, WATERS, Plan, plan
from providers.testing.artist.references import rows
from providers.testing.artist.scene import Scene
from providers.testing.artist.scenery import places
from providers.testing.artist.scenery.view import View
from providers.testing.artist.scenery.weather import WEATHERS
from providers.testing.artist.stage import kindle


def paint_from(references: Sequence[Image.Image], scene: Scene, canvas: Canvas, rng: random.Random) -> None:
    """Paint the scene, without its style, from at least one reference."""
    planned = smaller(plan(scene, rng))
    if len(references) > 1 and scene.place not in WATERS | INDOORS:
        planned = replace(planned, stage="ground" if planned.stage == "water" else planned.stage)
    view = View.of(canvas, planned.light, planned.season, planned.stage, rng)
    if len(references) == 1:
        _one(view, planned, references[0])
        return
    ways: list[Way] = [_gallery, _cards]
    if len(references) <= 6:
        ways.append(_panes)
    if len(references) <= 4:
        ways.append(_flow)
    rng.choice(ways)(view, planned, references)


Way = Callable[[View, Plan, Sequence[Image.Image]], None]


def _one(view: View, planned: Plan, reference: Image.Image) -> None:
    """The reference is the scene: the prompt's light falls on it, its setting lies over, its subject stands in it."""
    view.canvas.image.paste(_covering(reference, view.canvas.image.size, view.rng))
    _finish_over(view, planned)


def _finish_over(view: View, planned: Plan) -> None:
    """Light, setting, weather and subject over what the references have become."""
    graded(view, planned)
    named = planned.scene.place or ("snow" if planned.scene.season == "winter" else "")
    stands = planned.stage in {"ground", "none"} and planned.scene.subjects
    OVER.get(named, places.floor if stands else nothing)(view)
    for kind in sorted(planned.weather):
        WEATHERS[kind](view, near=False)
    if not (planned.weather or planned.scene.place or planned.scene.subjects):
        something_in_the_air(view)
    cast(view, planned, 0.86)
    front(view, replace(planned, place=named))


def _covering(reference: Image.Image, size: tuple[int, int], rng: random.Random) -> Image.Image:
    """Filling the picture; one of quite another shape is shown whole before a blurred self."""
    there, here = reference.width / reference.height, size[0] / size[1]
    spot = (rng.uniform(0.35, 0.65), rng.uniform(0.3, 0.6))
    if max(there, here) / min(there, here) < 1.9:
        zoom = rng.uniform(1.0, 1.12)
        large = (round(size[0] * zoom), round(size[1] * zoom))
        whole = ImageOps.fit(reference, large, Image.Resampling.LANCZOS, 0, spot)
        left, top = round((large[0] - size[0]) * spot[0]), round((large[1] - size[1]) * spot[1])
        return whole.crop((left, top, left + size[0], top + size[1]))
    behind = ImageOps.fit(reference, (max(size[0] // 4, 1), max(size[1] // 4, 1)), Image.Resampling.BILINEAR)
    behind = behind.filter(ImageFilter.GaussianBlur(min(size) / 60)).resize(size, Image.Resampling.BICUBIC)
    sharp = ImageOps.contain(reference, size, Image.Resampling.LANCZOS)
    left, top = (size[0] - sharp.width) // 2, (size[1] - sharp.height) // 2
    behind = Image.blend(behind, Image.new("RGB", size, (40, 36, 50)), 0.25)
    behind.paste(sharp, (left, top))
    return behind


def _flow(view: View, planned: Plan, references: Sequence[Image.Image]) -> None:
    """They flow into one another along soft, uneven seams."""
    size = view.canvas.image.size
    wide = size[0] >= size[1]
    edges = noise(size, min(size) / 5, view.rng)
    length = size[0] if wide else size[1]
    for i, reference in enumerate(references):
        part = round(length / len(references) * 1.5)
        shape = (part, size[1]) if wide else (size[0], part)
        fitted = ImageOps.fit(reference, (min(shape[0], size[0]), min(shape[1], size[1])), Image.Resampling.LANCZOS)
        middle = length * (i + 0.5) / len(references)
        at = round(min(max(middle - part / 2, 0), length - (fitted.width if wide else fitted.height)))
        layer = Image.new("RGB", size)
        layer.paste(fitted, (at, 0) if wide else (0, at))
        view.canvas.image.paste(layer, mask=_from(i / len(references), edges, wide=wide) if i else None)
    _finish_over(view, planned)


def _from(start: float, edges: Image.Image, *, wide: bool) -> Image.Image:
    """A mask that opens softly at a share of the way across (or down)."""
    ramp = Image.linear_gradient("L")
    ramp = (ramp.rotate(90) if wide else ramp).resize(edges.size, Image.Resampling.BILINEAR)
    uneven = ImageChops.add(ramp, edges.point([round(112 + i / 8) for i in range(256)]), 1, -128)
    return uneven.point([min(255, max(0, round((i / 255 - start) * 255 * 9 + 128))) for i in range(256)])


def _panes(view: View, planned: Plan, references: Sequence[Image.Image]) -> None:
    """Slanting panes beside each other, a bright line between them."""
    size, count = view.canvas.image.size, len(references)
    wide = size[0] >= size[1]
    length, across = (size[0], size[1]) if wide else (size[1], size[0])
    slant = across * view.rng.choice((-1, 1)) * view.rng.uniform(0.06, 0.14)
    step = length / count
    for i, reference in enumerate(references):
        low, high = step * i - abs(slant), step * (i + 1) + abs(slant)
        fitted = ImageOps.fit(reference, _turned(round(high - low), across, wide=wide), Image.Resampling.LANCZOS)
        start = step * i if i else -length
        end = step * (i + 1) if i < count - 1 else 2 * length
        corners = [(start + slant / 2, 0), (end + slant / 2, 0), (end - slant / 2, across), (start - slant / 2, across)]
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).polygon([(x, y) if wide else (y, x) for x, y in corners], fill=255)
        layer = Image.new("RGB", size)
        layer.paste(fitted, (round(low), 0) if wide else (0, round(low)))
        view.canvas.image.paste(layer, mask=mask)
    for i in range(1, count):
        ends = [(step * i + slant / 2, -2.0), (step * i, across / 2), (step * i - slant / 2, across + 2.0)]
        line = [(x, y) if wide else (y, x) for x, y in ends]
        view.canvas.pen().line(line, view.pen.scale * 1.8, (20, 18, 30), alpha=0.35, blur=view.pen.scale)
        view.canvas.pen().line(line, view.pen.scale * 0.9, hexed("fffaf0"))
    _finish_over(view, planned)


def _turned(along: int, across: int, *, wide: bool) -> tuple[int, int]:
    return (along, across) if wide else (across, along)


def _gallery(view: View, planned: Plan, references: Sequence[Image.Image]) -> None:
    """Framed, on the wall of a room, the subject on the floor before them."""
    wall = mix(view.lit(view.rng.choice(hexes("e9dfd2 d9e0dc dcd6e4 cfd8e2 ead6cc"))), WHITE, 0.25)
    floor_at = view.height * 0.84
    view.pen.shape(box(-1, -1, view.width + 2, view.height + 2), Fade((lighter(wall, 0.2), wall, darker(wall, 0.12))))
    wood = mix(view.lit(hexed("a87650")), hexed("7a5238"), 0.3)
    view.pen.shape(box(-1, floor_at, view.width + 2, view.height), Fade((darker(wood, 0.12), lighter(wood, 0.1))))
    view.pen.shape(box(-1, floor_at - 2.4, view.width + 2, 2.6), Fade((lighter(wall, 0.6), lighter(wall, 0.25))))
    frames = hexes("5a3d2c c9a24e 2f2f38 f6f2ea 8a5a3a")
    frame = view.rng.choice(frames)
    low = 0.74 if planned.scene.subjects else 0.8
    for reference, (x, y, wide, high) in _places(view, references, (0.06, 0.05, 0.88, low), gap=4.5):
        view.pen.glow(x + wide / 2, y, max(wide, high) * 0.75, (46, 38, 24))
        _framed(view, reference, (x, y, wide, high), frame)
    cast(view, replace(planned, place="room"), 0.54)
    for kind in sorted(planned.weather):
        WEATHERS[kind](view, near=True)
    kindle(view.canvas)


Place = tuple[float, float, float, float]


def _places(view: View, references: Sequence[Image.Image], area: Place, gap: float) -> list[tuple[Image.Image, Place]]:
    """Each reference with its place in an area given in shares of the view."""
    left, top = area[0] * view.width, area[1] * view.height
    gap /= max(1.0, len(references) ** 0.5 / 2)
    ratios = [min(1.8, max(0.6, one.width / one.height)) for one in references]
    laid = rows(ratios, area[2] * view.width, (area[3] - area[1]) * view.height, gap)
    return [(one, (left + x, top + y, wide, high)) for one, (x, y, wide, high) in zip(references, laid, strict=True)]


def _framed(view: View, reference: Image.Image, place: Place, frame: Colour) -> None:
    x, y, wide, high = place
    edge = min(wide, high) * 0.055
    view.pen.shape(box(x + edge * 0.5, y + edge * 1.3, wide, high), (30, 24, 34), alpha=0.4, blur=edge)
    view.pen.shape(box(x, y, wide, high), Fade((lighter(frame, 0.25), frame, darker(frame, 0.3)), turn=35))
    view.pen.shape(box(x + edge, y + edge, wide - 2 * edge, high - 2 * edge), hexed("fffdf6"))
    _pasted(view, reference, (x + edge * 1.7, y + edge * 1.7, wide - edge * 3.4, high - edge * 3.4))


def _pasted(view: View, reference: Image.Image, place: Place) -> None:
    x, y, wide, high = (round(part * view.pen.scale) for part in place)
    view.canvas.image.paste(ImageOps.fit(reference, (max(wide, 1), max(high, 1)), Image.Resampling.LANCZOS), (x, y))


def _cards(view: View, planned: Plan, references: Sequence[Image.Image]) -> None:
    """Prints with white borders, scattered over the scene."""
    backdrop(view, planned)
    kindle(view.canvas)
    view.canvas.image = view.canvas.image.filter(ImageFilter.GaussianBlur(view.pen.scale * 0.5))
    low = 0.74 if planned.scene.subjects else 0.95
    for reference, place in _places(view, references, (0.05, 0.05, 0.9, low), gap=1.5):
        _card(view, reference, place, view.rng.uniform(-7, 7))
    cast(view, planned, 0.54)
    front(view, planned)


def _card(view: View, reference: Image.Image, place: Place, turn: float) -> None:
    x, y, wide, high = (part * view.pen.scale for part in place)
    edge = min(wide, high) * 0.06
    size = (max(round(wide * 0.96), 4), max(round(high * 0.96), 4))
    inner = (max(round(size[0] - 2 * edge), 1), max(round(size[1] - 3.4 * edge), 1))
    card = Image.new("RGBA", size, (*hexed("fffdf7"), 255))
    card.paste(ImageOps.fit(reference, inner, Image.Resampling.LANCZOS), (round(edge), round(edge)))
    card = card.rotate(turn, Image.Resampling.BICUBIC, expand=True)
    at = (round(x + wide / 2 - card.width / 2), round(y + high / 2 - card.height / 2))
    room = round(edge * 2) + 2
    shadow = ImageOps.expand(card.getchannel("A"), room, 0).filter(ImageFilter.GaussianBlur(edge * 0.6))
    lower = (at[0] - room + round(edge * 0.3), at[1] - room + round(edge * 0.9))
    view.canvas.image.paste((24, 20, 34), lower, shadow.point([round(i * 0.5) for i in range(256)]))
    view.canvas.image.paste(card, at, card)
