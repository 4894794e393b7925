"""The settings of `[providers.replicate]`, and the options a person may set for a picture."""

from typing import Literal

from pydantic import Field, SecretStr

from providers.base import Address, ProviderSettings
from providers.options import N_, Options
from providers.replicate.models import DEFAULTS
from providers.shapes import Shape


class ReplicateSettings(ProviderSettings):
    """The account, and the models to choose from."""

    token: SecretStr = Field(
        min_length=1,
        description="the account's token",
        json_schema_extra={"how": "create a token at replicate.com (Account → API tokens)"},
    )
    endpoint: Address = Field("https://api.replicate.com/v1", description="where the API is")
    models: tuple[str, ...] = Field(
        DEFAULTS, min_length=1, description="what people may choose from, the default first"
    )
    references_as: str = Field(
        "image_input",
        min_length=1,
        description="the input for references, of models that the bot doesn't know",
    )
    concurrency: int = Field(4, ge=1, description="tasks the account may run at once")


class ReplicateOptions(Options):
    """The flags of Replicate. Without `ar` a picture keeps the first reference's shape, or the model chooses it."""

    ar: Shape = Field("auto", description=N_("the picture's shape (width:height)"))
    size: Literal["auto", "1k", "2k", "3k", "4k"] = Field("auto", description=N_("the picture's size"))
    n: int = Field(1, ge=1, le=4, description=N_("how many pictures"))
    model: str = Field(DEFAULTS[0], description=N_("which model"), json_schema_extra={"examples": list(DEFAULTS)})
