"""Bodies of the four-legged animals; about 100 units high (walking: 80), the origin on the ground between the feet."""

from collections.abc import Callable

from providers.testing.artist.brush.canvas import Fade, Pen
from providers.testing.artist.brush.colour import BLACK, Colour, darker, hexed, mix
from providers.testing.artist.brush.outline import mirrored
from providers.testing.artist.subjects.beasts import Beast
from providers.testing.artist.subjects.heads import head

TIP = "30,-40! 36,-45 39,-38! 44,-45 48,-37! 52,-44 57,-36! 62,-44 70,-38! 66,-80 20,-80"


def seated(pen: Pen, beast: Beast, tilt: float = 0.0, *, wrapped: bool = False) -> None:
    """Sitting, looking at us, the head tilted by `tilt` degrees; a bushy tail may be wrapped around the feet."""
    wrapped = wrapped and beast.tail == "brush"
    if "wings" in beast.marks:
        _wings(pen, beast)
    if not wrapped:
        TAILS[beast.tail](pen, beast)
    stout = 1 + (beast.build - 1) * 1.4
    torso = _wider(pen, stout)
    body = "-9,-62 9,-62 16,-48 21,-32 25,-16 23,-3 10,0 -10,0 -23,-3 -25,-16 -21,-32 -16,-48"
    torso.shape(body, Fade((beast.fur, beast.fur, beast.shade)))
    inside = torso.inside(body)
    inside.oval(-27, -28, 14, 34, beast.shade, alpha=0.45, blur=6)
    _marks_on_body(inside, beast)
    for side in (torso, torso.at(0, 0, flip=True)):
        _haunch(side, beast)
    _chest(torso, beast)
    if wrapped:
        _brush_wrapped(pen, beast)
    head(pen.at(0, -71, 0.98, turn=tilt), beast)


def _wider(pen: Pen, times: float) -> Pen:
    a, b, c, d, e, f = pen.matrix
    return Pen(pen.canvas, (a * times, b, c, d * times, e, f), pen.mask)


def _marks_on_body(inside: Pen, beast: Beast) -> None:
    if "patches" in beast.marks:
        inside.shape("-30,-64 30,-64 30,-40 14,-34 0,-32 -14,-34 -30,-40", beast.dark)
    elif beast.bib or "scales" in beast.marks:
        return
    else:
        inside.oval(0, -26, 15, 21, mix(beast.light, beast.fur, 0.35), blur=2.5)


def _haunch(side: Pen, beast: Beast) -> None:
    foot = beast.dark if beast.socks else mix(beast.fur, beast.light, 0.25)
    haunch = "13,-26 22,-22 27,-12 26,-3 18,0.5 8,0 7,-12"
    side.shape(haunch, Fade((beast.glow, beast.fur, beast.shade)))
    inside = side.inside(haunch)
    if "stripes" in beast.marks:
        for y in (-20, -14, -8):
            inside.line([(30, y - 2), (24, y), (18, y + 1)], (3, 2.4, 0.2), beast.dark, alpha=0.8)
    if "spots" in beast.marks:
        for x, y in ((15, -19), (21, -15), (14, -12), (22, -8), (17, -6)):
            inside.oval(x, y, 1.6, 1.4, beast.light, alpha=0.85)
    side.shape("8,-1 12,-5.5 20,-6 25.5,-3 24,1 14,1.6 8,1.4", Fade((foot, darker(foot, 0.3))))


def _chest(pen: Pen, beast: Beast) -> None:
    for side in (pen, pen.at(0, 0, flip=True)):
        _foreleg(side, beast)
    pen.line("0,-38 0.2,-14 0,2", (2.5, 1.2, 0.6), beast.shade, alpha=0.55, blur=0.5)
    throat = "0,-58 10,-58 15,-50 15.5,-42! 12,-39 13,-33! 9,-31 8.5,-25! 4,-25 0,-18!"
    if beast.bib:
        pen.shape(mirrored(throat), Fade((beast.dusk, beast.light, beast.light)))
    if "scales" in beast.marks:
        _belly(pen, beast)
    neck = mirrored("0,-64 12,-64 17,-48 17,-40 0,-40")
    pen.inside(neck).oval(0, -58, 22, 13, mix(beast.shade, hexed("8a6a8a"), 0.5), alpha=0.5, blur=4)


