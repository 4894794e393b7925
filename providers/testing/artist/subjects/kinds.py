"""All kinds of subjects: how each is drawn, how large, where it lives."""

from collections.abc import Callable
from dataclasses import dataclass

from providers.testing.artist.brush.canvas import Pen
from providers.testing.artist.brush.colour import hexed, hexes
from providers.testing.artist.scenery import plants
from providers.testing.artist.scenery.light import Tint
from providers.testing.artist.subjects import birds, buildings, figures, poses, swimmers, things, vehicles
from providers.testing.artist.subjects.beasts import BEASTS
from providers.testing.artist.subjects.look import Look


@dataclass(frozen=True, slots=True)
class Kind:
    """`size`: of its 100 units, against the picture's shorter side. `stage`: what it needs ("ground", "water", "deep",
    "air", or "bust": the lower edge). `places`: where it is shown if the prompt doesn't say. `scenic`: stands behind
    other subjects. `half`: how far it reaches to either side.
    """

    draw: Callable[[Pen, Look], None]
    size: float
    stage: str
    places: tuple[str, ...]
    scenic: bool = False
    half: float = 48


def _beast(name: str) -> Callable[[Pen, Look], None]:
    def draw(pen: Pen, look: Look) -> None:
        beast = BEASTS[name].dyed(look.colour) if look.colour else BEASTS[name]
        tilt = look.rng.uniform(-7, 7)
        if look.action == "walk":
            poses.walking(pen, beast, tilt)
        elif look.action == "sleep":
            poses.asleep(pen, beast, tilt)
        else:
            poses.seated(pen, beast, tilt, wrapped=look.action == "close" or look.rng.random() < 0.4)

    return draw


def _tree(pen: Pen, look: Look) -> None:
    season = look.rng.choice(("spring", "summer", "autumn")) if look.colour is None else "summer"
    tint = Tint(look.colour or (255, 255, 255), (255, 255, 255))
    plants.tree(pen, 105, season, tint, look.rng)


def _flower(pen: Pen, look: Look) -> None:
    plants.great_flower(pen, look.pick(*hexes("e8506a f0a03a b06ad0 f28ab0"), hexed("f4f0fa")), look.rng)


LAND = ("country", "meadow", "forest")
SHELF = ("room", "still")
KINDS: dict[str, Kind] = {
    **{name: Kind(_beast(name), 0.57, "ground", LAND, half=58) for name in BEASTS},
    "polar": Kind(_beast("polar"), 0.6, "ground", ("snow",), half=58),
    "dragon": Kind(_beast("dragon"), 0.58, "ground", ("heights", "country"), half=72),
    "bird": Kind(birds.bird, 0.42, "air", ("country", "meadow", "forest")),
    "owl": Kind(birds.owl, 0.5, "ground", ("forest",)),
    "penguin": Kind(birds.penguin, 0.52, "ground", ("snow",)),
    "butterfly": Kind(birds.butterfly, 0.42, "air", ("meadow", "garden")),
    "fish": Kind(swimmers.fish, 0.5, "deep", ("underwater",), half=74),
    "jellyfish": Kind(swimmers.jellyfish, 0.55, "deep", ("underwater",)),
    "turtle": Kind(swimmers.turtle, 0.48, "ground", ("sea",), half=76),
    "whale": Kind(swimmers.whale, 0.5, "water", ("sea",), half=104),
    "dolphin": Kind(swimmers.dolphin, 0.5, "water", ("sea",), half=84),
    "snowman": Kind(figures.snowman, 0.56, "ground", ("snow",)),
    "robot": Kind(figures.robot, 0.58, "ground", ("city", "country", "garden")),
    "astronaut": Kind(figures.astronaut, 0.52, "air", ("space",)),
    "person": Kind(figures.person, 0.78, "bust", ("meadow", "garden", "sea", "city")),
    "house": Kind(buildings.house, 0.5, "ground", ("country", "meadow"), scenic=True),
    "castle": Kind(buildings.castle, 0.62, "ground", ("heights", "country"), scenic=True),
    "lighthouse": Kind(buildings.lighthouse, 0.6, "ground", ("sea",), scenic=True),
    "pagoda": Kind(buildings.pagoda, 0.6, "ground", ("heights", "lake", "garden"), scenic=True),
    "windmill": Kind(buildings.windmill, 0.58, "ground", ("meadow",), scenic=True),
    "mushroom": Kind(buildings.mushroom, 0.5, "ground", ("forest",), scenic=True),
    "tree": Kind(_tree, 0.68, "ground", ("meadow", "country"), scenic=True),
    "flower": Kind(_flower, 0.66, "ground", ("garden", "meadow"), scenic=True),
    "boat": Kind(vehicles.boat, 0.48, "water", ("sea", "lake")),
    "rocket": Kind(vehicles.rocket, 0.54, "air", ("space",)),
    "car": Kind(vehicles.car, 0.5, "ground", ("road",), half=70),
    "balloon": Kind(vehicles.balloon, 0.5, "air", ("heights", "clouds", "country")),
    "cup": Kind(things.cup, 0.5, "ground", ("room",)),
    "umbrella": Kind(things.umbrella, 0.56, "ground", ("garden", "city")),
    "fruit": Kind(things.fruit, 0.46, "ground", SHELF),
    "heart": Kind(things.heart, 0.5, "air", ("clouds", "still")),
    "star": Kind(things.star, 0.46, "air", ("clouds", "space")),
    "planet": Kind(things.planet, 0.56, "air", ("space",)),
    "moon": Kind(things.moon, 0.46, "air", ("clouds", "heights", "sea")),
}
