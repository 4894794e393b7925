"""The settings of `[providers.openrouter]`, and the options a person may set for a picture."""

from typing import Literal

from pydantic import Field, SecretStr

from providers.base import Address, ProviderSettings
from providers.openrouter.models import MODELS
from providers.options import N_, Options


class OpenRouterSettings(ProviderSettings):
    """The account, and the models to choose from: any that OpenRouter has."""

    api_key: SecretStr = Field(
        min_length=1,
        description="the account's key",
        json_schema_extra={"how": "create an API key at openrouter.ai/keys"},
    )
    endpoint: Address = Field("https://openrouter.ai/api/v1", description="where the API is")
    models: tuple[str, ...] = Field(
        MODELS.current, min_length=1, description="what people may choose from, the default first"
    )
    concurrency: int = Field(4, ge=1, description="tasks the account may run at once")
    time_limit: float = Field(300, gt=0, description="seconds an answer is waited for")


class OpenRouterOptions(Options):
    """The flags of OpenRouter. Without `ar` the model chooses the shape."""

    ar: Literal[
        "auto", "1:1", "3:2", "2:3", "4:3", "3:4", "5:4", "4:5", "16:9", "9:16", "21:9", "1:4", "4:1", "1:8", "8:1"
    ] = Field("auto", description=N_("the picture's shape (width:height)"))
    size: Literal["auto", "1k", "2k", "4k"] = Field("auto", description=N_("the picture's size"))
    n: int = Field(1, ge=1, le=4, description=N_("how many pictures"))
    model: str = Field(
        MODELS.current[0], description=N_("which model"), json_schema_extra={"examples": list(MODELS.current)}
    )
