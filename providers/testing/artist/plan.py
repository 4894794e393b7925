"""What is decided before the first stroke: all that the words leave open, by the dice."""

import random
from dataclasses import dataclass

from providers.testing.artist.scene import Scene
from providers.testing.artist.scenery.light import Light, light_at
from providers.testing.artist.scenery.weather import GLOOM
from providers.testing.artist.subjects.kinds import KINDS, Kind

WATERS = frozenset({"sea", "lake"})
INDOORS = frozenset({"room", "still", "underwater", "space", "nowhere"})
"""Where nothing falls from the sky."""
OPEN_LAND = frozenset({"country", "snow", "meadow", "garden", "forest", "heights", "road", "city"})
OF_THE_NIGHT = frozenset({"moon", "star", "owl"})


@dataclass(frozen=True, slots=True)
class Plan:
    """A picture in words."""

    scene: Scene
    place: str
    season: str
    stage: str
    light: Light
    weather: frozenset[str]
    action: str


def plan(scene: Scene, rng: random.Random) -> Plan:
    """Decide what the words leave open."""
    first = next((KINDS[s.kind] for s in scene.subjects if not KINDS[s.kind].scenic), None)
    first = first or next((KINDS[s.kind] for s in scene.subjects), None)
    place = scene.place or _place(scene, first, rng)
    season = scene.season or rng.choice(("spring", "summer", "summer", "autumn"))
    if place == "snow":
        season = "winter"
    if first and first.stage == "deep" and place in WATERS:
        place = "underwater"
    if scene.style == "minimal" and place in OPEN_LAND:
        place = "calm"
    light = _light(scene, place, rng)
    action = scene.action or rng.choices(("sit", "walk", "close", "sleep"), (42, 25, 20, 13))[0]
    return Plan(scene, place, season, _stage(first, place), light, _weather(scene, place, season, light, rng), action)


def _place(scene: Scene, first: Kind | None, rng: random.Random) -> str:
    if scene.season == "winter" and (first is None or first.stage == "ground"):
        return rng.choice(("country", "country", "country", "forest", "heights"))
    if first:
        return rng.choice(first.places)
    if scene.time or scene.season or scene.weather or scene.tint:
        return rng.choice(("country", "meadow", "heights", "lake", "forest"))
    return "nowhere"


def _light(scene: Scene, place: str, rng: random.Random) -> Light:
    usual = ("dawn", "day", "day") if place == "still" else ("dawn", "day", "day", "dusk", "dusk", "night")
    time = scene.time or rng.choice(usual)
    if not scene.time and place == "space":
        time = "day"  # the sun always shines there
    elif not scene.time and (
        scene.weather & {"aurora", "fireflies"} or any(s.kind in OF_THE_NIGHT for s in scene.subjects)
    ):
        time = "night"
    light = light_at(time, rng, scene.tint)
    return light.tinted(GLOOM, 0.6) if "rain" in scene.weather else light


def _weather(scene: Scene, place: str, season: str, light: Light, rng: random.Random) -> frozenset[str]:
    more = {"aurora"} if light.dark and season == "winter" and rng.random() < 0.4 else set()
    return frozenset() if place in INDOORS else scene.weather | more


def _stage(first: Kind | None, place: str) -> str:
    if first is None or first.stage == "bust":
        return "none"
    if first.stage == "water" and place not in WATERS:
        return "ground"
    return first.stage
