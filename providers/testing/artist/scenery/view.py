"""What every part of a picture is painted on: the canvas in convenient units, the light, and the dice."""

import random
from dataclasses import dataclass

from providers.testing.artist.brush.canvas import Canvas, Pen
from providers.testing.artist.brush.colour import Colour
from providers.testing.artist.scenery.light import Light


@dataclass(frozen=True, slots=True)
class View:
    """A picture to be. Units: the shorter side is 100; (0, 0) is the upper left corner."""

    canvas: Canvas
    pen: Pen
    width: float
    height: float
    horizon: float
    """How far down the sky meets the land."""
    ground: float
    """How far down the subject stands."""
    focus: float
    """Where, from the left, the subject is."""
    sun: tuple[float, float]
    """The place of the sun or the moon."""
    light: Light
    season: str
    stage: str
    """What the subject needs under it: "ground", "water", "deep" or "air"."""
    rng: random.Random

    @classmethod
    def of(cls, canvas: Canvas, light: Light, season: str, stage: str, rng: random.Random) -> "View":
        """A view over a whole canvas, its horizon, focus and sun placed by the dice."""
        unit = min(canvas.width, canvas.height) / 100
        width, height = canvas.width / unit, canvas.height / unit
        focus = width * (
            rng.uniform(0.42, 0.58) if width < 130 else rng.choice((rng.uniform(0.26, 0.4), rng.uniform(0.6, 0.74)))
        )
        away = rng.uniform(0.16, 0.34) * width
        sun = (focus + away if focus < width / 2 else focus - away, height * rng.uniform(0.14, 0.3))
        horizon = height * rng.uniform(0.52, 0.62)
        pen = canvas.pen().at(0, 0, unit)
        return cls(canvas, pen, width, height, horizon, height * 0.9, focus, sun, light, season, stage, rng)

    def lit(self, colour: Colour, distance: float = 0.0) -> Colour:
        """A colour in this light, at a distance of 0 (near) to 1 (lost in the haze)."""
        return self.light.tint(distance)(colour)
