"""The settings of `[providers.ark]`, and the options a person may set for a picture."""

from typing import Literal

from pydantic import Field, SecretStr, model_validator

from providers.ark.models import MODELS, MOST_TOGETHER
from providers.base import Address, ProviderSettings
from providers.options import N_, Options, wrong


class ArkSettings(ProviderSettings):
    """The account, the address, and the mark on every picture."""

    api_key: SecretStr = Field(
        min_length=1,
        description="the account's key",
        json_schema_extra={"how": "create an API key in the Ark console (API Key 管理)"},
    )
    endpoint: Address = Field(
        "https://ark.cn-beijing.volces.com/api/v3",
        description="the API; BytePlus https://ark.ap-southeast.bytepluses.com/api/v3",
    )
    models: tuple[str, ...] = Field(
        MODELS.current,
        min_length=1,
        description="what people may choose from, the default first; an inference endpoint (ep-…) needs its limits",
    )
    watermark: bool = Field(False, description="put the service's visible mark on every picture")
    concurrency: int = Field(4, ge=1, description="tasks the account may run at once")
    time_limit: float = Field(300, gt=0, description="seconds an answer is waited for")
    currency: str = Field("CNY", min_length=3, max_length=3, description="of the prices")


class ArkOptions(Options):
    """The flags of Ark. Without `ar` the model chooses the shape, or keeps that of the first reference."""

    ar: Literal["auto", "1:1", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16", "21:9"] = Field(
        "auto", description=N_("the picture's shape (width:height)")
    )
    size: Literal["1k", "1.5k", "2k", "3k", "4k"] | None = Field(None, description=N_("the picture's size"))
    n: int = Field(1, ge=1, le=MOST_TOGETHER, description=N_("how many pictures"))
    set: int = Field(
        1,
        ge=1,
        le=MOST_TOGETHER,
        description=N_("a matching series of up to this many pictures (the prompt decides)"),
    )
    model: str = Field(
        MODELS.current[0], description=N_("which model"), json_schema_extra={"examples": list(MODELS.current)}
    )

    @model_validator(mode="after")
    def _one_of_them(self) -> "ArkOptions":
        if self.n > 1 and self.set > 1:
            raise wrong("--n {n} and --set {set} can't go together. Leave one of them out.", n=self.n, set=self.set)
        return self
