"""Heads of the four-legged animals, seen from the front; about 60 units wide, the origin between the eyes."""

from collections.abc import Callable

from providers.testing.artist.brush.canvas import Fade, Pen
from providers.testing.artist.brush.colour import BLACK, WHITE, darker, hexed, lighter, mix
from providers.testing.artist.brush.outline import mirrored, oval
from providers.testing.artist.subjects.beasts import Beast

FACES = {
    "fox": mirrored("0,-24 11,-23.5 21,-17 26,-6 30,2 38,9! 30,12 32.5,17! 24,17.5 14,22 7,27 0,28.5"),
    "cat": mirrored("0,-23 12,-23 24,-16 30,-4 33,6! 30,9 31,14! 25,19 13,24 0,25"),
    "dog": mirrored("0,-24 14,-22 24,-12 26,2 23,14 15,24 0,28"),
    "bear": mirrored("0,-25 16,-23 28,-12 32,4 26,18 13,25 0,26"),
    "rabbit": mirrored("0,-22 11,-21 21,-13 26,0 25,12 15,21 0,24"),
    "dragon": mirrored("0,-24 13,-23 24,-14 27,-2 24,8 22,17 14,25 0,27"),
}
MASK = mirrored("0,13 3.5,5 7,2.5 12,5 18,4 24,0 29,1.5 38,9! 30,12 32.5,17! 24,17.5 14,22 7,27 0,28.5")


def head(pen: Pen, beast: Beast, *, asleep: bool = False) -> None:
    """The whole head."""
    both = (pen, pen.at(0, 0, flip=True))
    for mark in beast.marks:
        BEHIND.get(mark, _nothing)(pen, beast)
    for side in both:
        EARS[beast.ears](side, beast)
    face = FACES[beast.face]
    pen.shape(face, Fade((beast.glow, beast.fur, beast.fur)))
    inside = pen.inside(face)
    inside.oval(0, -22, 8, 16, beast.shade, alpha=0.22, blur=4)
    for mark in beast.marks:
        ON_FACE.get(mark, _nothing)(inside, beast)
    inside.oval(-36, 6, 17, 34, beast.shade, alpha=0.3, blur=7)
    if beast.face == "fox":
        _strands(inside, beast)
    for side in both:
        inside.at(0, 0, flip=side is not pen).oval(19, 13, 5.5, 3.6, hexed("f0706a"), alpha=0.28, blur=2)
        if asleep:
            _lid(side, beast)
        else:
            _eye(side, beast, lit_from_left=side is pen)
    for mark in beast.marks:
        IN_FRONT.get(mark, _nothing)(pen, beast)
    if "nostrils" not in beast.marks:
        _nose(pen, beast)


def _nothing(pen: Pen, beast: Beast) -> None:
    """Most parts have nothing in most places."""


def _strands(inside: Pen, beast: Beast) -> None:
    """Single hairs, seen when the face is large."""
    for side in (inside, inside.at(0, 0, flip=True)):
        for x, y, turn in ((1.6, -15, 4), (5.4, -16.5, 12), (9.4, -15.5, 22)):
            side.at(x, y, turn=turn).line("0,1.8 0.2,0 0,-2.4", (0.1, 0.4, 0.1), beast.shade, alpha=0.32)
        for x, y, turn in ((28, 8, 66), (24, 13, 60), (30, 12.5, 72), (20, 17.5, 48), (26, 16.5, 62)):
            side.at(x, y, turn=turn).line("0,-2.4 0.3,0 0,2.2", (0.1, 0.5, 0.1), beast.dusk, alpha=0.9)


def _nose(pen: Pen, beast: Beast) -> None:
    wide = 1.2 if "muzzle" in beast.marks else 0.8 if "puffs" in beast.marks else 1.0
    nose = pen.at(0, 15, wide)
    nose.shape(mirrored("0,-3.2 3.6,-3 5.6,-1 4,2.4 0,4.8"), Fade((mix(beast.nose, WHITE, 0.2), beast.nose)))
    nose.oval(-1.8, -1, 1.6, 0.8, WHITE, alpha=0.75, turn=-12)
    for side in (pen, pen.at(0, 0, flip=True)):
        side.line("0.2,19.6 2,22.8 5,22.8 7.6,20.8", (1.1, 1.2, 0.5), darker(beast.nose, 0.5))
        for y, turn in ((17, -5), (19, 6)) if beast.face in {"fox", "cat", "rabbit"} else ():
            whisker = side.at(10, y, turn=turn)
            whisker.line("0,0 12,-1 22,1", (0.4, 0.3, 0.1), mix(beast.dark, beast.light, 0.45), alpha=0.7)


