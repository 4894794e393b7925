"""The registry of providers: finds them by entry points and builds those that the settings enable.

Every provider, in-tree or third-party, is found through the entry-point group `imagine_bot.providers`. Only those with
a settings table `[providers.<name>]` are imported and built. A table's `type` names the provider where it differs from
the table's name, so that one provider can be used several times, for example with two accounts.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NoReturn, get_origin

from aiohttp import ClientSession
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from providers.base import Provider, ProviderSettings
from providers.setting_names import SettingsFiles, dotted, variable
from providers.validation_words import reason

GROUP = "imagine_bot.providers"

AnyProvider = Provider[Any, Any]
SessionFor = Callable[[SecretStr, str], ClientSession]
"""Gives the session for a setting `proxy` and the setting's name; see `providers.sessions`."""


class RegistryError(ValueError):
    """No such provider, or one that can't be loaded. The message is one sentence that names the choices."""


class SettingsError(ValueError):
    """A provider's settings are wrong. The message is one sentence a line, each naming its key."""


class Registry:
    """The enabled providers by name, in the order of the settings."""

    def __init__(self, providers: Mapping[str, AnyProvider], default: str) -> None:
        self._providers = dict(providers)
        self.default = default

    @property
    def names(self) -> tuple[str, ...]:
        """The names that `--provider` accepts."""
        return tuple(self._providers)

    def get(self, name: str | None = None) -> AnyProvider:
        """The provider of this name; without one, the default. Raises `RegistryError`."""
        try:
            return self._providers[name or self.default]
        except KeyError:
            choices = ", ".join(self._providers)
            raise RegistryError(f'There is no provider "{name}" here; choose one of: {choices}.') from None

    async def aclose(self) -> None:
        """Close every provider (not the session they share)."""
        for provider in self._providers.values():
            await provider.aclose()


def discover() -> dict[str, EntryPoint]:
    """The installed providers by name; nothing is imported. Raises `RegistryError` when two have the same name."""
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=GROUP):
        other = found.setdefault(entry.name, entry)
        if other.value != entry.value:
            raise RegistryError(
                f'Two installed packages offer a provider "{entry.name}": {other.value} and {entry.value}. Remove one.'
            )
    return found


def build(
    tables: Mapping[str, Mapping[str, Any]],
    default: str,
    session_for: SessionFor,
    installed: Mapping[str, EntryPoint] | None = None,
    files: SettingsFiles | None = None,
) -> Registry:
    """The providers that `tables` (name to settings, as read from `[providers.<name>]`) enables.

    `default`: the value of `providers.default`. `session_for`: the caller closes the sessions.
    `installed`: the available providers; by default all installed ones. `files`: where the tables were read, for
    the sentences of errors. Raises `RegistryError`, `SettingsError`.
    """
    installed, files = discover() if installed is None else installed, files or SettingsFiles()
    choices = ", ".join(sorted(installed)) or "none is installed"
    for name, table in tables.items():
        kind, key = table.get("type", name), ("providers", name, *(["type"] if "type" in table else []))
        if kind not in installed:
            where = files.place(*key)
            raise RegistryError(f'{where}: there is no provider "{kind}"; the installed ones: {choices}.')
    if default not in tables:
        if default not in installed:
            where = files.place("providers", "default")
            raise RegistryError(f'{where}: there is no provider "{default}"; the installed ones: {choices}.')
        raise SettingsError(_no_table(default, tables, files))
    built = {
        name: _one(name, installed[table.get("type", name)], table, session_for, files)
        for name, table in tables.items()
    }
    for name, provider in built.items():
        second = provider.settings.fallback
        if second is not None and (second not in built or second == name):
            where, others = files.place("providers", name, "fallback"), [other for other in built if other != name]
            known = ", ".join(others) or "none"
            raise SettingsError(f'{where}: "{second}" is not another provider set up here; these are: {known}.')
    return Registry(built, default)


def settings_model(name: str, entry: EntryPoint) -> type[ProviderSettings]:
    """The settings model of an installed provider. Raises `RegistryError`."""
    model: type[ProviderSettings] = _loaded(name, entry).Settings
    return model


