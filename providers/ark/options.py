"""The settings of `[providers.ark]`, and the options a person may set for a picture."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from providers.base import Address, ProviderSettings
from providers.options import N_, Options, wrong

MODELS = (
    "doubao-seedream-4-5-251128",
    "doubao-seedream-4-0-250828",
    "doubao-seedream-5-0-260128",
    "doubao-seedream-5-0-pro-260628",
)
MOST_TOGETHER = 15
"""The most references and pictures of one request."""

SIZES: Mapping[str, Mapping[str, str]] = {
    # recommended sizes of the document
    "2k": {
        "1:1": "2048x2048",
        "4:3": "2304x1728",
        "3:4": "1728x2304",
        "3:2": "2496x1664",
        "2:3": "1664x2496",
        "16:9": "2560x1440",
        "9:16": "1440x2560",
        "21:9": "3024x1296",
    },
    "4k": {
        "1:1": "4096x4096",
        "4:3": "4694x3520",
        "3:4": "3520x4694",
        "3:2": "4992x3328",
        "2:3": "3328x4992",
        "16:9": "5404x3040",
        "9:16": "3040x5404",
        "21:9": "6198x2656",
    },
}


class ArkSettings(ProviderSettings):
    """The account, the address, and the mark on every picture."""

    api_key: SecretStr = Field(
        min_length=1,
        description="the account's key",
        json_schema_extra={"how": "create an API key in the Ark console (API Key 管理)"},
    )
    endpoint: Address = Field("https://ark.cn-beijing.volces.com/api/v3", description="the API")
    models: tuple[str, ...] = Field(MODELS, min_length=1, description="what people may choose from, the default first")
    watermark: bool = Field(False, description="put the service's visible mark on every picture")
    concurrency: int = Field(4, ge=1, description="tasks the account may run at once")
    time_limit: float = Field(300, gt=0, description="seconds an answer is waited for")
    currency: str = Field("CNY", min_length=3, max_length=3, description="of the prices")


class ArkOptions(Options):
    """The flags of Ark. Without `ar` the model chooses the shape."""

    ar: Literal["auto", "1:1", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16", "21:9"] = Field(
        "auto", description=N_("the picture's shape (width:height)")
    )
    size: Literal["2k", "4k"] = Field("2k", description=N_("the picture's size"))
    n: int = Field(1, ge=1, le=MOST_TOGETHER, description=N_("how many pictures"))
    set: int = Field(
        1,
        ge=1,
        le=MOST_TOGETHER,
        description=N_("a matching series of up to this many pictures (the prompt decides)"),
    )
    model: str = Field(MODELS[0], description=N_("which model"), json_schema_extra={"examples": list(MODELS)})

    @model_validator(mode="after")
    def _one_of_them(self) -> "ArkOptions":
        if self.n > 1 and self.set > 1:
            raise wrong("--n {n} and --set {set} can't go together. Leave one of them out.", n=self.n, set=self.set)
        return self
