"""What lives in the water; about 100 units high, the origin on the ground below their middle."""

import math

from providers.testing.artist.brush.canvas import Fade, Pen
from providers.testing.artist.brush.colour import BLACK, WHITE, darker, hexed, hexes, lighter, mix, turned
from providers.testing.artist.brush.outline import mirrored
from providers.testing.artist.subjects.eyes import eye
from providers.testing.artist.subjects.look import Look


def fish(pen: Pen, look: Look) -> None:
    """A fish swimming to the right."""
    body = look.pick(*hexes("f0803a f0b83a 4aa0c8 e05a7a"))
    fin = Fade((lighter(body, 0.35), turned(body, -0.04, 1.1)))
    pen.shape("-34,-50! -58,-82 -72,-84! -62,-50 -72,-16! -58,-18", fin)
    pen.shape("-18,-70! -10,-96 14,-98 24,-92! 18,-82 26,-68", fin)
    pen.shape("-10,-30! -16,-10 0,-6! 8,-18 12,-28", fin)
    shape = "-42,-50 -22,-70 6,-78 34,-70 50,-50 34,-30 6,-22 -22,-30"
    pen.shape(shape, Fade((lighter(body, 0.2), body, mix(body, hexed("fff0d0"), 0.6))))
    inside = pen.inside(shape)
    for x in (-18, 14):
        inside.line([(x, -84), (x + 5, -50), (x, -16)], (7, 9.5, 7), WHITE, alpha=0.9)
    for row in range(5):
        for column in range(5):
            at, y = -34 + column * 9 + row % 2 * 4.5, -70 + row * 10
            inside.line([(at, y - 3), (at + 3, y), (at, y + 3)], (0.2, 0.9, 0.2), darker(body, 0.4), alpha=0.3)
    inside.oval(5, -82, 44, 10, WHITE, alpha=0.28, blur=4)
    pen.shape("4,-46! -8,-38 -14,-42 -14,-50 -6,-56", fin)
    eye(pen, 33, -56, 6.2, hexed("3a2a1a"))
    pen.line("47,-44 42,-41 38,-43", (0.6, 1.6, 0.4), darker(body, 0.6))


def whale(pen: Pen, look: Look) -> None:
    """A whale swimming to the right, with its spout."""
    body = look.pick(*hexes("3f78a8 4a6a9a 3f8a9a"))
    belly = hexed("eef4f8")
    for x, turn in ((30, -24), (30, 24), (30, 0)):
        drop = pen.at(x, -78, turn=turn)
        drop.line("0,0 0,-12 3,-20", (1.6, 2.6, 0.6), lighter(body, 0.65), alpha=0.85)
    pen.shape(
        "-62,-44! -84,-72 -104,-78 -110,-72! -98,-64 -94,-56 -104,-48! -92,-44 -78,-40 -64,-30!",
        Fade((body, darker(body, 0.4))),
    )
    shape = "-76,-50 -54,-48 -30,-58 4,-76 42,-78 70,-60 76,-36 60,-14 24,-4 -14,-8 -46,-24"
    pen.shape(shape, Fade((lighter(body, 0.18), body, darker(body, 0.35))))
    inside = pen.inside(shape)
    inside.shape("-50,-22 -10,-20 30,-26 60,-34 90,-40 80,10 -20,10", Fade((belly, mix(belly, body, 0.25))))
    for i in range(5):
        inside.line(
            [(-24 + i * 2, -14 + i * 3.2), (14, -15 + i * 3.4), (62, -28 + i * 4.4)],
            (0.4, 0.9, 0.4),
            mix(belly, body, 0.5),
        )
    for x, y, r in ((-10, -52, 2.4), (4, -62, 1.8), (-24, -46, 1.6), (16, -68, 1.3), (-4, -60, 1.1)):
        inside.oval(x, y, r, r * 0.7, lighter(body, 0.4), alpha=0.6)
    pen.shape("16,-20! 8,-2 -8,8 -14,4! -6,-8 2,-22", Fade((body, darker(body, 0.45))))
    eye(pen, 50, -42, 3.6)
    pen.line("44,-29 54,-30 66,-36", (0.5, 1.5, 0.5), darker(body, 0.6))
    pen.oval(56, -35, 4, 2.4, hexed("f0807a"), alpha=0.4, blur=1.2)


