"""Trees, grass and flowers; the origin where they come out of the ground."""

import math
import random

from providers.testing.artist.brush.canvas import Fade, Pen
from providers.testing.artist.brush.colour import Colour, darker, hexed, hexes, lighter, mix
from providers.testing.artist.brush.outline import mirrored
from providers.testing.artist.scenery.light import Tint

LEAVES = {
    "spring": hexes("f6b8c8 f8cfd6 9ccf7a f2a4ba"),
    "summer": hexes("5ea85a 4a9a62 7ab858 3f8f6a"),
    "autumn": hexes("e2823a d85a38 eeb040 c8463a"),
    "winter": hexes("dfe8f2 cfdcec e8eef6 d6e2f0"),
}
PETALS = hexes("f2607a f8c04c ffffff b07ad8 f28ab0 6f8fe8 f47a4c")


def pine(pen: Pen, height: float, season: str, tint: Tint, rng: random.Random) -> None:
    """A fir, snowy in winter."""
    green = tint(rng.choice(hexes("2f6b58 35705a 2a5f5a 3d7a5c")))
    snowy = tint(hexed("f6faff"))
    pen = pen.at(0, 0, height / 100)
    pen.shape("-3.4,-20! 3.4,-20! 4.5,2! -4.5,2!", Fade((darker(tint(hexed("6a4a3a")), 0.3), tint(hexed("7a5644")))))
    for tier in range(5):
        _tier(pen.at(rng.uniform(-0.4, 0.4), -8 - tier * 16.5), tier, green, snowy if season == "winter" else None)


def _tier(pen: Pen, tier: int, green: Colour, snowy: Colour | None) -> None:
    wide, top = 30 - tier * 4.9, -38 + tier * 3
    lean = tier % 2 - 0.5
    skirt = (
        f"{lean},{top}! {wide * 0.42},-12 {wide},0! {wide * 0.55},2.4 {wide * 0.3},-1! 0,3 {-wide * 0.34},-0.5! "
        f"{-wide * 0.6},2.2 {-wide},0! {-wide * 0.42},-12"
    )
    pen.shape(skirt, Fade((lighter(green, 0.12), darker(green, 0.28))))
    inside = pen.inside(skirt)
    if snowy:
        cap = (
            f"{lean},{top - 6}! {wide},-5 {wide + 3},-2! {wide * 0.62},-6 {wide * 0.3},-10! {wide * 0.1},-4 "
            f"{-wide * 0.2},-10! {-wide * 0.5},-3 {-wide - 3},-2! {-wide},-5"
        )
        inside.shape(cap, Fade((snowy, mix(snowy, green, 0.16))))
    inside.oval(wide * 0.75, -6, wide * 0.5, 22, darker(green, 0.6), alpha=0.28, blur=4)


def tree(pen: Pen, height: float, season: str, tint: Tint, rng: random.Random) -> None:
    """A broad-leaved tree; in winter bare, with snow on its twigs."""
    pen = pen.at(0, 0, height / 100)
    bark = tint(hexed("74523f"))
    wood = Fade((bark, darker(bark, 0.35)))
    pen.shape("-3,-50! -3.6,-20 -7,1! 7,1! 3.8,-20 3,-50!", wood)
    for x, y in ((-18, -66), (16, -70), (2, -84)):
        pen.line([(0, -36), (x * 0.5, (y - 30) / 2 - 4), (x, y)], (5, 3.4, 1), wood)
    if season == "winter":
        _bare(pen, bark, tint, rng)
        return
    leaf = tint(rng.choice(LEAVES[season]))
    puffs = [(-17, -60, 17), (17, -62, 16), (-9, -78, 18), (11, -80, 17), (0, -66, 20), (1, -92, 13)]
    for x, y, r in puffs:
        pen.oval(x + rng.uniform(-3, 3), y + 5, r, r * 0.9, darker(leaf, 0.32))
    for x, y, r in puffs:
        pen.oval(
            x + rng.uniform(-3, 3), y, r, r * 0.86, Fade((lighter(leaf, 0.2), leaf, darker(leaf, 0.18))), alpha=0.92
        )
    if tint.distance < 0.3:
        for _ in range(16):
            spot = rng.uniform(-26, 26), rng.uniform(-100, -54)
            pen.oval(*spot, 2.1, 1.5, lighter(leaf, 0.35), alpha=0.6, turn=rng.uniform(0, 180))


def _bare(pen: Pen, bark: Colour, tint: Tint, rng: random.Random) -> None:
    snow = tint(hexed("f6faff"))
    for x, y in ((-18, -66), (16, -70), (2, -84)):
        for _ in range(4):
            end = (x * 1.4 + rng.uniform(-11, 11), y - rng.uniform(6, 20))
            middle = ((x + end[0]) / 2, (y + end[1]) / 2 - 3)
            pen.line([(x * 0.7, y * 0.86), middle, end], (2.4, 1.6, 0.3), bark)
            pen.line([(middle[0], middle[1] - 1.1), (end[0], end[1] - 0.5)], (1, 0.3), snow)


