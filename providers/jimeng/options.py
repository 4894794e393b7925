"""The options a person may set for a Jimeng picture."""

from typing import Annotated, Literal
from unicodedata import normalize

from pydantic import Field, field_validator, model_validator

from providers.jimeng.models import MOST_TOGETHER, UPSCALED, known
from providers.jimeng.sizes import LEAST_RATIO, MOST_RATIO, allowed, parse_ratio, parse_size
from providers.options import N_, Options, wrong

_RATIOS = ["1:1", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16", "21:9"]
_TIERS = ["1k", "2k", "4k"]
MOST_SEED = 2**31 - 1
_SIZES = N_("1k, 2k, 4k, or WxH with 1024×1024 to 4096×4096 pixels in total")


class JimengOptions(Options):
    """The flags of Jimeng. Without `ar` and `size` the model chooses the ratio, at 2K."""

    ar: str | None = Field(
        None,
        description=N_("the picture's shape (width:height)"),
        json_schema_extra={"allowed": N_("1:3 to 3:1, e.g. 16:9"), "examples": list(_RATIOS)},
    )
    size: str | None = Field(
        None, description=N_("the picture's size"), json_schema_extra={"allowed": _SIZES, "examples": list(_TIERS)}
    )
    n: Annotated[int, Field(ge=1, le=MOST_TOGETHER)] | Literal["auto"] = Field(
        1,
        description=N_("how many pictures"),
        json_schema_extra={"allowed": N_("1–15, or auto (the prompt decides)"), "examples": ["1", "2", "4", "auto"]},
    )
    scale: float = Field(
        0.5,
        ge=0,
        le=1,
        description=N_("closer to the photos or to the prompt"),
        json_schema_extra={"allowed": N_("0 (photos) to 1 (prompt)")},
        allow_inf_nan=False,
    )
    seed: int | None = Field(
        None,
        ge=0,
        le=MOST_SEED,
        description=N_("the same number and words make nearly the same picture"),
        json_schema_extra={"allowed": N_("0 to 2147483647; unset: random")},
    )
    model: Literal["4.0", "4.6", "3.1", "3.0"] = Field(
        "4.0", description=N_("which model (4.6 is better at portraits and design)")
    )

    @field_validator("ar")
    @classmethod
    def _a_ratio(cls, value: str | None) -> str | None:
        """Check the ratio and write it in plain characters: "16:9"."""
        if value is None:
            return None
        value = normalize("NFKC", value)
        ratio = parse_ratio(value)
        if ratio is None:
            raise wrong("--ar takes a shape like 16:9, not {value}.", value=value)
        if not LEAST_RATIO <= ratio <= MOST_RATIO:
            raise wrong("--ar {value} is too extreme: use anything from 1:3 to 3:1.", value=value)
        return "".join(value.split()).replace("/", ":")

    @field_validator("size")
    @classmethod
    def _a_size(cls, value: str | None) -> str | None:
        """Check the size and write it in plain characters: a tier, or "2048x1152"."""
        if value is None:
            return None
        value = normalize("NFKC", value).strip().lower()
        if value in _TIERS or value == UPSCALED:
            return value
        size = parse_size(value)
        if size is None:
            raise wrong("--size takes 1k, 2k, 4k or a size like 2048x1152, not {value}.", value=value)
        return f"{size[0]}x{size[1]}"

    @model_validator(mode="after")
    def _one_shape(self) -> "JimengOptions":
        if self.ar and self.size and self.size not in _TIERS:
            raise wrong(
                "--ar {ar} and --size {size} both set the shape. Leave one of them out.", ar=self.ar, size=self.size
            )
        return self

    @model_validator(mode="after")
    def _a_size_of_the_model(self) -> "JimengOptions":
        """Check the size against the bounds of the model."""
        model = known(self.model)
        if self.size is None or self.size == UPSCALED or self.size in model.sizes:
            return self
        size = parse_size(self.size)
        if size and allowed(model, size):
            return self
        if model.picks_shape:
            raise wrong(
                "--size {value} won't work: use 1024×1024 to 4096×4096 pixels in total, and a shape from 1:3 to 3:1.",
                value=self.size,
            )
        raise wrong(
            "{model} can't do --size {value}: use 512×512 to 2048×2048 pixels in total, and a shape from 1:3 to 3:1.",
            model=model.called,
            value=self.size,
        )
