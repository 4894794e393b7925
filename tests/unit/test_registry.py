"""The registry: discovery, settings and the sentences about errors in them."""

from collections.abc import AsyncIterator
from decimal import Decimal
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from providers import registry
from providers.jimeng import Jimeng
from providers.registry import GROUP, RegistryError, SessionFor, SettingsError, build, discover
from providers.setting_names import SettingsFiles

KEYS = {"access_key": "AKLT1", "secret_key": "very-secret"}


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, GROUP)


JIMENG = {"jimeng": entry("jimeng", "providers.jimeng:Jimeng")}


def one(session: ClientSession) -> SessionFor:
    """This session for all."""
    return lambda _proxy, _key: session


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def test_the_enabled_ones_are_built(session: ClientSession) -> None:
    built = build({"jimeng": KEYS}, "jimeng", one(session), JIMENG)
    assert built.names == ("jimeng",)
    assert built.default == "jimeng"
    provider = built.get()
    assert isinstance(provider, Jimeng)
    assert built.get("jimeng") is provider
    assert provider.settings.secret_key.get_secret_value() == "very-secret"
    await built.aclose()
    assert not session.closed


@pytest.mark.parametrize(
    ("endpoint", "origins"),
    [
        ("https://visual.volcengineapi.com", {("visual.volcengineapi.com", 443)}),
        ("http://LocalHost:8081", {("localhost", 8081)}),
        ("http://[::1]:81", {("::1", 81)}),
    ],
)
async def test_a_provider_tells_where_its_settings_lead(
    session: ClientSession, endpoint: str, origins: set[tuple[str, int]]
) -> None:
    assert build({"jimeng": {**KEYS, "endpoint": endpoint}}, "jimeng", one(session), JIMENG).get().origins == origins


async def test_a_proxy_is_no_origin_and_its_session_is_asked_for(session: ClientSession) -> None:
    asked: list[tuple[str, str]] = []

    def session_for(proxy: SecretStr, key: str) -> ClientSession:
        asked.append((proxy.get_secret_value(), key))
        return session

    table = {**KEYS, "endpoint": "https://jimeng.example", "proxy": "http://u:geheim@127.0.0.1:8080"}
    provider = build({"jimeng": table}, "jimeng", session_for, JIMENG).get()
    assert provider.origins == {("jimeng.example", 443)}
    assert asked == [(table["proxy"], "providers.jimeng.proxy")]
    assert "geheim" not in repr(provider.settings)


async def test_an_unusable_address_is_no_origin(session: ClientSession) -> None:
    table = {"api_key": "http://", "base_url": "http://["}
    installed = {"openai": entry("openai", "providers.openai:OpenAI")}
    assert build({"openai": table}, "openai", one(session), installed).get().origins == frozenset()


def test_the_in_tree_provider_is_installed_through_the_same_door() -> None:
    assert discover()["jimeng"].load() is Jimeng


async def test_what_is_not_enabled_is_not_imported(session: ClientSession) -> None:
    installed = {**JIMENG, "broken": entry("broken", "no.such.module:Thing")}
    assert build({"jimeng": KEYS}, "jimeng", one(session), installed).names == ("jimeng",)


@pytest.mark.parametrize(
    ("tables", "default", "sentence"),
    [
        (
            {"dalle": {}},
            "dalle",
            'providers.dalle (BOT_PROVIDERS__DALLE): there is no provider "dalle"; '
            "the installed ones: broken, jimeng, list, math.",
        ),
        (
            {"jimeng": KEYS},
            "dalle",
            'providers.default (BOT_PROVIDERS__DEFAULT): there is no provider "dalle"; '
            "the installed ones: broken, jimeng, list, math.",
        ),
        ({"broken": {}}, "broken", 'The provider "broken" (no.such.module:Thing) can\'t be imported: No module named'),
        ({"math": {}}, "math", 'The provider "math" (math:nothing) can\'t be imported: module'),
        ({"list": {}}, "list", 'The provider "list" (builtins:list) is not a subclass of providers.base.Provider.'),
    ],
)
async def test_wrong_providers(
    session: ClientSession, tables: dict[str, dict[str, str]], default: str, sentence: str
) -> None:
    installed = {
        **JIMENG,
        "broken": entry("broken", "no.such.module:Thing"),
        "math": entry("math", "math:nothing"),
        "list": entry("list", "builtins:list"),
    }
    with pytest.raises(RegistryError) as caught:
        build(tables, default, one(session), installed)
    assert str(caught.value).startswith(sentence)


async def test_what_it_needs_is_named_where_it_is_not_installed(session: ClientSession) -> None:
    installed = {"more": entry("more", "no.such.module:Thing [fast]")}
    with pytest.raises(RegistryError, match=r" It needs what more lists as its extra fast\.$"):
        build({"more": {}}, "more", one(session), installed)


async def test_nothing_is_installed(session: ClientSession) -> None:
    with pytest.raises(RegistryError, match="none is installed"):
        build({}, "jimeng", one(session), {})


async def test_the_default_needs_a_table(session: ClientSession) -> None:
    with pytest.raises(SettingsError, match=r"providers\.jimeng is missing"):
        build({}, "jimeng", one(session), JIMENG)


HOW = "create an access key in the Volcengine console (IAM → API access keys) and set it in config.toml or as"