def _foreleg(side: Pen, beast: Beast) -> None:
    leg = "2,-40 9,-40 11,-26 10,-12 10.6,-3 12,0 11,2.6 5,3.2 0.8,2.4 0.4,-2 1,-14"
    fur = beast.dark if "patches" in beast.marks else beast.fur
    side.shape(leg, Fade((fur, fur, mix(fur, beast.shade, 0.5))))
    inside = side.inside(leg)
    if beast.socks:
        sock = "-2,-14! 1,-16 3,-13! 6,-17 8,-13! 12,-16 14,-13! 16,6 -4,6"
        inside.shape(sock, Fade((beast.dark, darker(beast.dark, 0.35))))
    else:
        inside.oval(6, 2, 8, 7, beast.light if beast.bib else beast.glow, alpha=0.75, blur=1.5)
    for x in (4.4, 8):
        side.line([(x, 0.4), (x + 0.2, 2.7)], (0.3, 0.7), BLACK, alpha=0.5)


def _belly(pen: Pen, beast: Beast) -> None:
    belly = mirrored("0,-60 10,-58 13,-44 12,-28 8,-14 0,-10")
    pen.shape(belly, Fade((beast.light, darker(beast.light, 0.15))))
    for y in range(-52, -12, 6):
        pen.inside(belly).line([(-14, y), (0, y + 2.5), (14, y)], (0.8, 0.9, 0.8), mix(beast.light, beast.fur, 0.5))


def walking(pen: Pen, beast: Beast, tilt: float = 0.0) -> None:
    """On its way to the right, the head turned to us."""
    if "wings" in beast.marks:
        _wings(pen.at(-6, 6, 0.8), beast)
    far = mix(beast.shade, beast.dark, 0.35)
    _leg(pen, beast, "20,-32 21,-17 14,-10 12,-1", far)
    _leg(pen, beast, "-22,-34 -12,-21 -17,-12 -11,-1", far)
    TAILS_BEHIND[beast.tail](pen, beast)
    pen = _taller(pen, 1 + (beast.build - 1) * 0.6)
    body = "-34,-38 -28,-48 -8,-50 12,-48 28,-54 40,-50 39,-34 28,-25 6,-26 -12,-29 -22,-28 -32,-31"
    pen.shape(body, Fade((beast.glow, beast.fur, beast.shade)))
    inside = pen.inside(body)
    inside.oval(4, -20, 34, 9, beast.dusk if beast.bib else beast.shade, alpha=0.65, blur=4)
    _flank(inside, beast)
    _leg(pen, beast, "-24,-37 -22,-20 -31,-12 -29,-1", beast.fur, 20)
    _leg(pen, beast, "26,-34 32,-18 33,-10 37,-1", beast.fur)
    if beast.bib:
        pen.shape("28,-50 46,-48 48,-38! 44,-36 43,-29! 38,-30 35,-24! 30,-32 26,-40", beast.light)
    head(pen.at(39, -58, 0.74, turn=tilt), beast)


def _taller(pen: Pen, times: float) -> Pen:
    a, b, c, d, e, f = pen.matrix
    return Pen(pen.canvas, (a, b * times, c, d, e * times, f), pen.mask)


def _flank(inside: Pen, beast: Beast) -> None:
    if "stripes" in beast.marks:
        for x in range(-26, 26, 8):
            inside.line([(x, -54), (x + 2, -42), (x - 1, -33)], (4, 3, 0.2), beast.dark, alpha=0.8)
    if "spots" in beast.marks:
        for step in range(12):
            inside.oval(-26 + step * 4.5, -44 + step * 7 % 10, 1.7, 1.5, beast.light, alpha=0.85)
    if "patches" in beast.marks:
        inside.shape("8,-60 44,-60 44,-20 14,-20 6,-38", beast.dark)


def _leg(pen: Pen, beast: Beast, line: str, colour: Colour, thigh: float = 15) -> None:
    stout = beast.build**1.6
    leg = pen.band(line, [width * stout for width in (thigh, 8.8, 6, 6.5)])
    foot = line.rsplit(maxsplit=1)[-1].split(",")
    x = float(foot[0])
    fur = beast.dark if "patches" in beast.marks else colour
    pen.shape(leg, Fade((fur, fur, mix(fur, beast.shade, 0.6))))
    sock = beast.dark if beast.socks else mix(fur, beast.light, 0.3 if beast.bib else 0.08)
    top = f"{x - 12},-13! {x - 5},-16 {x - 2},-12! {x + 1},-16 {x + 4},-12! {x + 14},-14! {x + 14},8 {x - 12},8"
    pen.inside(leg).shape(top, sock)
    pen.shape(f"{x - 4},-4 {x + 2},-4.5 {x + 7},-1.5 {x + 6},1.4 {x - 3},1.6", Fade((sock, darker(sock, 0.3))))


