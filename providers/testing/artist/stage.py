"""Putting a subject into a picture: in its light, with a bright rim, and with its shadow on the ground."""

from collections.abc import Callable

from PIL import Image, ImageChops, ImageFilter

from providers.testing.artist.brush.canvas import Canvas, Pen, shine
from providers.testing.artist.brush.colour import WHITE, Colour, darker, mix
from providers.testing.artist.scenery.view import View

Box = tuple[int, int, int, int]


def put(
    view: View, at: tuple[float, float], draw: Callable[[Pen], None], pen: Pen, *, shadow: bool, veil: float = 0.0
) -> None:
    """Draw by `pen` (of any canvas) on a layer, then lay it on the view.

    `at`: where its feet are; `shadow`: whether it throws one; `veil`: how much of it is lost in the haze.
    """
    layer = view.canvas.layer()
    draw(Pen(layer, pen.matrix))
    assert layer.alpha is not None
    box = layer.alpha.getbbox()
    if box is None:
        return
    if shadow:
        _shadow(view, layer.alpha.crop(box), box, at)
    _lay(view, layer, box, veil)
    view.canvas.lights.extend(layer.lights)


def _lay(view: View, layer: Canvas, box: Box, veil: float) -> None:
    assert layer.alpha is not None
    alpha, colours = layer.alpha.crop(box), layer.image.crop(box)
    tone = mix(view.light.ambient, WHITE, 0.5 if view.light.dark else 0.45)
    colours = ImageChops.multiply(colours, Image.new("RGB", colours.size, tone))
    if veil:
        haze = ImageChops.multiply(Image.new("RGB", colours.size, view.light.haze), Image.merge("RGB", [alpha] * 3))
        colours = Image.blend(colours, haze, veil)
    colours = ImageChops.add(colours, _rim(view, alpha, box))
    under = ImageChops.multiply(view.canvas.image.crop(box), Image.merge("RGB", [ImageChops.invert(alpha)] * 3))
    view.canvas.image.paste(ImageChops.add(under, colours), box)


def _rim(view: View, alpha: Image.Image, box: Box) -> Image.Image:
    """Light along the edges that look towards the sun."""
    reach = max(1, round(view.pen.scale * 0.55))
    side = 1 if view.sun[0] * view.pen.scale > (box[0] + box[2]) / 2 else -1
    moved = Image.new("L", alpha.size)
    moved.paste(alpha, (-side * reach, reach))
    edge = ImageChops.subtract(alpha, moved).filter(ImageFilter.GaussianBlur(reach * 0.7))
    edge = ImageChops.multiply(edge, alpha)
    strength = 0.42 if view.light.dark else 0.5
    return Image.merge(
        "RGB", [edge.point([round(i * band / 255 * strength) for i in range(256)]) for band in view.light.disc]
    )


def _shadow(view: View, alpha: Image.Image, box: Box, at: tuple[float, float]) -> None:
    """The outline laid flat on the ground, towards us and away from the sun."""
    scale = view.pen.scale
    foot = round(at[1] * scale)
    long, lean = 0.26, (at[0] - view.sun[0]) / view.width * 1.1
    depth = round((foot - box[1]) * long)
    room = round(4 * scale)
    left = min(box[0], round(box[0] + lean * depth)) - room
    size = (max(box[2], round(box[2] + lean * depth)) + room - left, depth + 2 * room)
    if depth < 2:
        return
    # from a point of the shadow back to the point of the outline that throws it
    up = foot - box[1] + room / long
    data = (1.0, -lean, left - box[0] + lean * room, 0.0, -1 / long, up)
    flat = alpha.transform(size, Image.Transform.AFFINE, data, Image.Resampling.BILINEAR)
    flat = flat.filter(ImageFilter.GaussianBlur(scale * 0.7)).point([round(i * 0.3) for i in range(256)])
    view.canvas.image.paste(_dark(view), (left, foot - room), flat)
    wide = (box[2] - box[0]) / scale
    view.pen.oval(at[0], at[1], wide * 0.4, 1.6, _dark(view), alpha=0.32, blur=1.1)


def _dark(view: View) -> Colour:
    return darker(mix(view.light.sky[0], view.light.haze, 0.25), 0.55)


def kindle(canvas: Canvas) -> None:
    """Add all lights to the picture."""
    for x, y, radius, colour in canvas.lights:
        shine(canvas.image, x, y, radius, colour)
    canvas.lights.clear()
