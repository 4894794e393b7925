"""Options models that the tests of prompt flags read prompts by."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from bot.handlers.prompt_flags import Parsed, parse
from providers.options import Flag, Options, wrong


class Drawing(Options):
    ar: str | None = Field(
        None,
        pattern=r"^[1-9][0-9]?:[1-9][0-9]?$",
        description="width to height",
        json_schema_extra={"allowed": "W:H, 1:3 to 3:1", "examples": ["1:1", "16:9"]},
    )
    size: str | None = Field(
        None,
        pattern=r"^([124]k|\d{3,4}x\d{3,4})$",
        description="size",
        json_schema_extra={"allowed": "1k, 2k, 4k or WIDTHxHEIGHT"},
    )
    n: Annotated[int, Field(ge=1, le=15)] | Literal["auto"] = Field(
        1, description="how many", json_schema_extra={"allowed": "1–15, auto"}
    )
    scale: float = Field(0.5, ge=0, le=1, description="weight of the words")

    @model_validator(mode="after")
    def one_shape(self) -> "Drawing":
        if self.ar and self.size and "x" in self.size:
            raise wrong("--size {size} already says the shape; leave out --ar {ar}.", size=self.size, ar=self.ar)
        return self


class Painting(Options):
    seed: Literal[1, 2, 3] = Field(1, description="chance")
    style: str = Field("plain", description="manner", json_schema_extra={"allowed": "any words"})
    mood: Literal["Calm", "Wild"] = Field("Calm", description="mood")


PROVIDER = Flag("provider", "which service", "jimeng, other", ("jimeng", "other"), "jimeng")


def parsed(text: str) -> Parsed[Drawing]:
    return parse(text, Drawing, [PROVIDER])
