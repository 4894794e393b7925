"""Colours as `(red, green, blue)`, 0–255 each, and what a painter does with them."""

import colorsys

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (18, 16, 24)


def hexed(code: str) -> Colour:
    """The colour of a code such as `"d65a2c"`."""
    return int(code[0:2], 16), int(code[2:4], 16), int(code[4:6], 16)


def hexes(codes: str) -> tuple[Colour, ...]:
    """Several colours, their codes parted by spaces."""
    return tuple(hexed(code) for code in codes.split())


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`one` with a `share` (0–1) of `other` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def lighter(colour: Colour, share: float) -> Colour:
    """Nearer to white by `share` (0–1)."""
    return mix(colour, WHITE, share)


def darker(colour: Colour, share: float) -> Colour:
    """Nearer to a dark, slightly blue and more saturated self by `share` (0–1)."""
    red, green, blue = colour
    return mix(colour, (red // 6, green // 8, blue // 5), share)


def turned(colour: Colour, hue: float = 0.0, saturation: float = 1.0, value: float = 1.0) -> Colour:
    """Its hue moved by `hue` turns of the colour wheel, its saturation and value multiplied."""
    h, s, v = colorsys.rgb_to_hsv(*(part / 255 for part in colour))
    red, green, blue = colorsys.hsv_to_rgb((h + hue) % 1, min(1, s * saturation), min(1, v * value))
    return round(red * 255), round(green * 255), round(blue * 255)


def ramp(stops: tuple[Colour, ...], at: float) -> Colour:
    """The colour at `at` (0–1) between evenly spaced stops."""
    place = min(max(at, 0.0), 1.0) * (len(stops) - 1)
    index = min(int(place), len(stops) - 2)
    return mix(stops[index], stops[index + 1], place - index)