def asleep(pen: Pen, beast: Beast, tilt: float = 0.0) -> None:
    """Curled up, the tail before the nose."""
    body = "-40,-16 -34,-34 -14,-45 12,-45 34,-34 42,-16 34,-2 0,1 -32,-1"
    pen.shape(body, Fade((beast.glow, beast.fur, beast.shade)))
    inside = pen.inside(body)
    inside.oval(6, -4, 36, 12, beast.shade, alpha=0.5, blur=5)
    inside.shape("14,-46 30,-40 34,-22 24,-10 12,-12 8,-30", beast.glow, alpha=0.35, blur=4)
    if "patches" not in beast.marks:
        _flank(inside.at(0, 6), beast)
    if beast.tail not in {"puff", "curl", "brush"}:
        pen.line("38,-14 42,-4 28,0 12,-3", (7, 7, 6, 5), Fade((beast.fur, beast.shade)))
    head(pen.at(-17, -25, 0.74, turn=tilt - 9), beast, asleep=True)
    if beast.tail == "brush":
        tail = pen.band("40,-16 34,-3 12,0 -10,-1 -26,-5 -36,-12", (8, 17, 20, 18, 12, 0))
        pen.shape(tail, Fade((beast.glow, beast.fur, beast.shade)))
        tip = "-8,-20! -13,-14 -7,-9! -13,-5 -7,0! -12,5 -8,10! -60,10 -60,-30"
        pen.inside(tail).shape(tip, Fade((beast.light, beast.dusk)))


def _brush(pen: Pen, beast: Beast) -> None:
    tail = pen.band("8,-7 26,-4 42,-9 52,-24 52,-42 45,-57 37,-65", (8, 15, 24, 28, 25, 14, 0))
    pen.shape(tail, Fade((beast.glow, beast.fur, beast.shade)))
    inside = pen.inside(tail)
    inside.line("10,4 30,5 48,-2 61,-20 64,-42", (8, 10, 12, 8), beast.shade, alpha=0.5, blur=3)
    inside.shape(TIP, Fade((beast.light, beast.light, beast.dusk)))


def _brush_wrapped(pen: Pen, beast: Beast) -> None:
    tail = pen.band("22,-14 33,-6 27,1 8,3 -14,2 -29,-3 -36,-11", (9, 16, 18, 18, 16, 10, 0))
    pen.shape(tail, Fade((beast.glow, beast.fur, beast.shade)))
    inside = pen.inside(tail)
    inside.line("34,4 20,10 0,12 -20,10", 8, beast.shade, alpha=0.5, blur=3)
    tip = "-10,-14! -15,-8 -10,-4! -16,0 -10,4! -15,9 -11,16! -60,16 -60,-30"
    inside.shape(tip, Fade((beast.light, beast.light, beast.dusk)))


def _brush_behind(pen: Pen, beast: Beast) -> None:
    tail = pen.band("-30,-42 -46,-41 -62,-32 -78,-29 -94,-38 -102,-45", (8, 15, 23, 22, 11, 0))
    pen.shape(tail, Fade((beast.glow, beast.fur, beast.shade)))
    tip = "-76,-50! -81,-44 -75,-38! -81,-33 -75,-28! -81,-22 -76,-14! -120,-10 -120,-60"
    pen.inside(tail).shape(tip, Fade((beast.light, beast.light, beast.dusk)))


def _thin(pen: Pen, beast: Beast) -> None:
    tail = pen.band("10,-5 30,-3 44,-8 50,-22 46,-36 50,-48", (8, 8, 7.5, 7, 6.5, 5.5))
    _thin_tail(pen, beast, tail, "30,-42! 60,-40! 60,-60 30,-60")


def _thin_behind(pen: Pen, beast: Beast) -> None:
    tail = pen.band("-30,-42 -46,-44 -56,-54 -58,-68 -66,-76", (8, 7.5, 7, 6.5, 5))
    _thin_tail(pen, beast, tail, "-50,-66! -70,-64! -80,-90 -50,-90")


