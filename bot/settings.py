"""The bot's settings. `bot.settings_reader` reads them."""

import re
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, field_validator, model_validator
from pydantic_core import PydanticCustomError

from bot.assistant.settings import AssistantSettings
from providers.money import Amounts, MoneyLimits
from providers.proxies import ProxySetting
from providers.setting_names import SettingsFiles, variable

__all__ = ["Settings", "SettingsError", "variable"]

CLOUD_API = "https://api.telegram.org"
"""Telegram's own server; any other is one of the operator's."""


class SettingsError(ValueError):
    """The configuration can't be used; the message is one sentence that names the key and what to do."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class TelegramSettings(_Section):
    """`[telegram]`."""

    token: SecretStr = SecretStr("")
    api_url: str = CLOUD_API
    updates: Literal["polling", "webhook"] = "polling"
    proxy: ProxySetting = SecretStr("")

    @field_validator("token")
    @classmethod
    def _looks_like_one(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not re.fullmatch(r"\d+:[\w-]+", value.get_secret_value()):
            raise ValueError("must look like 123456:ABC-DEF, as @BotFather gives it")
        return value

    @field_validator("api_url")
    @classmethod
    def _address(cls, value: str) -> str:
        return _web_address(value)


class WebSettings(_Section):
    """`[web]`: the bot's own server."""

    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    public_url: str = ""

    @field_validator("public_url")
    @classmethod
    def _address(cls, value: str) -> str:
        return _web_address(value) if value else ""


class BucketSettings(_Section):
    """`[bucket]`: object storage that publishes references; without a `name` the bot's own server does."""

    name: str = ""
    endpoint: str = ""
    region: str = "us-east-1"
    access_key: SecretStr = SecretStr("")
    secret_key: SecretStr = SecretStr("")
    virtual_host: bool = False
    prefix: str = "imagine-bot/"

    @field_validator("endpoint")
    @classmethod
    def _address(cls, value: str) -> str:
        return _web_address(value) if value else ""

    @field_validator("prefix")
    @classmethod
    def _folder(cls, value: str) -> str:
        parts = value.strip("/").split("/")
        if not all(re.fullmatch(r"[\w-][\w.-]*", part, re.ASCII) for part in parts):
            raise ValueError("must be a folder like imagine-bot/, and not empty: what is old under it is deleted")
        return f"{'/'.join(parts)}/"

    @field_validator("name")
    @classmethod
    def _plain(cls, value: str) -> str:
        if value and not re.fullmatch(r"[a-zA-Z0-9._-]+", value):
            raise ValueError("must be a bucket's name: letters, digits, dots and hyphens")
        return value

    @field_validator("access_key", "secret_key")
    @classmethod
    def _without_spaces(cls, value: SecretStr) -> SecretStr:
        return SecretStr(value.get_secret_value().strip())


class StorageSettings(_Section):
    """`[storage]`."""

    url: str = "sqlite:///data/bot.db"
    keep_days: int = Field(30, ge=1)

    @field_validator("url")
    @classmethod
    def _known(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("must be sqlite:///path/to/file.db or postgresql://user:password@host/name")
        return value


class AccessSettings(_Section):
    """`[access]`: Telegram ids, and whether everybody has access."""

    open: bool = False
    admins: frozenset[int] = frozenset()
    users: frozenset[int] = frozenset()
    chats: frozenset[int] = frozenset()


class LogSettings(_Section):
    """`[log]`: how much is logged, and in which form."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class LimitsSettings(_Section):
    """`[limits]`: the limits of one person, except admins; 0: no limit."""

    waiting: int = Field(10, ge=0)
    daily: int = Field(100, ge=0)


class BudgetsSettings(_Section):
    """`[budgets]`: the most that may be spent in a day or a month, by currency. `confirm`: a request that costs more
    than this is asked about first."""

    bot: MoneyLimits = ()
    person: MoneyLimits = ()
    group: MoneyLimits = ()
    confirm: Amounts = ()


class ProvidersSettings(BaseModel):
    """`[providers]`: the default; each further table has the settings of one provider, which parses them."""

    model_config = ConfigDict(extra="allow", frozen=True)

    default: str = "jimeng"

    def __repr_args__(self) -> Iterator[tuple[str, object]]:
        # The tables hold secrets that only their providers can recognize.
        yield "default", self.default
        yield "tables", list(self.tables)

    @model_validator(mode="after")
    def _tables_only(self) -> "ProvidersSettings":
        for name, value in (self.model_extra or {}).items():
            if not isinstance(value, dict):
                raise PydanticCustomError("extra_forbidden", "not a table", {"name": name})
        return self

    @property
    def tables(self) -> dict[str, dict[str, Any]]:
        """The providers' tables by name."""
        return {name: value for name, value in (self.model_extra or {}).items() if isinstance(value, dict)}


class Settings(_Section):
    """All settings of the operator."""

    _files: SettingsFiles = PrivateAttr(default_factory=SettingsFiles)

    telegram: TelegramSettings = TelegramSettings()
    web: WebSettings = WebSettings()
    bucket: BucketSettings = BucketSettings()
    storage: StorageSettings = StorageSettings()
    access: AccessSettings = AccessSettings()
    limits: LimitsSettings = LimitsSettings()
    budgets: BudgetsSettings = BudgetsSettings()
    assistant: AssistantSettings = AssistantSettings()
    log: LogSettings = LogSettings()
    providers: ProvidersSettings = ProvidersSettings()

    @property
    def files(self) -> SettingsFiles:
        """The files that were read."""
        return self._files

    def read_from(self, files: SettingsFiles) -> "Settings":
        """These settings, with a note of their files."""
        self._files = files
        return self


def _web_address(value: str) -> str:
    if not value.startswith(("https://", "http://")):
        raise ValueError("must start with https:// (or http://)")
    return value.rstrip("/")