def _eye(pen: Pen, beast: Beast, *, lit_from_left: bool) -> None:
    rim = darker(beast.dark, 0.75)
    if beast.face == "fox":
        pen.shape("6,1.2 8,-3.4 12.5,-5 17,-2.6 19.8,-2.8! 17.6,2 13,4.8 9,4", rim)
        inside = pen.inside("6.8,1 8.5,-3 12.5,-4.4 16.4,-2.4 16.8,1.2 13,4.2 9,3.4")
    else:
        pen.shape("7,0 9,-5 13,-6 17,-4.4 19.4,-4.8! 18,1 15,5 11,5 8,3.4", rim)
        inside = pen.inside(oval(12.6, 0, 4.6, 5))
    inside.oval(12.4, 1.2, 4.6, 5, Fade((darker(beast.iris, 0.5), beast.iris, lighter(beast.iris, 0.35))))
    inside.oval(12.4, 0, 1.3 if beast.face == "dragon" else 2.8, 3.4, BLACK)
    pen.oval(10.8 if lit_from_left else 14, -2, 1.6, 1.6, WHITE)
    pen.oval(13.8 if lit_from_left else 11, 2.2, 0.75, 0.75, WHITE, alpha=0.8)


def _lid(pen: Pen, beast: Beast) -> None:
    pen.line("7,0 10,3.4 14.5,3.6 19,0", (0.6, 1.9, 2, 0.5), darker(beast.dark, 0.6))


def _pointed(pen: Pen, beast: Beast) -> None:
    ear = "4,-20! 10,-35 16,-44 20.5,-47 24,-42 27,-28 25,-8!"
    pen.shape(ear, Fade((beast.shade, beast.fur, beast.glow)))
    pen.inside(ear).shape("8,-38! 16,-37 21,-34 30,-37! 26,-60 14,-60", beast.dark, blur=0.6)
    hollow = "11.5,-20! 14,-31 18.5,-39 22,-30 22.6,-12!"
    pen.shape(hollow, Fade((mix(beast.inner, beast.dark, 0.55), beast.inner)))
    tufts = "9,-14 11,-25! 13.5,-20 16,-28! 17.5,-20 21,-24! 21,-14 26,-16! 24,-4 10,-6"
    pen.inside(hollow).shape(tufts, beast.light, alpha=0.9)


def _short(pen: Pen, beast: Beast) -> None:
    pen.shape("5,-20! 16,-37 22,-41 26,-37 29,-22 28,-4!", Fade((beast.shade, beast.fur, beast.glow)))
    pen.shape("12,-20! 18,-31 22,-34.5 24.5,-30 26,-11!", Fade((beast.inner, lighter(beast.inner, 0.3))))


def _round(pen: Pen, beast: Beast) -> None:
    ear = beast.dark if "patches" in beast.marks else beast.fur
    pen.oval(21, -20, 10.5, 10.5, Fade((mix(ear, beast.glow, 0.2), darker(ear, 0.2))))
    pen.oval(21.5, -19, 6, 6.2, Fade((darker(beast.inner, 0.2), beast.inner)))


def _wide(pen: Pen, beast: Beast) -> None:
    pen.oval(25, -22, 17, 17, Fade((beast.glow, beast.fur, beast.shade)))
    pen.oval(25, -21, 11.5, 12, Fade((darker(beast.inner, 0.12), lighter(beast.inner, 0.25))))


def _tall(pen: Pen, beast: Beast) -> None:
    pen.shape("3,-17! 4,-38 9,-58 15,-63 20,-56 20,-38 15,-14!", Fade((beast.shade, beast.fur, beast.glow)))
    pen.shape("7,-19! 8,-38 11,-53 14.5,-57 17,-51 17,-37 13,-17!", Fade((darker(beast.inner, 0.15), beast.inner)))


def _floppy(pen: Pen, beast: Beast) -> None:
    pen.shape("12,-22 24,-23 33,-12 37,6 34,20 28,20 23,8 18,-6", Fade((beast.dark, darker(beast.dark, 0.35))))
    pen.inside("12,-22 24,-23 33,-12 37,6 34,20 28,20 23,8 18,-6").oval(24, -20, 9, 7, beast.fur, alpha=0.5, blur=3)


def _leaf(pen: Pen, beast: Beast) -> None:
    pen.shape("16,-16! 28,-26 40,-27 44,-25! 40,-15 30,-7 20,-6!", Fade((beast.glow, beast.fur, beast.shade)))
    pen.shape("22,-15! 30,-21 39,-23 36,-16 28,-10!", beast.inner)


def _fins(pen: Pen, beast: Beast) -> None:
    pen.shape(
        "20,-10! 32,-26 44,-28! 40,-18 45,-12! 38,-7 40,1! 32,2 22,4!", Fade((beast.inner, darker(beast.inner, 0.3)))
    )
    for line in ("22,-6 32,-17 43,-27", "22,-4 34,-10 44,-12", "22,-1 32,0 39,1"):
        pen.line(line, (2, 1.4, 0.4), beast.fur)


