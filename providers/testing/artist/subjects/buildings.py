"""Houses, castles, towers; about 100 units high, the origin on the ground below their middle."""

from providers.testing.artist.brush.canvas import Fade, Pen
from providers.testing.artist.brush.colour import BLACK, WHITE, Colour, darker, hexed, hexes, lighter
from providers.testing.artist.brush.outline import box, mirrored
from providers.testing.artist.subjects.look import Look

LAMP = hexed("ffd98a")
GLASS = hexed("8fb8d0")


def window(pen: Pen, look: Look, middle: tuple[float, float], size: tuple[float, float]) -> None:
    """A window with its bars, lit in the dark."""
    (x, y), (wide, high) = middle, size
    frame = hexed("fff4e2")
    pen.shape(box(x - wide / 2 - 1, y - high / 2 - 1, wide + 2, high + 2), frame)
    glass = Fade((hexed("fff0b8"), hexed("ffb84a"))) if look.dark else Fade((lighter(GLASS, 0.35), GLASS))
    pen.shape(box(x - wide / 2, y - high / 2, wide, high), glass)
    pen.shape(box(x - 0.4, y - high / 2, 0.8, high), frame)
    pen.shape(box(x - wide / 2, y - 0.4, wide, 0.8), frame)
    if look.dark:
        pen.glow(x, y, max(wide, high) * 1.7, (150, 104, 40))


def house(pen: Pen, look: Look) -> None:
    """A cottage with a smoking chimney."""
    wall = look.pick(*hexes("f2dfc0 e8c8a8 f0e6d6"))
    roof = hexed("b8523f") if look.colour is None else darker(wall, 0.45)
    for i, (x, y, r) in enumerate(((27, -100, 5), (32, -112, 7), (40, -126, 9))):
        pen.oval(x, y, r, r * 0.8, hexed("f0eef4"), alpha=0.55 - i * 0.14, blur=2)
    pen.shape(box(20, -92, 11, 28), Fade((hexed("a8685a"), hexed("7a463f")), turn=90))
    pen.shape(box(-42, -52, 84, 53), Fade((lighter(wall, 0.15), wall, darker(wall, 0.2))))
    pen.shape(
        "-54,-50! -30,-88! 34,-88! 56,-50! 54,-46! -54,-46!", Fade((lighter(roof, 0.15), roof, darker(roof, 0.3)))
    )
    for row in range(4):
        y = -80 + row * 9
        for column in range(-6, 7):
            at = column * 8.4 + row % 2 * 4.2
            if abs(at) < 32 + row * 6:
                pen.line([(at - 4, y), (at, y + 2), (at + 4, y)], (0.4, 1, 0.4), darker(roof, 0.4), alpha=0.6)
    door = hexed("7a4a34")
    pen.shape("-8,0! -8,-26 0,-31 8,-26 8,0!", Fade((lighter(door, 0.15), darker(door, 0.25))))
    pen.oval(4.6, -14, 1.2, 1.2, LAMP)
    for x in (-26, 26):
        window(pen, look, (x, -26), (15, 17))
        pen.shape(box(x - 9, -16, 18, 3.4), hexed("8a5a3f"))
        for step in range(6):
            pen.oval(x - 7.5 + step * 3, -17.5, 2, 2, look.rng.choice(hexes("f2607a f8c04c ffffff 7ab858")))


def castle(pen: Pen, look: Look) -> None:
    """A castle with pointed towers and flags."""
    stone = look.pick(*hexes("d8cfe0 e0d2c4 c8d0dc"))
    roof = hexed("5a6ab0") if look.colour is None else darker(stone, 0.45)
    for x, wide, high in ((-34, 17, 72), (34, 17, 66), (-14, 15, 88), (16, 14, 80), (0, 17, 104)):
        _tower(pen, look, (x, wide, high), stone, roof)
    pen.shape("-48,0! -48,-38! 48,-38! 48,0!", Fade((stone, darker(stone, 0.28))))
    for i in range(12):
        pen.shape(box(-48 + i * 8.35, -43, 5, 6), stone)
    for _ in range(26):
        brick = box(look.rng.uniform(-45, 41), look.rng.uniform(-34, -4), 4.5, 2)
        pen.shape(brick, darker(stone, 0.25), alpha=0.45)
    pen.shape("-10,1! -10,-18 0,-27 10,-18 10,1!", Fade((hexed("6a4a3c"), hexed("3f2a26"))))
    for x in (-5, 0, 5):
        pen.line([(x, -24), (x, 0)], 0.6, BLACK, alpha=0.6)
    for x in (-29, 29):
        window(pen, look, (x, -20), (6, 10))


def _tower(pen: Pen, look: Look, shape: tuple[float, float, float], stone: Colour, roof: Colour) -> None:
    x, wide, high = shape
    top = -high * 0.72
    pen.shape(box(x - wide / 2, top, wide, -top), Fade((lighter(stone, 0.2), stone, darker(stone, 0.35)), turn=-90))
    pen.shape(box(x - wide / 2 - 1.4, top, wide + 2.8, 4), darker(stone, 0.15))
    pen.shape(
        [(x - wide / 2 - 3, top), (x, -high - 8), (x + wide / 2 + 3, top)],
        Fade((lighter(roof, 0.25), roof, darker(roof, 0.4)), turn=-90),
    )
    pen.line([(x, -high - 7), (x, -high - 17)], 0.8, BLACK)
    pen.shape([(x, -high - 17), (x + 9, -high - 14), (x, -high - 11)], hexed("e8604a"))
    window(pen, look, (x, top + 13), (wide * 0.26, 7))


