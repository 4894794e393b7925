"""People, and what looks like them; about 100 units high, the origin on the ground below their middle."""

from providers.testing.artist.brush.canvas import Fade, Pen
from providers.testing.artist.brush.colour import BLACK, WHITE, Colour, darker, hexed, hexes, lighter, mix
from providers.testing.artist.brush.outline import box, mirrored
from providers.testing.artist.subjects.eyes import eye
from providers.testing.artist.subjects.look import Look


def person(pen: Pen, look: Look) -> None:
    """A person from the waist up."""
    rng = look.rng
    skin = rng.choice(hexes("f8d4b8 eab894 c98a64 8a5a40"))
    hair = rng.choice(hexes("2f2428 5a3826 8a5a34 c88a4a 3a2f4a"))
    shirt = look.pick(*hexes("d8604f 4a80a8 5a9a7a e0a84a 8a6ab0"))
    long = rng.random() < 0.55
    if long:
        pen.shape(
            mirrored("0,-100 18,-98 28,-84 29,-64 33,-44 30,-26 0,-24"),
            Fade((lighter(hair, 0.12), hair, darker(hair, 0.4))),
        )
    pen.shape(
        mirrored("0,-40 9,-40 16,-33 36,-28 45,-14 48,6 0,6"), Fade((lighter(shirt, 0.2), shirt, darker(shirt, 0.3)))
    )
    pen.shape(mirrored("0,-54 8,-54! 8,-40 11,-34 0,-29"), Fade((darker(skin, 0.22), skin)))
    pen.line("-15,-33 0,-25 15,-33", (2, 3.4, 2), lighter(shirt, 0.5))
    for x in (-22, 22):
        pen.oval(x, -70, 4, 5.5, darker(skin, 0.1))
    face = mirrored("0,-96 14,-94 22,-82 22,-66 16,-52 7,-45 0,-44")
    pen.shape(face, Fade((skin, skin, darker(skin, 0.1))))
    for side in (pen, pen.at(0, 0, flip=True)):
        _face_half(side, hair, lit_from_left=side is pen)
    pen.line("-1,-63 1.4,-60.5 -0.6,-59.6", (0.3, 0.9, 0.5), darker(skin, 0.3))
    pen.line("-5,-54.4 0,-52 5,-54.4", (0.5, 1.6, 0.5), hexed("b0484a"))
    fringe = "-24,-70! -26,-88 -16,-101 2,-105 19,-100 26,-86 24,-70! 20,-82 10,-88! -2,-84 -14,-86 -20,-80"
    pen.shape(fringe, Fade((lighter(hair, 0.2), hair)))
    pen.line("-14,-96 0,-101 14,-95", (0.4, 2, 0.4), lighter(hair, 0.4), alpha=0.5)


def _face_half(side: Pen, hair: Colour, *, lit_from_left: bool) -> None:
    side.shape("4.6,-70 9,-73.5 14,-71.5 13,-67.4 9,-66 5.6,-67.4", WHITE)
    side.oval(9.4, -69.6, 2.9, 3.6, Fade((BLACK, mix(hair, hexed("6a8ab0"), 0.5))))
    side.oval(8.4 if lit_from_left else 10.4, -71, 1, 1, WHITE)
    side.line("4,-70.4 9,-74 15,-71", (0.5, 1.5, 0.6), BLACK)
    side.line("4,-78.5 9,-80.6 15,-78.4", (0.6, 1.6, 0.4), hair)
    side.oval(13.6, -60.5, 4.4, 2.8, hexed("f0605a"), alpha=0.26, blur=1.4)


def astronaut(pen: Pen, look: Look) -> None:
    """A floating astronaut."""
    suit = look.pick(hexed("f0f0f6"))
    cloth = Fade((lighter(suit, 0.4), suit, mix(suit, hexed("8a88b0"), 0.5)))
    pen.shape(box(-23, -62, 46, 40), Fade((hexed("a8a8bc"), hexed("6a6a84"))))
    pen.line("-9,-26 -13,-14 -11,-3", (13, 12, 12), cloth)
    pen.line("9,-26 16,-16 12,-3", (13, 12, 12), cloth)
    pen.line("-16,-54 -31,-52 -38,-66", (12, 11, 10), cloth)
    pen.line("16,-54 30,-46 36,-34", (12, 11, 10), cloth)
    pen.shape("-18,-60 0,-63 18,-60 17,-30 12,-22 -12,-22 -17,-30", cloth)
    pen.shape("-9,-46 9,-46 9,-35 -9,-35", Fade((hexed("5a6a8a"), hexed("3a4662"))))
    for x, colour in ((-5, hexed("ff7a6a")), (0, hexed("ffd86a")), (5, hexed("7ae08a"))):
        pen.oval(x, -40, 1.7, 1.7, colour)
    pen.oval(0, -79, 22, 21, cloth)
    pen.oval(1, -78, 16.5, 14.5, Fade((hexed("2a3a6a"), hexed("6a5aa8"), hexed("f0a08a")), turn=20))
    pen.oval(-5, -84, 5.5, 3, WHITE, alpha=0.65, turn=-28)
    for x in (-22, 22):
        pen.oval(x, -79, 3, 6, hexed("e0604a"))


