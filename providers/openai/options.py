"""The settings of `[providers.openai]`, and the options a person may set for a picture."""

from typing import Literal

from pydantic import Field, SecretStr

from providers.base import Address, ProviderSettings
from providers.options import N_, Options

MODELS = ("gpt-image-1.5", "gpt-image-1", "gpt-image-1-mini")
SIZES = {"auto": "auto", "1:1": "1024x1024", "3:2": "1536x1024", "2:3": "1024x1536"}


class OpenAISettings(ProviderSettings):
    """The account and the address. For a compatible service set `base_url` and `models`."""

    api_key: SecretStr = Field(
        min_length=1,
        description="the account's key",
        json_schema_extra={"how": "create an API key at platform.openai.com (API keys)"},
    )
    base_url: Address = Field("https://api.openai.com/v1", description="where the API is")
    models: tuple[str, ...] = Field(MODELS, min_length=1, description="what people may choose from, the default first")
    previews: int = Field(0, ge=0, le=3, description="pictures shown while one is drawn; each costs a little")
    concurrency: int = Field(4, ge=1, description="tasks the account may run at once")
    time_limit: float = Field(300, gt=0, description="seconds an answer is waited for")


class OpenAIOptions(Options):
    """The flags of OpenAI."""

    ar: Literal["auto", "1:1", "3:2", "2:3"] = Field("auto", description=N_("the picture's shape (width:height)"))
    n: int = Field(1, ge=1, le=10, description=N_("how many pictures"))
    quality: Literal["auto", "low", "medium", "high"] = Field(
        "auto", description=N_("how detailed (higher costs more)")
    )
    background: Literal["auto", "transparent", "opaque"] = Field("auto", description=N_("transparent or not"))
    model: str = Field(MODELS[0], description=N_("which model"), json_schema_extra={"examples": list(MODELS)})
