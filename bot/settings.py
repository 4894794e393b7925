"""The bot's settings, from the environment and the configuration file, with errors that explain themselves."""

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

ENV_PREFIX = "BOT_"
HELP = {
    "telegram.token": "get one from @BotFather and set it",
    "bucket.access_key": "make one at your object storage that may write to the bucket, and set it",
    "bucket.secret_key": "it comes with bucket.access_key; set it",
    "web.public_url": "set it to the https:// address at which this server is reached",
}
IDS = "must be a list of Telegram IDs, for example [123456, 789012]"


class SettingsError(ValueError):
    """The configuration can't be used; the message is one sentence that names the key and what to do."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TelegramSettings(_Section):
    """`[telegram]`."""

    token: SecretStr = SecretStr("")
    api_url: str = "https://api.telegram.org"
    updates: Literal["polling", "webhook"] = "polling"

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
    """`[access]`: Telegram ids. With `users` and `chats` empty, everybody has access."""

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
    """All settings of the operator. Read them with `load`."""

    telegram: TelegramSettings = TelegramSettings()
    web: WebSettings = WebSettings()
    bucket: BucketSettings = BucketSettings()
    storage: StorageSettings = StorageSettings()
    access: AccessSettings = AccessSettings()
    limits: LimitsSettings = LimitsSettings()
    log: LogSettings = LogSettings()
    providers: ProvidersSettings = ProvidersSettings()


class _Sources(BaseSettings, Settings):
    """The settings, with the environment over the values that `load` read from the file."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment has priority over the file's values."""
        return env_settings, init_settings


def load(file: Path) -> Settings:
    """Read the settings of `file` (TOML), overridden by the environment. Raises `SettingsError`."""
    if not file.is_file():
        raise SettingsError(
            f"There is no {file}. Name another file with --config, or start from the config.toml of the source code."
        )
    _refuse_unknown_environment()
    try:
        settings = _Sources(**TomlConfigSettingsSource(_Sources, file)())
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file} is not valid TOML: {error}.") from None
    except ValidationError as error:
        raise SettingsError(_explain(error, file)) from None
    _refuse_missing(settings)
    return settings


def variable(key: str) -> str:
    """The environment variable of a dotted key: `telegram.token` → `BOT_TELEGRAM__TOKEN`."""
    return ENV_PREFIX + key.upper().replace(".", "__")


def _web_address(value: str) -> str:
    if not value.startswith(("https://", "http://")):
        raise ValueError("must start with https:// (or http://)")
    return value.rstrip("/")


def _refuse_unknown_environment() -> None:
    for name in os.environ:
        section = name.removeprefix(ENV_PREFIX).split("__")[0].lower()
        if name.startswith(ENV_PREFIX) and section not in Settings.model_fields:
            known = ", ".join(f"{ENV_PREFIX}{field.upper()}__…" for field in Settings.model_fields)
            raise SettingsError(f"The environment variable {name} is not a setting of the bot; known are {known}.")


def _refuse_missing(settings: Settings) -> None:
    required = {"telegram.token": settings.telegram.token.get_secret_value()}
    if settings.telegram.updates == "webhook":
        required["web.public_url"] = settings.web.public_url
    if settings.bucket.name:
        required["bucket.access_key"] = settings.bucket.access_key.get_secret_value()
        required["bucket.secret_key"] = settings.bucket.secret_key.get_secret_value()
    for key, value in required.items():
        if not value:
            raise SettingsError(f"{key} is missing: {HELP[key]}, in the configuration file or as {variable(key)}.")


def _explain(error: ValidationError, file: Path) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        if key == "providers":
            key += f".{first['ctx']['name']}"
            return f"{key} in {file} (or {variable(key)}) is not a known setting; known are default and tables."
        model = Settings.model_fields.get(str(first["loc"][0]))
        section = model.annotation if model and len(first["loc"]) > 1 else Settings
        known = ", ".join(section.model_fields) if isinstance(section, type) and issubclass(section, BaseModel) else ""
        return f"{key} in {file} (or {variable(key)}) is not a known setting; known are {known}."
    why = IDS if first["type"] == "frozen_set_type" else first["msg"].removeprefix("Value error, ")
    return f"{key} in {file} (or {variable(key)}) is wrong: {why}."
