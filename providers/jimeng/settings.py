"""The settings of `[providers.jimeng]`."""

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from yarl import URL

from providers.base import ProviderSettings
from providers.jimeng.models import MODELS

_KEYS = "create an access key in the Volcengine console (IAM → API access keys)"


class LogoInfo(BaseModel):
    """A visible watermark (document: LogoInfo)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    add_logo: bool = Field(False, description="put a watermark on every picture")
    position: Literal[0, 1, 2, 3] = Field(0, description="0 bottom right, 1 bottom left, 2 top left, 3 top right")
    language: Literal[0, 1] = Field(0, description="0 Chinese, 1 English")
    opacity: float = Field(1, ge=0, le=1, description="1 hides what is behind")
    logo_text_content: str | None = Field(None, min_length=1, description="words of your own")


class AigcMeta(BaseModel):
    """The invisible mark that Chinese law asks for (document: AIGCMeta)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    content_producer: str | None = Field(None, min_length=1, description="id of the generating service")
    producer_id: str = Field(min_length=1, description="the producer's id of this data")
    content_propagator: str | None = Field(None, min_length=1, description="id of the propagating service")
    propagate_id: str | None = Field(None, min_length=1, description="the propagator's id of this data")


class JimengSettings(ProviderSettings):
    """The account, the address, and the marks on every picture."""

    model_config = ConfigDict(hide_input_in_errors=True)

    access_key: str = Field(min_length=1, repr=False, description="access key id", json_schema_extra={"how": _KEYS})
    secret_key: SecretStr = Field(
        min_length=1, description="secret access key, exactly as shown there", json_schema_extra={"how": _KEYS}
    )
    session_token: SecretStr | None = Field(None, description="only for temporary credentials (STS)")
    endpoint: str = Field("https://visual.volcengineapi.com", description="where the API is")
    models: tuple[str, ...] = Field(
        MODELS.current, min_length=1, description="those the account has activated, the default first"
    )
    upscaler: bool = Field(True, description="enlarge pictures with the upscaler (智能超清), if the account has it")
    price: Decimal | None = Field(Decimal("0.20"), ge=0, description="of one picture, for people and budgets")
    currency: str = Field("CNY", min_length=3, max_length=3, description="of the price")
    logo_info: LogoInfo | None = Field(None, description="a visible watermark")
    aigc_meta: AigcMeta | None = Field(None, description="an invisible mark")

    @field_validator("access_key", "secret_key", "session_token", mode="before")
    @classmethod
    def _trimmed(cls, value: object) -> object:
        """Strip a line end that was copied along: it would break a header."""
        return value.strip() if isinstance(value, str) else value

    @field_validator("session_token", mode="after")
    @classmethod
    def _empty_is_none(cls, value: SecretStr | None) -> SecretStr | None:
        return value or None

    @field_validator("endpoint")
    @classmethod
    def _an_origin(cls, value: str) -> str:
        """The signature covers the path, which is always "/": only scheme, host and port can be set."""
        url = URL(value)
        if url.scheme not in {"http", "https"} or not url.host or url.path != "/" or url.query_string or url.user:
            raise ValueError("must be an address like https://visual.volcengineapi.com, without a path")
        return str(url.origin())