def lighthouse(pen: Pen, look: Look) -> None:
    """A striped lighthouse on its rock, its beam lit in the dark."""
    stripe = look.pick(*hexes("d8483f 3f6fa8"))
    rock = hexed("6a6470")
    pen.shape(
        "-56,2! -46,-8 -30,-10 -22,-18 0,-16 22,-18 34,-8 50,-6 60,2!", Fade((lighter(rock, 0.2), darker(rock, 0.4)))
    )
    shaft = "-15,-14! -9.5,-92! 9.5,-92! 15,-14!"
    pen.shape(shaft, Fade((WHITE, hexed("f4eee8"), hexed("b8acba")), turn=-90))
    inside = pen.inside(shaft)
    for y in (-34, -58, -82):
        inside.shape(box(-20, y, 40, 12), Fade((lighter(stripe, 0.12), stripe, darker(stripe, 0.35)), turn=-90))
    for y in (-46, -70):
        window(pen, look, (0, y + 1), (4, 6))
    pen.shape(box(-13, -95, 26, 4), hexed("4a4654"))
    pen.shape(box(-7.5, -108, 15, 13), Fade((hexed("fff4c0"), hexed("ffc85a"))))
    for x in (-7.5, -2.5, 2.5, 7.5):
        pen.line([(x, -108), (x, -95)], 0.9, hexed("4a4654"))
    pen.shape("-10,-108! 0,-121 10,-108!", Fade((lighter(stripe, 0.15), darker(stripe, 0.3))))
    if look.dark:
        for turn in (96, -84):
            pen.at(0, -101, turn=turn).shape("-1.5,0! -16,-190! 16,-190! 1.5,0!", hexed("fff0b8"), alpha=0.2, blur=3)
        pen.glow(0, -101, 46, (200, 160, 80))


def pagoda(pen: Pen, look: Look) -> None:
    """A pagoda of five storeys."""
    roof = look.pick(*hexes("3f6a70 5a4a6a 4a6a4a"))
    wall = hexed("c8564a") if look.colour is None else lighter(roof, 0.4)
    pen.shape(box(-38, -5, 76, 6), Fade((hexed("c8c0b8"), hexed("8a8288"))))
    for storey in range(5):
        wide, foot = 27 - storey * 3.6, -5 - storey * 19
        pen.shape(box(-wide, foot - 13, wide * 2, 13), Fade((lighter(wall, 0.12), wall, darker(wall, 0.35)), turn=-90))
        for x in (-wide * 0.55, 0.0, wide * 0.55):
            window(pen, look, (x, foot - 6), (wide * 0.22, 7))
        edge = wide + 13
        shape = mirrored(
            f"0,{foot - 22} {wide * 0.5},{foot - 20} {wide + 2},{foot - 15} {edge},{foot - 17}! "
            f"{edge - 3},{foot - 11} {wide},{foot - 10} 0,{foot - 10}"
        )
        pen.shape(shape, Fade((lighter(roof, 0.25), roof, darker(roof, 0.45))))
    pen.line("0,-102 0,-112 0,-122", (3, 2, 0.6), hexed("d8a84a"))
    pen.oval(0, -108, 2.6, 2.6, hexed("f0c860"))


def windmill(pen: Pen, look: Look) -> None:
    """A windmill, its sails in the wind."""
    wall = look.pick(*hexes("f4ece0 d8b08a e0d0c8"))
    pen.shape("-22,1! -13,-70! 13,-70! 22,1!", Fade((lighter(wall, 0.25), wall, darker(wall, 0.35)), turn=-90))
    pen.shape("-15,-69! -9,-82 0,-87 9,-82 15,-69!", Fade((hexed("a8523f"), hexed("6a342c"))))
    pen.shape("-6,1! -6,-15 0,-20 6,-15 6,1!", Fade((hexed("8a5a40"), hexed("5a3828"))))
    window(pen, look, (0, -40), (7, 9))
    hub = pen.at(0, -72, turn=look.rng.uniform(10, 80))
    for quarter in range(4):
        sail = hub.at(0, 0, turn=quarter * 90)
        sail.line([(0, 0), (0, -46)], (1.8, 1), hexed("6a4a38"))
        sail.shape("1,-10! 10,-12! 11,-45! 1,-45!", Fade((WHITE, hexed("d8ccc4"))), alpha=0.92)
        for y in (-20, -29, -37):
            sail.line([(1, y), (11, y - 0.5)], 0.7, hexed("8a6a54"))
    hub.oval(0, 0, 3, 3, hexed("4a342a"))


def mushroom(pen: Pen, look: Look) -> None:
    """A toadstool with a door and a window."""
    cap = look.pick(*hexes("d8483f e08a3a b85a9a"))
    pen.shape(
        mirrored("0,-52 14,-52! 15,-30 20,-8 16,1 0,2"),
        Fade((hexed("fff6e4"), hexed("f0dcc0"), hexed("c8a890")), turn=-90),
    )
    pen.shape(mirrored("0,-54 34,-50 50,-46 50,-42! 30,-46 0,-45"), hexed("e0c8a8"))
    shape = mirrored("0,-100 24,-94 44,-72 51,-47 30,-50 0,-52")
    pen.shape(shape, Fade((lighter(cap, 0.22), cap, darker(cap, 0.3))))
    inside = pen.inside(shape)
    for x, y, r in ((-10, -86, 8), (18, -74, 9), (-32, -62, 7), (40, -58, 6), (-4, -60, 5), (8, -98, 5)):
        inside.oval(x, y, r, r * 0.8, Fade((WHITE, hexed("f4dcd4"))))
    pen.shape("-6,1! -6,-18 0,-23 6,-18 6,1!", Fade((hexed("9a6444"), hexed("64402c"))))
    pen.oval(3.4, -9, 0.9, 0.9, LAMP)
    window(pen, look, (0, -35), (6, 6))
