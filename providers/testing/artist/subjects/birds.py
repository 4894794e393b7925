"""Birds and a butterfly; about 100 units high, the origin on the ground below their middle."""

from providers.testing.artist.brush.canvas import Fade, Pen
from providers.testing.artist.brush.colour import BLACK, WHITE, darker, hexed, hexes, lighter, mix, turned
from providers.testing.artist.brush.outline import mirrored
from providers.testing.artist.subjects.eyes import eye
from providers.testing.artist.subjects.look import Look

BEAK = Fade((hexed("f8b84a"), hexed("d9802c")))


def bird(pen: Pen, look: Look) -> None:
    """A small round songbird on a twig, or on the wing."""
    body = look.pick(*hexes("3f7fc8 e0604a f0b03a 4a9a8a"))
    dark, light = darker(body, 0.4), mix(hexed("fff2dc"), body, 0.08)
    flying = look.action == "fly" or (not look.action and look.rng.random() < 0.35)
    if flying:
        pen.shape(
            "-6,-52! -24,-84 -52,-98 -60,-94! -50,-86 -54,-80! -42,-76 -44,-69! -30,-64 -16,-46", Fade((dark, body))
        )
    pen.shape("-22,-34! -44,-22 -66,-12 -68,-18! -60,-24 -62,-30! -46,-36 -26,-48!", Fade((body, dark)))
    shape = "-30,-40 -20,-58 0,-70 6,-82 20,-90 34,-85 40,-72 38,-54 28,-32 8,-20 -14,-24"
    pen.shape(shape, Fade((lighter(body, 0.18), body, dark)))
    inside = pen.inside(shape)
    inside.shape(
        "14,-66 30,-64 44,-68 44,-20 4,-12 -8,-24 4,-44", Fade((light, mix(light, hexed("f0a060"), 0.3))), blur=1.2
    )
    inside.oval(30, -66, 8, 6, hexed("f0706a"), alpha=0.3, blur=2)
    if not flying:
        pen.shape("-34,-26! -24,-50 -6,-60 10,-54 8,-40 -8,-28 -26,-22 -38,-18!", Fade((mix(body, dark, 0.3), dark)))
        for line in ("-28,-27 -10,-34 4,-44", "-30,-23 -12,-28 0,-36"):
            pen.line(line, (0.4, 1.4, 0.3), lighter(body, 0.3), alpha=0.6)
        for x in (6, 15):
            pen.line([(x, -22), (x + 1, -10), (x + 1, -3)], (2, 1.6, 1.6), hexed("c9762c"))
        twig = hexed("6a4a3a")
        pen.line(
            "-66,6 -20,-3 40,-3 130,-16 260,-18", (1, 4.6, 6, 8, 13), Fade((lighter(twig, 0.15), darker(twig, 0.3)))
        )
        for x, y, turn in ((-44, 0, -30), (58, -7, 40), (92, -13, 75), (120, -18, 20)):
            pen.at(x, y, 0.9, turn=turn).shape("0,0! 4,-6 0,-14! -4,-6", look.rng.choice(hexes("6fae5a 8ac06a")))
    else:
        pen.shape(
            "2,-50! -4,-84 -22,-112 -30,-114! -26,-104 -34,-102! -28,-92 -34,-88! -26,-76 -14,-56 -6,-44",
            Fade((lighter(body, 0.2), dark)),
        )
    pen.shape("37,-76! 52,-70 38,-66!", BEAK)
    eye(pen, 28, -74, 4.6, hexed("5a3018"))


