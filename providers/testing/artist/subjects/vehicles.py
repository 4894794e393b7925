"""What goes by land, by water and by air; about 100 units high, the origin on the ground below their middle."""

from providers.testing.artist.brush.canvas import Fade, Pen
from providers.testing.artist.brush.colour import WHITE, darker, hexed, hexes, lighter, mix
from providers.testing.artist.brush.outline import box, mirrored
from providers.testing.artist.subjects.look import Look

LAMP = hexed("ffd98a")


def boat(pen: Pen, look: Look) -> None:
    """A sailing boat."""
    hull = look.pick(*hexes("8a4a34 c8503f 34608a"))
    sail = hexed("fff6e6")
    pen.line("2,-16 2,-60 2,-102", (2.6, 2.2, 1.4), hexed("6a4634"))
    pen.shape("5,-98! 22,-70 38,-30 40,-24! 5,-22!", Fade((sail, sail, hexed("d8c8c0")), turn=60))
    pen.shape("-1,-92! -14,-66 -28,-32 -32,-24! -1,-22!", Fade((lighter(hull, 0.35), mix(hull, sail, 0.25))))
    for line in ("5,-70 14,-68 23,-66", "5,-46 18,-44 34,-42"):
        pen.line(line, 0.7, hexed("c8b4a8"))
    pen.shape("2,-102! 15,-99 2,-95!", hexed("e8604a"))
    shape = "-46,-18! 0,-14 50,-20! 42,-4 30,2 -26,2 -38,-6"
    pen.shape(shape, Fade((lighter(hull, 0.2), hull, darker(hull, 0.4))))
    pen.inside(shape).line("-48,-12 0,-8 52,-14", 2, sail, alpha=0.85)
    for x in (-18, 0, 18):
        pen.oval(x, -4, 2.3, 2.3, LAMP if look.dark else sail)


def rocket(pen: Pen, look: Look) -> None:
    """A rocket going up."""
    trim = look.pick(*hexes("e0524a 3f8fc8 f0a03a"))
    pen.shape(
        "-9,-16 0,-18 9,-16 12,2 5,12! 2,6 0,24! -3,8 -6,13! -12,2",
        Fade((hexed("ffe89a"), hexed("ff9a3a"), hexed("e0483a"))),
    )
    pen.shape("-4.5,-14 4.5,-14 5,-2 0,10! -5,-2", Fade((WHITE, hexed("ffe08a"))))
    pen.glow(0, 2, 46, (200, 110, 50))
    for side in (pen, pen.at(0, 0, flip=True)):
        side.shape("12,-46! 28,-30 31,-8 28,-4! 20,-14 10,-18!", Fade((lighter(trim, 0.2), darker(trim, 0.3))))
    shape = mirrored("0,-108! 12,-92 18,-68 17,-40 11,-16! 0,-14")
    pen.shape(shape, Fade((WHITE, hexed("f0eef6"), hexed("a8a4c0")), turn=-90))
    inside = pen.inside(shape)
    inside.shape(box(-24, -112, 48, 26), Fade((lighter(trim, 0.25), trim, darker(trim, 0.35)), turn=-90))
    inside.shape(box(-24, -26, 48, 5), trim)
    pen.oval(0, -64, 10, 10, hexed("5a5a78"))
    pen.oval(0, -64, 7.6, 7.6, Fade((hexed("b8ecff"), hexed("4a90c8"))))
    pen.oval(-2.5, -67, 2.6, 1.7, WHITE, alpha=0.8, turn=-30)
    pen.shape("-2,-34! 2,-34! 2.6,-4! -2.6,-4!", Fade((trim, darker(trim, 0.4))))


def car(pen: Pen, look: Look) -> None:
    """A small round car going to the right."""
    paint = look.pick(*hexes("d8483f 3f8fb8 f0b03a 5aa87a"))
    shape = "-66,-16 -66,-34 -56,-40 -40,-42 -24,-62 18,-64 38,-44 58,-40 67,-30 67,-16! 0,-12 -66,-16!"
    pen.shape(shape, Fade((lighter(paint, 0.28), paint, darker(paint, 0.35))))
    glass = Fade((hexed("d8f0fa"), hexed("8ab8cc")))
    pen.shape("-32,-42! -20,-57 -3,-58.5! -3,-42!", glass)
    pen.shape("1,-58.5! 16,-58 30,-42! 1,-42!", glass)
    pen.line("-1,-60 -1,-40 -2,-18", 0.8, darker(paint, 0.4))
    pen.line("4,-36 8,-36 11,-36", 1.5, darker(paint, 0.5))
    pen.line("-64,-24 0,-21 65,-24", (1.4, 1.8, 1.4), hexed("f4eee4"), alpha=0.85)
    pen.oval(63, -31, 4, 4.8, Fade((hexed("fffbe0"), hexed("ffd86a"))))
    pen.oval(-65, -30, 2.4, 4, hexed("a82f34"))
    if look.dark:
        pen.at(66, -31, turn=97).shape("-2,0! -22,-90! 22,-90! 2,0!", hexed("fff0b0"), alpha=0.22, blur=4)
        pen.glow(64, -31, 22, (180, 150, 80))
    for x in (-38, 40):
        pen.oval(x, -13, 16.5, 16.5, darker(paint, 0.7))
        pen.oval(x, -13, 14, 14, Fade((hexed("4a4854"), hexed("26242e"))))
        pen.oval(x, -13, 7.5, 7.5, Fade((hexed("f4f2f6"), hexed("a8a6b4"))))
        pen.oval(x, -13, 2.4, 2.4, hexed("6a6874"))


def balloon(pen: Pen, look: Look) -> None:
    """A hot-air balloon."""
    colour = look.pick(*hexes("e0584a 4a8ac0 f0a83a"))
    other = hexed("fff0d4") if look.colour is None else lighter(colour, 0.7)
    for x in (-7, 7):
        pen.line([(x * 2.2, -40), (x, -14)], 0.7, hexed("5a4034"))
    envelope = mirrored("0,-112 20,-108 35,-90 36,-70 24,-48 10,-36! 0,-35")
    pen.shape(envelope, colour)
    inside = pen.inside(envelope)
    for wide, paint in ((30, other), (18, colour), (7, other)):
        inside.shape(
            mirrored(f"0,-113 {wide * 0.55},-108 {wide},-90 {wide},-70 {wide * 0.62},-48 {wide * 0.3},-35! 0,-35"),
            paint,
        )
    inside.oval(30, -60, 26, 60, darker(colour, 0.6), alpha=0.35, blur=8)
    inside.oval(-16, -92, 10, 16, WHITE, alpha=0.35, blur=5)
    pen.shape("-9,-14! 9,-14! 7.4,0 -7.4,0", Fade((hexed("b07a4a"), hexed("7a4a30"))))
    for y in (-10.5, -6.5, -2.8):
        pen.line([(-8.4, y), (0, y + 0.8), (8.4, y)], 0.6, hexed("5a3826"))
    pen.glow(0, -34, 16, (160, 90, 30))
