"""The settings of `[providers.dashscope]`, and the options a person may set for a picture."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, SecretStr

from providers.base import Address, ProviderSettings
from providers.options import N_, Options

MODELS = ("qwen-image", "wan2.2-t2i-flash", "wan2.2-t2i-plus")
SIZES: Mapping[str, Mapping[str, str]] = {
    # Qwen-Image takes these five; Wan any two sides of 512–1440.
    "qwen": {"1:1": "1328*1328", "16:9": "1664*928", "4:3": "1472*1104", "3:4": "1104*1472", "9:16": "928*1664"},
    "wan": {"1:1": "1024*1024", "16:9": "1280*720", "4:3": "1152*864", "3:4": "864*1152", "9:16": "720*1280"},
}


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
    models: tuple[str, ...] = Field(MODELS, min_length=1, description="what people may choose from, the default first")
    watermark: bool = Field(False, description="put the service's visible mark on every picture")
    concurrency: int = Field(2, ge=1, description="tasks the account may run at once")
    currency: str = Field("CNY", min_length=3, max_length=3, description="of the prices")


class DashScopeOptions(Options):
    """The flags of DashScope."""

    ar: Literal["1:1", "16:9", "4:3", "3:4", "9:16"] = Field(
        "1:1", description=N_("the picture's shape (width:height)")
    )
    n: int = Field(1, ge=1, le=4, description=N_("how many pictures"))
    avoid: str = Field(
        "",
        max_length=500,
        description=N_("what the picture should not show"),
        json_schema_extra={"allowed": N_("words in quotes")},
    )
    seed: int | None = Field(None, ge=0, le=2147483647, description=N_("the same number gives a similar picture"))
    model: str = Field(MODELS[0], description=N_("which model"), json_schema_extra={"examples": list(MODELS)})
