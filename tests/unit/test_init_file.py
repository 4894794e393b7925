"""What `init` writes is read as it was meant, and the commands that it names work here."""

import sys
import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import version
from bot.command_line import command_line
from bot.init_file import toml, write_new
from bot.settings import SettingsError

ROOT = Path(__file__).parents[2]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = TEXT | st.lists(TEXT, max_size=2)


@settings(max_examples=30)
@given(st.dictionaries(TEXT, st.dictionaries(TEXT, VALUES, max_size=2), max_size=2))
def test_the_written_is_read(tables: dict[str, dict[str, str | list[str]]]) -> None:
    services = {"providers": {"default": "a", "a.b": {"key": 'x"\\\x7f\n', "workflows": {"w ": "ü.json"}}}}
    assert tomllib.loads(toml({"telegram": {"token": "1:a"}, **services})) == {"telegram": {"token": "1:a"}, **services}
    assert tomllib.loads(toml(tables)) == {name: table for name, table in tables.items() if table}


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "config.local.toml"
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SettingsError, match=r"is there already"):
        write_new(file, {"telegram": {"token": "1:a"}})
    assert not (tmp_path / "elsewhere").exists()
    with pytest.raises(SettingsError, match=r"can't be written: No such file or directory"):
        write_new(tmp_path / "no" / "where.toml", {})


def test_the_command_is_one_that_works_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "bin" / "imagine-bot"
    script.parent.mkdir()
    script.write_text("")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(script), "init"])
    assert command_line("run", None) == "bin/imagine-bot run"
    monkeypatch.setenv("PATH", str(script.parent))
    assert command_line("check", Path("my bot.toml")) == "imagine-bot check --config 'my bot.toml'"
    monkeypatch.setattr(sys, "argv", ["/x/bot/__main__.py"])
    monkeypatch.setattr(sys, "executable", str(tmp_path / ".venv/bin/python"))
    assert command_line("run", None) == ".venv/bin/python -m bot run"


def test_the_version_of_a_checkout_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_installed(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(version, "installed_version", not_installed)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert version.version() == project["version"]
