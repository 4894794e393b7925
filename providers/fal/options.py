"""The settings of `[providers.fal]`, and the options a person may set for a picture."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, SecretStr

from providers.base import Address, ProviderSettings
from providers.options import N_, Options

MODELS = ("fal-ai/flux/dev", "fal-ai/flux/schnell", "fal-ai/qwen-image")
SIZES: Mapping[str, str] = {
    "1:1": "square_hd",
    "4:3": "landscape_4_3",
    "3:4": "portrait_4_3",
    "16:9": "landscape_16_9",
    "9:16": "portrait_16_9",
}


class FalSettings(ProviderSettings):
    """The account, and the apps to choose from."""

    key: SecretStr = Field(
        min_length=1,
        description="the account's key",
        json_schema_extra={"how": "create a key at fal.ai (Dashboard → Keys)"},
    )
    endpoint: Address = Field("https://queue.fal.run", description="where the queue is")
    models: tuple[str, ...] = Field(MODELS, min_length=1, description="the apps to choose from, the default first")
    edit_model: str = Field("fal-ai/nano-banana/edit", description="the app that takes references (`image_urls`)")
    concurrency: int = Field(2, ge=1, description="tasks the account may run at once")


class FalOptions(Options):
    """The flags of fal."""

    ar: Literal["1:1", "4:3", "3:4", "16:9", "9:16"] = Field(
        "1:1", description=N_("the picture's shape (width:height)")
    )
    n: int = Field(1, ge=1, le=4, description=N_("how many pictures"))
    seed: int | None = Field(None, ge=0, le=2147483647, description=N_("the same number gives a similar picture"))
    model: str = Field(MODELS[0], description=N_("which model"), json_schema_extra={"examples": list(MODELS)})
