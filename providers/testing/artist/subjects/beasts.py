"""The four-legged animals the artist knows: what sets one kind apart from another."""

import math
from dataclasses import dataclass, replace

from providers.testing.artist.brush.colour import Colour, darker, hexed, lighter, mix, turned


@dataclass(frozen=True, slots=True)
class Beast:
    """A kind of animal: its colours and the names of its parts (see `heads` and `poses`)."""

    face: str
    ears: str
    tail: str
    fur: Colour = (226, 112, 58)
    light: Colour = (255, 243, 226)
    dark: Colour = (74, 42, 38)
    inner: Colour = (240, 176, 150)
    nose: Colour = (42, 29, 34)
    iris: Colour = (154, 90, 32)
    socks: bool = False
    bib: bool = False
    marks: tuple[str, ...] = ()
    build: float = 1.0
    """How stout its body is."""

    @property
    def shade(self) -> Colour:
        """The fur where no light falls."""
        return mix(self.fur, hexed("5a2352"), 0.36)

    @property
    def glow(self) -> Colour:
        """The fur in the light."""
        return mix(self.fur, hexed("ffe0b0"), 0.27)

    @property
    def dusk(self) -> Colour:
        """Its light parts where no light falls."""
        return mix(self.light, hexed("b9a9cc"), 0.65)

    def dyed(self, colour: Colour) -> "Beast":
        """The same animal with fur of another colour; one that it has anyway only grows stronger."""
        if math.dist(colour, self.fur) < 75:
            return replace(self, fur=mix(self.fur, colour, 0.4))
        if min(colour) > 215:
            return replace(
                self, fur=mix(colour, hexed("e4e4f2"), 0.5), light=hexed("ffffff"), dark=mix(self.dark, colour, 0.35)
            )
        return replace(
            self, fur=colour, light=lighter(mix(self.light, colour, 0.12), 0.15),
            dark=darker(colour, 0.72), iris=turned(colour, 0.45, 0.8, 0.75),
        )  # fmt: skip


BEASTS = {
    "fox": Beast("fox", "pointed", "brush", socks=True, bib=True, marks=("mask",)),
    "wolf": Beast(
        "fox", "pointed", "brush", fur=hexed("7d8798"), light=hexed("f1f1f4"), dark=hexed("3a404e"),
        inner=hexed("c9b3b0"), iris=hexed("e0b040"), bib=True, marks=("mask",), build=1.08,
    ),
    "cat": Beast(
        "cat", "short", "thin", fur=hexed("e6a55a"), light=hexed("fff6e6"), dark=hexed("9a5528"),
        inner=hexed("f4b8ac"), nose=hexed("d9787c"), iris=hexed("6fa04a"), bib=True, marks=("puffs", "tabby"),
        build=0.92,
    ),
    "tiger": Beast(
        "cat", "round", "thin", fur=hexed("ee8b35"), light=hexed("fff6e6"), dark=hexed("3b2420"),
        nose=hexed("c8666c"), iris=hexed("c99a2c"), bib=True, marks=("puffs", "brows", "tabby", "stripes"), build=1.12,
    ),
    "lion": Beast(
        "cat", "round", "tuft", fur=hexed("e9b45c"), light=hexed("fff1d6"), dark=hexed("8a4a22"),
        nose=hexed("7a4038"), iris=hexed("a8681e"), marks=("mane", "puffs"), build=1.12,
    ),
    "dog": Beast(
        "dog", "floppy", "curl", fur=hexed("c98d54"), light=hexed("fff4e4"), dark=hexed("6a3f28"),
        iris=hexed("6a3d1c"), bib=True, marks=("blaze", "muzzle", "tongue"),
    ),
    "bear": Beast(
        "bear", "round", "puff", fur=hexed("8a5a3c"), light=hexed("e8c8a0"), dark=hexed("4a2d20"),
        inner=hexed("c98f6c"), iris=hexed("4a2a14"), marks=("muzzle",), build=1.3,
    ),
    "polar": Beast(
        "bear", "round", "puff", fur=hexed("eef0f4"), light=hexed("ffffff"), dark=hexed("9aa4b8"),
        inner=hexed("d9c3c4"), iris=hexed("3a3038"), marks=("muzzle",), build=1.3,
    ),
    "panda": Beast(
        "bear", "round", "puff", fur=hexed("f4f1ee"), light=hexed("ffffff"), dark=hexed("2c2a34"),
        inner=hexed("4a4854"), iris=hexed("3a2a24"), socks=True, marks=("patches", "muzzle"), build=1.28,
    ),
    "rabbit": Beast(
        "rabbit", "tall", "puff", fur=hexed("c7a98c"), light=hexed("fffaf2"), dark=hexed("8a6a54"),
        inner=hexed("f2b6b0"), nose=hexed("d8868a"), iris=hexed("5a3524"), bib=True, marks=("puffs", "teeth"),
    ),
    "mouse": Beast(
        "rabbit", "wide", "thin", fur=hexed("a7a3ae"), light=hexed("f6f2f4"), dark=hexed("6a6674"),
        inner=hexed("f0b4b4"), nose=hexed("d8868a"), iris=hexed("3a2a34"), marks=("puffs", "teeth"), build=0.95,
    ),
    "deer": Beast(
        "dog", "leaf", "puff", fur=hexed("b9783f"), light=hexed("fff0da"), dark=hexed("5c3824"),
        iris=hexed("4a2c18"), bib=True, marks=("antlers", "muzzle", "spots"), build=0.95,
    ),
    "dragon": Beast(
        "dragon", "fins", "spiked", fur=hexed("4fa878"), light=hexed("f6e7b4"), dark=hexed("22604f"),
        inner=hexed("f0b060"), nose=hexed("22604f"), iris=hexed("e8b030"), build=1.1,
        marks=("horns", "nostrils", "wings", "scales"),
    ),
}  # fmt: skip
