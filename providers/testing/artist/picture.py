"""A picture of a scene, layer by layer."""

import random

from providers.testing.artist.brush.canvas import Canvas, Fade
from providers.testing.artist.brush.colour import lighter
from providers.testing.artist.brush.outline import oval
from providers.testing.artist.cast import cast
from providers.testing.artist.plan import INDOORS, WATERS, Plan, plan
from providers.testing.artist.scene import Scene
from providers.testing.artist.scenery import aloft, built, places, sky, waters
from providers.testing.artist.scenery.land import GROUND
from providers.testing.artist.scenery.view import View
from providers.testing.artist.scenery.weather import WEATHERS
from providers.testing.artist.stage import kindle

PLACES = {
    "country": places.country, "snow": places.country, "meadow": places.meadow, "garden": places.garden,
    "forest": places.forest, "heights": places.heights, "desert": places.desert, "city": built.city,
    "road": built.road, "room": built.room, "still": built.still, "calm": built.calm, "sea": waters.sea,
    "lake": waters.lake, "underwater": waters.underwater, "clouds": aloft.clouds, "space": aloft.space,
    "nowhere": aloft.nowhere,
}  # fmt: skip


def paint(scene: Scene, canvas: Canvas, rng: random.Random) -> None:
    """Paint the scene, without its style, over the whole canvas."""
    planned = plan(scene, rng)
    view = View.of(canvas, planned.light, planned.season, planned.stage, rng)
    backdrop(view, planned)
    cast(view, planned)
    front(view, planned)


def backdrop(view: View, planned: Plan) -> None:
    """All that lies behind the subject."""
    sun = all(subject.kind != "moon" for subject in planned.scene.subjects)
    sky.sky(view, planned.weather, clouds=planned.place not in INDOORS | {"calm"}, sun=sun)
    PLACES[planned.place](view)
    for kind in sorted(planned.weather):
        WEATHERS[kind](view, near=False)


def front(view: View, planned: Plan) -> None:
    """All that lies before the subject."""
    if planned.place in WATERS and planned.stage == "water":
        waters.swell(view)
    if planned.place in {"country", "snow", "meadow", "garden", "forest", "heights"}:
        _near_ground(view)
    for kind in sorted(planned.weather):
        WEATHERS[kind](view, near=True)
    kindle(view.canvas)


def _near_ground(view: View) -> None:
    """Out of focus, right before our feet."""
    ground = view.lit(GROUND[view.season][0])
    for x in (view.rng.uniform(-0.1, 0.2), view.rng.uniform(0.8, 1.1)):
        shape = oval(x * view.width, view.height + 6, view.rng.uniform(26, 40), view.rng.uniform(10, 14))
        view.pen.shape(shape, Fade((lighter(ground, 0.2), ground)), alpha=0.9, blur=2.2)
