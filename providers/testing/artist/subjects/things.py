"""Things to look at by themselves; about 100 units high, the origin on the ground below their middle."""

import math

from providers.testing.artist.brush.canvas import Fade, Pen
from providers.testing.artist.brush.colour import BLACK, WHITE, darker, hexed, hexes, lighter, mix, turned
from providers.testing.artist.brush.outline import mirrored, oval
from providers.testing.artist.scenery.sky import moon_disc
from providers.testing.artist.subjects.eyes import eye
from providers.testing.artist.subjects.look import Look


def cup(pen: Pen, look: Look) -> None:
    """A steaming cup on its saucer."""
    glaze = look.pick(*hexes("e8eef4 5a98b0 e08a6a 8ab08a"))
    for x, sway in ((-14, 5), (2, -6), (16, 5)):
        pen.line(
            [(x, -64), (x + sway, -78), (x - sway, -92), (x + sway, -108)], (1, 4, 4, 0.4), WHITE, alpha=0.42, blur=1.6
        )
    pen.oval(0, -6, 58, 9, Fade((lighter(glaze, 0.35), darker(glaze, 0.3))))
    pen.oval(0, -8, 46, 6, Fade((darker(glaze, 0.15), lighter(glaze, 0.2))))
    pen.line("34,-48 56,-50 58,-30 32,-20", (6, 7, 6.5, 5), Fade((lighter(glaze, 0.2), darker(glaze, 0.25))))
    shape = mirrored("0,-58 40,-58! 38,-36 28,-14 18,-8 0,-7")
    pen.shape(shape, Fade((lighter(glaze, 0.3), glaze, darker(glaze, 0.4)), turn=-75))
    inside = pen.inside(shape)
    inside.line("-60,-40 0,-35 60,-40", 2.4, lighter(glaze, 0.6), alpha=0.7)
    for x in (-26, -9, 9, 26):
        for step in range(5):
            inside.at(x, -26, turn=step * 72).oval(0, -2.6, 1.5, 2.3, lighter(glaze, 0.65), alpha=0.75)
    pen.oval(0, -58, 40, 8.5, lighter(glaze, 0.45))
    pen.oval(0, -57.4, 36.5, 7, Fade((hexed("8a4a20"), hexed("d8904a"))))
    pen.oval(-9, -58.5, 13, 2, hexed("f0c088"), alpha=0.6)


def umbrella(pen: Pen, look: Look) -> None:
    """An open umbrella."""
    cloth = look.pick(*hexes("d8483f f0b03a 4a80b8"))
    pen.line("0,-84 0,-30 0,-8 -5,-1 -11,-4", 2.4, Fade((hexed("8a8494"), hexed("6a4034"))))
    canopy = mirrored("0,-101 22,-97 44,-82 52,-56! 42,-62 35,-56! 26,-63 17,-56! 8,-63 0,-56!")
    pen.shape(canopy, Fade((lighter(cloth, 0.2), cloth, darker(cloth, 0.15))))
    inside = pen.inside(canopy)
    for wide, tone in ((35, 0.14), (17, 0.0)):
        inside.shape(
            f"0,-102! {wide * 0.7},-86 {wide},-52! {-wide},-52! {-wide * 0.7},-86",
            darker(cloth, 0.28) if tone else lighter(cloth, 0.15),
            alpha=0.6,
        )
    pen.line("0,-100 0,-106", 2, hexed("6a6474"))


def fruit(pen: Pen, look: Look) -> None:
    """An apple with its leaf."""
    colour = look.pick(*hexes("d8483f e8a03a 8ab84a"))
    shape = mirrored("0,-72! 12,-82 32,-78 42,-56 36,-26 18,-4 6,-3 0,-6")
    pen.shape(shape, Fade((lighter(colour, 0.25), colour, darker(colour, 0.35))))
    inside = pen.inside(shape)
    inside.oval(-22, -60, 9, 14, WHITE, alpha=0.4, turn=20, blur=3)
    inside.oval(0, -74, 14, 7, darker(colour, 0.5), alpha=0.5, blur=3)
    pen.line("0,-70 2,-84 8,-94", (2, 2.6, 3.4), hexed("6a4430"))
    pen.shape("4,-84! 14,-98 30,-98 36,-94! 28,-84 14,-80", Fade((hexed("9ad06a"), hexed("4a8a4a"))))


def heart(pen: Pen, look: Look) -> None:
    """A heart."""
    colour = look.pick(hexed("e8506a"))
    shape = mirrored("0,-74! 12,-92 32,-94 44,-78 42,-56 24,-28 0,-6!")
    pen.glow(0, -52, 80, mix(BLACK, colour, 0.3))
    pen.shape(shape, Fade((lighter(colour, 0.25), colour, darker(colour, 0.3))))
    pen.inside(shape).oval(-22, -78, 11, 7, WHITE, alpha=0.55, turn=-35, blur=2.5)


def star(pen: Pen, look: Look) -> None:
    """A five-pointed star, softly lit."""
    colour = look.pick(hexed("f8d04a"))
    points = [
        (
            math.sin(i * math.pi / 5) * (46 if i % 2 == 0 else 21),
            -50 - math.cos(i * math.pi / 5) * (46 if i % 2 == 0 else 21),
        )
        for i in range(10)
    ]
    pen.glow(0, -50, 80, mix(BLACK, colour, 0.4))
    pen.shape(points, Fade((lighter(colour, 0.4), colour, darker(colour, 0.1))))
    for side in (pen, pen.at(0, 0, flip=True)):
        eye(side, 9, -52, 3.8)
        side.oval(15, -45, 4, 2.6, hexed("f0706a"), alpha=0.4, blur=1)
    pen.line("-5,-44 0,-40.5 5,-44", (0.6, 1.8, 0.6), darker(colour, 0.6))


def planet(pen: Pen, look: Look) -> None:
    """A banded planet with a ring."""
    colour = look.pick(*hexes("e0946a c88ac0 6aa8c8 e0b86a"))
    pen = pen.at(0, -50, turn=-16)
    ring = [(math.cos(a / 20) * 62, math.sin(a / 20) * 15) for a in range(126)]
    front, back = ring[0:64:3], ring[63:126:3]
    pen.line(back, 5, Fade((lighter(colour, 0.3), darker(colour, 0.3))), alpha=0.9)
    ball = oval(0, 0, 36, 36)
    pen.shape(ball, Fade((lighter(colour, 0.35), colour, darker(colour, 0.5)), turn=-30))
    inside = pen.inside(ball)
    for y, wide in ((-20, 4), (-8, 7), (6, 4), (16, 6), (26, 3)):
        inside.line(
            [(-40, y - 2), (0, y + 2.5), (40, y - 2)],
            wide,
            turned(colour, look.rng.uniform(-0.05, 0.05), 1, 0.88),
            alpha=0.55,
        )
    inside.oval(14, 18, 42, 36, BLACK, alpha=0.28, blur=12)
    pen.line(front, 5.5, Fade((lighter(colour, 0.45), colour)))


def moon(pen: Pen, look: Look) -> None:
    """A great full moon."""
    colour = look.pick(hexed("fdf2d4"))
    pen.glow(0, -50, 100, mix(BLACK, colour, 0.35))
    moon_disc(pen.at(0, -50, 4.8), colour)