def owl(pen: Pen, look: Look) -> None:
    """An owl facing us."""
    body = look.pick(*hexes("9a6f4c 7a6a8a b08a5a"))
    dark, light = darker(body, 0.4), mix(hexed("fff0d8"), body, 0.15)
    shape = mirrored("0,-88 14,-90 26,-100! 31,-84 33,-64 32,-36 24,-10 10,-2 0,-2")
    pen.shape(shape, Fade((lighter(body, 0.15), body, dark)))
    inside = pen.inside(shape)
    inside.oval(0, -28, 22, 30, light)
    for row in range(6):
        for column in range(-3, 4):
            inside.line(
                [
                    (column * 7 + row % 2 * 3.5 - 2.5, -50 + row * 8),
                    (column * 7 + row % 2 * 3.5, -47 + row * 8),
                    (column * 7 + row % 2 * 3.5 + 2.5, -50 + row * 8),
                ],
                (0.4, 1.4, 0.4),
                body,
                alpha=0.8,
            )
    for side in (pen, pen.at(0, 0, flip=True)):
        side.shape("30,-60! 40,-40 38,-16 26,-4! 22,-28 24,-48", Fade((body, dark)))
        side.oval(14, -68, 15, 15, Fade((light, mix(light, body, 0.3))))
        side.oval(13, -68, 8.6, 8.6, Fade((hexed("f8c84a"), hexed("e0902c"))))
        eye(side, 13, -68, 5.6)
        for x in (6, 11, 16):
            side.oval(x, -1.5, 2.8, 4, BEAK)
    pen.shape("-4,-62! 4,-62! 0,-51!", BEAK)


def penguin(pen: Pen, look: Look) -> None:
    """A penguin with a scarf."""
    body = look.colour or hexed("36405a")
    scarf = hexed("e0564a") if look.colour is None else lighter(turned(body, 0.5), 0.1)
    shape = mirrored("0,-96 14,-94 24,-82 26,-68 31,-46 32,-22 24,-4 0,-1")
    for x in (-12, 12):
        pen.oval(x, -1, 11, 4.5, BEAK)
    pen.shape(shape, Fade((lighter(body, 0.12), body, darker(body, 0.4))))
    inside = pen.inside(shape)
    inside.shape(
        mirrored("0,-80 7,-86 16,-84 19,-72 15,-60 22,-44 24,-22 16,-4 0,-3"), Fade((WHITE, WHITE, hexed("cfd4ea")))
    )
    for side in (pen, pen.at(0, 0, flip=True)):
        side.shape("27,-58! 40,-40 44,-24 38,-22! 30,-32 25,-44", Fade((lighter(body, 0.1), darker(body, 0.3))))
        eye(side, 9.5, -77, 3.6)
        side.oval(15, -70, 4, 2.6, hexed("f0706a"), alpha=0.35, blur=1.5)
    pen.shape("-5.5,-72! 5.5,-72! 3,-67 0,-65! -3,-67", BEAK)
    pen.shape("-25,-62 0,-57 25,-62! 27,-54 0,-49 -27,-54!", Fade((lighter(scarf, 0.15), darker(scarf, 0.15))))
    pen.shape("8,-54! 18,-55! 22,-34! 12,-32!", Fade((scarf, darker(scarf, 0.25))))


def butterfly(pen: Pen, look: Look) -> None:
    """A butterfly with its wings spread."""
    wing = look.pick(*hexes("f07a4a 5a8ae8 b070d8 f0b03a"))
    for side in (pen, pen.at(0, 0, flip=True)):
        for shape, inner in (
            ("3,-56! 14,-84 38,-100 56,-96 56,-76 40,-58 4,-50!", "8,-60 20,-80 38,-91 48,-88 46,-76 34,-64"),
            ("3,-48! 30,-52 46,-42 44,-22 28,-10 12,-22!", "8,-44 28,-45 38,-38 36,-26 26,-18 14,-28"),
        ):
            side.shape(shape, Fade((darker(wing, 0.72), darker(wing, 0.6))))
            side.shape(inner, Fade((lighter(wing, 0.35), wing)))
        for x, y in ((51, -92), (53, -84), (50, -76), (41, -38), (41, -28)):
            side.oval(x, y, 1.7, 1.7, WHITE, alpha=0.9)
        side.line("5,-58 20,-74 40,-86", (1, 0.8, 0.3), darker(wing, 0.6))
        side.line("1,-66 6,-80 14,-86", (0.7, 0.7, 1.6), BLACK)
    pen.line("0,-68 0,-50 0,-18", (4, 6, 1.6), Fade((hexed("4a3a44"), BLACK)))
