"""Where a picture plays off the ground: above the clouds, in space, nowhere at all."""

from providers.testing.artist.brush.canvas import Fade, shine
from providers.testing.artist.brush.colour import WHITE, darker, hexed, hexes, lighter, mix, ramp, turned
from providers.testing.artist.brush.outline import box
from providers.testing.artist.scenery import land, sky
from providers.testing.artist.scenery.view import View
from providers.testing.artist.subjects.look import Look
from providers.testing.artist.subjects.things import planet


def clouds(view: View) -> None:
    """Above a sea of clouds."""
    cloud_sea(view, (0.75, 0.55, 0.35, 0.12))


def cloud_sea(view: View, layers: tuple[float, ...]) -> None:
    """Layers of clouds, each at a distance of 0 (near) to 1."""
    rng = view.rng
    for far in layers:
        y = view.horizon + (1 - far) * (view.height - view.horizon)
        white, shade = mix(view.lit(WHITE), view.light.haze, far), mix(view.light.sky[1], view.light.haze, far * 0.8)
        line = land.wave(view, y, 4)
        for i in range(int(view.width / 17) + 2):
            place = view.pen.at(
                i * 17 + rng.uniform(-8, 8), y + rng.uniform(0, 5), rng.uniform(0.8, 1.7) * (1.4 - far * 0.8)
            )
            sky.cloud(place, lighter(white, 0.3), mix(white, shade, 0.42), view, 0.97)
        view.pen.shape(
            land.down(view, [(x, at + 4) for x, at in line]), Fade((mix(white, shade, 0.42), white)), blur=1.5
        )
    if view.stage == "ground":
        sky.cloud(view.pen.at(view.focus, view.ground + 9, 3), lighter(view.lit(WHITE), 0.3), view.lit(WHITE), view, 1)


def space(view: View) -> None:
    """Stars, a nebula, a planet; the ground is a moon's."""
    rng = view.rng
    hue = rng.uniform(-0.08, 0.1)
    dark, far = turned(hexed("0a0c24"), hue), turned(hexed("2a1a4a"), hue)
    view.pen.shape(
        box(-2, -2, view.width + 4, view.height + 4),
        Fade((dark, far, turned(hexed("14305a"), hue)), turn=rng.uniform(-40, 40)),
    )
    scale = view.pen.scale
    for _ in range(9):
        colour = turned(hexed("6a2f7a"), hue + rng.uniform(-0.18, 0.2))
        x = rng.uniform(0, view.width)
        y = view.height * 0.62 - (x / view.width - 0.5) * view.height * 0.5 + rng.uniform(-14, 14)
        shine(view.canvas.image, x * scale, y * scale, rng.uniform(22, 44) * scale, mix((0, 0, 0), colour, 0.62))
    for _ in range(3):
        sky.stars(view, view.height)
    worlds(view)
    if view.stage == "ground":
        _moonscape(view)


def worlds(view: View) -> None:
    """Two planets."""
    rng = view.rng
    planet(view.pen.at(view.sun[0], view.sun[1] + 9, rng.uniform(0.22, 0.36)), Look(rng))
    x = view.width - view.sun[0] + rng.uniform(-6, 6)
    small = view.pen.at(x, rng.uniform(0.3, 0.5) * view.height, rng.uniform(0.22, 0.45))
    tone = rng.choice(hexes("6ab0c8 c86a7a 8ac07a d8a05a"))
    small.oval(0, 0, 10, 10, Fade((lighter(tone, 0.3), darker(tone, 0.6)), turn=-35))


def _moonscape(view: View) -> None:
    rng = view.rng
    grey = hexed("a8a4be")
    for far, y in ((0.4, view.ground - 17), (0.0, view.ground - 10)):
        area = land.down(view, land.wave(view, y, 5))
        tone = mix(grey, hexed("3a3460"), far)
        view.pen.shape(area, Fade((lighter(tone, 0.12), darker(tone, 0.42))))
        inside = view.pen.inside(area)
        for _ in range(round(view.width / 11)):
            x, at, r = rng.uniform(0, view.width), rng.uniform(y + 3, view.height), rng.uniform(1.5, 5.5)
            inside.oval(x, at, r, r * 0.32, darker(tone, 0.45), alpha=0.75)
            inside.oval(x, at + r * 0.1, r * 0.86, r * 0.22, darker(tone, 0.2), alpha=0.8)


DREAMS = (
    hexes("ffe3c2 f9b384 ee7b6b b8507a 5f3a78 2f2a58"),
    hexes("f4f1de f2cc8f 81b29a 5f8a8b 3d5a80 293450"),
    hexes("fde8e9 e3bac6 bc9ec1 8a7ab5 596cae 2e3f77"),
    hexes("fff1d0 f6ae2d f26419 c8443a 55668a 2f4858"),
    hexes("e8f6ef a8dbc9 5fb8b0 2f8a9a 20607f 173a5e"),
    hexes("fff4e6 ffd6a5 ffadad d88ab8 9a7fd0 5a5aa0"),
)


def nowhere(view: View) -> None:
    """Bands of colour that swing across the picture, a great disc behind: for words that name nothing known."""
    rng = view.rng
    tones = rng.choice(DREAMS)
    air = (mix(tones[2], tones[0], 0.4), tones[0], lighter(tones[1], 0.3))
    view.pen.shape(box(-2, -2, view.width + 4, view.height + 4), Fade(air, turn=rng.uniform(-30, 30)))
    x, y, r = view.sun[0], view.height * rng.uniform(0.28, 0.42), rng.uniform(15, 25)
    for step in range(18) if rng.random() < 0.5 else ():
        beam = view.pen.at(x, y, turn=step * 20)
        beam.shape([(0, 0), (-24, -260), (24, -260)], lighter(tones[0], 0.5), alpha=0.3)
    for wide, alpha in ((1.9, 0.16), (1.45, 0.22)):
        view.pen.oval(x, y, r * wide, r * wide, lighter(tones[1], 0.4), alpha=alpha)
    view.pen.oval(x, y, r, r, Fade((lighter(tones[1], 0.25), tones[2]), turn=20))
    count = rng.randint(7, 10)
    for i in range(count):
        t = i / (count - 1)
        line = land.wave(view, view.height * (0.38 + t * 0.56), 27 - t * 15, rng.uniform(0.6, 1.2))
        tone = ramp(tones[1:], min(1.0, max(0.0, t + rng.uniform(-0.06, 0.06))))
        view.pen.shape(land.down(view, [(px, py - 1) for px, py in line]), darker(tone, 0.6), alpha=0.25, blur=2.5)
        view.pen.shape(
            land.down(view, line), Fade((lighter(tone, 0.2), tone, darker(tone, 0.2)), turn=rng.uniform(-25, 25))
        )
        view.pen.line(line, 0.4, lighter(tone, 0.5), alpha=0.6)
    for _ in range(rng.randint(6, 11)):
        px, py, r = rng.uniform(0, view.width), rng.uniform(0, view.height * 0.7), rng.uniform(0.5, 2.6)
        view.pen.oval(px, py, r, r, lighter(rng.choice(tones[:3]), 0.5), alpha=0.85)