def grass(pen: Pen, colour: Colour, rng: random.Random, height: float = 6) -> None:
    """A tuft of grass."""
    tuft: list[tuple[float, float]] = [(-0.8, 0.3)]
    for step in range(rng.randint(4, 6)):
        foot, lean, high = -0.9 + step * 0.4, rng.uniform(-3.2, 3.2), height * rng.uniform(0.5, 1)
        tuft += [
            (foot, -0.4),
            (foot + lean * 0.3 - 0.1, -high * 0.6),
            (foot + lean, -high),
            (foot + lean * 0.3 + 0.5, -high * 0.5),
        ]
    pen.shape([*tuft, (1.0, 0.3)], Fade((lighter(colour, 0.1), darker(colour, 0.3))))


def flower(pen: Pen, petal: Colour, leaf: Colour, rng: random.Random, height: float = 8) -> None:
    """A small flower on its stem."""
    lean = rng.uniform(-1.5, 1.5)
    pen.shape(
        [
            (-0.25, 0),
            (lean - 0.2, -height),
            (lean + 0.2, -height),
            (0.3, -height * 0.3),
            (1.7, -height * 0.5),
            (0.4, 0),
        ],
        leaf,
    )
    blossom(pen.at(lean, -height, 0.2, turn=rng.uniform(-20, 20)), petal, rng.choice((5, 6, 8)))


def blossom(pen: Pen, petal: Colour, count: int) -> None:
    """A flower seen from the front, its radius 10."""
    ring = [i * math.tau / (count * 8) for i in range(count * 8)]
    edge = [
        (math.sin(a) * reach, -math.cos(a) * reach)
        for a in ring
        for reach in [5 + 5 * abs(math.cos(a * count / 2)) ** 0.6]
    ]
    pen.shape(edge, Fade((lighter(petal, 0.25), darker(petal, 0.15))))
    pen.oval(0, 0, 3.1, 3.1, Fade((hexed("ffe08a"), hexed("e09a30"))))


def great_flower(pen: Pen, petal: Colour, rng: random.Random) -> None:
    """One large flower with its leaves, about 100 units high: the subject of a picture."""
    leaf = hexed("4f9a5c")
    pen.line("0,0 -3,-30 2,-64", (3.4, 3, 2.6), Fade((lighter(leaf, 0.2), darker(leaf, 0.3))))
    for side in (pen, pen.at(-1, -12, 0.85, flip=True)):
        side.shape("0,-14! 12,-34 32,-42 40,-40! 34,-24 18,-12", Fade((lighter(leaf, 0.25), darker(leaf, 0.2))))
        side.line("1,-14 18,-27 37,-39", (1, 0.8, 0.2), darker(leaf, 0.35), alpha=0.6)
    middle, count = pen.at(2, -70, turn=rng.uniform(-12, 12)), rng.choice((7, 8, 9, 11))
    for ring, (reach, wide) in enumerate(((30, 13), (22, 11))):
        colour = petal if not ring else lighter(petal, 0.22)
        for step in range(count):
            part = middle.at(0, 0, turn=(step + ring / 2) * 360 / count)
            shape = mirrored(f"0,{-reach * 0.95}! 3,{-reach} {wide * 0.6},{-reach * 0.6} 2,0!")
            part.shape(shape, Fade((lighter(colour, 0.3), colour, darker(colour, 0.3))))
            part.line([(0, -4), (0, -reach * 0.75)], (0.8, 0.1), darker(colour, 0.25), alpha=0.5)
    middle.oval(0, 0, 9, 9, Fade((hexed("ffd86a"), hexed("d98a2c"))))
    for step in range(21):
        dot = middle.at(0, 0, turn=step * 137.5)
        dot.oval(0, -(step**0.5) * 1.75, 0.9, 0.9, hexed("8a4a1c"), alpha=0.7)


def bush(pen: Pen, leaf: Colour, rng: random.Random) -> None:
    """A low round bush, about 20 wide."""
    for x, y, r in ((-6, -3, 6), (6, -3, 6.5), (0, -6, 7)):
        pen.oval(x + rng.uniform(-1, 1), y, r, r * 0.85, Fade((lighter(leaf, 0.18), darker(leaf, 0.22))))


def cactus(pen: Pen, tint: Tint) -> None:
    """A tall cactus with two arms, 30 units high."""
    green = tint(hexed("4f8f62"))
    paint = Fade((darker(green, 0.4), green, lighter(green, 0.15)), turn=90)
    pen.line("-1,-11 -8,-11 -8.5,-17 -8.5,-20", 3.6, paint)
    pen.line("1,-8 7,-8 7.6,-14 7.6,-18", 3.4, paint)
    pen.line("0,1 0,-14 0,-29", 6, paint)
    for x in (-1.4, 1.2):
        pen.line([(x, 0), (x, -29)], 0.4, darker(green, 0.4), alpha=0.6)
