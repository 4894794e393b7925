"""The settings of `[providers.sketch]`, and the options a person may set for a picture."""

from typing import Literal

from pydantic import Field, SecretStr

from imagine_bot_sketch.models import MODELS
from providers.base import Address, ProviderSettings
from providers.options import N_, Options


class SketchSettings(ProviderSettings):
    """The account. `models` are the models to choose from, the default first."""

    key: SecretStr = Field(
        min_length=1,
        description="the account's key",
        json_schema_extra={"how": "create a key at sketch.example (Account → Keys)"},
    )
    endpoint: Address = Field("https://api.sketch.example/v1", description="where the API is")
    models: tuple[str, ...] = Field(
        MODELS.current, min_length=1, description="the models to choose from, the default first"
    )


class SketchOptions(Options):
    """The flags of this provider: `--ar`, `--n`, `--model`."""

    ar: Literal["1:1", "16:9", "9:16"] = Field("1:1", description=N_("the picture's shape (width:height)"))
    n: int = Field(1, ge=1, le=4, description=N_("how many pictures"))
    model: str = Field(
        MODELS.current[0], description=N_("which model"), json_schema_extra={"examples": list(MODELS.current)}
    )