def _mask(pen: Pen, beast: Beast) -> None:
    pen.shape(MASK, Fade((beast.light, beast.light, beast.dusk)))
    pen.shape(mirrored("0,-14 4,-6 4.6,3 3.4,12 0,16"), Fade((beast.fur, beast.glow)), blur=0.8)


def _muzzle(pen: Pen, beast: Beast) -> None:
    pen.oval(0, 18, 15.5, 11.5, Fade((beast.light, beast.light, beast.dusk)), blur=0.5)


def _blaze(pen: Pen, beast: Beast) -> None:
    pen.shape("-2,-26 3,-26 4,-12 8,4 14,16 0,24 -13,16 -6,4 -3,-10", beast.light, blur=0.6)


def _puffs(pen: Pen, beast: Beast) -> None:
    pen.oval(0, 25, 11, 5, beast.light, alpha=0.9)
    for x in (-6.5, 6.5):
        pen.oval(x, 19, 9, 6.6, Fade((beast.light, beast.light, beast.dusk)))


def _tabby(pen: Pen, beast: Beast) -> None:
    pen.line("0,-25 0,-18 0,-12", (3.2, 2.6, 0.3), beast.dark, alpha=0.75)
    for side in (pen, pen.at(0, 0, flip=True)):
        side.line("7,-26 6.5,-19 4.6,-14", (2.8, 2.4, 0.3), beast.dark, alpha=0.75)
        side.line("34,2 27,3 22,5.5", (3, 2.2, 0.2), beast.dark, alpha=0.7)
        side.line("34,10 28,10 23,11.5", (2.8, 2, 0.2), beast.dark, alpha=0.7)


def _brows(pen: Pen, beast: Beast) -> None:
    for x in (-13, 13):
        pen.oval(x, -8, 6.5, 5, beast.light, alpha=0.95)


def _patches(pen: Pen, beast: Beast) -> None:
    for x in (-13, 13):
        pen.oval(x, 1, 8, 10, beast.dark, turn=x * 2.2)


def _mane(pen: Pen, beast: Beast) -> None:
    for radius, colour in ((43, darker(beast.dark, 0.25)), (38, beast.dark), (33, mix(beast.dark, beast.fur, 0.35))):
        for step in range(14):
            lock = pen.at(0, 2, turn=step * 360 / 14 + radius)
            lock.shape(f"-10,0 -9,{-radius * 0.7} 0,{-radius}! 9,{-radius * 0.7} 10,0", colour)


def _antlers(pen: Pen, beast: Beast) -> None:
    wood = mix(beast.dark, hexed("d8b48a"), 0.45)
    for side in (pen, pen.at(0, 0, flip=True)):
        for line in ("8,-20 14,-36 24,-46 25,-58", "14,-36 11,-46 12,-52", "22,-45 31,-50 33,-57"):
            side.line(line, (3.6, 2.8, 0.8), wood)


def _horns(pen: Pen, beast: Beast) -> None:
    for side in (pen, pen.at(0, 0, flip=True)):
        side.shape("7,-20! 10,-34 17,-45 24,-49! 22,-38 20,-28 19,-16!", Fade((beast.light, beast.inner)))


def _nostrils(pen: Pen, beast: Beast) -> None:
    pen.oval(0, 18, 18, 9, mix(beast.fur, beast.light, 0.25), blur=2.5)
    for x in (-6, 6):
        pen.oval(x, 14.5, 1.7, 1.1, beast.dark, turn=x * 3)
    pen.line("-13,19 -6,22 0,22.6 6,22 13,19", (0.6, 1.3, 1.4, 1.3, 0.6), beast.dark)
    for x in (-9, 9):
        pen.shape(f"{x - 1.6},21.4! {x},25! {x + 1.6},21.4!", WHITE)


def _tongue(pen: Pen, _beast: Beast) -> None:
    pen.shape("-3.6,22! 3.6,22! 4.4,28 0,32 -4.4,28", Fade((hexed("c2505c"), hexed("f08a8c"))))


def _teeth(pen: Pen, _beast: Beast) -> None:
    pen.shape("-2.4,22! 2.4,22! 2,26.4! -2,26.4!", WHITE)


Part = Callable[[Pen, Beast], None]
EARS: dict[str, Part] = {
    "pointed": _pointed, "short": _short, "round": _round, "wide": _wide,
    "tall": _tall, "floppy": _floppy, "leaf": _leaf, "fins": _fins,
}  # fmt: skip
BEHIND: dict[str, Part] = {"mane": _mane, "antlers": _antlers, "horns": _horns}
ON_FACE: dict[str, Part] = {
    "mask": _mask, "muzzle": _muzzle, "blaze": _blaze, "puffs": _puffs, "tabby": _tabby,
    "brows": _brows, "patches": _patches, "nostrils": _nostrils,
}  # fmt: skip
IN_FRONT: dict[str, Part] = {"tongue": _tongue, "teeth": _teeth}
