"""Wrong settings are explained in the bot's words, never in pydantic's."""

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from aiohttp import ClientSession
from pydantic import BaseModel
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from bot.settings import Settings, SettingsError
from bot.settings_reader import load
from providers import registry
from providers.registry import SessionFor
from providers.settings import ProviderSettings
from providers.validation_words import reason

FOREIGN = re.compile(r"should|Input|Value error|Field required|Extra inputs|pydantic|frozenset|instance|unable|\{\w+\}")
WRONG: tuple[Any, ...] = (
    "",
    "x",
    "[x",
    "{",
    -1,
    0.5,
    1e30,
    True,
    [],
    [""],
    [[]],
    ["x", {}],
    {},
    {"a": []},
    {"a": {"b": 1}},
)
PROVIDERS = {name: entry for name, entry in registry.discover().items() if entry.value.startswith("providers.")}
GOOD = {"telegram": {"token": "1:a"}}


def fields(model: type[BaseModel], *path: str) -> Iterator[tuple[str, ...]]:
    """The path of each value of a settings model, and of the models in it."""
    for name, field in model.model_fields.items():
        yield *path, name
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from fields(part, *path, name, *(["4.0"] if get_origin(field.annotation) is Mapping else []))


def nested(path: tuple[str, ...], value: object) -> Any:
    return {path[0]: nested(path[1:], value)} if path else value


def toml(value: object) -> str:
    """An inline value."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


@pytest.fixture
async def session() -> AsyncIterator[SessionFor]:
    async with ClientSession() as session:
        yield lambda _proxy, _key: session


@pytest.mark.parametrize("path", [one for one in fields(Settings) if len(one) > 1], ids=".".join)
def test_the_bots_own_settings(path: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BOT_TELEGRAM__TOKEN", raising=False)
    said = []
    for value in WRONG:
        values = {**GOOD, path[0]: {**GOOD.get(path[0], {}), path[1]: value}}
        Path("config.toml").write_text("\n".join(f"{name} = {toml(table)}" for name, table in values.items()))
        try:
            load()
        except SettingsError as error:
            said.append(str(error))
    assert said
    where = f"{'.'.join(path)} in config.toml (or BOT_{'__'.join(path).upper()}) is wrong: "
    # An empty token is missing, and a bucket's name makes its keys necessary.
    missing = ("telegram.token is missing", "bucket.access_key is missing")
    assert [one for one in said if not one.startswith((where, *missing))] == []
    assert [one for one in said if FOREIGN.search(one)] == []


def test_a_list_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for value in ("123,456", "123", "[123,", '["a"]', "{}"):
        monkeypatch.setenv("BOT_ACCESS__USERS", value)
        with pytest.raises(
            SettingsError, match=r"^access\.users \(BOT_ACCESS__USERS\) is wrong: must be a list of Telegram IDs"
        ):
            load()
    monkeypatch.delenv("BOT_ACCESS__USERS")
    monkeypatch.setenv("BOT_ACCESS", "x")
    with pytest.raises(SettingsError, match=r"^access \(BOT_ACCESS\) is wrong: must be a table\.$"):
        load()


@pytest.mark.parametrize("name", PROVIDERS)
async def test_every_providers_settings(name: str, session: SessionFor) -> None:
    model: type[ProviderSettings] = PROVIDERS[name].load().Settings
    for path in fields(model):
        said = list(_said(name, PROVIDERS[name], model, path, session))
        assert said, path
        assert [one for one in said if FOREIGN.search(one)] == []
        assert [one for one in said if f"BOT_PROVIDERS__{name.upper()}__{path[0].upper()}" not in one] == []


def _said(
    name: str, entry: EntryPoint, model: type[ProviderSettings], path: tuple[str, ...], session: SessionFor
) -> Iterator[str]:
    """The lines about the value at `path`; those about values that are missing are not of interest."""
    needed = {key: "x" for key, field in model.model_fields.items() if field.is_required()}
    for value in WRONG:
        try:
            registry.build({name: {**needed, **nested(path, value)}}, name, session, {name: entry})
        except registry.SettingsError as error:
            yield from (line for line in str(error).splitlines() if line.startswith(f"providers.{name}.{path[0]}"))


@pytest.mark.parametrize("kind", get_args(ErrorType))
def test_no_kind_of_error_shows_pydantics_own_words(kind: str) -> None:
    context = {
        "min_length": 2,
        "max_length": 3,
        "ge": 1,
        "gt": 1,
        "le": 1,
        "lt": 1,
        "expected": "'a'",
        "multiple_of": 2,
    }
    fault: ErrorDetails = {"type": kind, "loc": (), "msg": "Input should be …", "input": 1, "ctx": context}
    assert not FOREIGN.search(reason(fault))
    assert reason(fault)
