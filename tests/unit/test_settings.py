"""Settings: the environment over the file, and every mistake explained in one sentence that names the key."""

import re
import tomllib
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.settings import SettingsError
from bot.settings_reader import load
from providers.models import ModelLimits
from providers.registry import discover
from providers.settings import ProviderSettings

ROOT = Path(__file__).parent.parent.parent
GOOD = '[telegram]\ntoken = "1:a"\n[providers.jimeng]\naccess_key = "AK"\nsecret_key = "SK"\n'


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOT_TELEGRAM__TOKEN", raising=False)


def file(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TELEGRAM__TOKEN", "2:b")
    monkeypatch.setenv("BOT_PROVIDERS__JIMENG__SECRET_KEY", "other")
    monkeypatch.setenv("BOT_ACCESS__ADMINS", "[5, 6]")
    settings = load(file(tmp_path, GOOD))
    assert settings.telegram.token.get_secret_value() == "2:b"
    assert settings.providers.tables["jimeng"] == {"access_key": "AK", "secret_key": "other"}
    assert settings.access.admins == {5, 6}


def test_the_shipped_file_has_every_setting_with_its_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TELEGRAM__TOKEN", "1:a")
    shipped, defaults = load(ROOT / "config.toml"), load(file(tmp_path, GOOD))
    assert shipped.model_dump(exclude={"providers"}) == defaults.model_dump(exclude={"providers"})
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    sections = (shipped.telegram, shipped.web, shipped.storage, shipped.access, shipped.limits, shipped.budgets)
    for section in sections:
        for key in type(section).model_fields:
            assert f"\n{key} = " in text
    for key in type(shipped.assistant).model_fields:
        assert f"\n{key} = " in text.replace("\n# ", "\n")


OFF = re.compile(r"^# (?=\[|\w+ = )", re.MULTILINE)
PROVIDERS = {name: entry for name, entry in discover().items() if entry.value.startswith("providers.")}


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_shipped_file_tells_of_every_setting_of_a_provider(name: str) -> None:
    table = tomllib.loads(OFF.sub("", (ROOT / "config.toml").read_text(encoding="utf-8")))["providers"][name]
    common, fields = ProviderSettings.model_fields, PROVIDERS[name].load().Settings.model_fields
    changed = {key for key, field in common.items() if fields[key].default != field.default}
    assert (fields.keys() - common.keys()) | changed <= table.keys() <= fields.keys()
    told = {key: value for key, value in table.items() if isinstance(value, int | str) and value}
    assert [key for key, value in told.items() if fields[key].default not in {None, value}] == []


def test_the_shipped_file_tells_of_the_settings_of_all_providers() -> None:
    table = tomllib.loads(OFF.sub("", (ROOT / "config.toml").read_text(encoding="utf-8")))["providers"]["jimeng"]
    assert ProviderSettings.model_fields.keys() <= table.keys()
    assert ModelLimits.model_fields.keys() <= table["limits"]["4.6"].keys()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["telegram.token", "@BotFather", "BOT_TELEGRAM__TOKEN"]),
        ("[telegram]\ntokn = 1", ["telegram.tokn", "token, api_url, updates"]),
        ("[telegrm]\n", ["telegrm", "telegram, web"]),
        (GOOD + "[web]\nport = 'x'", ["web.port"]),
        (GOOD + "[web]\npublic_url = 'example.org'", ["web.public_url", "https://"]),
        (GOOD + "[access]\nusers = 123456", ["access.users", "must be a list of Telegram IDs, for example [123456"]),
        (
            GOOD + "[budgets]\nperson = ['2 yuan']",
            ["budgets.person", '"2 CNY a day" or "20 USD a month", not \'2 yuan\''],
        ),
        (GOOD + "[budgets]\nconfirm = 1", ["budgets.confirm", '"1 CNY" or "0.20 USD", not 1']),
        (GOOD + "[storage]\nurl = 'mysql://x'", ["storage.url", "sqlite:///"]),
        ("[telegram]\ntoken = '1:a'\nupdates = 'webhook'", ["web.public_url", "BOT_WEB__PUBLIC_URL"]),
        ("[telegram", ["config.toml", "TOML"]),
        (GOOD.replace('"1:a"', '"geheim"'), ["telegram.token", "@BotFather"]),
        (GOOD.replace("[providers.jimeng]", "api_url = 'localhost:8081'\n[providers.jimeng]"), ["telegram.api_url"]),
        ("[providers]\ndefualt = 'jimeng'\n" + GOOD, ["providers.defualt", "BOT_PROVIDERS__DEFUALT"]),
    ],
)
def test_mistakes_name_the_key(tmp_path: Path, text: str, names: list[str]) -> None:
    with pytest.raises(SettingsError) as error:
        load(file(tmp_path, text))
    for name in names:
        assert name in str(error.value)
    assert "\n" not in str(error.value)
    assert "geheim" not in str(error.value)


