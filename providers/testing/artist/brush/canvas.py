"""A small vector painter on Pillow: outlines filled with colours or gradients, soft edges, clipping, layers.

Every outline is drawn as a mask of its own, larger than needed and scaled down, so that edges are smooth
while the picture itself is never held larger than it is.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from providers.testing.artist.brush.colour import Colour
from providers.testing.artist.brush.outline import Outline, Point, oval, ribbon, smooth, written

Box = tuple[int, int, int, int]
Matrix = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Fade:
    """A gradient over the whole of what it fills: from above to below, turned by `turn` degrees, or from the
    middle outwards."""

    stops: tuple[Colour, ...]
    turn: float = 0.0
    radial: bool = False

    def render(self, whole: Box, part: Box) -> Image.Image:
        """The gradient over `whole`, cut to `part`."""
        size = (part[2] - part[0], part[3] - part[1])
        if not self.turn and not self.radial:
            high = max(whole[3] - whole[1], 1)
            return self._strip(size[1], (part[1] - whole[1]) / high, (part[3] - whole[1]) / high).resize(size)
        mask = _radial(whole, part) if self.radial else _linear(whole, part, self.turn)
        table = self._strip(256, 0, 1).tobytes()
        if self.radial:  # Pillow's radial gradient reaches 255 in the corners only
            table = self._strip(180, 0, 1).tobytes() + bytes(self.stops[-1]) * 76
        mask.putpalette(table)
        return mask.convert("RGB")

    def _strip(self, length: int, start: float, end: float) -> Image.Image:
        """A column of `length` pixels with the colours from `start` to `end` (0–1)."""
        steps = len(self.stops) - 1
        column = Image.frombytes("RGB", (1, steps + 1), bytes(band for stop in self.stops for band in stop))
        frame = (0, 0.5 + max(start, 0) * steps, 1, 0.5 + min(end, 1) * steps)
        return column.resize((1, length), Image.Resampling.BILINEAR, frame)


Paint = Colour | Fade


def _linear(whole: Box, part: Box, turn: float) -> Image.Image:
    left, top, right, bottom = whole
    dx, dy = -math.sin(math.radians(turn)), math.cos(math.radians(turn))
    corners = [x * dx + y * dy for x in (left, right) for y in (top, bottom)]
    low, length = min(corners), max(max(corners) - min(corners), 1)
    start = (part[0] * dx + part[1] * dy - low) * 254 / length
    return _bent("linear", part, (0.0, 0.0, 128.0, dx * 254 / length, dy * 254 / length, start + 1))


def _radial(whole: Box, part: Box) -> Image.Image:
    left, top, right, bottom = whole
    wide, high = 254 / max(right - left, 1), 254 / max(bottom - top, 1)
    return _bent("radial", part, (wide, 0.0, (part[0] - left) * wide + 1, 0.0, high, (part[1] - top) * high + 1))


def _bent(kind: str, part: Box, data: Matrix) -> Image.Image:
    """A gradient of Pillow's, 256 pixels wide and high, brought to the size of `part`; in large ones every other
    pixel is made up."""
    source = Image.linear_gradient("L") if kind == "linear" else Image.radial_gradient("L")
    size = (part[2] - part[0], part[3] - part[1])
    if size[0] * size[1] < 40_000:
        return source.transform(size, Image.Transform.AFFINE, data, Image.Resampling.BILINEAR)
    a, b, c, d, e, f = data
    small = (size[0] // 3 + 1, size[1] // 3 + 1)
    part_of = source.transform(
        small, Image.Transform.AFFINE, (a * 3, b * 3, c, d * 3, e * 3, f), Image.Resampling.BILINEAR
    )
    return part_of.resize(size, Image.Resampling.BILINEAR, (0, 0, size[0] / 3, size[1] / 3))


@dataclass(frozen=True, slots=True)
class Clip:
    """A mask and where its upper left corner lies."""

    mask: Image.Image
    left: int
    top: int

    def cut(self, box: Box) -> Image.Image:
        """The mask within `box`."""
        left, top, right, bottom = box
        return self.mask.crop((left - self.left, top - self.top, right - self.left, bottom - self.top))


@dataclass(slots=True)
class Canvas:
    """A picture being painted. A layer also has `alpha`; its colours are then premultiplied by it.

    `lights` are (x, y, radius, colour), to be added when all else is painted.
    """

    image: Image.Image
    alpha: Image.Image | None = None
    lights: list[tuple[float, float, float, Colour]] = field(default_factory=list)

    @classmethod
    def blank(cls, width: int, height: int, colour: Colour = (0, 0, 0)) -> "Canvas":
        """A canvas of one colour."""
        return cls(Image.new("RGB", (width, height), colour))

    @property
    def width(self) -> int:
        """In pixels."""
        return self.image.width

    @property
    def height(self) -> int:
        """In pixels."""
        return self.image.height

    def layer(self) -> "Canvas":
        """An empty, transparent layer of the same size."""
        return Canvas(Image.new("RGB", self.image.size), Image.new("L", self.image.size))

    def pen(self) -> "Pen":
        """A pen whose units are pixels."""
        return Pen(self)

    def fill(
        self, outline: Outline, paint: Paint, *, alpha: float = 1, blur: float = 0, clip: Clip | None = None
    ) -> None:
        """Fill an outline given in pixels; `blur` is the radius of its soft edge."""
        whole, part = self._boxes(outline, blur)
        if part[0] >= part[2] or part[1] >= part[3]:
            return
        mask = _blurred(outline, part, blur) if blur > 0.6 else _sharp(outline, part)
        if alpha < 1:
            mask = Image.blend(Image.new("L", mask.size), mask, alpha)
        if clip:
            mask = ImageChops.multiply(mask, clip.cut(part))
        self.image.paste(paint.render(whole, part) if isinstance(paint, Fade) else paint, part, mask)
        if self.alpha:
            self.alpha.paste(255, part, mask)

    def clip(self, outline: Outline, within: Clip | None = None) -> Clip:
        """The mask of an outline given in pixels."""
        part = self._boxes(outline, 0)[1]
        part = (part[0], part[1], max(part[2], part[0] + 1), max(part[3], part[1] + 1))
        mask = _sharp(outline, part)
        return Clip(ImageChops.multiply(mask, within.cut(part)) if within else mask, part[0], part[1])

    def _boxes(self, outline: Outline, blur: float) -> tuple[Box, Box]:
        """The box about an outline, and the part of it, with room for its blur, that lies on the canvas."""
        xs, ys = [x for x, _ in outline], [y for _, y in outline]
        left, top, right, bottom = math.floor(min(xs)), math.floor(min(ys)), math.ceil(max(xs)), math.ceil(max(ys))
        room = math.ceil(blur * 2.5)
        whole = (left - room, top - room, right + room, bottom + room)
        return whole, (max(whole[0], 0), max(whole[1], 0), min(whole[2], self.width), min(whole[3], self.height))


def _sharp(outline: Outline, box: Box) -> Image.Image:
    width, height = box[2] - box[0], box[3] - box[1]
    times = 4 if width * height < 60_000 else 2
    mask = Image.new("L", (width * times, height * times))
    # half a pixel less: Pillow paints the pixels that an outline runs through
    shifted = [((x - box[0]) * times - 0.5, (y - box[1]) * times - 0.5) for x, y in outline]
    ImageDraw.Draw(mask).polygon(shifted, fill=255)
    return mask.reduce(times)


def _blurred(outline: Outline, box: Box, blur: float) -> Image.Image:
    width, height = box[2] - box[0], box[3] - box[1]
    share = min(1.0, 3 / blur)
    size = (max(round(width * share), 1), max(round(height * share), 1))
    mask = Image.new("L", size)
    shifted = [((x - box[0]) * size[0] / width, (y - box[1]) * size[1] / height) for x, y in outline]
    ImageDraw.Draw(mask).polygon(shifted, fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(blur * share))
    return mask if size == (width, height) else mask.resize((width, height), Image.Resampling.BICUBIC)


Shape = str | Outline


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws on a canvas in units of its own. All lengths given to it, blur and widths too, are in these units."""

    canvas: Canvas
    matrix: Matrix = (1, 0, 0, 0, 1, 0)
    mask: Clip | None = None

    @property
    def scale(self) -> float:
        """Pixels for one unit."""
        a, b, _, d, e, _ = self.matrix
        return math.sqrt(abs(a * e - b * d))

    def at(self, x: float, y: float, scale: float = 1, *, turn: float = 0, flip: bool = False) -> "Pen":
        """A pen whose origin is at (x, y), scaled, turned by `turn` degrees, looking the other way if `flip`."""
        cos, sin = math.cos(math.radians(turn)) * scale, math.sin(math.radians(turn)) * scale
        side = -1 if flip else 1
        a, b, c, d, e, f = self.matrix
        moved = (
            (a * cos + b * sin) * side, b * cos - a * sin, a * x + b * y + c,
            (d * cos + e * sin) * side, e * cos - d * sin, d * x + e * y + f,
        )  # fmt: skip
        return replace(self, matrix=moved)

    def points(self, shape: Shape, *, closed: bool = True) -> list[Point]:
        """A shape in pixels."""
        a, b, c, d, e, f = self.matrix
        outline = written(shape, closed=closed) if isinstance(shape, str) else shape
        return [(a * x + b * y + c, d * x + e * y + f) for x, y in outline]

    def shape(self, shape: Shape, paint: Paint, *, alpha: float = 1, blur: float = 0) -> None:
        """Fill a shape."""
        if isinstance(paint, Fade) and self.matrix[0] < 0:
            paint = replace(paint, turn=-paint.turn)
        self.canvas.fill(self.points(shape), paint, alpha=alpha, blur=blur * self.scale, clip=self.mask)

    def oval(
        self, x: float, y: float, rx: float, ry: float, paint: Paint,
        *, turn: float = 0, alpha: float = 1, blur: float = 0,
    ) -> None:  # fmt: skip
        """Fill an ellipse."""
        self.shape(oval(x, y, rx, ry, turn), paint, alpha=alpha, blur=blur)

    def line(
        self, line: Shape, widths: float | Sequence[float], paint: Paint, *, alpha: float = 1, blur: float = 0
    ) -> None:
        """Draw a smooth line, as wide as `widths` from its start to its end."""
        self.shape(self.band(line, widths), paint, alpha=alpha, blur=blur)

    def band(self, line: Shape, widths: float | Sequence[float]) -> list[Point]:
        """The outline of a smooth line (see `line`)."""
        points = written(line, closed=False) if isinstance(line, str) else smooth(line, closed=False)
        return ribbon(points, widths if isinstance(widths, Sequence) else (widths, widths))

    def inside(self, shape: Shape) -> "Pen":
        """The same pen, painting only inside a shape."""
        return replace(self, mask=self.canvas.clip(self.points(shape), self.mask))

    def glow(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Light about (x, y), added when the picture is otherwise ready."""
        ((px, py),) = self.points([(x, y)])
        self.canvas.lights.append((px, py, radius * self.scale, colour))


def shine(image: Image.Image, x: float, y: float, radius: float, colour: Colour) -> None:
    """Add light to an image: a soft disc about (x, y), `radius` pixels wide each way."""
    whole = (math.floor(x - radius), math.floor(y - radius), math.ceil(x + radius), math.ceil(y + radius))
    part = (max(whole[0], 0), max(whole[1], 0), min(whole[2], image.width), min(whole[3], image.height))
    if part[0] >= part[2] or part[1] >= part[3]:
        return
    falling = tuple(tuple(round(band * (1 - i / 16) ** 2.2) for band in colour) for i in range(17))
    light = Fade(falling, radial=True).render(whole, part)
    image.paste(ImageChops.screen(image.crop(part), light), part)
