"""The options a person may set for a Jimeng picture."""

from typing import Annotated, Literal
from unicodedata import normalize

from pydantic import Field, field_validator, model_validator

from providers.jimeng.models import SIDES
from providers.jimeng.sizes import LEAST_RATIO, MOST_RATIO, allowed, parse_ratio, parse_size
from providers.options import N_, Options, wrong

MOST_TOGETHER = 15
"""The most references and pictures of one request (document: output count at most 15 − references)."""

_RATIOS = ["1:1", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16", "21:9"]
_SIZES = N_("1k, 2k, 4k, or WxH with 1024×1024 to 4096×4096 pixels in total")


class JimengOptions(Options):
    """The flags of Jimeng. Without `ar` and `size` the model chooses the ratio, at 2K."""

    ar: str | None = Field(
        None,
        description=N_("the picture's shape (width:height)"),
        json_schema_extra={"allowed": N_("1:3 to 3:1, e.g. 16:9"), "examples": list(_RATIOS)},
    )
    size: str | None = Field(
        None, description=N_("the picture's size"), json_schema_extra={"allowed": _SIZES, "examples": list(SIDES)}
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
    model: Literal["4.0", "4.6"] = Field("4.0", description=N_("which model (4.6 is better at portraits and design)"))

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
        """Check the size: a tier, or "2048x1152" within the service's bounds."""
        if value is None:
            return None
        value = normalize("NFKC", value).strip().lower()
        if value in SIDES:
            return value
        size = parse_size(value)
        if size is None:
            raise wrong("--size takes 1k, 2k, 4k or a size like 2048x1152, not {value}.", value=value)
        if not allowed(size):
            raise wrong(
                "--size {value} won't work: use 1024×1024 to 4096×4096 pixels in total, and a shape from 1:3 to 3:1.",
                value=value,
            )
        return f"{size[0]}x{size[1]}"

    @model_validator(mode="after")
    def _one_shape(self) -> "JimengOptions":
        if self.ar and self.size and self.size not in SIDES:
            raise wrong(
                "--ar {ar} and --size {size} both set the shape. Leave one of them out.", ar=self.ar, size=self.size
            )
        return self
