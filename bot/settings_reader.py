"""Reads the settings from the environment and a file. Errors name the key, the file and the environment variable."""

import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from bot.settings import AccessSettings, Settings, SettingsError
from providers.proxies import environment_way
from providers.setting_names import ENV_PREFIX, LOCAL, SettingsFiles
from providers.validation_words import reason

HERE = (LOCAL, Path("config.toml"))
"""Read in the current folder where no file is named. The second one documents all settings in the source code; those
who set up their bot before there was the first wrote theirs into it."""
HOW = {
    "telegram.token": "get one from @BotFather and {set_it}, or let `imagine-bot init` ask for it",
    "bucket.access_key": "make one at your object storage that may write to the bucket, and {set_it}",
    "bucket.secret_key": "it comes with bucket.access_key; {set_it}",
    "web.public_url": "it is the https:// address at which this server is reached; {set_it}",
}
IDS = "must be a list of Telegram IDs, for example [123456, 789012]"


def load(file: Path | None = None) -> Settings:
    """Read the settings of a file (TOML), overridden by the environment. Raises `SettingsError`.

    `file`: None takes `config.local.toml` of the current folder and, for what it doesn't name, `config.toml`; without
    both the environment must have all that is needed.
    """
    names = (file,) if file else tuple(name for name in HERE if name.is_file())
    read = [(name, values_of(name)) for name in names]
    files = SettingsFiles(*read, edited=file or LOCAL)
    _refuse_wrong_proxies()
    values: dict[str, Any] = {}
    for _name, table in reversed(read):
        values = _merged(values, table)
    settings = settings_of(values, files)
    _refuse_missing(settings)
    return settings


def settings_of(values: Mapping[str, Any], files: SettingsFiles) -> Settings:
    """The settings of tables read from these files, overridden by the environment; some that are needed may be missing.

    Raises `SettingsError`.
    """
    try:
        return Settings.model_validate(_merged(values, environment())).read_from(files)
    except ValidationError as error:
        raise SettingsError(_sentence(error.errors(include_url=False)[0], files)) from None


def values_of(file: Path) -> dict[str, Any]:
    """The tables of a file. Raises `SettingsError`."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"There is no {file}. Name another file with --config.") from None
    except OSError as error:
        raise SettingsError(f"{file} can't be read: {error.strerror}.") from None
    except ValueError as error:
        raise SettingsError(f"{file} is not valid TOML: {error}.") from None


class _Sources(BaseSettings, Settings):
    """The settings, as `pydantic_settings` finds them in the environment."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, env_nested_delimiter="__")


class _Environment(EnvSettingsSource):
    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """A list or a table is given as JSON. Validation says of anything else what it must be."""
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value


def environment() -> dict[str, Any]:
    """The values of the environment, as the tables of a file. Raises `SettingsError` for an unknown variable."""
    for name in os.environ:
        section = name.removeprefix(ENV_PREFIX).split("__")[0].lower()
        if name.startswith(ENV_PREFIX) and section not in Settings.model_fields:
            known = ", ".join(f"{ENV_PREFIX}{field.upper()}__…" for field in Settings.model_fields)
            raise SettingsError(f"The environment variable {name} is not a setting of the bot; known are {known}.")
    return _Environment(_Sources)()


def _section(name: str) -> type[BaseModel] | None:
    field = Settings.model_fields.get(name)
    kind = field.annotation if field else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Tables are merged, other values are replaced."""
    tables = {
        name: _merged(below[name], value)
        for name, value in above.items()
        if isinstance(value, dict) and isinstance(below.get(name), dict)
    }
    return {**below, **above, **tables}


def _refuse_wrong_proxies() -> None:
    try:
        environment_way()
    except ValueError as error:
        raise SettingsError(str(error)) from None


def _refuse_missing(settings: Settings) -> None:
    required = {"telegram.token": settings.telegram.token.get_secret_value()}
    if settings.telegram.updates == "webhook":
        required["web.public_url"] = settings.web.public_url
    if settings.bucket.name:
        required["bucket.access_key"] = settings.bucket.access_key.get_secret_value()
        required["bucket.secret_key"] = settings.bucket.secret_key.get_secret_value()
    for key, value in required.items():
        if not value:
            raise SettingsError(f"{key} is missing: {HOW[key].format(set_it=settings.files.set_it(key))}.")


def _sentence(fault: ErrorDetails, files: SettingsFiles) -> str:
    path = [str(part) for part in fault["loc"]]
    if fault["type"] == "extra_forbidden":
        return _unknown([*path, fault["ctx"]["name"]] if path == ["providers"] else path, files)
    # The rest of the path is about one entry of a list.
    words = IDS if _wants_ids(path) else reason(fault)
    return f"{files.place(*path[:2])} is wrong: {words}."


def _wants_ids(path: Sequence[str]) -> bool:
    return path[0] == "access" and path[1:2] != [] and AccessSettings.model_fields[path[1]].annotation == frozenset[int]


def _unknown(path: Sequence[str], files: SettingsFiles) -> str:
    section = _section(path[0]) if len(path) > 1 else Settings
    known = (
        "default and tables"
        if path[0] == "providers" and len(path) > 1
        else ", ".join(section.model_fields if section else ())
    )
    return f"{files.place(*path)} is not a known setting; known are {known}."
