"""The base of every provider's settings model."""

from collections.abc import Mapping
from decimal import Decimal
from typing import get_origin

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from providers.json_reader import read_json
from providers.models import ModelLimits
from providers.money import MoneyLimits
from providers.proxies import ProxySetting


class ProviderSettings(BaseModel):
    """The base of every provider's settings, read from `[providers.<name>]`. Secrets are `SecretStr`.

    A field `models` (names, the default first) lists the choices of the option `model` and the keys of `prices` and
    `limits`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    concurrency: int = Field(1, ge=1, description="tasks the account may run at once")
    per_minute: int | None = Field(None, ge=1, description="tasks the account may begin in a minute")
    time_limit: float = Field(900, gt=0, description="seconds a task is watched before the person is told")
    busy_limit: float = Field(
        1200, gt=0, description="seconds of nothing but busy until people are told, and others asked"
    )
    price: Decimal | None = Field(None, ge=0, description="of one picture, for people and budgets")
    prices: Mapping[str, Decimal] = Field({}, description="the same by model, where they differ")
    limits: Mapping[str, ModelLimits] = Field({}, description="of a model, where they differ from the known ones")
    fallback: str | None = Field(None, description="the provider that takes over while this one can't work")
    budget: MoneyLimits = Field((), description="the most that may be spent there in a day or a month")
    proxy: ProxySetting = Field(SecretStr(""), description="of all its calls; empty: the environment's; none: no proxy")
    picture_proxy: ProxySetting = Field(SecretStr(""), description="of its pictures' downloads; empty: as `proxy`")
    currency: str = Field("USD", min_length=3, max_length=3, description="of the prices: USD, CNY, …")

    @model_validator(mode="before")
    @classmethod
    def _from_environment(cls, given: object) -> object:
        """Read lists and tables that the environment gives as JSON."""
        if not isinstance(given, Mapping):
            return given
        return {name: _read(value) if cls._is_compound(name) else value for name, value in given.items()}

    @classmethod
    def _is_compound(cls, name: object) -> bool:
        field = cls.model_fields.get(str(name))
        return field is not None and get_origin(field.annotation) in {tuple, Mapping}

    @field_validator("currency")
    @classmethod
    def _in_capitals(cls, value: str) -> str:
        return value.upper()


def _read(value: object) -> object:
    """A value, read as JSON where it is a text that looks like a list or a table. Other text stays as it is, and the
    field refuses it."""
    if not isinstance(value, str) or not value.startswith(("[", "{")):
        return value
    try:
        return read_json(value.encode())
    except ValueError:
        return value
