"""The settings of `[providers.replicate]`, and the options a person may set for a picture."""

from typing import Literal

from pydantic import Field, SecretStr

from providers.base import Address, ProviderSettings
from providers.options import N_, Options

MODELS = ("google/nano-banana", "black-forest-labs/flux-dev", "black-forest-labs/flux-schnell")


class ReplicateSettings(ProviderSettings):
    """The account, and the models to choose from."""

    token: SecretStr = Field(
        min_length=1,
        description="the account's token",
        json_schema_extra={"how": "create a token at replicate.com (Account → API tokens)"},
    )
    endpoint: Address = Field("https://api.replicate.com/v1", description="where the API is")
    models: tuple[str, ...] = Field(MODELS, min_length=1, description="what people may choose from, the default first")
    references_as: str = Field("image_input", description="the input of the models that takes a list of references")
    concurrency: int = Field(4, ge=1, description="tasks the account may run at once")


class ReplicateOptions(Options):
    """The flags of Replicate."""

    ar: Literal["1:1", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16", "21:9"] = Field(
        "1:1", description=N_("the picture's shape (width:height)")
    )
    n: int = Field(1, ge=1, le=4, description=N_("how many pictures"))
    model: str = Field(MODELS[0], description=N_("which model"), json_schema_extra={"examples": list(MODELS)})