def dolphin(pen: Pen, look: Look) -> None:
    """A dolphin in its leap."""
    body = look.pick(*hexes("5a8ab0 6a90b8 4f9ab0"))
    pen = pen.at(0, -8, turn=-14)
    pen.shape("-66,-12! -84,-22 -92,-34! -78,-32 -68,-26! -74,-6 -88,6! -66,2", Fade((body, darker(body, 0.4))))
    pen.shape("-6,-62! -14,-84 -24,-90! 8,-84 18,-60", Fade((body, darker(body, 0.35))))
    shape = "-70,-18 -48,-42 -10,-66 30,-64 50,-52 72,-44 74,-39 52,-37 30,-32 -8,-34 -42,-22"
    pen.shape(shape, Fade((lighter(body, 0.15), body)))
    pen.inside(shape).shape("-46,-16 -8,-42 30,-43 80,-42 60,-20 -10,-20", hexed("eef4fa"), blur=1)
    pen.shape("14,-38! 6,-18 -6,-12! -6,-26 2,-40", Fade((body, darker(body, 0.45))))
    eye(pen, 44, -48, 2.8)
    pen.line("50,-42 60,-41 72,-41", (0.4, 0.9, 0.4), darker(body, 0.5))


def turtle(pen: Pen, look: Look) -> None:
    """A turtle on its way to the right."""
    shell = look.pick(*hexes("5a9a5a 8a7a4a 4a8a7a"))
    skin = mix(hexed("b8cf7a"), shell, 0.2)
    for x in (-32, 26):
        pen.shape([(x - 9, -14), (x + 9, -14), (x + 11, 0), (x - 9, 0)], Fade((skin, darker(skin, 0.35))))
    pen.shape("-48,-16! -62,-8 -66,-10! -56,-20", skin)
    pen.line("34,-22 50,-32 58,-46", (14, 13, 12), Fade((skin, darker(skin, 0.2))))
    pen.oval(62, -52, 16, 14, Fade((lighter(skin, 0.15), darker(skin, 0.12))))
    eye(pen, 67, -55, 4.4)
    pen.line("66,-45 71,-43.5 76,-46", (0.5, 1.3, 0.5), darker(skin, 0.6))
    dome = "-54,-14 -46,-42 -22,-62 8,-62 34,-44 44,-14"
    pen.shape(dome, Fade((lighter(shell, 0.2), shell, darker(shell, 0.35))))
    inside = pen.inside(dome)
    for x, y in ((-6, -42), (-32, -28), (20, -28), (-6, -14), (-44, -10), (32, -8)):
        plate = [(x + math.cos(a * math.tau / 6) * 13, y + math.sin(a * math.tau / 6) * 12) for a in range(6)]
        inside.shape(plate, Fade((lighter(shell, 0.28), shell)), alpha=0.8)
    pen.line("-56,-13 -6,-9 46,-13", (4, 6, 4), Fade((mix(shell, hexed("f0e0a0"), 0.5), darker(shell, 0.2))))


def jellyfish(pen: Pen, look: Look) -> None:
    """A jellyfish."""
    body = look.pick(*hexes("f09ac0 a88af0 7ac8e8"))
    for i in range(7):
        x = -21 + i * 7
        sway = look.rng.uniform(-9, 9)
        pen.line([(x, -56), (x + sway, -32), (x - sway * 0.7, -4)], (2.6, 2, 0.4), lighter(body, 0.3), alpha=0.75)
    bell = mirrored("0,-98 18,-94 30,-78 34,-58 28,-54! 24,-58 17,-53! 12,-58 6,-53! 0,-57")
    pen.shape(bell, Fade((lighter(body, 0.5), body, darker(body, 0.2))), alpha=0.92)
    pen.inside(bell).oval(-10, -84, 12, 8, WHITE, alpha=0.5, blur=3)
    for side in (pen, pen.at(0, 0, flip=True)):
        eye(side, 10, -70, 3.4)
    pen.line("-3,-65 0,-63.4 3,-65", (0.5, 1.2, 0.5), darker(body, 0.6))
    pen.glow(0, -74, 46, mix(BLACK, body, 0.35))
