"""The settings of `[providers.fal]`, and the options a person may set for a picture."""

from typing import Literal

from pydantic import Field, SecretStr

from providers.base import Address, ProviderSettings
from providers.fal.models import DEFAULTS
from providers.options import N_, Options
from providers.shapes import Shape


class FalSettings(ProviderSettings):
    """The account, and the apps to choose from."""

    key: SecretStr = Field(
        min_length=1,
        description="the account's key",
        json_schema_extra={"how": "create a key at fal.ai (Dashboard → Keys)"},
    )
    endpoint: Address = Field("https://queue.fal.run", description="where the queue is")
    catalogue: Address = Field(
        "https://api.fal.ai/v1", description="where `check` looks the apps up, without the account's key"
    )
    models: tuple[str, ...] = Field(DEFAULTS, min_length=1, description="the apps to choose from, the default first")
    edit_model: str = Field(
        "google/nano-banana-2.1/edit",
        min_length=1,
        description="the app that takes the references of those that draw from words alone (`image_urls`)",
    )
    concurrency: int = Field(2, ge=1, description="tasks the account may run at once")


class FalOptions(Options):
    """The flags of fal. Without `ar` a picture keeps the shape of the first reference, or the app chooses it."""

    ar: Shape = Field("auto", description=N_("the picture's shape (width:height)"))
    size: Literal["auto", "1k", "2k", "4k"] = Field("auto", description=N_("the picture's size"))
    n: int = Field(1, ge=1, le=4, description=N_("how many pictures"))
    seed: int | None = Field(None, ge=0, le=2147483647, description=N_("the same number gives a similar picture"))
    model: str = Field(DEFAULTS[0], description=N_("which model"), json_schema_extra={"examples": list(DEFAULTS)})