def _thin_tail(pen: Pen, beast: Beast, tail: list[tuple[float, float]], tip: str) -> None:
    pen.shape(tail, Fade((beast.fur, beast.fur, beast.shade)))
    pen.inside(tail).shape(tip, beast.dark)


def _tuft(pen: Pen, beast: Beast) -> None:
    pen.line("10,-5 30,-3 44,-8 50,-22 48,-38", (6, 6, 5, 5, 4), Fade((beast.fur, beast.shade)))
    pen.shape("44,-34! 40,-44 49,-58! 56,-44 52,-34!", Fade((beast.dark, darker(beast.dark, 0.3))))


def _tuft_behind(pen: Pen, beast: Beast) -> None:
    pen.line("-30,-42 -46,-44 -56,-54 -60,-66", (6, 5, 5, 4), Fade((beast.fur, beast.shade)))
    pen.shape("-56,-62! -54,-74 -66,-86! -70,-72 -64,-62!", Fade((beast.dark, darker(beast.dark, 0.3))))


def _curl(pen: Pen, beast: Beast) -> None:
    pen.line("12,-6 28,-8 38,-18 40,-30 34,-36", (9, 10, 10, 8, 3), Fade((beast.glow, beast.fur, beast.shade)))


def _curl_behind(pen: Pen, beast: Beast) -> None:
    pen.line("-30,-44 -42,-50 -48,-62 -42,-72 -34,-72", (9, 10, 9, 8, 3), Fade((beast.glow, beast.fur, beast.shade)))


def _puff(pen: Pen, beast: Beast) -> None:
    pen.oval(
        27 * beast.build,
        -8,
        8,
        7.5,
        Fade((beast.light if beast.bib else beast.glow, beast.dusk if beast.bib else beast.shade)),
    )


def _puff_behind(pen: Pen, beast: Beast) -> None:
    pen.oval(
        -36, -42, 7, 6.5, Fade((beast.light if beast.bib else beast.glow, beast.dusk if beast.bib else beast.shade))
    )


def _spiked(pen: Pen, beast: Beast) -> None:
    _spikes(pen, beast, "8,-7 28,-4 46,-8 56,-22 54,-40 62,-52", ((36, -6), (50, -14), (56, -28)))
    pen.at(62, -52, turn=30).shape("-7,2! 0,-16! 7,2! 0,-2", beast.inner)


def _spiked_behind(pen: Pen, beast: Beast) -> None:
    _spikes(pen, beast, "-28,-38 -46,-36 -62,-26 -78,-26 -90,-38", ((-46, -40), (-60, -32), (-74, -30)))
    pen.at(-90, -38, turn=-40).shape("-7,2! 0,-16! 7,2! 0,-2", beast.inner)


def _spikes(pen: Pen, beast: Beast, line: str, at: tuple[tuple[float, float], ...]) -> None:
    for x, y in at:
        pen.at(x, y, turn=25 if x > 0 else -15).shape("-5,0! 2,-13! 6,0!", beast.inner)
    pen.line(line, (16, 15, 12, 9, 6, 3), Fade((beast.glow, beast.fur, beast.shade)))


def _wings(pen: Pen, beast: Beast) -> None:
    for side in (pen, pen.at(0, 0, flip=True)):
        wing = "10,-46! 26,-76 50,-94 66,-92! 62,-78 66,-64! 54,-62 54,-46! 42,-48 38,-34! 28,-36 14,-30!"
        side.shape(wing, Fade((beast.inner, darker(beast.inner, 0.3)), turn=-30))
        for line in ("12,-44 40,-78 65,-91", "12,-42 44,-64 64,-65", "12,-40 36,-50 53,-48"):
            side.line(line, (3.4, 2.6, 0.8), Fade((beast.fur, beast.dark)))


Tail = Callable[[Pen, Beast], None]
TAILS: dict[str, Tail] = {
    "brush": _brush, "thin": _thin, "tuft": _tuft, "curl": _curl, "puff": _puff, "spiked": _spiked,
}  # fmt: skip
TAILS_BEHIND: dict[str, Tail] = {
    "brush": _brush_behind, "thin": _thin_behind, "tuft": _tuft_behind,
    "curl": _curl_behind, "puff": _puff_behind, "spiked": _spiked_behind,
}  # fmt: skip