def _no_table(default: str, tables: Mapping[str, object], files: SettingsFiles) -> str:
    if others := ", ".join(tables):
        return (
            f"providers.{default} is missing: the default provider needs a table [providers.{default}]. "
            f"Set up here: {others}; to make one of them the default, {files.set_it('providers.default')}."
        )
    return (
        f"providers.{default} is missing: no image service is set up. `imagine-bot init` asks for a service's key, or "
        f"put a table [providers.{default}] into {files.edited}."
    )


def _loaded(name: str, entry: EntryPoint) -> type[AnyProvider]:
    try:
        kind = entry.load()
    except (ImportError, AttributeError) as error:
        package = entry.dist.name if entry.dist else name
        how = f" It needs what {package} lists as its extra {', '.join(entry.extras)}." if entry.extras else ""
        raise RegistryError(f'The provider "{name}" ({entry.value}) can\'t be imported: {error}.{how}') from error
    if not (isinstance(kind, type) and issubclass(kind, Provider)):
        raise RegistryError(f'The provider "{name}" ({entry.value}) is not a subclass of providers.base.Provider.')
    return kind


def _one(
    name: str, entry: EntryPoint, table: Mapping[str, Any], session_for: SessionFor, files: SettingsFiles
) -> AnyProvider:
    kind = _loaded(name, entry)
    try:
        settings = kind.Settings.model_validate({key: value for key, value in table.items() if key != "type"})
    except ValidationError as error:
        _explain(name, kind.Settings, error, files)
    provider: AnyProvider = kind(settings, session_for(settings.proxy, f"providers.{name}.proxy"))
    _check_limits(name, provider, files)
    return provider


def _check_limits(name: str, provider: AnyProvider, files: SettingsFiles) -> None:
    """Raise `SettingsError` about limits of a model that isn't set up, or that is like no known one."""
    for model, limits in provider.settings.limits.items():
        key, all_limits = ("providers", name, "limits", model), variable(f"providers.{name}.limits")
        if model not in provider.rows:
            known = ", ".join(provider.rows) or "none"
            raise SettingsError(f"{files.place(*key, name=all_limits)}: no such model is set up; these are: {known}.")
        if limits.like is not None and (provider.table is None or limits.like not in provider.table):
            where, known = (
                files.place(*key, "like", name=all_limits),
                ", ".join(row.name for row in provider.table or ()),
            )
            raise SettingsError(f'{where}: there is no known model "{limits.like}"; the known ones: {known}.')


def _explain(name: str, model: type[BaseModel], error: ValidationError, files: SettingsFiles) -> NoReturn:
    """Raise a `SettingsError` without the values: they may be secrets."""
    lines = [_sentence(name, model, fault, files) for fault in error.errors(include_url=False)]
    raise SettingsError("\n".join(lines)) from None


def _sentence(name: str, model: type[BaseModel], fault: ErrorDetails, files: SettingsFiles) -> str:
    path = [str(part) for part in fault["loc"]]
    field = model.model_fields.get(path[0]) if len(path) == 1 else None
    where = files.place("providers", name, *path, name=_variable(name, model, path))
    if fault["type"] == "extra_forbidden":
        return f"{where} is not a setting. {_known(name, model, path[:-1])}"
    if fault["type"] == "missing" or (fault["input"] == "" and field and field.is_required()):
        key = dotted(["providers", name, *path])
        return f"{key} is missing: {_how(model, path)}{files.set_it(key)}."
    return f"{where} is wrong: {reason(fault)}."


def _variable(name: str, model: type[BaseModel], path: Sequence[str]) -> str:
    """The environment variable of a value; one inside a list or a table of any names has none of its own."""
    field = model.model_fields.get(path[0]) if path else None
    is_compound = field is not None and get_origin(field.annotation) in {tuple, Mapping}
    return variable(".".join(["providers", name, *(path[:1] if is_compound else path)]))


def _how(model: type[BaseModel], path: list[str]) -> str:
    """The settings model's hint how to get a value: `json_schema_extra={"how": "create …"}`."""
    field = model.model_fields.get(path[0]) if len(path) == 1 else None
    extra = field.json_schema_extra if field else None
    return f"{extra['how']} and " if isinstance(extra, dict) and "how" in extra else ""


def _known(name: str, model: type[BaseModel], path: list[str]) -> str:
    if path:
        return f"The config.toml of the source code shows those of {'.'.join(['providers', name, *path])}."
    return f"The settings of {name}: {', '.join(sorted(model.model_fields))}."
