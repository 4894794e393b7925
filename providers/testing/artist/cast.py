"""The subjects of a picture, and where they stand."""

from dataclasses import replace

from PIL import ImageFilter

from providers.testing.artist.brush.colour import darker
from providers.testing.artist.plan import INDOORS, WATERS, Plan
from providers.testing.artist.scene import Subject
from providers.testing.artist.scenery.land import GROUND
from providers.testing.artist.scenery.view import View
from providers.testing.artist.stage import kindle, put
from providers.testing.artist.subjects.beasts import BEASTS
from providers.testing.artist.subjects.kinds import KINDS
from providers.testing.artist.subjects.look import Look

SHARES = (1.0, 0.8, 0.66, 0.56, 0.5, 0.45)
"""How large each is when there are one, two, three..."""


def cast(view: View, planned: Plan, share: float = 1.0) -> None:
    """Paint all subjects: scenic ones behind, the others side by side. `share` 1 is the usual size."""
    subjects = planned.scene.subjects
    behind = [s for s in subjects if KINDS[s.kind].scenic]
    before = [s for s in subjects if not KINDS[s.kind].scenic]
    if not before:
        before, behind = behind, []
    side = 1 if view.focus < view.width / 2 else -1
    for i, subject in enumerate(behind):
        x = view.focus + side * (min(view.width, 130) * 0.3 + i * 24)
        _one(view, planned, subject, (x, view.ground - 11), 0.78 * share, veil=0.08)
    each = [subject for subject in before for _ in range(subject.count)][: len(SHARES)]
    alone = len(each) == 1 and not behind and share == 1
    if alone and planned.action == "close" and each[0].kind in BEASTS:
        _close_up(view, each[0])
    else:
        _side_by_side(view, planned, each, share)


def _side_by_side(view: View, planned: Plan, each: list[Subject], share: float) -> None:
    if not each:
        return
    rng, count = view.rng, len(each)
    share *= SHARES[count - 1]
    room = min(view.width / (count + 0.4), 46)
    xs = [view.focus + (i - (count - 1) / 2) * room for i in range(count)]
    shift = max(0.0, room / 2 - min(xs)) - max(0.0, max(xs) + room / 2 - view.width)
    spots = [(x + shift, view.ground + (rng.uniform(-5, 2) if count > 1 else 0.0)) for x in xs]
    for subject, spot in sorted(zip(each, spots, strict=True), key=lambda pair: pair[1][1]):
        _one(view, planned, subject, spot, share * rng.uniform(0.92, 1.05), solo=count == 1)


def _one(
    view: View, planned: Plan, subject: Subject, at: tuple[float, float], share: float,
    *, solo: bool = False, veil: float = 0.0,
) -> None:  # fmt: skip
    kind, rng = KINDS[subject.kind], view.rng
    tall = min(1.3, (view.height / view.width) ** 0.4) if view.height > view.width else 1.0
    scale = kind.size * share * tall * rng.uniform(0.94, 1.04)
    x, y = at
    flip = rng.random() < 0.5
    beast, half = subject.kind in BEASTS, kind.half
    if beast:  # their tails: the whole animal is to be in the middle
        scale, aside, half = {"walk": (scale * 0.85, 17, 86), "sleep": (scale, 0, 46)}.get(
            planned.action, (scale, -12, half)
        )
        x += aside * scale * (-1 if flip else 1)
    if solo:
        x = min(max(x, half * scale), max(view.width - half * scale, view.width / 2))
    floats = _floats(subject, planned)
    y = _height(view, planned, subject, y, scale)
    if beast and solo and _soft_ground(view, planned):
        _tracks(view, x, y, flip=flip)
    look = Look(rng, subject.colour, planned.action if beast else planned.scene.action, view.light.dark)
    turn = rng.uniform(-8, 8) if floats else 0.0
    pen = view.pen.at(x, y, scale, flip=flip and kind.stage != "bust", turn=turn)
    put(view, (x, y), lambda on: kind.draw(on, look), pen, shadow=kind.stage == "ground", veil=veil)


def _floats(subject: Subject, planned: Plan) -> bool:
    stage = KINDS[subject.kind].stage
    out_of_water = stage == "water" and planned.place not in WATERS and subject.kind != "boat"
    return stage in {"air", "deep"} or out_of_water


def _height(view: View, planned: Plan, subject: Subject, y: float, scale: float) -> float:
    """How far down its feet are."""
    if KINDS[subject.kind].stage == "bust":
        return view.height + 2
    if _floats(subject, planned):
        return view.height * view.rng.uniform(0.48, 0.6) + scale * 50
    return y + 3 if KINDS[subject.kind].stage == "water" else y


def _soft_ground(view: View, planned: Plan) -> bool:
    return planned.place not in INDOORS and (view.season == "winter" or planned.place in {"desert", "sea"})


def _tracks(view: View, x: float, y: float, *, flip: bool) -> None:
    """Footprints, from the far side of the ground to the subject."""
    side = 1 if flip else -1
    sunk = darker(view.lit(GROUND["winter" if view.season == "winter" else "autumn"][1]), 0.3)
    for step in range(1, 15):
        t = step / 15
        size = 1.25 - t * 0.75
        px, py = x + side * (10 + 52 * t**1.25), y - 1 - 13 * t + (1.1 if step % 2 else -1.1) * size
        view.pen.oval(px, py, 1.5 * size, 0.62 * size, sunk, alpha=0.55, turn=side * 12)


def _close_up(view: View, subject: Subject) -> None:
    """The head fills the picture; all behind it is out of focus."""
    canvas, rng = view.canvas, view.rng
    kindle(canvas)
    canvas.image = canvas.image.filter(ImageFilter.GaussianBlur(view.pen.scale * 0.9))
    scale = rng.uniform(0.94, 1.06)
    at = (view.width / 2 + (view.focus - view.width / 2) * 0.5, view.height * 0.6 + 71 * scale)
    look = Look(rng, subject.colour, "close", view.light.dark)
    pen = view.pen.at(*at, scale, flip=rng.random() < 0.5)
    put(view, at, lambda on: KINDS[subject.kind].draw(on, look), pen, shadow=False)


def smaller(planned: Plan) -> Plan:
    """The same picture with its subjects whole: no close-ups."""
    return replace(planned, action="sit") if planned.action == "close" else planned
