"""`[assistant]`: the chat service that helps with words. Off without a `base_url`."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from yarl import URL

from providers.money import MoneyLimits
from providers.proxies import ProxySetting


class AssistantSettings(BaseModel):
    """The service, its models, and what they cost. A model that is not named: that kind of help is not offered."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    base_url: str = ""
    api_key: SecretStr = SecretStr("")
    model: str = ""
    vision_model: str = ""
    transcription_model: str = ""
    price: Decimal | None = Field(None, ge=0)
    token_price: Decimal | None = Field(None, ge=0)
    minute_price: Decimal | None = Field(None, ge=0)
    currency: str = Field("USD", min_length=3, max_length=3)
    budget: MoneyLimits = ()
    daily: int = Field(50, ge=0)
    time_limit: float = Field(60, gt=0, le=600)
    proxy: ProxySetting = SecretStr("")

    @field_validator("base_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("must start with https:// (or http://)")
        return value.rstrip("/")

    @field_validator("currency")
    @classmethod
    def _in_capitals(cls, value: str) -> str:
        return value.upper()

    @property
    def is_on(self) -> bool:
        """Whether there is an assistant."""
        return bool(self.base_url)

    @property
    def improves(self) -> bool:
        """Whether it finds better words: ✨."""
        return self.is_on and bool(self.model)

    @property
    def host(self) -> str:
        """The host that people's words go to."""
        return URL(self.base_url).host or ""

    def model_for(self, kind: str) -> str:
        """The model for this kind of help: "improve", "describe" or "listen"; empty: none is set up."""
        return {"improve": self.model, "describe": self.vision_model, "listen": self.transcription_model}[kind]

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands that there are only with an assistant, as far as their models are named."""
        return tuple(name for name in ("improve", "describe") if self.is_on and self.model_for(name))

    @property
    def unpriced(self) -> tuple[str, ...]:
        """The prices that are not set although they are charged."""
        has_price = self.price is not None or self.token_price is not None
        answers = () if has_price or not (self.model or self.vision_model) else ("price or token_price",)
        return (*answers, *(("minute_price",) if self.transcription_model and self.minute_price is None else ()))