def test_no_file_is_needed_when_the_environment_has_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOT_TELEGRAM__TOKEN", "2:b")
    monkeypatch.setenv("BOT_PROVIDERS__ARK__API_KEY", "[not JSON")
    settings = load()
    assert settings.telegram.token.get_secret_value() == "2:b"
    assert settings.providers.tables == {"ark": {"api_key": "[not JSON"}}
    assert settings.files.paths == ()


def test_the_local_file_counts_before_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file(tmp_path, GOOD + "[limits]\ndaily = 5\nwaiting = 5\n")
    assert load().telegram.token.get_secret_value() == "1:a"
    local = tmp_path / "config.local.toml"
    local.write_text('[telegram]\ntoken = "2:b"\n[limits]\nwaiting = 7\n')
    settings = load()
    assert settings.telegram.token.get_secret_value() == "2:b"
    assert (settings.limits.daily, settings.limits.waiting) == (5, 7)
    assert settings.providers.tables["jimeng"]["access_key"] == "AK"
    assert [str(path) for path in settings.files.paths] == ["config.local.toml", "config.toml"]


def test_a_mistake_is_looked_for_in_the_file_that_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shipped, local = file(tmp_path, GOOD + "[limits]\ndaily = -5\n"), tmp_path / "config.local.toml"
    local.write_text("[limits]\nwaiting = 7\n")
    with pytest.raises(
        SettingsError, match=r"^limits\.daily in config\.toml \(or BOT_LIMITS__DAILY\) is wrong: must be 0"
    ):
        load()
    shipped.write_text(GOOD)
    local.write_text("[limits]\nwaiting = -7\n")
    with pytest.raises(SettingsError, match=r"^limits\.waiting in config\.local\.toml \(or BOT_LIMITS__WAITING\)"):
        load()
    local.unlink()
    monkeypatch.setenv("BOT_WEB__PORT", "x")
    with pytest.raises(SettingsError, match=r"^web\.port \(BOT_WEB__PORT\) is wrong: must be a whole number\.$"):
        load()


def test_a_file_that_is_named_is_read_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.local.toml").write_text("[limits]\nwaiting = 7\n")
    named = tmp_path / "other.toml"
    named.write_text(GOOD)
    assert load(named).limits.waiting == 10
    named.write_text("")
    with pytest.raises(SettingsError, match=rf"set it in {re.escape(str(named))} or as BOT_TELEGRAM__TOKEN"):
        load(named)


def test_without_a_token_init_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        SettingsError, match=r"set it in config\.local\.toml or as BOT_TELEGRAM__TOKEN, or let `imagine-bot"
    ):
        load()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        load(tmp_path / "nowhere.toml")


def test_an_unknown_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TELEGRM__TOKEN", "1:a")
    with pytest.raises(SettingsError, match="BOT_TELEGRM__TOKEN"):
        load(file(tmp_path, GOOD))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["telegram.token"]),
        ("[telegram]\ntoken = '1:a'\n[providers.jimeng]\naccess_key = 'AK'\n", ["providers.jimeng.secret_key"]),
        (GOOD + "colour = 'red'\n", ["providers.jimeng.colour"]),
        (GOOD + "[providers.nobody]\n", ["providers.nobody", "jimeng"]),
    ],
)
def test_the_command_line_says_it_in_one_line_and_exits_with_2(
    tmp_path: Path, text: str, names: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in ("run", "check"):
        assert main([command, "--config", str(file(tmp_path, text))]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert all(name in error for name in names)


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    settings = load(file(tmp_path, GOOD.replace('"1:a"', '"7:geheim"')))
    assert "geheim" not in repr(settings)


def test_provider_secrets_are_not_shown_either(tmp_path: Path) -> None:
    settings = load(file(tmp_path, GOOD.replace('"SK"', '"geheim"')))
    assert "geheim" not in repr(settings)
    assert "jimeng" in repr(settings)
