"""The times of the day: what colours the sky has and what light falls on things."""

import random
from dataclasses import dataclass, replace

from providers.testing.artist.brush.colour import Colour, hexed, hexes, mix


@dataclass(frozen=True, slots=True)
class Tint:
    """What the light and the air of a place make of colours: call it with one.

    `ambient`: what white things look like; `haze`: what far things fade into; `distance`: 0 near, 1 lost in the haze.
    """

    ambient: Colour
    haze: Colour
    distance: float = 0.0

    def __call__(self, colour: Colour) -> Colour:
        """The colour as it is seen there."""
        red, green, blue = (part * tone // 255 for part, tone in zip(colour, self.ambient, strict=True))
        return mix((red, green, blue), self.haze, self.distance)


@dataclass(frozen=True, slots=True)
class Light:
    """One hour's colours. `sky`: from above down to the horizon; `ambient`: what white things look like in it."""

    sky: tuple[Colour, ...]
    haze: Colour
    """What far things fade into."""
    disc: Colour
    """The sun or the moon."""
    ambient: Colour
    dark: bool = False

    def tint(self, distance: float = 0.0) -> Tint:
        """What it makes of colours at a distance."""
        return Tint(self.ambient, self.haze, distance)

    def tinted(self, colour: Colour, share: float) -> "Light":
        """The same hour with a colour in its air."""
        return replace(
            self,
            sky=tuple(mix(stop, mix(stop, colour, 0.8), share) for stop in self.sky),
            haze=mix(self.haze, colour, share * 0.6),
            ambient=mix(self.ambient, colour, share * 0.3),
        )


def _light(sky: str, disc: str, ambient: str, *, dark: bool = False) -> Light:
    stops = hexes(sky)
    return Light(stops, mix(stops[-1], stops[1], 0.34), hexed(disc), hexed(ambient), dark)


LIGHTS = {
    "dawn": (
        _light("7f8fc4 c3aecb f6c6bd ffe3c4", "fff6e0", "ffe9e2"),
        _light("6fa0c8 b4c8d8 f8d8c4 fff0d4", "fffaf0", "fff0e6"),
        _light("8a7fb8 d89fb8 fbbf9f ffe6a8", "fff2cc", "ffe6da"),
    ),
    "day": (
        _light("4a9fdc 86c4ec c0e2f2 eef6f0", "fffbe6", "ffffff"),
        _light("5ab4cf 98d4dc cdebe4 fbf6e0", "fffbe6", "fffdf6"),
        _light("6f9fe0 9fc3f0 cfe2f8 f6f2f6", "fffdf0", "fdfdff"),
    ),
    "dusk": (
        _light("3f3670 93508a e8736f ffb66a", "ffe9b0", "ffdacf"),
        _light("2f4a7c 7a6a9c e0918a ffcf8a", "fff0c0", "ffe0d4"),
        _light("5a2f62 b04a6a f07a58 ffc15e", "fff0b8", "ffd4c4"),
    ),
    "night": (
        _light("0b1230 1b2a5a 35508a 6f8fb8", "fdf6df", "7f93cf", dark=True),
        _light("0e1030 2a2058 54408a 9a78ac", "fff2e0", "8f8acc", dark=True),
        _light("06182c 0f3350 1f5c74 5fa09c", "f4fbe8", "7aa4c0", dark=True),
    ),
}


def light_at(time: str, rng: random.Random, tint: Colour | None = None) -> Light:
    """One of the lights of a time of the day, tinted if the prompt names a colour for the scene."""
    light = rng.choice(LIGHTS[time])
    return light.tinted(tint, 0.55) if tint else light