def robot(pen: Pen, look: Look) -> None:
    """A friendly robot."""
    metal = look.pick(*hexes("7fa8b8 e0a45a a8b0c0"))
    plate = Fade((lighter(metal, 0.35), metal, darker(metal, 0.3)))
    joint = hexed("4a4a5a")
    for side in (pen, pen.at(0, 0, flip=True)):
        side.line("10,-24 11,-12 11,-4", 6, joint)
        side.shape("4,0! 4,-6 11,-9 19,-6 20,0!", plate)
        side.line("22,-48 31,-40 33,-28", 5.5, joint)
        side.oval(33.5, -24, 6, 6, plate)
        side.oval(23, -50, 6, 6, plate)
    pen.shape("-21,-54 -18,-57 18,-57 21,-54 20,-26 16,-21 -16,-21 -20,-26", plate)
    pen.shape("-12,-48 12,-48 12,-32 -12,-32", Fade((darker(metal, 0.5), darker(metal, 0.65))))
    for x, colour in ((-6, hexed("ff7a6a")), (0, hexed("ffd86a")), (6, hexed("7ae08a"))):
        pen.oval(x, -36, 1.8, 1.8, colour)
    pen.line("-9,-43 -4,-43 -2,-46 1,-40 4,-43 9,-43", 0.9, hexed("7ae8d0"))
    pen.line("0,-92 0,-98 0,-102", 1.6, joint)
    pen.oval(0, -104, 3.4, 3.4, hexed("ff7a6a"))
    pen.glow(0, -104, 12, (150, 50, 40))
    for x in (-28, 28):
        pen.oval(x, -76, 4.6, 7.5, Fade((metal, darker(metal, 0.4))))
    pen.shape("-27,-86 -22,-92 22,-92 27,-86 27,-66 22,-60 -22,-60 -27,-66", plate)
    pen.shape("-21,-84 -18,-87 18,-87 21,-84 21,-70 18,-66 -18,-66 -21,-70", Fade((hexed("26303f"), hexed("141a26"))))
    for x in (-9, 9):
        pen.oval(x, -78, 4, 4.8, Fade((hexed("c8fff4"), hexed("4ad8d0"))))
        pen.oval(x - 1.2, -80, 1.3, 1.3, WHITE)
        pen.glow(x, -78, 11, (40, 120, 110))
    pen.line("-5,-71.5 0,-69.4 5,-71.5", (0.6, 1.4, 0.6), hexed("4ad8d0"))


def snowman(pen: Pen, look: Look) -> None:
    """A snowman with a hat, a scarf and a carrot for a nose."""
    scarf = look.pick(*hexes("d8483f 3f7fc8 4a9a6a"))
    snow = (WHITE, hexed("f2f6ff"), hexed("b8c8e8"))
    for x, y, turn in ((-22, -46, -40), (22, -46, 36)):
        pen.at(x, y, turn=turn).line("0,0 0,-12 2,-24", (2.2, 1.8, 0.8), hexed("5a3a2c"))
    for y, r in ((-20, 26), (-54, 19), (-80, 14)):
        pen.oval(0, y, r, r * 0.93, Fade(snow))
    for y in (-62, -53, -44):
        pen.oval(0, y, 1.8, 1.8, BLACK)
    pen.shape("-15,-70 0,-66 15,-70! 16,-63 0,-59 -16,-63!", Fade((lighter(scarf, 0.12), darker(scarf, 0.2))))
    pen.shape("5,-64! 12,-65! 15,-46! 8,-45!", Fade((scarf, darker(scarf, 0.3))))
    for x in (-5, 5):
        eye(pen, x, -84, 2)
    pen.shape("-1,-81! 14,-77.5! -1,-76.4!", Fade((hexed("f8a04a"), hexed("d86a2a"))))
    for at in ((-6, -74.5), (-2.4, -72.6), (2.4, -72.6), (6, -74.5)):
        pen.oval(at[0], at[1], 0.9, 0.9, BLACK)
    hat = hexed("3a3444")
    pen.shape("-11,-90! -10,-108! 10,-108! 11,-90!", Fade((lighter(hat, 0.15), hat), turn=90))
    pen.shape("-10.8,-95! 10.8,-95! 11,-91! -11,-91!", scarf)
    pen.oval(0, -90, 17, 2.8, hat)
