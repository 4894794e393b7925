"""Round eyes, as small creatures have."""

from providers.testing.artist.brush.canvas import Fade, Pen
from providers.testing.artist.brush.colour import BLACK, WHITE, Colour, mix


def eye(pen: Pen, x: float, y: float, size: float, iris: Colour = BLACK) -> None:
    """A round shining eye."""
    pen.oval(x, y, size, size, mix(BLACK, iris, 0.3))
    pen.oval(x, y + size * 0.25, size * 0.7, size * 0.65, Fade((BLACK, iris)))
    pen.oval(x - size * 0.3, y - size * 0.35, size * 0.36, size * 0.36, WHITE)
    pen.oval(x + size * 0.32, y + size * 0.35, size * 0.16, size * 0.16, WHITE, alpha=0.85)
