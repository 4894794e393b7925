"""How a subject is to look, apart from where it stands."""

import random
from dataclasses import dataclass

from providers.testing.artist.brush.colour import Colour


@dataclass(frozen=True, slots=True)
class Look:
    """`colour`: named in the prompt; `action`: sit, walk, sleep, fly or "" for any; `dark`: windows are lit."""

    rng: random.Random
    colour: Colour | None = None
    action: str = ""
    dark: bool = False

    def pick(self, *colours: Colour) -> Colour:
        """The colour asked for, else one of these."""
        return self.colour or self.rng.choice(colours)
