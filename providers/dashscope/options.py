"""The settings of `[providers.dashscope]`, and the options a person may set for a picture."""

from typing import Literal

from pydantic import Field, SecretStr

from providers.base import Address, ProviderSettings
from providers.dashscope.models import MODELS
from providers.options import N_, Options


class DashScopeSettings(ProviderSettings):
    """The account and the address."""

    api_key: SecretStr = Field(
        min_length=1,
        description="the account's key",
        json_schema_extra={"how": "create an API key in the Model Studio console (百炼 → API-KEY)"},
    )
    endpoint: Address = Field(
        "https://dashscope.aliyuncs.com/api/v1",
        description="the API; outside China https://dashscope-intl.aliyuncs.com/api/v1",
    )
    models: tuple[str, ...] = Field(
        MODELS.current, min_length=1, description="what people may choose from, the default first"
    )
    watermark: bool = Field(False, description="put the service's visible mark on every picture")
    prompt_extend: bool | None = Field(
        None, description="whether the service rewrites prompts; by default as each of its models does"
    )
    concurrency: int = Field(2, ge=1, description="tasks the account may run at once")
    currency: str = Field("CNY", min_length=3, max_length=3, description="of the prices")


class DashScopeOptions(Options):
    """The flags of DashScope. Without `ar` the model chooses the shape, or keeps that of the first reference."""

    ar: Literal["1:1", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16", "21:9"] | None = Field(
        None, description=N_("the picture's shape (width:height)")
    )
    size: Literal["1k", "2k", "4k"] | None = Field(None, description=N_("the picture's size"))
    n: int = Field(1, ge=1, le=4, description=N_("how many pictures"))
    avoid: str = Field(
        "",
        max_length=500,
        description=N_("what to leave out of the picture"),
        json_schema_extra={"allowed": N_("words in quotes")},
    )
    seed: int | None = Field(None, ge=0, le=2147483647, description=N_("the same number gives a similar picture"))
    model: str = Field(
        MODELS.current[0], description=N_("which model"), json_schema_extra={"examples": list(MODELS.current)}
    )