@pytest.mark.parametrize(
    ("table", "sentences"),
    [
        (
            {"access_key": "AKLT1"},
            [f"providers.jimeng.secret_key is missing: {HOW} BOT_PROVIDERS__JIMENG__SECRET_KEY."],
        ),
        (
            {"access_key": "", "secret_key": ""},
            [
                f"providers.jimeng.access_key is missing: {HOW} BOT_PROVIDERS__JIMENG__ACCESS_KEY.",
                f"providers.jimeng.secret_key is missing: {HOW} BOT_PROVIDERS__JIMENG__SECRET_KEY.",
            ],
        ),
        (
            {**KEYS, "acces_key": "x"},
            [
                "providers.jimeng.acces_key in config.toml (or BOT_PROVIDERS__JIMENG__ACCES_KEY) is not a setting. "
                "The settings of jimeng: access_key, aigc_meta, budget, "
                "busy_limit, concurrency, currency, endpoint, fallback, limits, logo_info, models, per_minute, "
                "picture_proxy, price, prices, proxy, secret_key, session_token, time_limit, upscaler."
            ],
        ),
        (
            {**KEYS, "concurrency": 0},
            [
                "providers.jimeng.concurrency in config.toml (or BOT_PROVIDERS__JIMENG__CONCURRENCY) is wrong: "
                "must be 1 or more."
            ],
        ),
        (
            {**KEYS, "endpoint": "https://example.org/path"},
            [
                "providers.jimeng.endpoint in config.toml (or BOT_PROVIDERS__JIMENG__ENDPOINT) is wrong: "
                "must be an address like https://visual.volcengineapi.com, without a path."
            ],
        ),
        (
            {**KEYS, "aigc_meta": {"content_producer": "me"}},
            [
                "providers.jimeng.aigc_meta.producer_id is missing: set it in config.toml or as "
                "BOT_PROVIDERS__JIMENG__AIGC_META__PRODUCER_ID."
            ],
        ),
        (
            {**KEYS, "logo_info": {"colour": "red"}},
            [
                "providers.jimeng.logo_info.colour in config.toml (or BOT_PROVIDERS__JIMENG__LOGO_INFO__COLOUR) is not "
                "a setting. "
                "The config.toml of the source code shows those of providers.jimeng.logo_info."
            ],
        ),
    ],
)
async def test_wrong_settings(session: ClientSession, table: dict[str, object], sentences: list[str]) -> None:
    files = SettingsFiles((Path("config.toml"), {"providers": {"jimeng": table}}), edited=Path("config.toml"))
    with pytest.raises(SettingsError) as caught:
        build({"jimeng": table}, "jimeng", one(session), JIMENG, files=files)
    assert str(caught.value).splitlines() == sentences
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__, "the values, which may be secrets, must not show in a traceback"


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        (
            {"5.0": {"references": 1}},
            'providers.jimeng.limits."5.0" (BOT_PROVIDERS__JIMENG__LIMITS): no such model is set up; '
            "these are: 4.0, 4.6.",
        ),
        (
            {"4.6": {"like": "4.7"}},
            'providers.jimeng.limits."4.6".like (BOT_PROVIDERS__JIMENG__LIMITS): '
            'there is no known model "4.7"; the known ones: 4.0, 4.6, 3.1, 3.0',
        ),
    ],
)
async def test_limits_of_unknown_models(session: ClientSession, limits: dict[str, object], sentence: str) -> None:
    table = {**KEYS, "models": ["4.0", "4.6"], "limits": limits}
    with pytest.raises(SettingsError) as caught:
        build({"jimeng": table}, "jimeng", one(session), JIMENG)
    assert str(caught.value).startswith(sentence)


async def test_lists_and_tables_of_the_environment_are_json(session: ClientSession) -> None:
    table = {**KEYS, "models": '["4.6", "4.0"]', "prices": '{"4.6": "0.3"}', "limits": '{"4.6": {"references": 2}}'}
    provider = build({"jimeng": table}, "jimeng", one(session), JIMENG).get()
    assert provider.settings.models == ("4.6", "4.0")
    assert (provider.price(provider.Options()), provider.rows["4.6"].references.count) == (Decimal("0.3"), 2)
    with pytest.raises(SettingsError, match=r"providers\.jimeng"):
        build({"jimeng": {**KEYS, "models": '["4.6"'}}, "jimeng", one(session), JIMENG)


async def test_a_name_that_is_not_here(session: ClientSession) -> None:
    built = build({"jimeng": KEYS}, "jimeng", one(session), JIMENG)
    with pytest.raises(RegistryError, match='no provider "dalle" here; choose one of: jimeng'):
        built.get("dalle")


def test_two_packages_must_not_claim_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    rivals = [JIMENG["jimeng"], JIMENG["jimeng"], entry("jimeng", "other:Jimeng")]
    monkeypatch.setattr(registry, "entry_points", lambda group: rivals)
    with pytest.raises(RegistryError, match="Two installed packages"):
        discover()
    rivals.pop()
    assert discover() == JIMENG, "the same twice (an editable install beside a built one) is fine"


async def test_two_accounts_of_one_provider(session: ClientSession) -> None:
    tables = {"jimeng": {**KEYS, "fallback": "second"}, "second": {**KEYS, "type": "jimeng"}}
    built = build(tables, "jimeng", one(session), JIMENG)
    assert built.names == ("jimeng", "second")
    assert isinstance(built.get("second"), Jimeng)
    assert built.get("second") is not built.get("jimeng")


@pytest.mark.parametrize("second", ["nobody", "jimeng"])
async def test_a_fallback_must_be_another_one(session: ClientSession, second: str) -> None:
    with pytest.raises(SettingsError, match=r"providers\.jimeng\.fallback \(BOT_.*\): .* these are: none\."):
        build({"jimeng": {**KEYS, "fallback": second}}, "jimeng", one(session), JIMENG)


async def test_an_unknown_type(session: ClientSession) -> None:
    with pytest.raises(
        RegistryError, match=r'providers\.second\.type \(BOT_PROVIDERS__SECOND__TYPE\): there is no provider "dalle"'
    ):
        build({"jimeng": KEYS, "second": {"type": "dalle"}}, "jimeng", one(session), JIMENG)
