"""What is laid over references that have become the scene: water, woods, stars; the prompt's setting."""

from collections.abc import Callable

from PIL import Image, ImageChops

from providers.testing.artist.brush.canvas import Fade, shine
from providers.testing.artist.brush.colour import WHITE, hexed, lighter, mix
from providers.testing.artist.plan import Plan
from providers.testing.artist.scenery import aloft, built, places, sky, waters
from providers.testing.artist.scenery.view import View
from providers.testing.artist.scenery.weather import bubbles, fireflies, leaves, petals, snow


def graded(view: View, planned: Plan) -> None:
    """The hour's light on what is there; snow takes some of its colour, a named colour gives some."""
    scene, image = planned.scene, view.canvas.image
    if scene.time or view.light.dark:
        tone = mix(view.light.ambient, WHITE, 0.3)
        gradient = Fade((mix(tone, view.light.sky[0], 0.16), tone, mix(tone, view.light.sky[-1], 0.3)))
        whole = (0, 0, image.width, image.height)
        image = ImageChops.multiply(image, gradient.render(whole, whole))
    if scene.tint:
        image = Image.blend(
            image, ImageChops.multiply(image, Image.new("RGB", image.size, lighter(scene.tint, 0.35))), 0.5
        )
    if view.season == "winter":
        image = ImageChops.screen(image, Image.new("RGB", image.size, (22, 28, 38)))
    view.canvas.image = image
    if not view.light.dark:
        x, y = view.sun
        glow = mix((0, 0, 0), view.light.disc, 0.3)
        shine(image, x * view.pen.scale, y * view.pen.scale, 48 * view.pen.scale, glow)


def something_in_the_air(view: View) -> None:
    """The words name nothing known: what the dice find pretty."""
    kind = view.rng.choice((petals, leaves, fireflies, bubbles, snow))
    kind(view, near=False)
    kind(view, near=True)


def nothing(view: View) -> None:
    """Leave the reference as it is."""


def _waterside(view: View) -> None:
    waters.water(view)
    if view.stage == "ground":
        waters.beach(view)


def _meadow(view: View) -> None:
    places.floor(view)
    places.flowers(view, round(min(view.width, 150) * 0.5))


def _wooded(view: View) -> None:
    sky.mist(view, view.ground - 14, 14, 0.3)
    places.floor(view)
    places.frame_trees(view, "mixed")


def _pines(view: View) -> None:
    sky.mist(view, view.ground - 14, 14, 0.3)
    places.floor(view)
    places.frame_trees(view, "pine")


def _dunes(view: View) -> None:
    places.dune(view, view.ground - 18, 6, 0.15)
    places.dune(view, view.ground - 10, 6, 0.0)


def _city(view: View) -> None:
    built.blocks(view, view.ground - 6, 26, 0.1)
    places.floor(view)


def _starry(view: View) -> None:
    image = view.canvas.image
    deep = Fade((hexed("5a4a9a"), hexed("9a7ac8"), hexed("c8b8f0")))
    whole = (0, 0, image.width, image.height)
    view.canvas.image = ImageChops.multiply(image, deep.render(whole, whole))
    sky.stars(view, view.height)
    aloft.worlds(view)


def _drowned(view: View) -> None:
    image = view.canvas.image
    sea = Fade((hexed("d0fff8"), hexed("8fd8ec"), hexed("5aa0d0")))
    whole = (0, 0, image.width, image.height)
    view.canvas.image = ImageChops.multiply(image, sea.render(whole, whole))
    waters.seabed(view)


def _clouded(view: View) -> None:
    aloft.cloud_sea(view, (0.35, 0.12))


OVER: dict[str, Callable[[View], None]] = {
    "sea": _waterside, "lake": _waterside, "meadow": _meadow, "garden": _meadow, "country": _meadow, "snow": _pines,
    "forest": _wooded, "heights": _pines, "desert": _dunes, "city": _city, "road": places.floor, "space": _starry,
    "underwater": _drowned, "clouds": _clouded, "room": built.window_frame,
}  # fmt: skip
