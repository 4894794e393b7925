"""The settings of `[providers.openai]`, and the options a person may set for a picture."""

from typing import Literal

from pydantic import Field, SecretStr

from providers.base import Address, ProviderSettings
from providers.openai.models import MODELS
from providers.options import N_, Options

Shape = Literal[
    "auto", "1:1", "3:2", "2:3", "4:3", "3:4", "5:4", "4:5", "16:9", "9:16", "21:9", "9:21", "2:1", "1:2", "3:1", "1:3"
]


class OpenAISettings(ProviderSettings):
    """The account and the address. For a compatible service set `base_url` and `models`."""

    api_key: SecretStr = Field(
        min_length=1,
        description="the account's key",
        json_schema_extra={"how": "create an API key at platform.openai.com (API keys)"},
    )
    base_url: Address = Field("https://api.openai.com/v1", description="where the API is")
    models: tuple[str, ...] = Field(
        MODELS.current, min_length=1, description="what people may choose from, the default first"
    )
    previews: int = Field(0, ge=0, le=3, description="pictures shown while one is drawn; each costs a little")
    moderation: Literal["auto", "low"] = Field("auto", description="low: the service filters less strictly")
    concurrency: int = Field(4, ge=1, description="tasks the account may run at once")
    # As in the official SDK: the best qualities take minutes, and a picture that is given up may have been paid.
    time_limit: float = Field(600, gt=0, description="seconds an answer is waited for")


class OpenAIOptions(Options):
    """The flags of OpenAI."""

    ar: Shape = Field("auto", description=N_("the picture's shape (width:height)"))
    size: Literal["auto", "1k", "2k", "4k"] = Field("auto", description=N_("the picture's size"))
    n: int = Field(1, ge=1, le=10, description=N_("how many pictures"))
    quality: Literal["auto", "low", "medium", "high", "xhigh", "max"] = Field(
        "auto", description=N_("how detailed (higher costs more)")
    )
    background: Literal["auto", "transparent", "opaque"] = Field("auto", description=N_("transparent or not"))
    model: str = Field(
        MODELS.current[0], description=N_("which model"), json_schema_extra={"examples": list(MODELS.current)}
    )
